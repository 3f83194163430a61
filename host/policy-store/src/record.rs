//! The record of a change: who, from where, revisions before and now, step and reason.

use portcullis_audit::{Principal, Record, Target};
use portcullis_contract::types::Verdict;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

use crate::change::{ChangeError, ChangedBy};

/// The API in records of changes.
const API: &str = "admin";

/// A change as its record shows it.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) operation: &'static str,
    pub(crate) policy: Option<String>,
    pub(crate) by: ChangedBy,
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

impl ChangedBy {
    /// The record of a change by this caller, without what changes.
    pub fn record(&self, operation: &'static str, verdict: Verdict) -> Record {
        let mut record = Record::change(Uuid::now_v7().simple().to_string(), now(), API, verdict);
        record.operation = Some(operation.into());
        record.principal = Some(Principal {
            name: self.principal.clone(),
            authentication: self.authentication.clone(),
            groups: Vec::new(),
            certificate: None,
        });
        record.peer.clone_from(&self.peer);
        record
    }
}

fn new(change: &Described, verdict: Verdict, took: Duration) -> Record {
    let mut record = change.by.record(change.operation, verdict);
    record.total_micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    record
}

fn policy(name: &str) -> Target {
    Target { kind: "policy".into(), as_sent: name.to_owned() }
}

/// A change that is about to be published as `generation`.
pub(crate) fn accepted(
    change: &Described,
    generation: u64,
    changed: &[(String, Option<String>, Option<String>)],
    notes: &[(&'static str, String)],
    took: Duration,
) -> Record {
    let mut record = new(change, Verdict::Allow, took);
    record.rule = "host:changed".into();
    record.generation = generation;
    record.targets = changed.iter().map(|(name, _, _)| policy(name)).collect();
    for (name, before, now) in changed {
        let revision = |revision: &Option<String>| revision.clone().unwrap_or_else(|| "none".into());
        let text = format!("{name} {} -> {}", revision(before), revision(now));
        record.extra.push(("revision".into(), text));
    }
    record.extra.extend(notes.iter().map(|(name, value)| ((*name).into(), value.clone())));
    record
}

/// A change that was refused; `generation` stays in force.
pub(crate) fn refused(change: &Described, generation: u64, error: &ChangeError, took: Duration) -> Record {
    let mut record = new(change, Verdict::Deny, took);
    record.rule = "host:change-refused".into();
    record.generation = generation;
    record.reason = portcullis_errors::chain(error);
    record.targets = change.policy.iter().map(|name| policy(name)).collect();
    record.extra.push(("step".into(), error.step()));
    record
}
