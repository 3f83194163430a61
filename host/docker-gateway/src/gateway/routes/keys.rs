//! API keys of a user. Portainer calls them access tokens. A key is shown once, when it is made.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::access::{Call, RestrictedSession};
use super::users::wrong_current_password;
use super::{Handled, list as respond_list, no_content};
use crate::directory::ApiKey;
use crate::error::GatewayError;
use crate::open_sessions::Credential;

/// What every key begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "ptr_";
/// How much of a key is stored to recognize it by.
const PREFIX_LENGTH: usize = 7;
const MAX_DESCRIPTION: usize = 128;

fn shown(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "userId": key.user,
        "description": key.description,
        "prefix": key.prefix,
        "dateCreated": key.created,
        // Not kept: it would be a write for each request.
        "lastUsed": 0,
    })
}

fn denied(message: &str) -> GatewayError {
    GatewayError::new(StatusCode::FORBIDDEN, message, "Access denied to resource")
}

pub(super) async fn list(caller: RestrictedSession, call: Call) -> Handled {
    let user = call.id("id", "user")?;
    if !caller.may_see_user(user) {
        return Err(denied("Permission denied to list user access tokens"));
    }
    let keys = call.gateway.directory.api_keys(user).await?;
    respond_list(keys.iter().map(shown).collect())
}

/// `POST /users/{id}/tokens`: for the own account, with a token and the password: an API key makes no API keys.
pub(super) async fn create(caller: RestrictedSession, call: Call) -> Handled {
    let user = call.id("id", "user")?;
    if !matches!(caller.session().credential(), Credential::Token(_)) {
        let details = "JWT Authentication required";
        return Err(GatewayError::new(StatusCode::UNAUTHORIZED, "Auth not supported", details));
    }
    if user != caller.session().user.id {
        return Err(denied("Permission denied to create user access token"));
    }
    let (gateway, parts, fields) = call.json().await?;
    let description = fields.text("description")?.unwrap_or_default();
    let is_text = !description.trim().is_empty() && !description.chars().any(char::is_control);
    if !is_text || description.chars().count() > MAX_DESCRIPTION {
        let details = "Invalid description: write 1 to 128 characters, without control characters";
        return Err(GatewayError::bad_request(details));
    }
    let password = fields.secret("password")?;
    let password = password.ok_or_else(|| GatewayError::bad_request("Invalid password: cannot be empty"))?;
    let login = gateway.directory.login_by_id(user).await?;
    let login = login.ok_or_else(|| GatewayError::not_found("a user"))?;
    let name = login.user.name.clone();
    if !gateway.verify_password(&parts, "create-api-key", &name, Some(&login), &password).await? {
        return Err(wrong_current_password());
    }
    let raw = new_key()?;
    let prefix = raw.get(..PREFIX_LENGTH).unwrap_or_default();
    let key = gateway.directory.create_api_key(user, &raw, prefix, description).await;
    let key = key.map_err(|error| GatewayError::of_write(error, "a user"))?;
    let body = json!({ "rawAPIKey": &**raw, "apiKey": shown(&key) });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

pub(super) async fn delete(caller: RestrictedSession, call: Call) -> Handled {
    let (user, key) = (call.id("id", "user")?, call.id("key", "api-key")?);
    if !caller.may_see_user(user) {
        return Err(denied("Permission denied to delete user access token"));
    }
    let deleted = call.gateway.directory.delete_api_key(user, key).await;
    deleted.map_err(|error| GatewayError::of_write(error, "a token"))?;
    call.gateway.sessions.end_credential(user, &Credential::ApiKey(key));
    no_content()
}

fn new_key() -> Result<Zeroizing<String>, GatewayError> {
    let mut random = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut *random).map_err(|_| {
        let message = "Unable to create user access token";
        GatewayError::new(StatusCode::INTERNAL_SERVER_ERROR, message, "The system gives no random numbers")
    })?;
    Ok(Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(random.as_slice()))))
}
