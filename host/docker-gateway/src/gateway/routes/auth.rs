//! Login, logout, and the first administrator.

use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use portcullis_identity::SecretString;
use serde_json::json;
use std::time::Duration;

use super::access::{Call, Public};
use super::{Handled, checked_name, no_content, ok, users};
use crate::error::GatewayError;
use crate::fields::Fields;
use crate::gateway::credentials::Presented;
use crate::open_sessions::Credential;
use crate::token::Claims;

/// As in Portainer. Later only the operator may make the first administrator, or any first client could.
const INIT_WINDOW: Duration = Duration::from_mins(5);

fn username_and_password(fields: &Fields) -> Result<(&str, SecretString), GatewayError> {
    let name = fields.text("Username")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| GatewayError::bad_request("Invalid username"))?;
    let password = fields.secret("Password")?.ok_or_else(|| GatewayError::bad_request("Invalid password"))?;
    Ok((name, password))
}

/// `POST /auth`. One response for a wrong password and an unknown user.
pub(super) async fn login(_: Public, call: Call) -> Handled {
    let (gateway, parts, fields) = call.json().await?;
    let (name, password) = username_and_password(&fields)?;
    // PostgreSQL cannot store U+0000, so the store refuses to look for it: no user has such a name.
    let login = if name.contains('\0') { None } else { gateway.directory.login(name).await? };
    let is_right = gateway.verify_password(&parts, "login", name, login.as_ref(), &password).await?;
    let login = login.filter(|_| is_right).ok_or_else(|| {
        GatewayError::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid credentials", "Unauthorized")
    })?;
    let token = gateway.tokens.issue(&login).map_err(|error| {
        tracing::error!(%error, "a token cannot be issued");
        GatewayError::new(StatusCode::INTERNAL_SERVER_ERROR, "Unable to generate JWT token", "")
    })?;
    ok(json!({ "jwt": token }))
}

/// `POST /auth/logout`: revokes the token that it presents, expired or not. Without one there is nothing to revoke.
pub(super) async fn logout(_: Public, call: Call) -> Handled {
    if !call.parts.headers.contains_key(AUTHORIZATION) {
        if call.parts.headers.contains_key("x-api-key") {
            let details = "An API key has no session: delete it with DELETE /users/{id}/tokens/{keyId}";
            return Err(GatewayError::bad_request(details));
        }
        return no_content();
    }
    let token = Presented::bearer(&call.parts.headers).ok_or_else(GatewayError::invalid_token)?;
    let claims: Claims =
        call.gateway.tokens.key.verify_expired(token).map_err(|_| GatewayError::invalid_token())?;
    call.gateway.directory.revoke(&claims.jti, claims.exp).await?;
    call.gateway.sessions.end_credential(claims.id, &Credential::Token(claims.jti));
    no_content()
}

/// `GET /users/admin/check`: 204 if there is an administrator.
pub(super) async fn check_administrator(_: Public, call: Call) -> Handled {
    if call.gateway.directory.has_administrator().await? {
        return no_content();
    }
    let message = "No administrator account found inside the database";
    let details = "Object not found inside the database";
    Err(GatewayError::new(StatusCode::NOT_FOUND, message, details))
}

/// `POST /users/admin/init`: makes the first administrator, within five minutes of the start.
pub(super) async fn init_administrator(_: Public, call: Call) -> Handled {
    let (gateway, _, fields) = call.json().await?;
    let (name, password) = username_and_password(&fields)?;
    let name = checked_name(name)?;
    if gateway.directory.has_administrator().await? {
        let details = "An administrator user already exists";
        return Err(GatewayError::new(StatusCode::CONFLICT, "Unable to create administrator user", details));
    }
    if gateway.opened.elapsed() > INIT_WINDOW {
        let details = "The first administrator must be made within 5 minutes of the start: restart the gateway, or \
                       give it the administrator's password as a secret";
        return Err(GatewayError::new(
            StatusCode::FORBIDDEN,
            "Administrator initialization timeout",
            details,
        ));
    }
    let hash = gateway.passwords.hash(&password).await?;
    let user = gateway.directory.create_first_administrator(name, hash).await;
    let user = user.map_err(|error| GatewayError::of_write(error, "a user"))?;
    ok(users::shown(&user))
}
