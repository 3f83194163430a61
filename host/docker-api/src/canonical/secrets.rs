//! Secrets in bodies: no policy needs their value to decide, so none sees it.
//!
//! | operation | hidden |
//! |---|---|
//! | `SystemAuth`, `ImagePush` | the whole body, as `unseen("credentials")` |
//! | `SwarmJoin` | `JoinToken` |
//! | `SwarmUnlock` | `UnlockKey` |
//! | `SwarmInit` | `Spec.CAConfig.SigningCAKey` |
//! | `SwarmUpdate` | `CAConfig.SigningCAKey` |
//! | `SecretCreate`, `SecretUpdate` | `Data` |
//! | response to `SystemAuth` | `IdentityToken` |
//! | response to `SwarmInspect` | `JoinTokens.Worker`, `JoinTokens.Manager` |
//! | response to `SwarmUnlockkey` | `UnlockKey` |
//!
//! What a `config` holds is no secret: Docker shows it to whoever may inspect it.

use std::borrow::Cow;

use crate::json::{Document, Value};

/// Replaces the secrets of a request's body by `""`.
pub(super) fn hide(operation: &str, body: &mut Document<'_>) {
    match operation {
        "SwarmJoin" => replace(body.value_mut(), &["JoinToken"]),
        "SwarmUnlock" => replace(body.value_mut(), &["UnlockKey"]),
        "SwarmInit" => replace(body.value_mut(), &["Spec", "CAConfig", "SigningCAKey"]),
        "SwarmUpdate" => replace(body.value_mut(), &["CAConfig", "SigningCAKey"]),
        "SecretCreate" | "SecretUpdate" => replace(body.value_mut(), &["Data"]),
        _ => {}
    }
}

/// Replaces the secrets of a response's body by `""`.
pub(super) fn hide_in_response(operation: &str, body: &mut Document<'_>) {
    match operation {
        "SystemAuth" => replace(body.value_mut(), &["IdentityToken"]),
        "SwarmInspect" => {
            replace(body.value_mut(), &["JoinTokens", "Worker"]);
            replace(body.value_mut(), &["JoinTokens", "Manager"]);
        }
        "SwarmUnlockkey" => replace(body.value_mut(), &["UnlockKey"]),
        _ => {}
    }
}

fn replace(value: &mut Value<'_>, place: &[&str]) {
    let (Value::Object(object), Some((key, rest))) = (value, place.split_first()) else { return };
    let Some((_, member)) = object.members_mut().iter_mut().find(|(name, _)| name == key) else { return };
    match (rest.is_empty(), &*member) {
        (true, Value::Null) => {}
        (true, _) => *member = Value::String(Cow::Borrowed("")),
        (false, _) => replace(member, rest),
    }
}
