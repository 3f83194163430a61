//! Orders.

use portcullis_store::Sql;

/// The columns, in the order in which `vault/orders.rs` reads them.
macro_rules! order {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, creator_id, type, meta, status, secret_id, container_id, error_status_code,
                error_reason, created_at, updated_at FROM barbican_orders WHERE project_id = $1 AND ",
            $rest
        )
    };
}

pub(in crate::vault) const CREATE_ORDER: Sql = Sql::same(
    "INSERT INTO barbican_orders (id, project_id, creator_id, type, meta, status, secret_id, container_id,
        error_status_code, error_reason, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);
pub(in crate::vault) const FIND_ORDER: Sql = Sql::same(order!("id = $2"));
/// `$2` is a pattern of `meta`, or null; `$3` how many at most, `$4` how many to pass over.
pub(in crate::vault) const LIST_ORDERS: Sql = Sql::each(
    order!("(CAST($2 AS TEXT) IS NULL OR meta LIKE $2) ORDER BY created_at, id LIMIT $3 OFFSET $4"),
    order!(
        "(CAST($2 AS TEXT) IS NULL OR lower(meta) LIKE lower($2 COLLATE \"C\") ESCAPE '')
         ORDER BY created_at, id LIMIT $3 OFFSET $4"
    ),
);
pub(in crate::vault) const COUNT_ORDERS: Sql = Sql::each(
    "SELECT COUNT(*) FROM barbican_orders
      WHERE project_id = $1 AND (CAST($2 AS TEXT) IS NULL OR meta LIKE $2)",
    "SELECT COUNT(*) FROM barbican_orders
      WHERE project_id = $1
        AND (CAST($2 AS TEXT) IS NULL OR lower(meta) LIKE lower($2 COLLATE \"C\") ESCAPE '')",
);
pub(in crate::vault) const ORDERS_OF_PROJECT: Sql =
    Sql::same("SELECT COUNT(*) FROM barbican_orders WHERE project_id = $1");
pub(in crate::vault) const DELETE_ORDER: Sql =
    Sql::same("DELETE FROM barbican_orders WHERE project_id = $1 AND id = $2");
