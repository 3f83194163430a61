//! The canonical Docker request: what dockerd will do, in the words of wit/docker.wit, or a refusal.
//!
//! This is the one place where a request is read. Input that could be read in two ways is refused here, so that a
//! policy never has to parse anything itself. What a body that was not seen may change is decided by the caller: see
//! [`request()`].

mod body;
mod headers;
mod refusal;
mod secrets;

use std::fmt::Display;

use portcullis_contract::docker::{Body, Request, Response, Target};
use portcullis_contract::types::{Context, Principal};

use crate::facts::{self, FactError, Facts, NameSource};
use crate::json::{self, Document};
use crate::operation::{BodyKind, Operation};
use crate::query::{self, Query};
use crate::request::{ApiRequest, ApiResponse};
use crate::routes::{self, Route};
use crate::uri;

pub use body::{Head, ReadBody};
pub use headers::{Length, has_content_type, length};
pub use refusal::{Refusal, rule};

/// Parameters of the query that dockerd decodes as JSON.
const JSON_PARAMETERS: [&str; 6] = ["filters", "buildargs", "labels", "ulimits", "cachefrom", "outputs"];

/// Reads a request. `daemon` is the label of the daemon in the configuration.
///
/// `not_shown` decides about a body that the request does not show. `principal` authenticates the client; it is
/// called after the body is read, so that a refusal names the first fault in the order target, query, body, client.
///
/// Headers that carry credentials are left out, and secrets in a body are replaced by `""`.
pub fn request<'r, E: Display>(
    request: &ApiRequest<'r>,
    context: Context,
    daemon: &str,
    not_shown: impl FnOnce(&Head<'_>) -> Result<ReadBody<'r>, Refusal>,
    principal: impl FnOnce() -> Result<Principal, E>,
) -> Result<Request, Refusal> {
    let uri = uri::parse(request.uri).map_err(|error| Refusal::new(rule::UNREADABLE_URI, error, None))?;
    let route = routes::find(request.method, &uri.path);
    let operation = route.map(|route| route.operation);
    let refuse = |rule| move |error: String| Refusal::new(rule, error, operation);
    let query = read_query(uri.query).map_err(refuse(rule::AMBIGUOUS_QUERY))?;
    headers::no_form(request.method, request.headers).map_err(refuse(rule::FORM_BODY))?;
    let head = Head { method: request.method, operation, query: &query, api_version: uri.api_version };
    let body = body::read(&head, request.body, not_shown)?;
    let principal = principal().map_err(|error| Refusal::new(rule::IDENTITY, error, operation))?;

    let mut anomalies: Vec<String> = uri.anomalies.iter().map(|anomaly| (*anomaly).to_owned()).collect();
    if query.repeats_a_scalar() {
        anomalies.push("repeated-query-key".to_owned());
    }
    let ReadBody { view, hoisted, form_possible } = body;
    if form_possible {
        anomalies.push("unshown-form".to_owned());
    }
    if hoisted {
        anomalies.push("top-level-host-config".to_owned());
    }
    let value = match &view {
        body::BodyView::Json(document) => Some(document.value()),
        _ => None,
    };
    let document = value.and_then(json::Value::as_object);
    let facts = operation.map_or(Facts::None, |operation| operation.spec().facts);
    let facts_error = |error: FactError| {
        let rule = match facts {
            Facts::WorkloadOfQuery(_) => rule::AMBIGUOUS_QUERY,
            _ => rule::UNREADABLE_BODY,
        };
        Refusal::new(rule, error, operation)
    };
    let targets = match route {
        Some(route) => targets(route, &query, document)?,
        None => Vec::new(),
    };
    let workload = facts.workload(document, &query).map_err(facts_error)?;
    let volume = facts.volume(document).map_err(facts_error)?;
    let host_paths = match operation {
        Some(operation) => (operation.spec().host_paths)(&query, value).map_err(facts_error)?,
        None => Vec::new(),
    };
    Ok(Request {
        context,
        daemon: daemon.to_owned(),
        principal,
        operation: operation.map(|operation| operation.to_string()),
        method: request.method.to_owned(),
        uri: request.uri.to_owned(),
        path: uri.segments(),
        api_version: uri.api_version,
        query: query.into_pairs(),
        headers: headers::without_credentials(request.headers),
        targets,
        body: view.into_contract(),
        anomalies,
        workload,
        volume,
        host_paths,
        extra: Vec::new(),
    })
}

/// The operation of a request, and what dockerd does with its body: so much an API that forwards requests has to know
/// before it reads the body. [`request()`] says the rest.
///
/// # Errors
/// The request target or its query cannot be read for certain.
pub fn body_kind(method: &str, target: &str) -> Result<(Option<Operation>, BodyKind), Refusal> {
    let uri = uri::parse(target).map_err(|error| Refusal::new(rule::UNREADABLE_URI, error, None))?;
    let operation = routes::find(method, &uri.path).map(|route| route.operation);
    let query =
        read_query(uri.query).map_err(|error| Refusal::new(rule::AMBIGUOUS_QUERY, error, operation))?;
    let head = Head { method, operation, query: &query, api_version: uri.api_version };
    Ok((operation, head.body_kind()))
}

/// Reads a response together with the canonical request that it answers.
///
/// The daemon has already acted, so a body that is not one JSON value (a stream of them, for example) is no error:
/// it is unseen.
pub fn response(response: &ApiResponse<'_>, request: Request) -> Response {
    let body = match response.body {
        None => Body::Absent,
        Some(text) => match Document::read(text) {
            Ok(mut document) => {
                if let Some(Ok(operation)) = request.operation.as_deref().map(str::parse::<Operation>) {
                    secrets::hide(operation.spec().response_secrets, &mut document);
                }
                Body::Json(document.write())
            }
            Err(_) => Body::Unseen("not-json".to_owned()),
        },
    };
    let headers = headers::without_credentials(response.headers);
    Response { request, status: response.status, headers, body, extra: Vec::new() }
}

fn read_query(text: &str) -> Result<Query, String> {
    let query = query::parse(text).map_err(|error| error.to_string())?;
    for (key, value) in query.pairs() {
        if JSON_PARAMETERS.contains(&key.as_str()) && value.starts_with(['{', '[']) {
            json::parse(value.as_bytes()).map_err(|error| format!("the parameter `{key}`: {error}"))?;
        }
    }
    Ok(query)
}

fn targets(
    route: Route<'_>,
    query: &Query,
    document: Option<&json::Object<'_>>,
) -> Result<Vec<Target>, Refusal> {
    let spec = route.operation.spec();
    let in_path = [facts::named(spec.kind, NameSource::Path)];
    let specs = if spec.targets.is_empty() { &in_path } else { spec.targets };
    facts::targets(specs, route.name.unwrap_or_default(), query, document).map_err(|error| {
        // Names that can be malformed come from the URI, those that can be of a wrong kind from the body.
        let rule = match error {
            FactError::Malformed { .. } => rule::UNREADABLE_URI,
            FactError::Mismatch { .. } => rule::UNREADABLE_BODY,
        };
        Refusal::new(rule, error, Some(route.operation))
    })
}

impl body::BodyView<'_> {
    fn into_contract(self) -> Body {
        match self {
            body::BodyView::Absent => Body::Absent,
            body::BodyView::Unseen(why) => Body::Unseen(why.to_owned()),
            body::BodyView::Json(document) => Body::Json(document.write()),
        }
    }
}
