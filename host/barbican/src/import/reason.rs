//! Why a thing was left where it is.

use uuid::Uuid;

/// Why a thing was not imported. No text has a payload, a key, or what a user wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Another plugin than `simple_crypto` holds the payload.
    #[error(
        "the plugin `{0}` holds its payload, and only that of simple_crypto can be read; store it here by its name, or move it there to simple_crypto first"
    )]
    OtherPlugin(String),
    /// No master KEK opens the project's KEK.
    #[error(
        "none of the KEKs opens the KEK of its project; add the KEK that was first in barbican.conf when the project was new"
    )]
    ProjectKek,
    /// The project's KEK does not open the payload.
    #[error("its payload cannot be decrypted: it was changed, or encrypted with another key")]
    Payload,
    /// Barbican has a row for the payload and no payload in it.
    #[error("it has metadata of a payload, and no payload")]
    NoPayload,
    /// A column has what it cannot have in Barbican.
    #[error("its column `{0}` cannot be read")]
    Column(&'static str),
    /// It has no project.
    #[error("its project has no id of Keystone")]
    NoProject,
    /// The id of a project is longer than one that has quotas may be here.
    #[error("the id of its project has more than {0} characters, which is the limit here")]
    ProjectTooLong(usize),
    /// A list is longer than any may be here.
    #[error("it has more than {1} {0}, which is the limit here")]
    TooMany(&'static str, usize),
    /// A container holds a secret that was not imported.
    #[error("it holds the secret `{0}`, which is not here")]
    UnknownSecret(Uuid),
    /// A secret is in too many containers.
    #[error(
        "it holds the secret `{0}`, which is in {1} containers of its creator's already, and that is the limit here"
    )]
    TooManyHolders(Uuid, i64),
    /// An order that waits for Barbican's worker.
    #[error("its status is `PENDING`: let Barbican's worker end it, or delete it there")]
    Pending,
    /// An order of a type that is not offered here.
    #[error("orders of its type are not offered by this host")]
    OrderType,
    /// The `meta` of an order.
    #[error("its `meta` is no JSON, or longer than {0} bytes")]
    Meta(usize),
    /// It is there, and not the same.
    #[error("it is here already and differs: it was changed, here or there, since it was imported")]
    Differs,
}
