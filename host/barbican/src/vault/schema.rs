//! The tables of the API. Columns are named as in barbican/model/models.py where they are the same thing.

use portcullis_store::{Migration, Sql};

/// `$text` compares by bytes, `$integer` has 64 bits; `$table_end` follows the closing bracket of a table.
macro_rules! tables {
    ($text:literal, $integer:literal, $bytes:literal, $table_end:literal) => {
        concat!(
            // Version 4 UUIDs in canonical form; times in microseconds since 1970 UTC.
            "CREATE TABLE barbican_secrets (
                id ", $text, " PRIMARY KEY,
                name ", $text, ",
                project_id ", $text, " NOT NULL,
                creator_id ", $text, ",
                secret_type ", $text, " NOT NULL,
                algorithm ", $text, ",
                bit_length ", $integer, ",
                mode ", $text, ",
                status ", $text, " NOT NULL,
                content_type ", $text, ",
                expiration ", $integer, ",
                created_at ", $integer, " NOT NULL,
                updated_at ", $integer, " NOT NULL,
                version ", $integer, " NOT NULL
            )", $table_end, ";
            CREATE INDEX barbican_secrets_of_project ON barbican_secrets (project_id, created_at, id);

            CREATE TABLE barbican_payloads (
                secret_id ", $text, " PRIMARY KEY REFERENCES barbican_secrets (id) ON DELETE CASCADE,
                key_id ", $text, " NOT NULL,
                sealed ", $bytes, " NOT NULL
            )", $table_end, ";
            CREATE INDEX barbican_payloads_of_key ON barbican_payloads (key_id);

            CREATE TABLE barbican_containers (
                id ", $text, " PRIMARY KEY,
                name ", $text, ",
                project_id ", $text, " NOT NULL,
                creator_id ", $text, ",
                type ", $text, " NOT NULL,
                status ", $text, " NOT NULL,
                created_at ", $integer, " NOT NULL,
                updated_at ", $integer, " NOT NULL,
                version ", $integer, " NOT NULL
            )", $table_end, ";
            CREATE INDEX barbican_containers_of_project ON barbican_containers (project_id, created_at, id);

            CREATE TABLE barbican_container_secrets (
                container_id ", $text, " NOT NULL REFERENCES barbican_containers (id) ON DELETE CASCADE,
                position ", $integer, " NOT NULL,
                name ", $text, ",
                secret_id ", $text, " NOT NULL REFERENCES barbican_secrets (id) ON DELETE CASCADE,
                PRIMARY KEY (container_id, position)
            )", $table_end, ";
            CREATE INDEX barbican_container_secrets_of_secret ON barbican_container_secrets (secret_id);

            CREATE TABLE barbican_acls (
                kind ", $text, " NOT NULL CHECK (kind IN ('secret', 'container')),
                entity_id ", $text, " NOT NULL,
                project_access ", $integer, " NOT NULL CHECK (project_access IN (0, 1)),
                created_at ", $integer, " NOT NULL,
                updated_at ", $integer, " NOT NULL,
                PRIMARY KEY (kind, entity_id)
            )", $table_end, ";

            CREATE TABLE barbican_acl_users (
                kind ", $text, " NOT NULL,
                entity_id ", $text, " NOT NULL,
                user_id ", $text, " NOT NULL,
                PRIMARY KEY (kind, entity_id, user_id),
                FOREIGN KEY (kind, entity_id) REFERENCES barbican_acls (kind, entity_id) ON DELETE CASCADE
            )", $table_end, ";
            CREATE INDEX barbican_acl_users_of_user ON barbican_acl_users (kind, user_id);
            "
        )
    };
}

macro_rules! metadata {
    ($text:literal, $integer:literal, $bytes:literal, $table_end:literal) => {
        concat!(
            // User metadata, in the order of `position`.
            "CREATE TABLE barbican_secret_user_metadata (
                secret_id ",
            $text,
            " NOT NULL REFERENCES barbican_secrets (id) ON DELETE CASCADE,
                key ",
            $text,
            " NOT NULL,
                value ",
            $text,
            " NOT NULL,
                position ",
            $integer,
            " NOT NULL,
                PRIMARY KEY (secret_id, position)
            )",
            $table_end,
            ";"
        )
    };
}

macro_rules! consumers {
    ($text:literal, $integer:literal, $bytes:literal, $table_end:literal) => {
        concat!(
            // Of secrets: service, type and id of the resource. Of containers: name, nothing, and URL.
            "CREATE TABLE barbican_consumers (
                kind ",
            $text,
            " NOT NULL CHECK (kind IN ('secret', 'container')),
                entity_id ",
            $text,
            " NOT NULL,
                position ",
            $integer,
            " NOT NULL,
                service ",
            $text,
            " NOT NULL,
                resource_type ",
            $text,
            " NOT NULL,
                resource ",
            $text,
            " NOT NULL,
                project_id ",
            $text,
            " NOT NULL,
                created_at ",
            $integer,
            " NOT NULL,
                updated_at ",
            $integer,
            " NOT NULL,
                PRIMARY KEY (kind, entity_id, position)
            )",
            $table_end,
            ";
            CREATE INDEX barbican_consumers_of_project ON barbican_consumers (kind, project_id);"
        )
    };
}

macro_rules! quotas {
    ($text:literal, $integer:literal, $bytes:literal, $table_end:literal) => {
        concat!(
            // Null where the default counts, below 0 without a limit.
            "CREATE TABLE barbican_project_quotas (
                project_id ",
            $text,
            " PRIMARY KEY,
                secrets ",
            $integer,
            ",
                orders ",
            $integer,
            ",
                containers ",
            $integer,
            ",
                consumers ",
            $integer,
            ",
                cas ",
            $integer,
            ",
                created_at ",
            $integer,
            " NOT NULL,
                updated_at ",
            $integer,
            " NOT NULL
            )",
            $table_end,
            ";"
        )
    };
}

macro_rules! orders {
    ($text:literal, $integer:literal, $bytes:literal, $table_end:literal) => {
        concat!(
            // An order outlives what was made for it, as in Barbican. `meta` is JSON as Python writes it.
            "CREATE TABLE barbican_orders (
                id ",
            $text,
            " PRIMARY KEY,
                project_id ",
            $text,
            " NOT NULL,
                creator_id ",
            $text,
            ",
                type ",
            $text,
            " NOT NULL CHECK (type IN ('key', 'asymmetric')),
                meta ",
            $text,
            " NOT NULL,
                status ",
            $text,
            " NOT NULL,
                secret_id ",
            $text,
            ",
                container_id ",
            $text,
            ",
                error_status_code ",
            $text,
            ",
                error_reason ",
            $text,
            ",
                created_at ",
            $integer,
            " NOT NULL,
                updated_at ",
            $integer,
            " NOT NULL
            )",
            $table_end,
            ";
            CREATE INDEX barbican_orders_of_project ON barbican_orders (project_id, created_at, id);"
        )
    };
}

/// A step in the types of both databases.
macro_rules! step {
    ($tables:ident) => {
        Sql::each(
            $tables!("TEXT", "INTEGER", "BLOB", " STRICT"),
            $tables!("TEXT COLLATE \"C\"", "BIGINT", "BYTEA", ""),
        )
    };
}

/// In the order in which they are taken.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "secrets, containers and acls", sql: step!(tables) },
    Migration { number: 2, name: "user metadata of secrets", sql: step!(metadata) },
    Migration { number: 3, name: "consumers", sql: step!(consumers) },
    Migration { number: 4, name: "quotas of projects", sql: step!(quotas) },
    Migration { number: 5, name: "orders", sql: step!(orders) },
];
