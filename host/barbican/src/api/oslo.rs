//! `POST /oslo-policy/{service}`: the question of an oslo.policy `http:` check that runs elsewhere.
//!
//! The answer that means yes is exactly `True` (`oslo_policy`, "_external.py"); every other response means no there, so every
//! fault is a plain `False`.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use portcullis_contract::secrets::Access;
use portcullis_identity::certificate;
use portcullis_listen::Peer;
use std::time::Instant;

use super::Shared;
use super::call::{self, Incoming};
use crate::oslo;
use crate::response::{self, Refusal};

/// Answers the question, for a service that is configured; others find nothing here.
pub(super) async fn respond(
    api: &Shared,
    service: &str,
    parts: &Parts,
    body: Body,
    begun: Instant,
) -> Response {
    if !api.options.oslo_services.iter().any(|known| known == service) {
        return Refusal::no_route().into_response();
    }
    if parts.method != Method::POST {
        return Refusal::method_not_allowed(Some("POST")).into_response();
    }
    let allowed = match question(api, service, parts, body).await {
        Ok(access) => api.decider.decide(call::question(access, parts, begun)).await.is_ok(),
        Err((access, reason)) => {
            tracing::warn!(service, reason, "a question of oslo.policy was answered with False");
            let question = call::question(access, parts, begun);
            api.decider.refuse(question, "host:unreadable-question", reason).await.is_ok()
        }
    };
    let mut response =
        Response::new(Body::from(if allowed { oslo::ANSWER_TRUE } else { oslo::ANSWER_FALSE }));
    *response.status_mut() = StatusCode::OK;
    let media_type = HeaderValue::from_static("text/plain; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response::set(&mut response, "cache-control", "no-store");
    response
}

/// Reads the request, if its client may ask. Otherwise what is known of it, for the record, and the reason.
async fn question(
    api: &Shared,
    service: &str,
    parts: &Parts,
    body: Body,
) -> Result<Access, (Access, String)> {
    let client = subject(parts);
    let mut known = Access { context: call::context(parts), ..Access::default() };
    known.extra.push(("oslo-service".into(), service.to_owned()));
    known.extra.extend(client.clone().map(|client| ("oslo-client".to_owned(), client)));
    let clients = &api.options.oslo_clients;
    if !clients.is_empty() {
        let reason = match &client {
            None => Some("no client certificate was shown that can be read".to_owned()),
            Some(client) => (!clients.contains(client)).then(|| format!("`{client}` may not ask")),
        };
        if let Some(reason) = reason {
            return Err((known, reason));
        }
    }
    let Ok(received) = Incoming::new(body).read(oslo::MAX_BODY + 1).await else {
        return Err((known, "the question broke off".to_owned()));
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    match oslo::question(service, api.options.oslo_release, content_type, &received.bytes) {
        Ok(question) => {
            let mut access = Access { context: known.context, ..question.access };
            access.extra.push(("oslo-rule".into(), question.rule));
            access.extra.extend(known.extra);
            Ok(access)
        }
        Err(error) => {
            let (rule, requester) = oslo::asked(content_type, &received.bytes);
            known.extra.extend(rule.map(|rule| ("oslo-rule".to_owned(), rule)));
            known.principal = requester.unwrap_or_default();
            Err((known, error.to_string()))
        }
    }
}

/// The subject of the certificate that the peer proved to have.
fn subject(parts: &Parts) -> Option<String> {
    let certificate = parts.extensions.get::<Peer>()?.certificate.as_ref()?;
    Some(certificate::read(certificate).ok()?.subject)
}
