//! What is read from Barbican's database ("barbican/model/models.py"): pages of rows in the order of their ids, and what
//! belongs to a page. Rows that Barbican has marked as deleted are left out.

use portcullis_store::ForeignSql;

/// Rows of one page.
macro_rules! page {
    ($columns:expr, $from:literal, $id:literal) => {
        ForeignSql {
            columns: &$columns,
            rest: concat!("FROM ", $from, " AND ", $id, " > ? ORDER BY ", $id, " LIMIT 100"),
        }
    };
}

/// What belongs to the rows of a page, and to owners that are not deleted themselves.
pub(super) struct OfPage {
    /// The owners from the first to the last id that have more than may be imported. Any tenant of Barbican can make millions.
    pub(super) too_many: ForeignSql,
    /// The rows of all other owners, in the order in which they were made. The first column is the id that they belong to. The
    /// first and the last id are its values twice.
    pub(super) rows: ForeignSql,
}

/// Rows that belong to those of a page: owner and further columns, from where, how many at most of each owner, and their order.
macro_rules! of_page {
    ([$($owner:literal)+, $($column:literal),*], [$($from:literal)+], $most:literal, $order:literal) => {
        OfPage {
            too_many: ForeignSql {
                columns: &[concat!($($owner),+)],
                rest: too_many!([$($owner)+], [$($from)+], $most),
            },
            rows: ForeignSql {
                columns: &[concat!($($owner),+), $($column),*],
                rest: concat!(
                    "FROM ",
                    $($from,)+
                    " AND ",
                    $($owner,)+
                    " >= ? AND ",
                    $($owner,)+
                    " <= ? AND ",
                    $($owner,)+
                    " NOT IN (SELECT ",
                    $($owner,)+
                    " ",
                    too_many!([$($owner)+], [$($from)+], $most),
                    ") ORDER BY ",
                    $order
                ),
            },
        }
    };
}

macro_rules! too_many {
    ([$($owner:literal)+], [$($from:literal)+], $most:literal) => {
        concat!(
            "FROM ",
            $($from,)+
            " AND ",
            $($owner,)+
            " >= ? AND ",
            $($owner,)+
            " <= ? GROUP BY ",
            $($owner,)+
            " HAVING COUNT(*) > ",
            $most
        )
    };
}

/// What both kinds of entities have.
macro_rules! attached {
    ($entities:literal, $id:literal, $acls:literal, $users:literal) => {
        Attached {
            acls: of_page!(
                ["a." $id, "a.project_access", "a.created_at", "a.updated_at"],
                [$acls " a JOIN " $entities " s ON s.id = a." $id
                    " WHERE s.deleted = false AND a.deleted = false AND a.operation = 'read'"],
                16,
                "a.id"
            ),
            users: of_page!(
                ["a." $id, "u.user_id"],
                [$users " u JOIN " $acls " a ON a.id = u.acl_id JOIN " $entities " s ON s.id = a." $id
                    " WHERE s.deleted = false AND u.deleted = false AND a.deleted = false AND a.operation = 'read'"],
                4096,
                "u.id"
            ),
        }
    };
}

/// ACLs and their users.
pub(super) struct Attached {
    pub(super) acls: OfPage,
    pub(super) users: OfPage,
}

pub(super) const SECRETS: ForeignSql = page!(
    [
        "s.id",
        "s.name",
        "p.external_id",
        "s.creator_id",
        "s.secret_type",
        "s.algorithm",
        "s.bit_length",
        "s.mode",
        "s.status",
        "s.expiration",
        "s.created_at",
        "s.updated_at"
    ],
    "secrets s LEFT JOIN projects p ON p.id = s.project_id WHERE s.deleted = false",
    "s.id"
);
/// Which plugin holds a secret, and as what.
pub(super) const STORE_METADATA: OfPage = of_page!(
    ["m.secret_id", "m.\"key\"", "m.\"value\""],
    ["secret_store_metadata m JOIN secrets s ON s.id = m.secret_id
       WHERE s.deleted = false AND m.deleted = false AND m.\"key\" IN ('plugin_name', 'content_type')"],
    16,
    "m.created_at, m.id"
);
pub(super) const PAYLOADS: OfPage = of_page!(
    ["d.secret_id", "d.content_type", "d.cypher_text", "k.plugin_name", "k.plugin_meta"],
    ["encrypted_data d JOIN kek_data k ON k.id = d.kek_id JOIN secrets s ON s.id = d.secret_id
       WHERE s.deleted = false AND d.deleted = false"],
    16,
    "d.created_at, d.id"
);
pub(super) const METADATA: OfPage = of_page!(
    ["m.secret_id", "m.\"key\"", "m.\"value\""],
    [
        "secret_user_metadata m JOIN secrets s ON s.id = m.secret_id WHERE s.deleted = false AND m.deleted = false"
    ],
    1024,
    "m.created_at, m.id"
);
pub(super) const SECRET_CONSUMERS: OfPage = of_page!(
    [
        "c.secret_id",
        "p.external_id",
        "c.service",
        "c.resource_type",
        "c.resource_id",
        "c.created_at",
        "c.updated_at"
    ],
    ["secret_consumer_metadata c JOIN secrets s ON s.id = c.secret_id LEFT JOIN projects p ON p.id = c.project_id
       WHERE s.deleted = false AND c.deleted = false"],
    256,
    "c.created_at, c.id"
);
pub(super) const OF_SECRETS: Attached = attached!("secrets", "secret_id", "secret_acls", "secret_acl_users");

pub(super) const CONTAINERS: ForeignSql = page!(
    ["c.id", "c.name", "p.external_id", "c.creator_id", "c.type", "c.status", "c.created_at", "c.updated_at"],
    "containers c LEFT JOIN projects p ON p.id = c.project_id WHERE c.deleted = false",
    "c.id"
);
pub(super) const CONTENTS: OfPage = of_page!(
    ["h.container_id", "h.name", "h.secret_id"],
    [
        "container_secret h JOIN containers s ON s.id = h.container_id WHERE s.deleted = false AND h.deleted = false"
    ],
    1024,
    "h.created_at, h.id"
);
pub(super) const CONTAINER_CONSUMERS: OfPage = of_page!(
    ["c.container_id", "p.external_id", "c.name", "''", "c.\"URL\"", "c.created_at", "c.updated_at"],
    ["container_consumer_metadata c JOIN containers s ON s.id = c.container_id
         LEFT JOIN projects p ON p.id = c.project_id WHERE s.deleted = false AND c.deleted = false"],
    256,
    "c.created_at, c.id"
);
pub(super) const OF_CONTAINERS: Attached =
    attached!("containers", "container_id", "container_acls", "container_acl_users");

pub(super) const ORDERS: ForeignSql = page!(
    [
        "o.id",
        "p.external_id",
        "o.creator_id",
        "o.type",
        "o.meta",
        "o.status",
        "o.secret_id",
        "o.container_id",
        "o.error_status_code",
        "o.error_reason",
        "o.created_at",
        "o.updated_at"
    ],
    "orders o LEFT JOIN projects p ON p.id = o.project_id WHERE o.deleted = false",
    "o.id"
);
pub(super) const QUOTAS: ForeignSql = page!(
    [
        "q.id",
        "p.external_id",
        "q.secrets",
        "q.orders",
        "q.containers",
        "q.consumers",
        "q.cas",
        "q.created_at",
        "q.updated_at"
    ],
    "project_quotas q LEFT JOIN projects p ON p.id = q.project_id WHERE q.deleted = false",
    "q.id"
);
pub(super) const KEKS: ForeignSql = page!(
    ["k.id", "k.plugin_name", "k.plugin_meta"],
    "kek_data k WHERE k.deleted = false AND k.plugin_meta IS NOT NULL",
    "k.id"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::rows::{MOST_ACL_USERS, MOST_DUPLICATES};
    use crate::vault::{MOST_CONSUMERS, MOST_METADATA, MOST_SECRETS};

    #[test]
    fn no_more_rows_of_an_owner_are_read_than_may_be_imported() {
        let (metadata, secrets) = (MOST_METADATA.to_string(), MOST_SECRETS.to_string());
        let (users, rows) = (MOST_ACL_USERS.to_string(), MOST_DUPLICATES.to_string());
        for (of, most) in [
            (STORE_METADATA, &rows),
            (PAYLOADS, &rows),
            (METADATA, &metadata),
            (SECRET_CONSUMERS, &MOST_CONSUMERS.to_string()),
            (CONTAINER_CONSUMERS, &MOST_CONSUMERS.to_string()),
            (CONTENTS, &secrets),
            (OF_SECRETS.acls, &rows),
            (OF_SECRETS.users, &users),
            (OF_CONTAINERS.acls, &rows),
            (OF_CONTAINERS.users, &users),
        ] {
            let having = format!(" HAVING COUNT(*) > {most}");
            assert!(of.too_many.rest.ends_with(&having), "{}", of.too_many.rest);
            assert!(of.rows.rest.contains(&format!("{having}) ORDER BY ")), "{}", of.rows.rest);
            assert!(of.too_many.rest.contains("WHERE s.deleted = false AND "), "{}", of.too_many.rest);
            let placeholders = |sql: ForeignSql| sql.rest.matches('?').count();
            assert_eq!((placeholders(of.too_many), placeholders(of.rows)), (2, 4));
        }
    }
}
