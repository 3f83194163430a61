//! The end of a project, `$1`.

use portcullis_store::Sql;

/// Rows of an entity, which have its kind and its id, if the entity is the project's.
macro_rules! of_entities {
    ($start:literal) => {
        Sql::same(concat!(
            $start,
            "(kind = 'secret' AND entity_id IN (SELECT id FROM barbican_secrets WHERE project_id = $1))
              OR (kind = 'container' AND entity_id IN (SELECT id FROM barbican_containers WHERE project_id = $1))"
        ))
    };
}

pub(in crate::vault) const PURGE_ACLS: Sql = of_entities!("DELETE FROM barbican_acls WHERE ");
pub(in crate::vault) const PURGE_CONSUMERS: Sql =
    of_entities!("DELETE FROM barbican_consumers WHERE project_id = $1 OR ");
pub(in crate::vault) const PURGE_ORDERS: Sql = Sql::same("DELETE FROM barbican_orders WHERE project_id = $1");
pub(in crate::vault) const PURGE_CONTAINERS: Sql =
    Sql::same("DELETE FROM barbican_containers WHERE project_id = $1");
pub(in crate::vault) const PURGE_SECRETS: Sql =
    Sql::same("DELETE FROM barbican_secrets WHERE project_id = $1");
