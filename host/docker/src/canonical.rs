//! The canonical Docker request: what dockerd will do, in the words of wit/docker.wit, or a refusal.
//!
//! This is the one place where a request is read. Whatever could be read in two ways is refused here, so that a
//! policy never has to parse anything itself.

mod body;
mod headers;
mod refusal;
mod secrets;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use portcullis_contract::docker::{Body, Request, Response};
use portcullis_contract::types::Context;

use crate::facts::{self, FactError};
use crate::json::{self, Document};
use crate::message::Message;
use crate::query::{self, Query};
use crate::routes::{self, Route};
use crate::{identity, uri};

pub use body::may_lack_body;
pub use refusal::{Refusal, rule};

/// Parameters of the query that dockerd decodes as JSON.
const JSON_PARAMETERS: [&str; 6] = ["filters", "buildargs", "labels", "ulimits", "cachefrom", "outputs"];

/// Reads a request. `daemon` is its label in the configuration; `assume_no_body` names operations whose requests
/// have no body unless dockerd shows one, as the operator says (see [`may_lack_body`]).
///
/// `headers` are passed on without those that carry credentials, and secrets in a body are replaced by `""`
/// (joining a swarm, unlocking it, creating a secret: see canonical/secrets.rs).
pub fn request(
    message: &Message,
    context: Context,
    daemon: &str,
    assume_no_body: &BTreeSet<String>,
) -> Result<Request, Refusal> {
    let uri = uri::parse(&message.uri).map_err(|error| Refusal::new(rule::UNREADABLE_URI, error, None))?;
    let route = routes::find(&message.method, &uri.path);
    let operation = route.map(|route| route.operation);
    let refuse = |rule| move |error: String| Refusal::new(rule, error, operation);
    let query = read_query(uri.query).map_err(refuse(rule::AMBIGUOUS_QUERY))?;
    headers::no_form(message).map_err(refuse(rule::FORM_BODY))?;
    let call = body::Call { message, query: &query, api_version: uri.api_version };
    let body = body::read(&call, operation, assume_no_body)?;
    let principal =
        identity::principal(message).map_err(|error| Refusal::new(rule::IDENTITY, error, operation))?;

    let mut anomalies: Vec<String> = uri.anomalies.iter().map(|anomaly| (*anomaly).to_owned()).collect();
    if query.repeats_a_scalar() {
        anomalies.push("repeated-query-key".to_owned());
    }
    let body::Read { body, lifted, form_possible } = body;
    if form_possible {
        anomalies.push("unshown-form".to_owned());
    }
    if lifted {
        anomalies.push("top-level-host-config".to_owned());
    }
    let document = match &body {
        body::Shown::Json(document) => document.value().as_object(),
        _ => None,
    };
    let facts = |error: FactError| {
        let rule = match (&error, operation) {
            (_, Some("ImageBuild")) => rule::AMBIGUOUS_QUERY,
            _ => rule::UNREADABLE_BODY,
        };
        Refusal::new(rule, error, operation)
    };
    let targets = match route {
        Some(route) => targets(route, &query, document)?,
        None => Vec::new(),
    };
    let named = operation.unwrap_or_default();
    let workload = facts::workload(named, document, &query).map_err(facts)?;
    let volume = facts::volume(named, document).map_err(facts)?;
    Ok(Request {
        context,
        daemon: daemon.to_owned(),
        principal,
        operation: operation.map(str::to_owned),
        method: message.method.clone(),
        uri: message.uri.clone(),
        path: uri.segments(),
        api_version: uri.api_version,
        query: query.into_pairs(),
        headers: headers::without_credentials(&message.headers),
        targets,
        body: body.into_contract(),
        anomalies,
        workload,
        volume,
        extra: Vec::new(),
    })
}

/// Reads an answer together with the request it answers.
///
/// What the daemon did is done, so an answer's body that is not one JSON value (a stream of them, for example)
/// is no fault: it is unseen.
pub fn response(
    message: &Message,
    context: Context,
    daemon: &str,
    assume_no_body: &BTreeSet<String>,
) -> Result<Response, Refusal> {
    let request = request(message, context, daemon, assume_no_body)?;
    let body = match message.response_body.as_deref() {
        None => Body::Absent,
        Some(text) => match Document::read(text) {
            Ok(mut document) => {
                secrets::hide_in_answer(request.operation.as_deref().unwrap_or_default(), &mut document);
                Body::Json(document.write())
            }
            Err(_) => Body::Unseen("not-json".to_owned()),
        },
    };
    Ok(Response {
        request,
        status: message.response_status,
        headers: headers::without_credentials(&message.response_headers),
        body,
        extra: Vec::new(),
    })
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
) -> Result<Vec<portcullis_contract::docker::Target>, Refusal> {
    facts::targets(route, query, document).map_err(|error| {
        // Names that can be malformed come from the URI, those that can be of a wrong kind from the body.
        let rule = match error {
            FactError::Malformed { .. } => rule::UNREADABLE_URI,
            FactError::Mismatch { .. } => rule::UNREADABLE_BODY,
        };
        Refusal::new(rule, error, Some(route.operation))
    })
}

impl body::Shown<'_> {
    fn into_contract(self) -> Body {
        match self {
            body::Shown::Absent => Body::Absent,
            body::Shown::Unseen(why) => Body::Unseen(why.to_owned()),
            body::Shown::Json(document) => Body::Json(document.write()),
        }
    }
}
