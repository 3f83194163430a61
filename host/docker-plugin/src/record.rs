//! What this API adds to the record of a call that could not be read.

use portcullis_audit::Record;
use portcullis_docker_api::canonical::Refusal;
use std::sync::Arc;

use crate::message::Message;

/// Describes what could be read.
pub(crate) fn unread(message: Option<&Message>, refusal: &Refusal, daemon: &Arc<str>, record: &mut Record) {
    record.daemon = Some(Arc::clone(daemon));
    record.operation = refusal.operation.map(|operation| operation.as_str().into());
    if let Some(message) = message {
        record.method = Some(message.method.clone());
        record.uri = Some(message.uri.clone());
        record.principal = crate::identity::principal(message).ok().map(|principal| (&principal).into());
    }
}
