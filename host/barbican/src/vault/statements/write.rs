//! What changes something, and the questions that come with it.

use portcullis_store::Sql;

use crate::vault::Kind;

pub(in crate::vault) const CREATE_SECRET: Sql = Sql::same(
    "INSERT INTO barbican_secrets (id, name, project_id, creator_id, secret_type, algorithm, bit_length, mode, status,
        content_type, expiration, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)",
);
pub(in crate::vault) const CREATE_CONTAINER: Sql = Sql::same(
    "INSERT INTO barbican_containers (id, name, project_id, creator_id, type, status, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
);
/// One row, if that project has that secret. `$3` is now.
pub(in crate::vault) const SECRET_OF_PROJECT: Sql = Sql::same(
    "SELECT 1 FROM barbican_secrets
      WHERE id = $1 AND project_id = $2 AND (expiration IS NULL OR expiration > $3)",
);
/// Locks secrets in PostgreSQL, in one order for all writers. `$1` is a JSON list of ids.
pub(in crate::vault) const LOCK_SECRETS: Sql = Sql::each(
    "SELECT id FROM barbican_secrets WHERE id IN (SELECT value FROM json_each($1))",
    "SELECT id FROM barbican_secrets
      WHERE id IN (SELECT value FROM json_array_elements_text(CAST($1 AS JSON)) AS ids (value))
      ORDER BY id FOR NO KEY UPDATE",
);
/// Locks the secrets that a container holds.
pub(in crate::vault) const LOCK_HELD: Sql = Sql::each(
    "SELECT secret_id FROM barbican_container_secrets WHERE container_id = $1",
    "SELECT id FROM barbican_secrets
      WHERE id IN (SELECT secret_id FROM barbican_container_secrets WHERE container_id = $1)
      ORDER BY id FOR NO KEY UPDATE",
);
/// Locks the containers that hold a secret. Containers are locked before secrets.
pub(in crate::vault) const LOCK_HOLDERS: Sql = Sql::each(
    "SELECT container_id FROM barbican_container_secrets WHERE secret_id = $1",
    "SELECT id FROM barbican_containers
      WHERE id IN (SELECT container_id FROM barbican_container_secrets WHERE secret_id = $1)
      ORDER BY id FOR NO KEY UPDATE",
);
pub(in crate::vault) const ADD_TO_CONTAINER: Sql = Sql::same(
    "INSERT INTO barbican_container_secrets (container_id, position, name, secret_id) VALUES ($1, $2, $3, $4)",
);
/// `$2` is a JSON list of rows: name and secret.
pub(in crate::vault) const ADD_ALL_TO_CONTAINER: Sql = Sql::each(
    "INSERT INTO barbican_container_secrets (container_id, position, name, secret_id)
     SELECT $1, l.key, json_extract(l.value, '$[0]'), json_extract(l.value, '$[1]') FROM json_each($2) l",
    "INSERT INTO barbican_container_secrets (container_id, position, name, secret_id)
     SELECT $1, l.position - 1, l.item->>0, l.item->>1
       FROM json_array_elements(CAST($2 AS JSON)) WITH ORDINALITY AS l (item, position)",
);
/// The secrets of a container.
pub(in crate::vault) const CONTENTS: Sql = Sql::same(
    "SELECT position, name, secret_id FROM barbican_container_secrets WHERE container_id = $1 ORDER BY position",
);
pub(in crate::vault) const REMOVE_FROM_CONTAINER: Sql =
    Sql::same("DELETE FROM barbican_container_secrets WHERE container_id = $1 AND position = $2");

pub(in crate::vault) const METADATA: Sql = Sql::same(
    "SELECT key, value, position FROM barbican_secret_user_metadata WHERE secret_id = $1 ORDER BY position",
);
pub(in crate::vault) const CLEAR_METADATA: Sql =
    Sql::same("DELETE FROM barbican_secret_user_metadata WHERE secret_id = $1");
pub(in crate::vault) const REMOVE_METADATUM: Sql =
    Sql::same("DELETE FROM barbican_secret_user_metadata WHERE secret_id = $1 AND key = $2");
pub(in crate::vault) const ADD_METADATUM: Sql = Sql::same(
    "INSERT INTO barbican_secret_user_metadata (secret_id, key, value, position) VALUES ($1, $2, $3, $4)",
);

/// `$3` is how many to pass over, `$4` how many at most.
pub(in crate::vault) const CONSUMERS_BY_NAME: Sql = Sql::same(
    "SELECT service, resource_type, resource, created_at, updated_at FROM barbican_consumers
      WHERE kind = $1 AND entity_id = $2 ORDER BY service, position LIMIT $4 OFFSET $3",
);
pub(in crate::vault) const CONSUMERS_BY_AGE: Sql = Sql::same(
    "SELECT service, resource_type, resource, created_at, updated_at FROM barbican_consumers
      WHERE kind = $1 AND entity_id = $2 ORDER BY position LIMIT $4 OFFSET $3",
);
pub(in crate::vault) const COUNT_CONSUMERS: Sql =
    Sql::same("SELECT COUNT(*) FROM barbican_consumers WHERE kind = $1 AND entity_id = $2");
/// Those of all entities of the JSON list `$2`.
pub(in crate::vault) const CONSUMERS_OF_ALL: Sql = Sql::each(
    "SELECT entity_id, service, resource_type, resource FROM barbican_consumers
      WHERE kind = $1 AND entity_id IN (SELECT value FROM json_each($2)) ORDER BY entity_id, position",
    "SELECT entity_id, service, resource_type, resource FROM barbican_consumers
      WHERE kind = $1
        AND entity_id IN (SELECT value FROM json_array_elements_text(CAST($2 AS JSON)) AS ids (value))
      ORDER BY entity_id, position",
);
/// The position and the project of one, and the last position of all.
pub(in crate::vault) const FIND_CONSUMER: Sql = Sql::same(
    "SELECT position, project_id FROM barbican_consumers
      WHERE kind = $1 AND entity_id = $2 AND service = $3 AND resource_type = $4 AND resource = $5",
);
pub(in crate::vault) const LAST_CONSUMER: Sql = Sql::same(
    "SELECT COUNT(*), COALESCE(MAX(position), 0) FROM barbican_consumers WHERE kind = $1 AND entity_id = $2",
);
pub(in crate::vault) const ADD_CONSUMER: Sql = Sql::same(
    "INSERT INTO barbican_consumers
        (kind, entity_id, position, service, resource_type, resource, project_id, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
);
pub(in crate::vault) const REMOVE_CONSUMER: Sql =
    Sql::same("DELETE FROM barbican_consumers WHERE kind = $1 AND entity_id = $2 AND position = $3");
pub(in crate::vault) const CLEAR_CONSUMERS: Sql =
    Sql::same("DELETE FROM barbican_consumers WHERE kind = $1 AND entity_id = $2");

/// The quotas of a project, which are locked until the end: what is counted below them stays so.
pub(in crate::vault) const LOCK_QUOTAS: Sql = Sql::each(
    "SELECT secrets, orders, containers, consumers, cas FROM barbican_project_quotas WHERE project_id = $1",
    "SELECT secrets, orders, containers, consumers, cas FROM barbican_project_quotas WHERE project_id = $1
        FOR NO KEY UPDATE",
);
pub(in crate::vault) const QUOTAS: Sql = Sql::same(
    "SELECT secrets, orders, containers, consumers, cas FROM barbican_project_quotas WHERE project_id = $1",
);
pub(in crate::vault) const LIST_QUOTAS: Sql = Sql::same(
    "SELECT secrets, orders, containers, consumers, cas, project_id FROM barbican_project_quotas
      ORDER BY created_at, project_id LIMIT $1 OFFSET $2",
);
pub(in crate::vault) const COUNT_QUOTAS: Sql = Sql::same("SELECT COUNT(*) FROM barbican_project_quotas");
/// Sets those that are given; the others stay.
pub(in crate::vault) const PUT_QUOTAS: Sql = Sql::same(
    "INSERT INTO barbican_project_quotas AS old
        (project_id, secrets, orders, containers, consumers, cas, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
     ON CONFLICT (project_id) DO UPDATE SET
        secrets = COALESCE(excluded.secrets, old.secrets),
        orders = COALESCE(excluded.orders, old.orders),
        containers = COALESCE(excluded.containers, old.containers),
        consumers = COALESCE(excluded.consumers, old.consumers),
        cas = COALESCE(excluded.cas, old.cas),
        updated_at = excluded.updated_at",
);
pub(in crate::vault) const DELETE_QUOTAS: Sql =
    Sql::same("DELETE FROM barbican_project_quotas WHERE project_id = $1");
/// `$2` is now.
pub(in crate::vault) const SECRETS_OF_PROJECT: Sql = Sql::same(
    "SELECT COUNT(*) FROM barbican_secrets
      WHERE project_id = $1 AND (expiration IS NULL OR expiration > $2)",
);
pub(in crate::vault) const CONTAINERS_OF_PROJECT: Sql =
    Sql::same("SELECT COUNT(*) FROM barbican_containers WHERE project_id = $1");
/// Those of secrets that have expired cannot be removed any more, so they do not count.
pub(in crate::vault) const CONSUMERS_OF_PROJECT: Sql = Sql::same(
    "SELECT COUNT(*) FROM barbican_consumers c WHERE c.project_id = $1 AND c.kind = $2 AND (
        EXISTS (SELECT 1 FROM barbican_secrets s WHERE c.kind = 'secret' AND s.id = c.entity_id
            AND (s.expiration IS NULL OR s.expiration > $3))
        OR EXISTS (SELECT 1 FROM barbican_containers k WHERE c.kind = 'container' AND k.id = c.entity_id))",
);

pub(in crate::vault) const PAYLOAD: Sql = Sql::same(
    "SELECT p.sealed FROM barbican_payloads p JOIN barbican_secrets s ON s.id = p.secret_id
      WHERE p.secret_id = $1 AND (s.expiration IS NULL OR s.expiration > $2)",
);
pub(in crate::vault) const ADD_PAYLOAD: Sql =
    Sql::same("INSERT INTO barbican_payloads (secret_id, key_id, sealed) VALUES ($1, $2, $3)");
pub(in crate::vault) const CONTENT_TYPE: Sql = Sql::same(
    "SELECT content_type FROM barbican_secrets WHERE id = $1 AND (expiration IS NULL OR expiration > $2)",
);
pub(in crate::vault) const PUT_CONTENT_TYPE: Sql = Sql::same(
    "UPDATE barbican_secrets SET content_type = $4, updated_at = $3, version = version + 1
      WHERE id = $1 AND version = $2 AND content_type IS NULL AND (expiration IS NULL OR expiration > $3)",
);
/// From key to key by the index, and not over all payloads.
pub(in crate::vault) const KEYS_IN_USE: Sql = Sql::same(
    "WITH RECURSIVE keys (id) AS (
        SELECT MIN(key_id) FROM barbican_payloads
        UNION ALL
        SELECT (SELECT MIN(p.key_id) FROM barbican_payloads p WHERE p.key_id > keys.id) FROM keys
         WHERE keys.id IS NOT NULL)
     SELECT id FROM keys WHERE id IS NOT NULL",
);

/// A container is another one without the secret.
pub(in crate::vault) const STEP_HOLDERS: Sql = Sql::same(
    "UPDATE barbican_containers SET version = version + 1
      WHERE id IN (SELECT container_id FROM barbican_container_secrets WHERE secret_id = $1)",
);

/// What may be done with a secret may depend on the containers that hold it, so it is another one with each change of
/// theirs.
pub(in crate::vault) const STEP_HELD: Sql = Sql::same(
    "UPDATE barbican_secrets SET version = version + 1
      WHERE id IN (SELECT secret_id FROM barbican_container_secrets WHERE container_id = $1)",
);
/// One row: how many containers of its own creator's hold the secret.
pub(in crate::vault) const COUNT_HOLDERS: Sql = Sql::same(
    "SELECT COUNT(DISTINCT c.id) FROM barbican_secrets s
       JOIN barbican_container_secrets h ON h.secret_id = s.id
       JOIN barbican_containers c ON c.id = h.container_id AND c.creator_id = s.creator_id
      WHERE s.id = $1",
);

pub(in crate::vault) const PUT_ACL: Sql = Sql::same(
    "INSERT INTO barbican_acls (kind, entity_id, project_access, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $4)
     ON CONFLICT (kind, entity_id)
     DO UPDATE SET project_access = excluded.project_access, updated_at = excluded.updated_at",
);
pub(in crate::vault) const DELETE_ACL: Sql =
    Sql::same("DELETE FROM barbican_acls WHERE kind = $1 AND entity_id = $2");
pub(in crate::vault) const CLEAR_ACL_USERS: Sql =
    Sql::same("DELETE FROM barbican_acl_users WHERE kind = $1 AND entity_id = $2");
/// `$3` is a JSON list: one statement for any number of users.
pub(in crate::vault) const ADD_ACL_USERS: Sql = Sql::each(
    "INSERT INTO barbican_acl_users (kind, entity_id, user_id) SELECT $1, $2, value FROM json_each($3)",
    "INSERT INTO barbican_acl_users (kind, entity_id, user_id)
     SELECT $1, $2, value FROM json_array_elements_text(CAST($3 AS JSON)) AS users (value)",
);

/// Takes the step to the next version, if this one (`$2`) is that of `$1` at `$3`, which is now.
macro_rules! step {
    ($set:literal, $table:literal, $alive:literal) => {
        Sql::same(concat!(
            "UPDATE ",
            $table,
            " SET ",
            $set,
            "version = version + 1 WHERE id = $1 AND version = $2",
            $alive
        ))
    };
}

/// What is the same for secrets and containers but for the table.
pub(in crate::vault) struct OfKind {
    /// The version moves, and `updated` with it.
    pub(in crate::vault) touch: Sql,
    /// The version moves alone.
    pub(in crate::vault) step: Sql,
    pub(in crate::vault) delete: Sql,
    /// One row if it is there.
    pub(in crate::vault) is_there: Sql,
}

pub(in crate::vault) fn of(kind: Kind) -> &'static OfKind {
    const SECRET: OfKind = OfKind {
        touch: step!("updated_at = $3, ", "barbican_secrets", " AND (expiration IS NULL OR expiration > $3)"),
        step: step!("", "barbican_secrets", " AND (expiration IS NULL OR expiration > $3)"),
        delete: Sql::same("DELETE FROM barbican_secrets WHERE id = $1"),
        is_there: Sql::same(
            "SELECT 1 FROM barbican_secrets WHERE id = $1 AND (expiration IS NULL OR expiration > $2)",
        ),
    };
    // Containers do not expire; the moment is there so that the parameters are alike.
    const CONTAINER: OfKind = OfKind {
        touch: step!("updated_at = $3, ", "barbican_containers", ""),
        step: step!("", "barbican_containers", " AND CAST($3 AS BIGINT) IS NOT NULL"),
        delete: Sql::same("DELETE FROM barbican_containers WHERE id = $1"),
        is_there: Sql::same(
            "SELECT 1 FROM barbican_containers WHERE id = $1 AND CAST($2 AS BIGINT) IS NOT NULL",
        ),
    };
    match kind {
        Kind::Secret => &SECRET,
        Kind::Container => &CONTAINER,
    }
}
