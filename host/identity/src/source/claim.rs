//! Where a claim is in a token, by the name that an operator writes.
//!
//! 1. A name that begins with `/` is a JSON pointer (RFC 6901): `/realm_access/roles`.
//! 2. A claim of exactly this name is meant, also one with dots or slashes: `https://example.org/groups`.
//! 3. Otherwise dots lead into objects: `realm_access.roles`. A key may have dots too; the longest one that is there counts.

use serde_json::{Map, Value};

use super::Claims;

/// The claim, if the token has it.
pub(super) fn find<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    let Some(pointer) = name.strip_prefix('/') else { return beneath(claims, name) };
    let (first, rest) = pointer.split_once('/').map_or((pointer, None), |(first, rest)| (first, Some(rest)));
    let value = claims.get(&first.replace("~1", "/").replace("~0", "~"))?;
    match rest {
        Some(rest) => value.pointer(&format!("/{rest}")),
        None => Some(value),
    }
}

/// The names of claims of the token itself that may hold the claim: OpenID Connect (Core, 5.6.2) lets a token say that one
/// of its claims is elsewhere.
pub(super) fn holders(name: &str) -> Vec<&str> {
    match name.strip_prefix('/') {
        Some(pointer) => vec![pointer.split('/').next().unwrap_or_default()],
        None => prefixes(name).map(|(prefix, _)| prefix).chain([name]).collect(),
    }
}

fn beneath<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    prefixes(name).find_map(|(key, rest)| beneath(object.get(key)?.as_object()?, rest))
}

/// What stands before and behind each dot, the longest first.
fn prefixes(name: &str) -> impl Iterator<Item = (&str, &str)> {
    name.rmatch_indices('.').map(|(at, _)| (&name[..at], &name[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_exact_name_goes_before_a_path() {
        let claims = json!({
            "groups": 1,
            "realm_access": { "roles": 2, "a.b": { "c": 3 } },
            "https://x/y.z": 4,
            "https://x/y": { "z": 5, "w": 6 },
            "a": { "b": 7 },
            "a.b": 8,
            "text": "t",
        });
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        for (name, expected) in [
            ("groups", Some(1)),
            ("realm_access.roles", Some(2)),
            ("/realm_access/roles", Some(2)),
            ("realm_access.a.b.c", Some(3)),
            ("https://x/y.z", Some(4)),
            ("https://x/y.w", Some(6)),
            ("a.b", Some(8)),
            ("/a/b", Some(7)),
            ("realm_access.missing", None),
            ("text.t", None),
            ("groups.", None),
            (".groups", None),
            ("", None),
            ("/", None),
            ("missing", None),
        ] {
            assert_eq!(find(&claims, name), expected.map(Value::from).as_ref(), "{name}");
        }
        assert_eq!(holders("realm_access.a.b"), ["realm_access.a", "realm_access", "realm_access.a.b"]);
        assert_eq!(holders("/a/b"), ["a"]);
    }
}
