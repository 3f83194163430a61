//! What the operations take and answer.

use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AclValue, Container, EntityWithAcl, SecretRef, Timestamp};

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

/// What is listed: what is of the scope and equals everything that is given here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub scope: Scope,
    /// The whole name.
    pub name: Option<String>,
    /// The secret's or the container's type.
    pub subtype: Option<String>,
    /// Of secrets alone.
    pub algorithm: Option<String>,
    /// Of secrets alone.
    pub bit_length: Option<i64>,
    /// Of secrets alone.
    pub mode: Option<String>,
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
            offset: 0,
            limit: 10,
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Oldest first, secrets without their holders.
    pub entities: Vec<EntityWithAcl>,
    /// How many there are in all.
    pub total: u64,
}
