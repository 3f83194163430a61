//! What policies do with an engine's response, before the client sees it: leave things out (`docker-edit`), and judge it
//! (`docker-response`).

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use portcullis_authorization::{Policies, describe_docker_request};
use portcullis_contract::docker;
use portcullis_contract::hook::{DockerResponse, HookName};
use portcullis_docker_api::{ApiResponse, Operation, canonical};
use portcullis_http_client::proxy::strip_hop_by_hop;
use std::sync::Arc;
use std::time::Instant;

use super::edits::View;
use super::respond;

/// A response that may be passed on.
pub(super) enum Passed {
    /// Its body was not read.
    Unread(Response<Incoming>),
    /// Its body was read whole.
    Read(Response),
}

/// Operations whose responses come bit by bit, or whose head comes long before their body: nothing may wait for the end.
fn is_stream(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::ContainerLogs
            | O::ContainerStats
            | O::ContainerAttach
            | O::ContainerAttachWebsocket
            | O::ContainerExport
            | O::ContainerArchive
            | O::ContainerWait
            | O::ExecStart
            | O::ImageBuild
            | O::ImageCreate
            | O::ImagePush
            | O::ImageLoad
            | O::ImageGet
            | O::ImageGetAll
            | O::PluginPull
            | O::PluginPush
            | O::PluginUpgrade
            | O::ServiceLogs
            | O::TaskLogs
            | O::SystemEvents
            | O::Session
            | O::Grpc
    )
}

/// Edits a response and asks the policies of the response hook. The error is what the client gets instead.
pub(super) async fn ask(
    policies: &Policies,
    (operation, request, view): (Operation, &Arc<docker::Request>, &View),
    response: Response<Incoming>,
    limit: usize,
) -> Result<Passed, Response> {
    let is_success = response.status().is_success();
    let is_edited = is_success && view.changes_response(operation);
    let is_asked = policies.are_asked(HookName::DockerResponse);
    if !is_asked && !is_edited {
        return Ok(Passed::Unread(response));
    }
    if !is_edited && (is_stream(operation) || !is_json(response.headers())) {
        decide(policies, request, &response, None).await?;
        return Ok(Passed::Unread(response));
    }
    let (mut head, body) = response.into_parts();
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Err(unreadable(policies, request).await),
    };
    let body = if is_edited {
        // What cannot be read cannot be left out.
        let Ok(mut value) = serde_json::from_slice(&body) else {
            return Err(unreadable(policies, request).await);
        };
        view.change_response(operation, &mut value);
        head.headers.remove(header::CONTENT_LENGTH);
        value.to_string().into()
    } else {
        body
    };
    if is_asked {
        let response = Response::from_parts(head.clone(), ());
        decide(policies, request, &response, Some(&body)).await?;
    }
    strip_hop_by_hop(&mut head.headers);
    Ok(Passed::Read(Response::from_parts(head, Body::from(body))))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.to_ascii_lowercase().contains("json"))
}

async fn decide<B>(
    policies: &Policies,
    request: &Arc<docker::Request>,
    response: &Response<B>,
    body: Option<&[u8]>,
) -> Result<(), Response> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect();
    let shown = ApiResponse { status: Some(response.status().as_u16()), headers: &headers, body };
    let input = canonical::response(&shown, docker::Request::clone(request));
    let daemon: Arc<str> = input.request.daemon.as_str().into();
    let describe = move |response: &docker::Response, record: &mut portcullis_audit::Record| {
        describe_docker_request(&response.request, &daemon, record);
        record.status = response.status;
    };
    let decided = policies.clone().decide::<DockerResponse>(Arc::new(input), Instant::now(), describe).await;
    decided.map_err(|refused| respond::refused(&refused))
}

/// The engine has acted, and what it says cannot be shown to the policies.
async fn unreadable(policies: &Policies, request: &docker::Request) -> Response {
    let daemon: Arc<str> = request.daemon.as_str().into();
    let describe = |record: &mut portcullis_audit::Record| describe_docker_request(request, &daemon, record);
    let reason = "the response broke off, or is larger than policies are shown (`max_body` in `[docker_gateway]`); the \
                  engine has carried out the request";
    let asked = (&request.context, HookName::DockerResponse);
    let rule = (respond::RESPONSE_TOO_LARGE, reason);
    respond::refused(&policies.refuse_by_host(asked, rule, Instant::now(), describe).await)
}
