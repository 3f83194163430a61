//! One request for access, and what it may become.

use portcullis_store::StoreError;
use portcullis_store::seal::SealError;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use super::AccessRefusal;

/// How long a request waits for a decision, and how long a denied one is shown, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// Bytes of an id. It is no secret; people type it.
const ID: usize = 6;

/// Seconds since 1970 UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// What has become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Open,
    Approved,
    Denied,
    /// It was approved before.
    Revoked,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Revoked => "revoked",
        }
    }
}

/// What a user does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Approve,
    /// Denies an open request, and revokes an approved one.
    Deny,
}

/// What a user asks for.
#[derive(Debug, Clone)]
pub(crate) struct NewRequest {
    pub(crate) mount: String,
    pub(crate) requester: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) seconds: u32,
    pub(crate) reason: String,
}

/// A request, as it is sealed and as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessRequest {
    pub(crate) id: String,
    pub(crate) mount: String,
    pub(crate) requester: String,
    pub(crate) account: String,
    pub(crate) role: String,
    /// For how long, from the approval on.
    pub(crate) duration_seconds: u32,
    pub(crate) reason: String,
    pub(crate) state: State,
    /// Seconds since 1970 UTC, as all times here.
    pub(crate) created: i64,
    /// The end of an approved request, and when any other is deleted.
    pub(crate) ends: i64,
    /// Who decided.
    pub(crate) by: Option<String>,
}

impl NewRequest {
    /// The request, which waits for a day.
    pub(super) fn open(self, now: i64) -> Result<AccessRequest, StoreError> {
        let mut bytes = [0; ID];
        SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::Random)?;
        let id = bytes.iter().fold(String::new(), |mut id, byte| {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        });
        let Self { mount, requester, account, role, seconds, reason } = self;
        Ok(AccessRequest {
            id,
            mount,
            requester,
            account,
            role,
            duration_seconds: seconds,
            reason,
            state: State::Open,
            created: now,
            ends: now.saturating_add(DAY),
            by: None,
        })
    }
}

impl AccessRequest {
    /// What a step makes of it.
    pub(super) fn after(self, step: Step, by: &str, now: i64) -> Result<Self, AccessRefusal> {
        let (state, ends) = match (step, self.state) {
            (Step::Approve, _) if self.requester == by => return Err(AccessRefusal::Own),
            (Step::Approve, State::Open) => {
                (State::Approved, now.saturating_add(self.duration_seconds.into()))
            }
            (Step::Deny, State::Open) => (State::Denied, now.saturating_add(DAY)),
            (Step::Deny, State::Approved) => (State::Revoked, now.saturating_add(DAY)),
            (_, state) => {
                return Err(AccessRefusal::Decided { state, by: self.by.unwrap_or_default() });
            }
        };
        Ok(Self { state, ends, by: Some(by.to_owned()), ..self })
    }

    /// As policies are told of an approved request, in JSON.
    pub(crate) fn for_policies(&self) -> String {
        let told = serde_json::json!({
            "id": self.id,
            "account": self.account,
            "role": self.role,
            "until": self.ends,
            "approver": self.by,
            "reason": self.reason,
        });
        told.to_string()
    }
}
