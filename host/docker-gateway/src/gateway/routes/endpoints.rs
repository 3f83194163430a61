//! Endpoints: Docker engines, and the users who may use them. A standard user sees those that were granted.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::access::{Administrator, Call, RestrictedSession};
use super::{Handled, checked_label, list as respond_list, no_content, ok};
use crate::directory::{EndpointUpdate, Grants, TlsChange};
use crate::endpoint::{Endpoint, EngineTls, EngineUrl};
use crate::error::{GatewayError, capitalized};
use crate::fields::Fields;
use crate::gateway::Gateway;

/// Portainer's number for a local engine, which is any engine that is reached without an agent.
const LOCAL: i64 = 1;
const DEFAULT_URL: &str = "unix:///var/run/docker.sock";

/// An endpoint, in Portainer's field names. `grants` is for administrators.
fn shown(endpoint: &Endpoint, grants: Option<&Grants>) -> Value {
    let is_tls = endpoint.tls.is_some();
    let skip_verify = endpoint.tls.as_ref().is_some_and(|tls| tls.skip_verify);
    let mut shown = json!({
        "Id": endpoint.id,
        "Name": endpoint.name,
        "Type": LOCAL,
        "ContainerEngine": "docker",
        "URL": endpoint.engine.to_string(),
        "PublicURL": "",
        "GroupId": 1,
        "Status": 1,
        "TLSConfig": { "TLS": is_tls, "TLSSkipVerify": skip_verify },
    });
    if let (Some(grants), Some(object)) = (grants, shown.as_object_mut()) {
        let grants = grants.iter().map(|(user, role)| (user.to_string(), json!({ "RoleId": role })));
        object.insert("UserAccessPolicies".into(), Value::Object(grants.collect::<Map<_, _>>()));
        object.insert("TeamAccessPolicies".into(), json!({}));
    }
    shown
}

pub(super) async fn list(caller: RestrictedSession, call: Call) -> Handled {
    let (session, directory) = (caller.session(), &call.gateway.directory);
    let endpoints = directory.endpoints(session.user.id).await?;
    if !session.is_administrator() {
        let granted = endpoints.iter().filter(|(_, is_granted)| *is_granted);
        return respond_list(granted.map(|(endpoint, _)| shown(endpoint, None)).collect());
    }
    let (grants, none) = (directory.endpoint_grants().await?, Grants::new());
    let shown = endpoints
        .iter()
        .map(|(endpoint, _)| shown(endpoint, Some(grants.get(&endpoint.id).unwrap_or(&none))));
    respond_list(shown.collect())
}

pub(super) async fn inspect(caller: RestrictedSession, call: Call) -> Handled {
    let id = call.id("id", "environment")?;
    let endpoint = call.gateway.endpoint(caller.session(), id).await?;
    if !caller.session().is_administrator() {
        return ok(shown(&endpoint, None));
    }
    show(&call.gateway, &endpoint).await
}

async fn show(gateway: &Gateway, endpoint: &Endpoint) -> Handled {
    let grants = gateway.directory.endpoint_grants().await?.remove(&endpoint.id).unwrap_or_default();
    ok(shown(endpoint, Some(&grants)))
}

/// `POST /endpoints`, as JSON or as a form. The engine is not contacted.
pub(super) async fn create(_: Administrator, call: Call) -> Handled {
    let (gateway, _, fields) = call.fields().await?;
    let name = checked_label(fields.text("Name")?.unwrap_or_default(), "environment")?;
    // Older clients send `EndpointType`, newer ones `EndpointCreationType`.
    if fields.integer("EndpointCreationType")?.unwrap_or(LOCAL) != LOCAL {
        let details =
            "Invalid environment type value. Write 1: agents, Edge and Kubernetes are not supported";
        return Err(GatewayError::bad_request(details));
    }
    let url = fields.text("URL")?.filter(|url| !url.is_empty()).unwrap_or(DEFAULT_URL);
    let engine = checked_url(&gateway, url)?;
    let tls = tls(&fields)?.apply(None);
    check_tls(&engine, tls.as_ref())?;
    let endpoint = gateway.directory.create_endpoint(name, engine, tls).await;
    let endpoint = endpoint.map_err(|error| GatewayError::of_write(error, "an environment"))?;
    ok(shown(&endpoint, Some(&Grants::new())))
}

/// `PUT /endpoints/{id}`: what the body names. `UserAccessPolicies` replaces all grants.
pub(super) async fn update(caller: Administrator, call: Call) -> Handled {
    let id = call.id("id", "environment")?;
    let (gateway, _, fields) = call.json().await?;
    let before = gateway.endpoint(caller.session(), id).await?;
    let name = fields.text("Name")?.map(|name| checked_label(name, "environment")).transpose()?;
    let engine = fields.text("URL")?.map(|url| checked_url(&gateway, url)).transpose()?;
    let tls = tls(&fields)?;
    let after = Endpoint {
        id,
        name: name.map_or_else(|| before.name.clone(), ToOwned::to_owned),
        engine: engine.clone().unwrap_or_else(|| before.engine.clone()),
        tls: tls.apply(before.tls.clone()),
    };
    check_tls(&after.engine, after.tls.as_ref())?;
    let grants = fields.grants("UserAccessPolicies")?;
    let update = EndpointUpdate { name: name.map(ToOwned::to_owned), engine, tls, grants };
    let withdrawn = gateway.directory.update_endpoint(id, update).await;
    let withdrawn = withdrawn.map_err(|error| GatewayError::of_write(error, "an environment"))?;
    for user in withdrawn {
        gateway.sessions.end_user_of_endpoint(user, id);
    }
    if (&after.engine, &after.tls) != (&before.engine, &before.tls) {
        gateway.sessions.end_endpoint(id);
    }
    show(&gateway, &after).await
}

pub(super) async fn delete(_: Administrator, call: Call) -> Handled {
    let id = call.id("id", "environment")?;
    let deleted = call.gateway.directory.delete_endpoint(id).await;
    deleted.map_err(|error| GatewayError::of_write(error, "an environment"))?;
    call.gateway.sessions.end_endpoint(id);
    no_content()
}

fn checked_url(gateway: &Gateway, url: &str) -> Result<EngineUrl, GatewayError> {
    let engine: EngineUrl = url.parse().map_err(|error: crate::endpoint::EngineUrlError| {
        GatewayError::bad_request(capitalized(error.to_string()))
    })?;
    (gateway.engines)(&engine).map_err(|reason| {
        GatewayError::new(StatusCode::FORBIDDEN, "Environment URL is not allowed", capitalized(reason))
    })?;
    Ok(engine)
}

/// What the fields say of TLS.
fn tls(fields: &Fields) -> Result<TlsChange, GatewayError> {
    let Some(is_tls) = fields.boolean("TLS")? else { return Ok(TlsChange::Keep) };
    if !is_tls {
        return Ok(TlsChange::Remove);
    }
    let skip_verify = fields.boolean("TLSSkipVerify")?.unwrap_or(false);
    let pem = |name: &str, kind: &str| -> Result<Option<String>, GatewayError> {
        let text = fields.text(name)?.filter(|text| !text.trim().is_empty());
        let is_pem =
            text.is_none_or(|text| text.trim_start().starts_with("-----BEGIN ") && text.contains(kind));
        let wrong = || GatewayError::bad_request(format!("Invalid {name}: write a PEM file with `{kind}`"));
        is_pem.then(|| text.map(ToOwned::to_owned)).ok_or_else(wrong)
    };
    let ca = pem("TLSCACertFile", "CERTIFICATE-----")?.filter(|_| !skip_verify);
    let without_certificate = fields.boolean("TLSSkipClientVerify")?.unwrap_or(false);
    let identity = match (pem("TLSCertFile", "CERTIFICATE-----")?, pem("TLSKeyFile", "PRIVATE KEY-----")?) {
        _ if without_certificate => None,
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => return Err(GatewayError::bad_request("Write both TLSCertFile and TLSKeyFile, or neither")),
    };
    Ok(TlsChange::Replace(EngineTls { ca, identity, skip_verify }))
}

fn check_tls(engine: &EngineUrl, tls: Option<&EngineTls>) -> Result<(), GatewayError> {
    if tls.is_some() && matches!(engine, EngineUrl::Unix(_)) {
        let details =
            "TLS needs an environment URL `tcp://HOST:PORT`; a unix socket has none: write TLS=false";
        return Err(GatewayError::bad_request(details));
    }
    Ok(())
}
