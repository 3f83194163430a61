//! The outer message: what dockerd posts to `/AuthZPlugin.AuthZReq` and `/AuthZPlugin.AuthZRes`.
//!
//! The spellings are those of moby `pkg/authorization/api.go`, and beside them those of Docker's documentation
//! (`RequestURI`, `AuthenticationMethod`, headers as base64 of a JSON object), which older plugins and their
//! tests use.

mod fields;

#[cfg(test)]
mod tests;

use portcullis_docker_api::json::{JsonError, parse};
use portcullis_docker_api::schema::{Schema, canonicalise};

/// The longest `User`, in bytes.
pub const LONGEST_USER: usize = 4 << 10;
/// The longest `RequestUri`, in bytes.
pub const LONGEST_URI: usize = 64 << 10;

/// One question of dockerd's, as it was asked: nothing in it is interpreted yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The common name of the client's certificate; never empty.
    pub user: Option<String>,
    /// `TLS`, where there is a user.
    pub user_authn_method: Option<String>,
    /// As sent; never empty.
    pub method: String,
    /// The request target as sent, with version, escapes and query; never empty.
    pub uri: String,
    /// The request's body where dockerd shows it; never empty.
    pub body: Option<Vec<u8>>,
    /// As dockerd shows them: of a repeated header the last, and none that carries credentials.
    pub headers: Vec<(String, String)>,
    /// The chain that the client presented, its own certificate first, each in DER.
    pub peer_certificates: Vec<Vec<u8>>,
    /// The answer's status; absent in a request, and where the daemon had not set one.
    pub response_status: Option<u16>,
    /// The answer's headers.
    pub response_headers: Vec<(String, String)>,
    /// The answer's body where dockerd shows it; never empty.
    pub response_body: Option<Vec<u8>>,
    /// Which daemon asks, where something between it and us has said so (docker-leash's `Host`).
    pub host: Option<String>,
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No message at all.
    #[error(
        "the message is empty: dockerd repeats a request so after a broken connection; please send the command again"
    )]
    Empty,
    /// It is JSON, but no object.
    #[error("the message is not a JSON object")]
    NotAnObject,
    /// It is no JSON, or could be read in two ways.
    #[error("the message cannot be read: {0}")]
    Json(#[from] JsonError),
    /// One thing said twice, in two spellings.
    #[error("the message has both `{0}` and `{1}`, which mean the same")]
    BothSpellings(&'static str, &'static str),
    /// Something that every message has is absent or empty.
    #[error("the message has no `{0}`")]
    Missing(&'static str),
    /// Something has another kind than dockerd ever sends.
    #[error("`{field}` in the message is not {expected}")]
    Kind {
        /// Docker's name for it.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Something is longer than any honest client makes it.
    #[error("`{field}` in the message is longer than {limit} bytes")]
    TooLong {
        /// Docker's name for it.
        field: &'static str,
        /// In bytes.
        limit: usize,
    },
    /// A body or a header map that is not base64 in the standard alphabet with padding.
    #[error("`{0}` in the message is not base64")]
    NotBase64(&'static str),
    /// A certificate that is not one PEM block.
    #[error("certificate {0} of `RequestPeerCertificates` in the message is not one PEM certificate")]
    Certificate(usize),
}

const ANY: &Schema = &Schema::Any;
const MESSAGE: &Schema = &Schema::Struct(&[
    ("User", ANY),
    ("UserAuthNMethod", ANY),
    ("RequestMethod", ANY),
    ("RequestUri", ANY),
    ("RequestBody", ANY),
    ("RequestHeaders", ANY),
    ("RequestPeerCertificates", ANY),
    ("ResponseStatusCode", ANY),
    ("ResponseBody", ANY),
    ("ResponseHeaders", ANY),
    ("AuthenticationMethod", ANY),
    ("Host", ANY),
]);

impl Message {
    /// Reads a message. Unknown keys are ignored; the caller bounds the whole (32 MiB).
    pub fn parse(text: &[u8]) -> Result<Self, MessageError> {
        if text.trim_ascii().is_empty() {
            return Err(MessageError::Empty);
        }
        let mut value = parse(text)?;
        if value.as_object().is_none() {
            return Err(MessageError::NotAnObject);
        }
        canonicalise(&mut value, MESSAGE)?;
        let members = value.as_object().ok_or(MessageError::NotAnObject)?;
        let read = fields::Fields(members);
        let method = read.text("RequestMethod")?.ok_or(MessageError::Missing("RequestMethod"))?;
        let uri = read.short("RequestUri", LONGEST_URI)?.ok_or(MessageError::Missing("RequestUri"))?;
        let stated = read.text("UserAuthNMethod")?;
        let documented = read.text("AuthenticationMethod")?;
        if stated.is_some() && documented.is_some() {
            return Err(MessageError::BothSpellings("UserAuthNMethod", "AuthenticationMethod"));
        }
        Ok(Self {
            user: read.short("User", LONGEST_USER)?,
            user_authn_method: stated.or(documented),
            method,
            uri,
            body: read.body("RequestBody")?,
            headers: read.headers("RequestHeaders")?,
            peer_certificates: read.certificates("RequestPeerCertificates")?,
            response_status: read.status("ResponseStatusCode")?,
            response_headers: read.headers("ResponseHeaders")?,
            response_body: read.body("ResponseBody")?,
            host: read.text("Host")?,
        })
    }
}
