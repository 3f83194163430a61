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

/// Rows that belong to those of a page, from the first to the last id, in the order in which they were made. The first column
/// is the id that they belong to.
macro_rules! of_page {
    ([$owner:literal, $($column:literal),*], $from:literal, $order:literal) => {
        ForeignSql {
            columns: &[$owner, $($column),*],
            rest: concat!("FROM ", $from, " AND ", $owner, " >= ? AND ", $owner, " <= ? ORDER BY ", $order),
        }
    };
}

/// What both kinds of entities have.
macro_rules! attached {
    ($id:literal, $acls:literal, $users:literal) => {
        Attached {
            acls: ForeignSql {
                columns: &[concat!("a.", $id), "a.project_access", "a.created_at", "a.updated_at"],
                rest: concat!(
                    "FROM ",
                    $acls,
                    " a WHERE a.deleted = false AND a.operation = 'read' AND a.",
                    $id,
                    " >= ? AND a.",
                    $id,
                    " <= ?"
                ),
            },
            users: ForeignSql {
                columns: &[concat!("a.", $id), "u.user_id"],
                rest: concat!(
                    "FROM ",
                    $users,
                    " u JOIN ",
                    $acls,
                    " a ON a.id = u.acl_id WHERE u.deleted = false AND a.deleted = false \
                     AND a.operation = 'read' AND a.",
                    $id,
                    " >= ? AND a.",
                    $id,
                    " <= ?"
                ),
            },
        }
    };
}

/// ACLs and their users.
pub(super) struct Attached {
    pub(super) acls: ForeignSql,
    pub(super) users: ForeignSql,
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
pub(super) const STORE_METADATA: ForeignSql = of_page!(
    ["m.secret_id", "m.\"key\"", "m.\"value\""],
    "secret_store_metadata m WHERE m.deleted = false AND m.\"key\" IN ('plugin_name', 'content_type')",
    "m.created_at, m.id"
);
pub(super) const PAYLOADS: ForeignSql = of_page!(
    ["d.secret_id", "d.content_type", "d.cypher_text", "k.plugin_name", "k.plugin_meta"],
    "encrypted_data d JOIN kek_data k ON k.id = d.kek_id WHERE d.deleted = false",
    "d.created_at, d.id"
);
pub(super) const METADATA: ForeignSql = of_page!(
    ["m.secret_id", "m.\"key\"", "m.\"value\""],
    "secret_user_metadata m WHERE m.deleted = false",
    "m.created_at, m.id"
);
pub(super) const SECRET_CONSUMERS: ForeignSql = of_page!(
    [
        "c.secret_id",
        "p.external_id",
        "c.service",
        "c.resource_type",
        "c.resource_id",
        "c.created_at",
        "c.updated_at"
    ],
    "secret_consumer_metadata c LEFT JOIN projects p ON p.id = c.project_id WHERE c.deleted = false",
    "c.created_at, c.id"
);
pub(super) const OF_SECRETS: Attached = attached!("secret_id", "secret_acls", "secret_acl_users");

pub(super) const CONTAINERS: ForeignSql = page!(
    ["c.id", "c.name", "p.external_id", "c.creator_id", "c.type", "c.status", "c.created_at", "c.updated_at"],
    "containers c LEFT JOIN projects p ON p.id = c.project_id WHERE c.deleted = false",
    "c.id"
);
pub(super) const CONTENTS: ForeignSql = of_page!(
    ["h.container_id", "h.name", "h.secret_id"],
    "container_secret h WHERE h.deleted = false",
    "h.created_at, h.id"
);
pub(super) const CONTAINER_CONSUMERS: ForeignSql = of_page!(
    ["c.container_id", "p.external_id", "c.name", "''", "c.\"URL\"", "c.created_at", "c.updated_at"],
    "container_consumer_metadata c LEFT JOIN projects p ON p.id = c.project_id WHERE c.deleted = false",
    "c.created_at, c.id"
);
pub(super) const OF_CONTAINERS: Attached = attached!("container_id", "container_acls", "container_acl_users");

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
