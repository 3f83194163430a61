//! From a request to its handler: the checks that come before Barbican's own code, in their order.
//!
//! CORS, request id, token, project, microversion: "etc/barbican/barbican-api-paste.ini". Then the path, then the
//! method, then what the client accepts: "pecan/core.py".

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Serialize;
use std::time::Instant;
use uuid::Uuid;

use super::authenticate::{accept, requester};
use super::call::{Call, Incoming, Received};
use super::{
    MAX_BODY, MAX_SECRET, Shared, acls, consumers, container_secrets, containers, lists, metadata, orders,
    oslo, payloads, quotas, secrets, versions,
};
use crate::response::{self, Refusal};
use crate::route::{self, Part, Place, Route, V1};
use crate::vault::Kind;
use crate::version::{self, Microversion, VersionError};
use crate::webob::WebObError;

const ACL_METHODS: &str = "DELETE, GET, PATCH, PUT";

/// Answers a request.
pub(super) async fn serve(api: &Shared, request: Request) -> Response {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let path = route::decode(parts.uri.path());
    let route = path.as_deref().map(Route::parse);
    match route {
        Some(Route::OsloPolicy(service)) => return oslo::respond(api, &service, &parts, body, begun).await,
        // oslo.middleware's CORS answers these before anything else sees them.
        _ if parts.method == Method::OPTIONS => return Response::new(Body::empty()),
        Some(Route::HealthCheck) => return versions::health(&parts),
        _ => {}
    }
    let mut response = match route {
        None => Refusal::encoding().into_response(),
        Some(Route::V1(v1)) => Box::pin(beneath_v1(api, v1, &parts, body, begun)).await,
        Some(route) => beside_v1(api, &route, &parts),
    };
    response::set(&mut response, "x-openstack-request-id", &format!("req-{}", Uuid::new_v4()));
    response
}

/// The document of versions: for this, no token is asked for.
fn beside_v1(api: &Shared, route: &Route, parts: &Parts) -> Response {
    let accept = accept(parts);
    match microversion(parts) {
        Ok(version) => marked(versions::list(api, route, parts, &accept, version), version),
        Err(refusal) => refusal.into_response(&accept),
    }
}

async fn beneath_v1(api: &Shared, v1: V1, parts: &Parts, body: Body, begun: Instant) -> Response {
    let accept = accept(parts);
    let requester = match requester(api, parts).await {
        Ok(requester) => requester,
        Err(response) => return response,
    };
    let version = match microversion(parts) {
        Ok(version) => version,
        Err(refusal) => return refusal.into_response(&accept),
    };
    let call = Call::new(api, parts, accept, version, requester, v1.json, begun);
    let response = place(&call, v1.place, Incoming::new(body)).await;
    marked(response.unwrap_or_else(Refusal::into_response), version)
}

fn microversion(parts: &Parts) -> Result<Microversion, WebObError> {
    let headers = parts.headers.get_all("openstack-api-version");
    version::parse(headers.iter().filter_map(|value| value.to_str().ok())).map_err(|error| match error {
        VersionError::Unacceptable(_) => WebObError::not_acceptable(error.to_string()),
        VersionError::Malformed { .. } => WebObError::bad_request(error.to_string()),
    })
}

fn marked(mut response: Response, version: Microversion) -> Response {
    let used = format!("{} {version}", version::SERVICE_TYPE);
    response::set(&mut response, "openstack-api-version", &used);
    response::set(&mut response, "vary", "openstack-api-version");
    response
}

async fn place(call: &Call<'_>, place: Place, body: Incoming) -> Result<Response, Refusal> {
    let (kind, id, part) = match place {
        Place::Version => return version_document(call),
        Place::Orders => return orders::respond(call, body).await,
        Place::Order { id, below } => return orders::respond_one(call, &id, below).await,
        Place::Quotas => return quotas::effective(call).await,
        Place::ProjectQuotas(None) => return quotas::list(call).await,
        Place::ProjectQuotas(Some(project)) => return quotas::of_project(call, &project, body).await,
        Place::TransportKeys(id) => return transport_keys(call, id.as_deref()),
        Place::SecretStores { list } => return secret_stores(call, list),
        Place::Nowhere if call.method() == Method::GET => return Err(Refusal::no_route()),
        Place::Nowhere => return Err(Refusal::no_method()),
        Place::List(kind) => return list(call, kind, body).await,
        Place::Entity(kind, id, part) => (kind, id, part),
    };
    let id = route::id(&id).ok_or_else(|| Refusal::invalid_id(kind))?;
    // Read before the lock is taken: a slow body keeps no other client waiting.
    let body = match (call.method(), &part, kind) {
        (&Method::PUT | &Method::PATCH, Part::Acl, _)
        | (&Method::POST | &Method::DELETE, Part::Secrets | Part::Consumers, _)
        | (&Method::POST | &Method::PUT, Part::Metadata, _)
        | (&Method::PUT, Part::Metadatum(_), _) => body.read(MAX_BODY).await?,
        (&Method::PUT, Part::Whole, Kind::Secret) => body.read(MAX_SECRET + 1).await?,
        _ => Received::default(),
    };
    // Taken before the entity is read, so that what is read is what is written upon.
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(call.method());
    let _lock = if writes { Some(call.api.entity_locks.lock(id).await) } else { None };
    let held = call.find(kind, id).await?.ok_or_else(|| Refusal::not_found(kind))?;
    match (part, kind) {
        (Part::Acl, _) => {
            let known = [Method::GET, Method::PUT, Method::PATCH, Method::DELETE].contains(call.method());
            call.method_or_405(known, "text/html", Some(ACL_METHODS))?;
            call.accepts("application/json")?;
            Box::pin(acls::respond(call, held, &body)).await
        }
        (Part::Whole, Kind::Secret) => {
            let known = [Method::GET, Method::PUT, Method::DELETE].contains(call.method());
            call.method_or_405(known, "text/html", Some("DELETE, GET, PUT"))?;
            Box::pin(secrets::respond(call, held, &body)).await
        }
        (Part::Whole, Kind::Container) => {
            let known = [Method::GET, Method::DELETE].contains(call.method());
            call.method_or_405(known, "application/json", Some("DELETE, GET"))?;
            Box::pin(containers::respond(call, held)).await
        }
        (Part::Payload, _) => {
            call.method_or_405(*call.method() == Method::GET, "*/*", None)?;
            payloads::get(call, &held, "Secret payload retrieval").await
        }
        (Part::Metadata, _) => {
            let known = [Method::GET, Method::POST, Method::PUT].contains(call.method());
            call.method_or_405(known, "text/html", Some("GET, POST, PUT"))?;
            Box::pin(metadata::respond(call, held, &body)).await
        }
        (Part::Metadatum(key), _) => {
            let known = [Method::GET, Method::PUT, Method::DELETE].contains(call.method());
            call.method_or_405(known, "*/*", None)?;
            Box::pin(metadata::respond_one(call, held, &key, &body)).await
        }
        (Part::Secrets, _) => {
            let known = [Method::POST, Method::DELETE].contains(call.method());
            call.method_or_405(known, "text/html", Some("DELETE, POST"))?;
            Box::pin(container_secrets::respond(call, held, &body)).await
        }
        (Part::Consumers, _) => {
            let known = [Method::GET, Method::POST, Method::DELETE].contains(call.method());
            call.method_or_405(known, "text/html", Some("DELETE, GET, POST"))?;
            Box::pin(consumers::respond(call, held, &body)).await
        }
        (Part::Consumer(id), _) => {
            if route::id(&id).is_none() {
                let text = "Not Found. Provided consumer id is invalid.";
                return Err(Refusal::of(StatusCode::NOT_FOUND, text));
            }
            call.method_or_405(*call.method() == Method::GET, "text/html", Some("GET"))?;
            consumers::respond_one(call, &held).await
        }
        (Part::Unknown, _) => Err(Refusal::no_route()),
    }
}

#[derive(Serialize)]
struct TransportKeys {
    transport_keys: [(); 0],
    total: u64,
}

/// There are none. Nothing is to be decided about an empty list.
fn transport_keys(call: &Call<'_>, id: Option<&str>) -> Result<Response, Refusal> {
    match id {
        None if call.method() == Method::GET => {
            call.accepts("application/json")?;
            call.query()?;
            Ok(response::json(StatusCode::OK, &TransportKeys { transport_keys: [], total: 0 }))
        }
        None => Err(Refusal::not_offered("transport keys")),
        Some(id) if route::id(id).is_none() => {
            let text = "Not Found. Provided transport key id is invalid.";
            Err(Refusal::of(StatusCode::NOT_FOUND, text))
        }
        Some(_) => Err(Refusal::of(StatusCode::NOT_FOUND, "Not Found. Transport Key not found.")),
    }
}

/// As of a Barbican without multiple backends.
fn secret_stores(call: &Call<'_>, list: bool) -> Result<Response, Refusal> {
    if list {
        call.method_or_405(*call.method() == Method::GET, "text/html", Some("GET"))?;
        call.accepts("application/json")?;
    }
    let text = "Not Found. Multiple backends support is not enabled in service configuration.";
    Err(Refusal::of(StatusCode::NOT_FOUND, text))
}

fn version_document(call: &Call<'_>) -> Result<Response, Refusal> {
    call.method_or_405(*call.method() == Method::GET, "text/html", Some("GET"))?;
    if call.accepts("application/json").is_err() {
        call.accepts("application/json-home")?;
    }
    Ok(versions::current(call))
}

async fn list(call: &Call<'_>, kind: Kind, body: Incoming) -> Result<Response, Refusal> {
    let known = [Method::GET, Method::POST].contains(call.method());
    let offer = if kind == Kind::Secret { "text/html" } else { "application/json" };
    call.method_or_405(known, offer, Some("GET, POST"))?;
    call.accepts("application/json")?;
    match (call.method(), kind) {
        (&Method::GET, _) => lists::get(call, kind).await,
        (_, Kind::Secret) => Box::pin(secrets::create(call, body)).await,
        (_, Kind::Container) => Box::pin(containers::create(call, body)).await,
    }
}
