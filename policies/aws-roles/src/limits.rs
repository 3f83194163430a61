//! What AWS takes in the fields of a session: the STS API reference on `AssumeRole` and `Tag`, and the IAM user guide
//! on names of roles. The host checks every field again before it calls STS; here a mistake is found at load.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// `RoleSessionName`, `SourceIdentity`: 2 to 64 of `[\w+=,.@-]`.
pub(crate) fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.chars().all(in_session_name)
}

pub(crate) const fn in_session_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}

/// A role's name, with its path before it where it has one: `team/reader`.
pub(crate) fn is_role(name: &str) -> bool {
    let segment = |segment: &str| !segment.is_empty() && segment.chars().all(in_session_name);
    let own = name.rsplit('/').next().unwrap_or(name);
    own.len() <= 64 && name.len() <= 576 && name.split('/').all(segment)
}

/// 1 to 128 characters, and not one of AWS's own.
pub(crate) fn is_tag_key(key: &str) -> bool {
    !is_reserved(key) && (1..=128).contains(&key.chars().count()) && key.chars().all(in_tag)
}

/// At most 256 characters, and not one of AWS's own.
pub(crate) fn is_tag_value(value: &str) -> bool {
    !is_reserved(value) && value.chars().count() <= 256 && value.chars().all(in_tag)
}

fn is_reserved(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`. What Rust calls alphabetic has marks in it, which AWS does not take.
pub(crate) fn in_tag(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Separator};
    matches!(c.general_category_group(), Letter | Number | Separator)
        || matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
}

/// Most tags that a session may have.
pub(crate) const TAGS: usize = 50;

/// An account's number: exactly 12 digits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountId(pub(crate) String);

impl TryFrom<String> for AccountId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(id))
        } else {
            Err(format!("`{id}` is not 12 digits"))
        }
    }
}

/// 2 to 1224 of `[\w+=,.@:\/-]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ExternalId(pub(crate) String);

impl TryFrom<String> for ExternalId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, &'static str> {
        let known = |c: char| in_session_name(c) || matches!(c, ':' | '/');
        if (2..=1224).contains(&id.len()) && id.chars().all(known) {
            Ok(Self(id))
        } else {
            // What it is stays unsaid: some treat it as a secret.
            Err("an external id is 2 to 1224 of letters, digits and `_+=,.@:/-`")
        }
    }
}

/// A policy of IAM that narrows a session: a table, or JSON in a text. At most 2048 characters up to U+00FF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPolicy(pub(crate) String);

impl<'de> Deserialize<'de> for SessionPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            table => table.to_string(),
        };
        let is_object = serde_json::from_str(&text).is_ok_and(|value: Value| value.is_object());
        if !is_object {
            return Err(D::Error::custom(
                "a session policy is a table, or a text that holds one JSON object",
            ));
        }
        let length = text.chars().count();
        if length > 2048 {
            return Err(D::Error::custom(format_args!("it has {length} characters, and STS takes 2048")));
        }
        if text.chars().any(|c| !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}')) {
            return Err(D::Error::custom("STS takes characters up to U+00FF only"));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tags_and_ids_are_those_that_aws_takes() {
        type Check = fn(&str) -> bool;
        let external: Check = |id| ExternalId::try_from(id.to_owned()).is_ok();
        let account: Check = |id| AccountId::try_from(id.to_owned()).is_ok();
        let (long_key, long_value) = ("k".repeat(128), "v".repeat(256));
        let table: [(Check, &[&str], &[&str]); 6] = [
            (
                is_session_name,
                &["ab", "a_b+c=d,e.f@g-h", &"n".repeat(64)],
                &["a", "", "a b", "a:b", "a\\b", "ä1", "ab\n", &"n".repeat(65)],
            ),
            (
                is_role,
                &["r", "team/reader", "a.b@c", &"n".repeat(64)],
                &["", "/r", "r/", "a//b", "a b", "a*", "ä", &"n".repeat(65)],
            ),
            (
                is_tag_key,
                &["team", "a b", "Größe", &long_key],
                &["", "aws:x", "AWS:x", "a*", &"k".repeat(129)],
            ),
            (
                is_tag_value,
                &["", "ops team", "é日本", &long_value],
                &["a\\b", "a\tb", "{x}", "AWS:x", "\u{e01}\u{e31}", "\u{24d0}", &"v".repeat(257)],
            ),
            (external, &["ab", "a:b/c", &"e".repeat(1224)], &["a", "a b", "a*b", &"e".repeat(1225)]),
            (account, &["012345678901"], &["12345678901", "1234567890123", "12345678901a", "１２３４", ""]),
        ];
        for (at, (check, good, bad)) in table.iter().enumerate() {
            good.iter().for_each(|text| assert!(check(text), "{at}: {text}"));
            bad.iter().for_each(|text| assert!(!check(text), "{at}: {text}"));
        }
    }

    #[test]
    fn a_session_policy_is_one_object() {
        let read = |json: &str| serde_json::from_str(json).map(|SessionPolicy(text)| text);
        let table = r#"{"Statement":[{"Effect":"Deny"}],"Version":"2012-10-17"}"#;
        assert_eq!(read(table).unwrap(), table);
        assert_eq!(read(r#""{ \"Version\": 1 }""#).unwrap(), r#"{ "Version": 1 }"#);
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(2041));
        for (json, expected) in [
            (r#""""#, "one JSON object"),
            (r#""[]""#, "one JSON object"),
            (r#""{""#, "one JSON object"),
            ("[1]", "one JSON object"),
            ("7", "one JSON object"),
            (long.as_str(), "it has 2049 characters, and STS takes 2048"),
            (r#"{"a":"\u0100"}"#, "up to U+00FF"),
        ] {
            let error = read(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
        assert!(read(&long.replacen('x', "", 1)).is_ok());
    }
}
