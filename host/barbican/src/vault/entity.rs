//! What is kept: secrets, containers and their ACLs. Facts: barbican/model/models.py.

use std::fmt;
use uuid::Uuid;

use super::Timestamp;

/// What an ACL can guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A secret.
    Secret,
    /// A container: named references to secrets.
    Container,
}

impl Kind {
    /// `secret` or `container`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Container => "container",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of one entity: it moves with every change of the entity or of its ACL. Changes of the containers
/// that hold a secret do not move the secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(pub(super) i64);

/// Who may read an entity besides those whom roles let in, as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// User ids, sorted and unique.
    pub users: Vec<String>,
    /// False makes the entity private.
    pub project_access: bool,
    /// When there was none before.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
}

/// An ACL that is to be put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclValue {
    /// User ids, in any order; each counts once.
    pub users: Vec<String>,
    /// False makes the entity private.
    pub project_access: bool,
}

/// A secret, without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// A version 4 UUID.
    pub id: Uuid,
    /// As the user named it.
    pub name: Option<String>,
    /// The project that owns it.
    pub project: String,
    /// The user who made it.
    pub creator: Option<String>,
    /// Barbican's `secret_type`, e.g. `opaque`.
    pub secret_type: String,
    /// As the user said; never interpreted.
    pub algorithm: Option<String>,
    /// As the user said; never interpreted.
    pub bit_length: Option<i64>,
    /// As the user said; never interpreted.
    pub mode: Option<String>,
    /// `ACTIVE`.
    pub status: String,
    /// The payload's media type; absent where there is no payload yet.
    pub content_type: Option<String>,
    /// From then on it is not there.
    pub expiration: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it, its payload or its ACL was last written.
    pub updated: Timestamp,
}

/// One secret in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// What it is to the container, e.g. `private_key`.
    pub name: Option<String>,
    /// The secret's id.
    pub secret: Uuid,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// A version 4 UUID.
    pub id: Uuid,
    /// As the user named it.
    pub name: Option<String>,
    /// The project that owns it.
    pub project: String,
    /// The user who made it.
    pub creator: Option<String>,
    /// `generic`, `certificate` or `rsa`.
    pub container_type: String,
    /// In the order in which they were given. A secret that is deleted goes from here too.
    pub secrets: Vec<SecretRef>,
    /// `ACTIVE`.
    pub status: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it or its ACL was last written.
    pub updated: Timestamp,
}

/// What uses a secret or a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerName {
    /// The service, or a container's consumer's `name`.
    pub service: String,
    /// e.g. `loadbalancer`; empty for a container.
    pub resource_type: String,
    /// The resource's id, or a container's consumer's `URL`.
    pub resource: String,
}

/// A consumer that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// What it is.
    pub name: ConsumerName,
    /// When it was registered.
    pub created: Timestamp,
    /// The same: consumers do not change.
    pub updated: Timestamp,
}

/// A secret or a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// A secret.
    Secret(Secret),
    /// A container.
    Container(Container),
}

impl Entity {
    /// Which of the two.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Secret(_) => Kind::Secret,
            Self::Container(_) => Kind::Container,
        }
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Secret(secret) => secret.id,
            Self::Container(container) => container.id,
        }
    }

    /// As the user named it.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Secret(secret) => secret.name.as_deref(),
            Self::Container(container) => container.name.as_deref(),
        }
    }

    /// The project that owns it.
    pub fn project(&self) -> &str {
        match self {
            Self::Secret(secret) => &secret.project,
            Self::Container(container) => &container.project,
        }
    }

    /// The user who made it.
    pub fn creator(&self) -> Option<&str> {
        match self {
            Self::Secret(secret) => secret.creator.as_deref(),
            Self::Container(container) => container.creator.as_deref(),
        }
    }

    /// The secret's or the container's type.
    pub fn subtype(&self) -> &str {
        match self {
            Self::Secret(secret) => &secret.secret_type,
            Self::Container(container) => &container.container_type,
        }
    }
}

/// An entity with everything a decision about it needs, all of it of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityWithAcl {
    /// The entity.
    pub entity: Entity,
    /// Its ACL, if one is set.
    pub acl: Option<Acl>,
    /// What a write that is decided upon this must expect.
    pub version: Version,
    /// The containers that hold the secret, oldest first, each with its ACL; empty for a container.
    pub holders: Vec<(Container, Option<Acl>)>,
}
