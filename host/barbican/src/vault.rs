//! Storage of secrets, containers, their ACLs, and orders.
//!
//! A [`Vault`] owns the API's tables and gives typed operations on them; it knows no HTTP, no policy and no
//! schema of requests. Reading ([`Vault::find`], [`Vault::list`]) takes no lock that a writer holds. Writing
//! takes the [`Version`] that was decided upon, so that nothing is written that was allowed on other facts: the
//! caller of an operation that answers [`Commit::Changed`] finds, decides and tries again.
//!
//! What is expired or deleted is not there, for every operation alike. Deleting is for good.
//!
//! Text is kept as it is, but for one character: PostgreSQL cannot store U+0000. The API refuses such text
//! before; should it come here all the same, both databases answer
//! [`StoreError::Nul`].
//!
//! * `entity`, `timestamp`: what is kept
//! * `operation`: what the operations take and answer
//! * `schema`: the tables
//! * `statements`: the SQL
//! * `rows`: from rows to entities
//! * `json_rows`: many rows for one statement
//! * `turns`: no project with slow lists keeps the others from theirs
//! * `find`, `secrets`, `metadata`, `containers`, `contents`, `consumers`, `acls`, `orders`, `quotas`, `purge`, `import`: the operations

mod acls;
mod consumers;
mod containers;
mod contents;
mod entity;
mod find;
mod import;
mod json_rows;
mod metadata;
mod operation;
mod orders;
mod purge;
mod quotas;
mod rows;
mod schema;
mod secrets;
mod statements;
mod timestamp;
mod turns;

use portcullis_store::seal::Sealer;
use portcullis_store::{Store, StoreError};
use std::sync::Arc;
use turns::Turns;

pub use consumers::MOST_CONSUMERS;
pub use containers::MOST_HOLDERS;
pub use contents::MOST_SECRETS;
pub use entity::{
    Acl, AclValue, Consumer, ConsumerName, Container, Entity, EntityWithAcl, Kind, Secret, SecretRef, Version,
};
pub use import::{Attached, ImportConsumer, ImportContainer, ImportQuotas, ImportSecret, Imported};
pub use metadata::MOST_METADATA;
pub use operation::{
    AddConsumer, ChangeContents, ChangeMetadata, Commit, ConsumersPage, CreateContainer, CreateSecret,
    Filter, MetadataChange, NewContainer, NewPayload, NewSecret, Page, Principals, PutPayload, Range,
    RemoveConsumer, Scope,
};
pub use orders::{CreateOrder, MadeByOrder, NewOrder, Order, OrderError, OrderType, OrdersPage};
pub use purge::Purged;
pub use quotas::{Limited, Quotas, QuotasPage};
pub use timestamp::Timestamp;

/// The secrets, containers and ACLs of one database. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    sealer: Sealer,
    turns: Turns,
}

impl Vault {
    /// Opens it and brings its tables up to date.
    ///
    /// Fails where the database is from a newer version, and where payloads in it were sealed with a key that
    /// `sealer` does not have ([`StoreError::Seal`]): a lost key is better found at the start than one secret at a
    /// time.
    pub async fn open(store: Store, sealer: Sealer) -> Result<Self, StoreError> {
        store.migrate("barbican", schema::MIGRATIONS).await?;
        let turns = Turns::of(&store);
        let vault = Self { store, sealer, turns };
        vault.check_keys().await?;
        Ok(vault)
    }

    /// Whether the database can be read and written, for a readiness probe.
    pub async fn check(&self) -> Result<(), Arc<StoreError>> {
        self.store.check().await
    }
}
