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
//! | answer to `SystemAuth` | `IdentityToken` |
//! | answer to `SwarmInspect` | `JoinTokens.Worker`, `JoinTokens.Manager` |
//! | answer to `SwarmUnlockkey` | `UnlockKey` |
//!
//! What a `config` holds is no secret: Docker shows it to whoever may inspect it.

use std::borrow::Cow;

use crate::json::Value;

/// Replaces the secrets of a request's body by `""`. Returns whether there were any.
pub(super) fn hide(operation: &str, body: &mut Value<'_>) -> bool {
    match operation {
        "SwarmJoin" => replace(body, &["JoinToken"]),
        "SwarmUnlock" => replace(body, &["UnlockKey"]),
        "SwarmInit" => replace(body, &["Spec", "CAConfig", "SigningCAKey"]),
        "SwarmUpdate" => replace(body, &["CAConfig", "SigningCAKey"]),
        "SecretCreate" | "SecretUpdate" => replace(body, &["Data"]),
        _ => false,
    }
}

/// Replaces the secrets of an answer's body by `""`. Returns whether there were any.
pub(super) fn hide_in_answer(operation: &str, body: &mut Value<'_>) -> bool {
    match operation {
        "SystemAuth" => replace(body, &["IdentityToken"]),
        "SwarmInspect" => {
            let worker = replace(body, &["JoinTokens", "Worker"]);
            replace(body, &["JoinTokens", "Manager"]) || worker
        }
        "SwarmUnlockkey" => replace(body, &["UnlockKey"]),
        _ => false,
    }
}

fn replace(value: &mut Value<'_>, place: &[&str]) -> bool {
    let (Value::Object(object), Some((key, rest))) = (value, place.split_first()) else { return false };
    let Some((_, member)) = object.members_mut().iter_mut().find(|(name, _)| name == key) else {
        return false;
    };
    match (rest.is_empty(), &*member) {
        (true, Value::Null) => false,
        (true, _) => {
            *member = Value::String(Cow::Borrowed(""));
            true
        }
        (false, _) => replace(member, rest),
    }
}
