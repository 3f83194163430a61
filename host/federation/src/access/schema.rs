//! The table of requests for access.
//!
//! `ends` is when a row is of no use any more, in seconds since 1970 UTC: an open request that no user decided, an approved
//! one whose time is over, and a denied one that its user has had time to see.

use portcullis_store::{Migration, Sql};

/// Its name, which sealed values are bound to.
pub(super) const TABLE: &str = "federation_access";

/// In the order in which they are applied.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "requests for access",
    sql: Sql::each(
        "CREATE TABLE federation_access (
            id TEXT PRIMARY KEY, mount TEXT NOT NULL, requester TEXT NOT NULL, state TEXT NOT NULL,
            ends INTEGER NOT NULL, key_id TEXT NOT NULL, sealed BLOB NOT NULL) STRICT;
         CREATE INDEX federation_access_of_user ON federation_access (mount, requester);
         CREATE INDEX federation_access_by_end ON federation_access (ends);",
        "CREATE TABLE federation_access (
            id TEXT COLLATE \"C\" PRIMARY KEY, mount TEXT COLLATE \"C\" NOT NULL, requester TEXT COLLATE \"C\" NOT NULL,
            state TEXT COLLATE \"C\" NOT NULL, ends BIGINT NOT NULL, key_id TEXT COLLATE \"C\" NOT NULL,
            sealed BYTEA NOT NULL);
         CREATE INDEX federation_access_of_user ON federation_access (mount, requester);
         CREATE INDEX federation_access_by_end ON federation_access (ends);",
    ),
}];
