//! The end of a project, `$1`, by at most `$2` rows.

use portcullis_store::Sql;

/// The same rows each time within a transaction.
macro_rules! batch {
    ($start:literal, $table:literal) => {
        Sql::same(concat!(
            $start,
            " IN (SELECT id FROM ",
            $table,
            " WHERE project_id = $1 ORDER BY created_at, id LIMIT $2)"
        ))
    };
}

/// ACLs and consumers of secrets.
pub(in crate::vault) const PURGE_OF_SECRETS: [Sql; 2] = [
    batch!("DELETE FROM barbican_acls WHERE kind = 'secret' AND entity_id", "barbican_secrets"),
    batch!("DELETE FROM barbican_consumers WHERE kind = 'secret' AND entity_id", "barbican_secrets"),
];
/// ACLs and consumers of containers.
pub(in crate::vault) const PURGE_OF_CONTAINERS: [Sql; 2] = [
    batch!("DELETE FROM barbican_acls WHERE kind = 'container' AND entity_id", "barbican_containers"),
    batch!("DELETE FROM barbican_consumers WHERE kind = 'container' AND entity_id", "barbican_containers"),
];
pub(in crate::vault) const PURGE_SECRETS: Sql =
    batch!("DELETE FROM barbican_secrets WHERE id", "barbican_secrets");
pub(in crate::vault) const PURGE_CONTAINERS: Sql =
    batch!("DELETE FROM barbican_containers WHERE id", "barbican_containers");
pub(in crate::vault) const PURGE_ORDERS: Sql =
    batch!("DELETE FROM barbican_orders WHERE id", "barbican_orders");
/// Those that the project has registered, of any project's entities.
pub(in crate::vault) const PURGE_CONSUMERS: Sql = Sql::same(
    "DELETE FROM barbican_consumers WHERE (kind, entity_id, position) IN (
        SELECT kind, entity_id, position FROM barbican_consumers
         WHERE kind IN ('secret', 'container') AND project_id = $1 LIMIT $2)",
);
