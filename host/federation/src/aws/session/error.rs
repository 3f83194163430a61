//! Why there can be no such session.

use crate::aws::account::shown;

/// Why there can be no such session: what a policy granted is more than STS takes, or something else.
///
/// It is the policy's author who can mend it. The API responds as if AWS had refused; the log may have all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The request has no user.
    #[error("the session has no user")]
    NoUser,
    /// The role's name or path.
    #[error("the role `{role}` {reason}")]
    Role {
        /// As it was granted.
        role: String,
        /// What is wrong with it; follows the name.
        reason: &'static str,
    },
    /// The session name.
    #[error(
        "the session name `{0}` is not allowed: it must have 2 to 64 letters, digits or `_`, `+`, `=`, `,`, `.`, `@`, `-`"
    )]
    Name(String),
    /// The duration, in seconds.
    #[error("a session of {0} seconds is not allowed: it must last from 900 to 43200 seconds")]
    Duration(u32),
    /// The source identity.
    #[error(
        "the source identity `{0}` is not allowed: it must have 2 to 64 letters, digits or `_`, `+`, `=`, `,`, `.`, `@`, `-`"
    )]
    SourceIdentity(String),
    /// The number of tags.
    #[error("{0} session tags are too many: there may be 50")]
    TooManyTags(usize),
    /// A tag's key.
    #[error(
        "the session tag `{0}` is not allowed: a key must have 1 to 128 letters, digits, spaces or `_`, `.`, `:`, `/`, `=`, `+`, `-`, `@`"
    )]
    TagKey(String),
    /// A tag's value; the error names its key.
    #[error(
        "the value of the session tag `{0}` is not allowed: it may have up to 256 letters, digits, spaces or `_`, `.`, `:`, `/`, `=`, `+`, `-`, `@`"
    )]
    TagValue(String),
    /// A tag that AWS keeps for itself.
    #[error("the session tag `{0}` is not allowed: `aws:` at the beginning is AWS's own")]
    ReservedTag(String),
    /// A tag's key more than once.
    #[error("the session tag `{0}` is there twice: keys differ by more than upper and lower case")]
    TagTwice(String),
    /// The length of the session policy, in characters.
    #[error("a session policy of {0} characters is not allowed: it must have 1 to 2048")]
    PolicyLength(usize),
    /// Something in the session policy that STS takes nowhere.
    #[error("the session policy holds `{}`, which STS does not take: only characters up to U+00FF, and no control characters", .0.escape_unicode())]
    PolicyCharacter(char),
    /// The session policy is no JSON object.
    #[error("the session policy is no JSON object: {0}")]
    PolicyJson(String),
    /// The external id, which is not shown.
    #[error(
        "the external id is not allowed: it must have 2 to 1224 letters, digits or `_`, `+`, `=`, `,`, `.`, `@`, `:`, `/`, `-`"
    )]
    ExternalId,
}

impl SessionError {
    pub(super) fn name(name: &str) -> Self {
        Self::Name(shown(name))
    }

    pub(super) fn role(role: &str, reason: &'static str) -> Self {
        Self::Role { role: shown(role), reason }
    }
}
