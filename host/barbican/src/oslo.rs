//! The question that a Barbican elsewhere asks through oslo.policy's `http:` check, as one of ours.
//!
//! There one line of `policy.yaml` stands for each rule that is decided here:
//!
//! ```yaml
//! "secret:get": "https://portcullis.example:8181/oslo-policy/barbican"
//! "secret:decrypt": "https://portcullis.example:8181/oslo-policy/barbican"
//! ```
//!
//! and `barbican.conf` says how to ask (`oslo_policy` "opts.py"; without
//! `remote_ssl_verify_server_crt` any certificate is believed):
//!
//! ```ini
//! [oslo_policy]
//! remote_content_type = application/json
//! remote_ssl_ca_crt_file = /etc/barbican/portcullis-ca.pem
//! remote_ssl_verify_server_crt = true
//! remote_ssl_client_crt_file = /etc/barbican/barbican.pem
//! remote_ssl_client_key_file = /etc/barbican/barbican.key
//! remote_timeout = 5
//! ```
//!
//! What Barbican does not say, a policy cannot know: the entity's id and name, the other users of its ACL, when that was
//! set, the containers that hold a secret, and the groups and the application credential of the user. PUT and PATCH of an
//! ACL are one rule there; both are asked as `acl-put`, and what would be written is not said.
//!
//! * [`question`]: reads one
//! * `body`: its two encodings (`oslo_policy` "_external.py")
//! * `object`: JSON objects as both hold them, read strictly
//! * `rules`: which rule is which operation (barbican "common/policies")
//! * `facts`: target and credentials in the contract's words (barbican "api/controllers/__init__.py")

mod body;
mod facts;
mod object;
mod rules;

#[cfg(test)]
mod tests;

use portcullis_contract::secrets::{Access, Requester};

/// The answer that means yes. Anything else means no.
pub const ANSWER_TRUE: &str = "True";
/// The answer that means no.
pub const ANSWER_FALSE: &str = "False";

/// A question may not be longer, in bytes.
pub const MAX_BODY: usize = 256 << 10;

/// The services whose rules are known: Barbican by its name and by its type in the service catalog.
const SERVICES: [&str; 2] = ["barbican", "key-manager"];

/// Which Barbican asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Release {
    /// Up to 22: of an ACL's entity it says the project and the creator alone (bug 2069378), so the entity is taken for
    /// private. Releases 15.0.1, 20.0.0 and 22.0.0 are alike in this ("barbican/api/controllers/acls.py").
    UpTo22,
    /// 23 and later.
    #[default]
    From23,
}

impl Release {
    /// By its major version, e.g. 22.
    pub fn of(major: u32) -> Self {
        if major <= 22 { Self::UpTo22 } else { Self::From23 }
    }
}

/// What an oslo.policy asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The rule by its name there, e.g. `secret:get`.
    pub rule: String,
    /// What it comes to; its context is not filled in.
    pub access: Access,
}

/// Why a question is answered with no. The text is for the log and the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OsloRefusal {
    /// Nothing is known of the service's rules.
    #[error("the rules of `{0}` are not known: `barbican` and `key-manager` are")]
    Service(String),
    /// The body is too long to be read.
    #[error("the question is longer than {MAX_BODY} bytes")]
    TooLong,
    /// The body is encoded in a way that oslo.policy does not use.
    #[error("`{0}` is no content type that oslo.policy sends")]
    ContentType(String),
    /// The body is not what oslo.policy sends.
    #[error("the question cannot be read: {0}")]
    Malformed(String),
    /// The rule is another one than those of secrets, containers and their ACLs.
    #[error("the rule `{0}` is not decided here; take its line out of policy.yaml")]
    Rule(String),
    /// An ACL's rule, asked by an older Barbican.
    #[error(
        "the target does not say `{0}`, as of a Barbican up to 22: set `oslo_release` to its release, e.g. 22"
    )]
    Release(String),
    /// Something that must be known is not said, or cannot be what it says.
    #[error("the {part} {problem} `{key}`")]
    Fact {
        /// `target` or `credentials`.
        part: &'static str,
        /// What is the matter with it; goes before the key.
        problem: &'static str,
        /// Which.
        key: String,
    },
}

/// Reads the question that the oslo.policy of `service` posts.
///
/// # Errors
/// Anything that is missing, malformed or unknown is a reason to respond with [`ANSWER_FALSE`].
pub fn question(
    service: &str,
    release: Release,
    content_type: &str,
    body: &[u8],
) -> Result<Question, OsloRefusal> {
    if !SERVICES.contains(&service) {
        return Err(OsloRefusal::Service(shown(service)));
    }
    let body = body::read(content_type, body)?;
    let rule = rules::find(&body.rule).ok_or_else(|| OsloRefusal::Rule(shown(&body.rule)))?;
    let access = facts::access(rule, release, &body.target, &body.credentials)?;
    Ok(Question { rule: body.rule, access })
}

/// What can be read of a question that is refused, for its record: who asked, and which rule.
pub fn asked(content_type: &str, body: &[u8]) -> (Option<String>, Option<Requester>) {
    let Ok(body) = body::read(content_type, body) else { return (None, None) };
    (Some(shown(&body.rule)), facts::requester(&body.credentials).ok())
}

/// Text of the client for an error: truncated, and in one line.
fn shown(text: &str) -> String {
    const LENGTH: usize = 64;
    let mut shown: String = text.chars().take(LENGTH).flat_map(char::escape_debug).collect();
    if text.chars().nth(LENGTH).is_some() {
        shown.push_str("...");
    }
    shown
}
