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
/// `$3` is a JSON list of rows: service, type and id of the resource, project, and both times.
pub(in crate::vault) const IMPORT_CONSUMERS: Sql = Sql::each(
    "INSERT INTO barbican_consumers
        (kind, entity_id, position, service, resource_type, resource, project_id, created_at, updated_at)
     SELECT $1, $2, l.key + 1, json_extract(l.value, '$[0]'), json_extract(l.value, '$[1]'),
            json_extract(l.value, '$[2]'), json_extract(l.value, '$[3]'), json_extract(l.value, '$[4]'),
            json_extract(l.value, '$[5]')
       FROM json_each($3) l",
    "INSERT INTO barbican_consumers
        (kind, entity_id, position, service, resource_type, resource, project_id, created_at, updated_at)
     SELECT $1, $2, l.position, l.item->>0, l.item->>1, l.item->>2, l.item->>3, CAST(l.item->>4 AS BIGINT),
            CAST(l.item->>5 AS BIGINT)
       FROM json_array_elements(CAST($3 AS JSON)) WITH ORDINALITY AS l (item, position)",
);
/// `$2` is a JSON list of rows: key and value.
pub(in crate::vault) const IMPORT_METADATA: Sql = Sql::each(
    "INSERT INTO barbican_secret_user_metadata (secret_id, key, value, position)
     SELECT $1, json_extract(l.value, '$[0]'), json_extract(l.value, '$[1]'), l.key FROM json_each($2) l",
    "INSERT INTO barbican_secret_user_metadata (secret_id, key, value, position)
     SELECT $1, l.item->>0, l.item->>1, l.position - 1
       FROM json_array_elements(CAST($2 AS JSON)) WITH ORDINALITY AS l (item, position)",
);
/// The first secret of the JSON list `$1` that is not there.
pub(in crate::vault) const UNKNOWN_SECRET: Sql = Sql::each(
    "SELECT l.value FROM json_each($1) l
      WHERE NOT EXISTS (SELECT 1 FROM barbican_secrets s WHERE s.id = l.value) ORDER BY l.key LIMIT 1",
    "SELECT l.id FROM json_array_elements_text(CAST($1 AS JSON)) WITH ORDINALITY AS l (id, position)
      WHERE NOT EXISTS (SELECT 1 FROM barbican_secrets s WHERE s.id = l.id) ORDER BY l.position LIMIT 1",
);
/// The first secret of the JSON list `$1` that is in `$2` containers of its creator's.
pub(in crate::vault) const SECRET_WITH_HOLDERS: Sql = Sql::each(
    "SELECT l.value FROM json_each($1) l
      WHERE (SELECT COUNT(DISTINCT c.id) FROM barbican_secrets s
               JOIN barbican_container_secrets h ON h.secret_id = s.id
               JOIN barbican_containers c ON c.id = h.container_id AND c.creator_id = s.creator_id
              WHERE s.id = l.value) >= $2
      ORDER BY l.key LIMIT 1",
    "SELECT l.id FROM json_array_elements_text(CAST($1 AS JSON)) WITH ORDINALITY AS l (id, position)
      WHERE (SELECT COUNT(DISTINCT c.id) FROM barbican_secrets s
               JOIN barbican_container_secrets h ON h.secret_id = s.id
               JOIN barbican_containers c ON c.id = h.container_id AND c.creator_id = s.creator_id
              WHERE s.id = l.id) >= $2
      ORDER BY l.position LIMIT 1",
);
pub(in crate::vault) const IMPORT_QUOTAS: Sql = Sql::same(
    "INSERT INTO barbican_project_quotas
        (project_id, secrets, orders, containers, consumers, cas, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
