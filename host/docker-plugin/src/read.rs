//! From a message of dockerd to the input of the Docker hooks.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use portcullis_contract::docker::{Request, Response};
use portcullis_contract::types::Context;
use portcullis_docker_api::canonical::{self, Refusal};
use portcullis_docker_api::{ApiRequest, ApiResponse, Body, Operation};

use crate::message::Message;
use crate::{identity, unshown};

/// Reads a request. `daemon` is the label of the daemon in the configuration; `assume_no_body` names operations
/// whose requests have no body unless dockerd shows one, as the operator states (see [`unshown::may_lack_body`]).
pub fn request(
    message: &Message,
    context: Context,
    daemon: &str,
    assume_no_body: &BTreeSet<Operation>,
) -> Result<Request, Refusal> {
    let body = message.body.as_deref().filter(|body| !body.is_empty());
    let request = ApiRequest {
        method: &message.method,
        uri: &message.uri,
        headers: &message.headers,
        body: body.map_or(Body::NotShown, Body::Seen),
    };
    let not_shown = |head: &canonical::Head<'_>| unshown::read(head, &message.headers, assume_no_body);
    canonical::request(&request, context, daemon, not_shown, || identity::principal(message))
}

/// Headers that are never passed on: dockerd keeps the first three to itself, and the others are credentials in any case.
const NEVER_PASSED: [&str; 5] =
    ["authorization", "x-registry-auth", "x-registry-config", "cookie", "proxy-authorization"];

/// Whether policies may be shown the header of that name.
pub fn may_be_passed(name: &str) -> bool {
    !NEVER_PASSED.iter().any(|never| never.eq_ignore_ascii_case(name))
}

/// Adds the headers of those names to the request, which were left out since such names may carry credentials. Each of the
/// names [`may_be_passed`].
pub fn pass_headers(message: &Message, names: &BTreeSet<String>, request: &mut Request) {
    for (name, value) in &message.headers {
        let is_named = names.iter().any(|named| named.eq_ignore_ascii_case(name));
        if is_named && !request.headers.iter().any(|(shown, _)| shown == name) {
            request.headers.push((name.clone(), value.clone()));
        }
    }
}

/// Reads a response together with its request.
pub fn response(
    message: &Message,
    context: Context,
    daemon: &str,
    assume_no_body: &BTreeSet<Operation>,
) -> Result<Response, Refusal> {
    let request = request(message, context, daemon, assume_no_body)?;
    let response = ApiResponse {
        status: message.response_status,
        headers: &message.response_headers,
        body: message.response_body.as_deref(),
    };
    Ok(canonical::response(&response, request))
}
