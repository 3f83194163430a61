//! Users. A standard user sees the own account alone, and may change its password.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::access::{Administrator, Call, RestrictedSession};
use super::{Handled, checked_name, list as respond_list, no_content, ok};
use crate::directory::UserUpdate;
use crate::error::GatewayError;
use crate::fields::Fields;
use crate::session::{Role, Session, User};

/// A user, in Portainer's field names.
pub(super) fn shown(user: &User) -> Value {
    json!({ "Id": user.id, "Username": user.name, "Role": user.role as i64 })
}

fn role(fields: &Fields) -> Result<Option<Role>, GatewayError> {
    match fields.integer("Role")? {
        None => Ok(None),
        Some(1) => Ok(Some(Role::Administrator)),
        Some(2) => Ok(Some(Role::Standard)),
        Some(_) => Err(GatewayError::bad_request(
            "Invalid role value. Value must be one of: 1 (administrator) or 2 (regular user)",
        )),
    }
}

fn denied(message: &str) -> GatewayError {
    GatewayError::new(StatusCode::FORBIDDEN, message, "Access denied to resource")
}

pub(super) async fn list(caller: RestrictedSession, call: Call) -> Handled {
    let users = call.gateway.directory.users().await?;
    respond_list(users.iter().filter(|user| caller.may_see_user(user.id)).map(shown).collect())
}

pub(super) async fn me(session: Session, _: Call) -> Handled {
    ok(shown(&session.user))
}

pub(super) async fn inspect(caller: RestrictedSession, call: Call) -> Handled {
    let id = call.id("id", "user")?;
    if !caller.may_see_user(id) {
        return Err(denied("Permission denied inspect user"));
    }
    let user = call.gateway.directory.user(id).await?;
    ok(shown(&user.ok_or_else(|| GatewayError::not_found("a user"))?))
}

pub(super) async fn create(_: Administrator, call: Call) -> Handled {
    let (gateway, _, fields) = call.json().await?;
    let name = checked_name(fields.text("Username")?.unwrap_or_default())?;
    let password = fields.secret("Password")?.ok_or_else(|| GatewayError::bad_request("Invalid password"))?;
    let role = role(&fields)?.ok_or_else(|| {
        GatewayError::bad_request(
            "Invalid role value. Value must be one of: 1 (administrator) or 2 (regular user)",
        )
    })?;
    let hash = gateway.passwords.hash(&password).await?;
    let user = gateway.directory.create_user(name, role, hash).await;
    ok(shown(&user.map_err(name_taken)?))
}

/// `PUT /users/{id}`: name, role and password of a user. The tokens that the user has are refused from then on.
pub(super) async fn update(caller: Administrator, call: Call) -> Handled {
    let id = call.id("id", "user")?;
    let (gateway, _, fields) = call.json().await?;
    let name = fields.text("Username")?.map(checked_name).transpose()?.map(ToOwned::to_owned);
    let role = role(&fields)?;
    let password = match fields.secret("NewPassword")? {
        Some(password) => Some(password),
        None => fields.secret("Password")?,
    };
    if password.is_some() && id == caller.session().user.id {
        let details = "Change your own password with PUT /users/{id}/passwd";
        return Err(GatewayError::bad_request(details));
    }
    let hash = match &password {
        Some(password) => Some(gateway.passwords.hash(password).await?),
        None => None,
    };
    let user = gateway.directory.update_user(id, UserUpdate { name, role, hash }).await;
    let user = user.map_err(name_taken)?;
    gateway.sessions.end_user(id);
    ok(shown(&user))
}

pub(super) async fn delete(caller: Administrator, call: Call) -> Handled {
    let id = call.id("id", "user")?;
    if id == caller.session().user.id {
        // The last administrator is told so instead.
        let users = call.gateway.directory.users().await?;
        if users.iter().any(|user| user.role == Role::Administrator && user.id != id) {
            let message = "Cannot remove your own user account. Contact another administrator";
            return Err(GatewayError::new(StatusCode::FORBIDDEN, message, "Cannot remove own user account"));
        }
    }
    let deleted = call.gateway.directory.delete_user(id).await;
    deleted.map_err(|error| GatewayError::of_write(error, "a user"))?;
    call.gateway.sessions.end_user(id);
    no_content()
}

/// `PUT /users/{id}/passwd`: the own password, with the current one; or that of another user, by an administrator.
pub(super) async fn set_password(caller: RestrictedSession, call: Call) -> Handled {
    let id = call.id("id", "user")?;
    if !caller.may_see_user(id) {
        return Err(denied("Permission denied to update user"));
    }
    let (gateway, parts, fields) = call.json().await?;
    let new = fields.secret("NewPassword")?;
    let new = new.ok_or_else(|| GatewayError::bad_request("Invalid new password"))?;
    let login = gateway.directory.login_by_id(id).await?.ok_or_else(|| GatewayError::not_found("a user"))?;
    if id == caller.session().user.id {
        let current = fields.secret("Password")?;
        let current = current.ok_or_else(|| GatewayError::bad_request("Invalid current password"))?;
        let name = login.user.name.clone();
        if !gateway.verify_password(&parts, "change-password", &name, Some(&login), &current).await? {
            return Err(wrong_current_password());
        }
    }
    let hash = gateway.passwords.hash(&new).await?;
    let set = gateway.directory.set_password(id, login.epoch, hash).await;
    set.map_err(|error| GatewayError::of_write(error, "a user"))?;
    gateway.sessions.end_user(id);
    no_content()
}

pub(super) fn wrong_current_password() -> GatewayError {
    let details = "Current password does not match the password provided. Please try again";
    GatewayError::new(StatusCode::FORBIDDEN, "Current password doesn't match", details)
}

fn name_taken(error: crate::directory::DirectoryError) -> GatewayError {
    use crate::directory::{DirectoryError, Refusal};
    if let DirectoryError::Refused(Refusal::NameTaken) = error {
        let message = "Another user with the same username already exists";
        return GatewayError::new(StatusCode::CONFLICT, message, "User already exists");
    }
    GatewayError::of_write(error, "a user")
}
