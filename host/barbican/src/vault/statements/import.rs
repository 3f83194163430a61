//! Import: rows by their ids, also those that have expired, and rows with the times of another Barbican.

use portcullis_store::Sql;

pub(in crate::vault) const SECRET_BY_ID: Sql = Sql::same(
    "SELECT id, name, project_id, creator_id, secret_type, algorithm, bit_length, mode, status, content_type,
        expiration, created_at, updated_at FROM barbican_secrets WHERE id = $1",
);
pub(in crate::vault) const SEALED_BY_ID: Sql =
    Sql::same("SELECT sealed FROM barbican_payloads WHERE secret_id = $1");
/// Without its secrets.
pub(in crate::vault) const CONTAINER_BY_ID: Sql = Sql::same(
    "SELECT id, name, project_id, creator_id, type, status, created_at, updated_at, CAST(NULL AS TEXT)
       FROM barbican_containers WHERE id = $1",
);
pub(in crate::vault) const ORDER_BY_ID: Sql = Sql::same(
    "SELECT id, project_id, creator_id, type, meta, status, secret_id, container_id, error_status_code,
        error_reason, created_at, updated_at FROM barbican_orders WHERE id = $1",
);
pub(in crate::vault) const ACL_OF: Sql = Sql::same(
    "SELECT project_access, created_at, updated_at FROM barbican_acls WHERE kind = $1 AND entity_id = $2",
);
pub(in crate::vault) const ACL_USERS_OF: Sql =
    Sql::same("SELECT user_id FROM barbican_acl_users WHERE kind = $1 AND entity_id = $2");
pub(in crate::vault) const CONSUMERS_OF: Sql = Sql::same(
    "SELECT service, resource_type, resource, project_id, created_at, updated_at FROM barbican_consumers
      WHERE kind = $1 AND entity_id = $2 ORDER BY position",
);
pub(in crate::vault) const IMPORT_ACL: Sql = Sql::same(
    "INSERT INTO barbican_acls (kind, entity_id, project_access, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)",
);
pub(in crate::vault) const IMPORT_CONSUMER: Sql = Sql::same(
    "INSERT INTO barbican_consumers
        (kind, entity_id, position, service, resource_type, resource, project_id, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
pub(in crate::vault) const IMPORT_QUOTAS: Sql = Sql::same(
    "INSERT INTO barbican_project_quotas
        (project_id, secrets, orders, containers, consumers, cas, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
