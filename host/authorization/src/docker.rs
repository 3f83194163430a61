//! What the Docker APIs add to the record of a decision.

use portcullis_audit::{Facts, Record, Target};
use portcullis_contract::docker::Request;
use std::sync::Arc;

/// Describes a request that was read. `daemon` is the label of the daemon.
pub fn describe_docker_request(request: &Request, daemon: &Arc<str>, record: &mut Record) {
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
    record.facts = Facts::of(request);
}
