//! What the operations take and answer.

use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AclValue, Consumer, Container, EntityWithAcl, Secret, SecretRef, Timestamp};

/// A secret to be made. Its id, status and times are given by the vault.
#[derive(Debug, Clone, Default)]
pub struct NewSecret {
    /// As the user named it.
    pub name: Option<String>,
    /// The project that is to own it.
    pub project: String,
    /// The user who makes it.
    pub creator: Option<String>,
    /// Barbican's `secret_type`.
    pub secret_type: String,
    /// As the user said.
    pub algorithm: Option<String>,
    /// As the user said.
    pub bit_length: Option<i64>,
    /// As the user said.
    pub mode: Option<String>,
    /// From then on it is not there.
    pub expiration: Option<Timestamp>,
    /// It may come later, by [`Vault::put_payload`](super::Vault::put_payload).
    pub payload: Option<NewPayload>,
    /// In force from the first moment on.
    pub acl: Option<AclValue>,
}

/// What a secret keeps secret.
#[derive(Clone)]
pub struct NewPayload {
    /// Its media type, e.g. `text/plain`.
    pub content_type: String,
    /// Any bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for NewPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPayload").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// A container to be made. Its id, status and times are given by the vault.
#[derive(Debug, Clone, Default)]
pub struct NewContainer {
    /// As the user named it.
    pub name: Option<String>,
    /// The project that is to own it, and that owns each secret in it.
    pub project: String,
    /// The user who makes it.
    pub creator: Option<String>,
    /// `generic`, `certificate` or `rsa`.
    pub container_type: String,
    /// What it is to hold.
    pub secrets: Vec<SecretRef>,
    /// In force from the first moment on.
    pub acl: Option<AclValue>,
}

/// How [`Vault::create_secret`](super::Vault::create_secret) ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateSecret {
    /// It is there.
    Done(Box<Secret>),
    /// The project has as many secrets as its quota allows; nothing was made.
    QuotaReached,
}

/// How [`Vault::create_container`](super::Vault::create_container) ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateContainer {
    /// It is there.
    Done(Container),
    /// Its project has no such secret; nothing was made. Barbican answers 404 and looks in the project alone
    /// (barbican/api/controllers/containers.py).
    UnknownSecret(SecretRef),
    /// The secret is in [`MOST_HOLDERS`](super::MOST_HOLDERS) containers of its creator's already; nothing was made.
    TooManyHolders(SecretRef),
    /// The project has as many containers as its quota allows; nothing was made.
    QuotaReached,
}

/// How [`Vault::add_consumer`](super::Vault::add_consumer) ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may not have been written"]
pub enum AddConsumer {
    /// It is registered, and survives a crash; also where it was before.
    Done,
    /// The entity has [`MOST_CONSUMERS`](super::MOST_CONSUMERS) consumers already.
    Full,
    /// The project has registered as many consumers as its quota allows.
    QuotaReached,
    /// The entity or its ACL is not what was decided upon.
    Changed,
    /// The entity is not there any more.
    Gone,
}

/// How [`Vault::remove_consumer`](super::Vault::remove_consumer) ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may not have been written"]
pub enum RemoveConsumer {
    /// It is removed, and that survives a crash.
    Done,
    /// The entity has no such consumer.
    NotThere,
    /// Another project has registered it.
    OfOtherProject,
    /// The entity or its ACL is not what was decided upon.
    Changed,
    /// The entity is not there any more.
    Gone,
}

/// A part of an entity's consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumersPage {
    /// By name for a container, the oldest first for a secret.
    pub consumers: Vec<Consumer>,
    /// How many there are in all.
    pub total: u64,
}

/// How a change of what a container holds ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may not have been written"]
pub enum ChangeContents {
    /// It is written, and survives a crash.
    Done,
    /// The project has no such secret.
    UnknownSecret,
    /// The secret is in the container under that name already.
    AlreadyThere,
    /// The secret is not in the container under that name.
    NotThere,
    /// The secret is in [`MOST_HOLDERS`](super::MOST_HOLDERS) containers of its creator's already.
    TooManyHolders,
    /// The container holds [`MOST_SECRETS`](super::MOST_SECRETS) secrets already.
    Full,
    /// The container or its ACL is not what was decided upon.
    Changed,
    /// The container is not there any more.
    Gone,
}

/// A change of a secret's user metadata: pairs of a key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataChange {
    /// These, and no others.
    Replace(Vec<(String, String)>),
    /// One more.
    Add(String, String),
    /// Another value for a key that is there.
    Set(String, String),
    /// Without the key, if it is there.
    Remove(String),
}

/// How a change of a secret's user metadata ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may not have been written"]
pub enum ChangeMetadata {
    /// It is written, and survives a crash.
    Done,
    /// The key to be added is there already.
    AlreadyThere,
    /// The key to be set is not there.
    NotThere,
    /// The secret has [`MOST_METADATA`](super::MOST_METADATA) keys already.
    Full,
    /// The secret or its ACL is not what was decided upon.
    Changed,
    /// The secret is not there any more.
    Gone,
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may not have been written"]
pub enum Commit {
    /// It is written, and survives a crash.
    Done,
    /// Nothing was written: the entity or its ACL is not what was decided upon.
    Changed,
    /// Nothing was written: the entity is not there any more.
    Gone,
}

/// How [`Vault::put_payload`](super::Vault::put_payload) ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it may not have been written"]
pub enum PutPayload {
    /// It is written, and survives a crash.
    Done,
    /// Nothing was written: the secret has a payload, and payloads do not change.
    AlreadyThere,
    /// Nothing was written: the secret or its ACL is not what was decided upon.
    Changed,
    /// Nothing was written: the secret is not there any more.
    Gone,
}

/// Whose entities are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of a project.
    Project(String),
    /// Those of any project whose ACL lists the user (Barbican's `acl_only`), and some more.
    Listed {
        /// The user's id.
        user: String,
        /// The project of the user's token, among whose lists this one waits for its turn.
        project: String,
        /// Further entities, by their ids.
        also: Vec<Uuid>,
    },
}

/// As what a user may be listed in an ACL by other entries than the user's id alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// The user's id; only with a time behind it.
    pub user: String,
    /// Entries that count in every project.
    pub anywhere: Vec<String>,
    /// Entries that count in ACLs of `project`, in any case of ASCII letters.
    pub roles: Vec<String>,
    /// The project whose roles these are.
    pub project: String,
}

/// Times, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

/// What is listed: what is of the scope and matches everything that is given here. Patterns are those of SQL's `LIKE`, in
/// any case of ASCII letters and without an escape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub scope: Scope,
    /// A pattern of the name.
    pub name: Option<String>,
    /// The secret's or the container's type.
    pub subtype: Option<String>,
    /// A pattern. Of secrets alone, as all that follow.
    pub algorithm: Option<String>,
    /// Bits.
    pub bit_length: Option<i64>,
    /// A pattern.
    pub mode: Option<String>,
    /// When it was made.
    pub created: Range,
    /// When it was last written.
    pub updated: Range,
    /// When it expires, which must be set then.
    pub expiration: Range,
    /// `KEY:asc` and `KEY:desc` with Barbican's names of keys, each key once. What is equal in them comes oldest first.
    pub sort: Vec<String>,
    /// How many to pass over.
    pub offset: u64,
    /// How many at most.
    pub limit: u64,
}

impl Filter {
    /// Everything of the scope, the first ten (Barbican's `default_limit_paging`).
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            name: None,
            subtype: None,
            algorithm: None,
            bit_length: None,
            mode: None,
            created: Range::default(),
            updated: Range::default(),
            expiration: Range::default(),
            sort: Vec::new(),
            offset: 0,
            limit: 10,
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In order, secrets without their holders.
    pub entities: Vec<EntityWithAcl>,
    /// How many there are in all.
    pub total: u64,
}
