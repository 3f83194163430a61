//! Secrets in bodies: no policy needs their value to decide, so none sees it.
//!
//! The row of an operation says where they stand, in `secrets` and `response_secrets` (see [`crate::operation`]). Bodies
//! that hold registry credentials are not shown at all: they are `unseen("credentials")`. What a `config` holds is no
//! secret: Docker shows it to every client that may inspect it.

use std::borrow::Cow;

use crate::json::{Document, Value};

/// Replaces the members at these places, e.g. `Spec.CAConfig.SigningCAKey`, by `""`.
pub(super) fn hide(places: &[&str], body: &mut Document<'_>) {
    for place in places {
        replace(body.value_mut(), place);
    }
}

fn replace(value: &mut Value<'_>, place: &str) {
    let (key, rest) = place.split_once('.').map_or((place, None), |(key, rest)| (key, Some(rest)));
    let Value::Object(object) = value else { return };
    let Some((_, member)) = object.members_mut().iter_mut().find(|(name, _)| name == key) else { return };
    match (rest, &*member) {
        (None, Value::Null) => {}
        (None, _) => *member = Value::String(Cow::Borrowed("")),
        (Some(rest), _) => replace(member, rest),
    }
}
