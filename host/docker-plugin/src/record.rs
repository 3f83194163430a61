//! What this API adds to the record of a decision.

use portcullis_audit::{Record, Target};
use portcullis_contract::docker::Request;
use portcullis_docker_api::canonical::Refusal;
use std::sync::Arc;

use crate::message::Message;

/// For a call that was read.
pub(crate) fn request(request: &Request, daemon: &Arc<str>, record: &mut Record) {
    record.daemon = Some(Arc::clone(daemon));
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
}

/// For a call that could not be read.
pub(crate) fn unread(message: Option<&Message>, refusal: &Refusal, daemon: &Arc<str>, record: &mut Record) {
    record.daemon = Some(Arc::clone(daemon));
    record.operation = refusal.operation.map(|operation| operation.as_str().into());
    if let Some(message) = message {
        record.method = Some(message.method.clone());
        record.uri = Some(message.uri.clone());
        record.principal = crate::identity::principal(message).ok().map(|principal| (&principal).into());
    }
}
