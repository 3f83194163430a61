//! A record as it is in the log, as far as spans and log entries need it.

use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// A record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Line {
    time: String,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) api: String,
    pub(crate) hook: String,
    pub(crate) generation: u64,
    pub(crate) verdict: String,
    pub(crate) rule: String,
    pub(crate) reason: String,
    pub(crate) policy: String,
    pub(crate) principal: Principal,
    pub(crate) peer: String,
    pub(crate) daemon: String,
    pub(crate) operation: String,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) status: Option<u16>,
    pub(crate) error: String,
    pub(crate) outcomes: Vec<Outcome>,
    micros: u64,
    total_micros: u64,
}

/// Who sent the request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) authentication: String,
}

/// What one policy answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the record's own names")]
pub(crate) struct Outcome {
    pub(crate) policy: String,
    pub(crate) revision: String,
    pub(crate) mode: String,
    pub(crate) outcome: String,
    pub(crate) verdict: String,
    pub(crate) rule: String,
    pub(crate) detail: String,
    pub(crate) micros: u64,
    pub(crate) queue_micros: u64,
}

impl Line {
    /// None for what is no record of ours.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let line: Self = serde_json::from_str(line).ok()?;
        line.trace_id().is_some().then_some(line)
    }

    /// The decision's id is a UUID, and so 16 bytes that may be the id of a trace: who has one has the other.
    pub(crate) fn trace_id(&self) -> Option<[u8; 16]> {
        // A parser of numbers takes a sign too.
        let is_id = self.id.len() == 32 && self.id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u128::from_str_radix(&self.id, 16).ok().filter(|id| *id != 0 && is_id)?;
        Some(id.to_be_bytes())
    }

    /// When the policies were asked: nanoseconds since 1970.
    pub(crate) fn asked(&self) -> u64 {
        let time = humantime::parse_rfc3339(&self.time).unwrap_or(SystemTime::UNIX_EPOCH);
        nanos(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    /// From the request's arrival to the decision.
    pub(crate) fn whole(&self) -> (u64, u64) {
        let before = self.total_micros.saturating_sub(self.micros).saturating_mul(1000);
        let arrived = self.asked().saturating_sub(before);
        (arrived, arrived.saturating_add(self.total_micros.max(self.micros).saturating_mul(1000)))
    }

    /// Whether something failed, and was not merely refused.
    pub(crate) fn failed(&self) -> bool {
        !self.error.is_empty() || self.status.is_some_and(|status| status >= 500)
    }

    /// What was asked for, in a few words that are the same for many.
    pub(crate) fn title(&self) -> &str {
        [&self.operation, &self.hook, &self.kind]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("", |text| text)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
