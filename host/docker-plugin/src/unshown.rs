//! Bodies that dockerd does not show to a plugin: what proves that there is none.

use std::collections::BTreeSet;

use portcullis_docker_api::canonical::{Head, Length, ReadBody, Refusal, has_content_type, length, rule};
use portcullis_docker_api::operation::{BodyKind, Operation};

/// Whether an operation goes on without a body and would obey one: the operations that may be named in
/// `assume_no_body`.
pub fn may_lack_body(operation: Operation) -> bool {
    matches!(
        operation.oldest_body_kind(),
        BodyKind::OptionalJson | BodyKind::Form | BodyKind::CredentialsOrForm
    )
}

/// Decides about a body that dockerd does not show. Either the message proves that there is none, or a body would
/// not matter, or the request is refused. `assume_no_body` names operations whose requests have no body unless
/// dockerd shows one, as the operator states.
///
/// dockerd obeys the first Content-Type and shows the last, so one that is shown says nothing about the first. That
/// none is shown proves that none was sent; then Go reads no form, and handlers that check for JSON read none.
pub(crate) fn read<'r>(
    head: &Head<'_>,
    headers: &[(String, String)],
    assume_no_body: &BTreeSet<Operation>,
) -> Result<ReadBody<'r>, Refusal> {
    let (operation, kind) = (head.operation(), head.body_kind());
    let length = length(headers);
    let typed = has_content_type(headers);
    let name = operation.map_or("the request", Operation::as_str);
    let hidden = |reason| Err(Refusal::new(rule::BODY_NOT_SHOWN, reason, operation));
    let assumed = operation.is_some_and(|operation| assume_no_body.contains(&operation));
    match kind {
        BodyKind::Stream => Ok(ReadBody::unseen("hijacked")),
        BodyKind::Nothing => Ok(ReadBody::absent()),
        _ if length == Length::Zero => Ok(ReadBody::absent()),
        BodyKind::Archive => Ok(ReadBody::unseen("not-json")),
        BodyKind::ArchiveOrForm => Ok(ReadBody::unseen("not-json").with_possible_form(typed)),
        BodyKind::Credentials => Ok(ReadBody::unseen("credentials")),
        BodyKind::CredentialsOrForm if !typed || assumed => Ok(ReadBody::unseen("credentials")),
        BodyKind::Harmless => Ok(ReadBody::absent()),
        BodyKind::OptionalJson | BodyKind::Form if length == Length::Unstated && (!typed || assumed) => {
            Ok(ReadBody::absent())
        }
        BodyKind::OptionalJson | BodyKind::Form | BodyKind::CredentialsOrForm
            if length == Length::Unstated && operation.is_some() =>
        {
            hidden(format!(
                "nothing proves that `{name}` has no body, and dockerd would obey one that it does not show (a form \
                 before the query, or JSON of 1 MiB): send `Content-Length: 0`, or no Content-Type; for clients that \
                 cannot (bollard and testcontainers-rs send a JSON type and no length on every call), ask for \
                 `assume_no_body = [\"{name}\"]` under `[docker]`"
            ))
        }
        _ => hidden(format!(
            "dockerd did not show the body of `{name}` and would act on it unseen (CVE-2024-41110, \
             CVE-2026-34040): send it with the Content-Type application/json and smaller than 1 MiB, or update \
             dockerd to 29.3.1 or later"
        )),
    }
}
