//! What a decision of this door leaves in the audit log.

use portcullis_audit::{Record, Target};
use portcullis_contract::docker::Request;
use portcullis_contract::hook::HookName;
use portcullis_contract::types::Verdict;
use portcullis_edge::{Settled, micros};
use std::sync::Arc;
use std::time::Instant;

use super::authorize::Call;
use crate::canonical::Refusal;
use crate::message::Message;

/// A record in the making.
pub(super) struct Entry {
    record: Record,
    begun: Instant,
}

impl Entry {
    /// For a call that was read.
    pub(super) fn request(call: &Call, request: &Request, settled: Settled) -> Self {
        let mut entry = Self::new(call, HookName::DockerRequest, settled);
        let record = &mut entry.record;
        record.principal = Some((&request.principal).into());
        record.operation = request.operation.clone().map(Into::into);
        record.method = Some(request.method.clone());
        record.uri = Some(request.uri.clone());
        record.api_version = request.api_version;
        record.targets = request
            .targets
            .iter()
            .map(|target| Target { kind: target.kind.clone().into(), as_sent: target.as_sent.clone() })
            .collect();
        entry
    }

    /// For a call that could not be read.
    pub(super) fn refusal(call: &Call, hook: HookName, message: Option<&Message>, refusal: &Refusal) -> Self {
        let mut entry = Self::new(call, hook, Settled::host(Verdict::Deny, refusal.rule, &refusal.reason));
        let record = &mut entry.record;
        record.operation = refusal.operation.map(Into::into);
        if let Some(message) = message {
            record.method = Some(message.method.clone());
            record.uri = Some(message.uri.clone());
            record.principal = crate::identity::principal(message).ok().map(|principal| (&principal).into());
        }
        entry
    }

    /// For the daemon's answer to a call.
    pub(super) fn of_response(mut self, status: Option<u16>) -> Self {
        self.record.hook = HookName::DockerResponse;
        self.record.status = status;
        self
    }

    fn new(call: &Call, hook: HookName, settled: Settled) -> Self {
        let record = settled.record(&call.context, hook);
        Self { record, begun: call.begun }
    }

    /// The record, with the time that the whole call took.
    pub(super) fn finish(mut self, daemon: &Arc<str>) -> Record {
        self.record.daemon = Some(Arc::clone(daemon));
        self.record.total_micros = micros(self.begun.elapsed());
        self.record
    }
}
