//! Registries, and the users who may use their credentials on an endpoint. No response holds a password.

use serde_json::{Value, json};

use super::access::{Administrator, Call, RestrictedSession};
use super::{Handled, checked_label, list as respond_list, no_content, ok};
use crate::directory::{NewRegistry, RegistryUpdate};
use crate::error::{GatewayError, capitalized};
use crate::registry::{Registry, normalize_url};

/// Portainer's numbers of the kinds; all are used alike.
const KINDS: [i64; 7] = [1, 2, 3, 4, 5, 6, 8];
/// Amazon ECR.
const ECR: i64 = 7;

fn shown(registry: &Registry) -> Value {
    json!({
        "Id": registry.id,
        "Type": registry.kind,
        "Name": registry.name,
        "URL": registry.url,
        "Authentication": registry.authentication,
        "Username": registry.username,
    })
}

fn checked_url(url: &str) -> Result<String, GatewayError> {
    normalize_url(url).map_err(|reason| {
        GatewayError::bad_request(format!("Invalid registry URL. {}", capitalized(reason.to_owned())))
    })
}

pub(super) async fn list(_: Administrator, call: Call) -> Handled {
    let registries = call.gateway.directory.registries().await?;
    respond_list(registries.iter().map(shown).collect())
}

pub(super) async fn inspect(_: Administrator, call: Call) -> Handled {
    let id = call.id("id", "registry")?;
    let registry = call.gateway.directory.registry(id).await?;
    ok(shown(&registry.ok_or_else(|| GatewayError::not_found("a registry"))?))
}

pub(super) async fn create(_: Administrator, call: Call) -> Handled {
    let (gateway, _, fields) = call.json().await?;
    let name = checked_label(fields.text("Name")?.unwrap_or_default(), "registry")?.to_owned();
    let kind = fields.integer("Type")?.unwrap_or(3);
    if !KINDS.contains(&kind) {
        let details = match kind {
            ECR => "Registry type 7 (ECR) is not supported: its passwords are valid for 12 hours",
            _ => "Invalid registry type. Write 3 (custom), or 1, 2, 4, 5, 6 or 8",
        };
        return Err(GatewayError::bad_request(details));
    }
    let url = checked_url(fields.text("URL")?.unwrap_or_default())?;
    let login = if fields.boolean("Authentication")?.unwrap_or(false) {
        let username = fields.text("Username")?.filter(|username| !username.is_empty());
        let (Some(username), Some(password)) = (username, fields.secret("Password")?) else {
            let details =
                "Invalid credentials. Username and password must be specified when authentication is enabled";
            return Err(GatewayError::bad_request(details));
        };
        Some((username.to_owned(), password))
    } else {
        None
    };
    let registry = gateway.directory.create_registry(NewRegistry { name, kind, url, login }).await;
    ok(shown(&registry.map_err(|error| GatewayError::of_write(error, "a registry"))?))
}

pub(super) async fn update(_: Administrator, call: Call) -> Handled {
    let id = call.id("id", "registry")?;
    let (gateway, _, fields) = call.json().await?;
    let name = fields.text("Name")?.map(|name| checked_label(name, "registry")).transpose()?;
    let update = RegistryUpdate {
        name: name.map(ToOwned::to_owned),
        url: fields.text("URL")?.map(checked_url).transpose()?,
        authentication: fields.boolean("Authentication")?,
        username: fields.text("Username")?.map(ToOwned::to_owned),
        password: fields.secret("Password")?,
    };
    let registry = gateway.directory.update_registry(id, update).await;
    ok(shown(&registry.map_err(|error| GatewayError::of_write(error, "a registry"))?))
}

pub(super) async fn delete(_: Administrator, call: Call) -> Handled {
    let id = call.id("id", "registry")?;
    let deleted = call.gateway.directory.delete_registry(id).await;
    deleted.map_err(|error| GatewayError::of_write(error, "a registry"))?;
    no_content()
}

/// `GET /endpoints/{id}/registries`: those that the caller was granted there; all of them for an administrator.
pub(super) async fn of_endpoint(caller: RestrictedSession, call: Call) -> Handled {
    let (session, id) = (caller.session(), call.id("id", "environment")?);
    call.gateway.endpoint(session, id).await?;
    let directory = &call.gateway.directory;
    let registries = if session.is_administrator() {
        directory.registries().await?
    } else {
        directory.granted_registries(id, session.user.id).await?
    };
    respond_list(registries.iter().map(shown).collect())
}

/// `PUT /endpoints/{id}/registries/{registry}`: `UserAccessPolicies` replaces the grants of the registry there.
pub(super) async fn grant(_: Administrator, call: Call) -> Handled {
    let (endpoint, registry) = (call.id("id", "environment")?, call.id("registry", "registry")?);
    let (gateway, _, fields) = call.json().await?;
    let grants = fields.grants("UserAccessPolicies")?;
    let grants = grants.ok_or_else(|| {
        GatewayError::bad_request(
            r#"Write UserAccessPolicies, e.g. {"UserAccessPolicies": {"2": {"RoleId": 0}}}"#,
        )
    })?;
    if gateway.directory.endpoint(endpoint, 0).await?.is_none() {
        return Err(GatewayError::not_found("an environment"));
    }
    let granted = gateway.directory.grant_registry(endpoint, registry, grants).await;
    granted.map_err(|error| GatewayError::of_write(error, "a registry"))?;
    no_content()
}
