//! What STS takes, field by field (STS API Reference, `AssumeRole` and `Tag`).

use std::collections::HashSet;
use std::ops::RangeInclusive;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::SessionError;
use crate::aws::account::{Account, shown};

/// How long a session name or a source identity is.
pub(super) const NAME: RangeInclusive<usize> = 2..=64;
const EXTERNAL_ID: RangeInclusive<usize> = 2..=1224;
const ROLE_ARN: RangeInclusive<usize> = 20..=2048;
/// IAM API Reference, `CreateRole`.
const ROLE_NAME: usize = 64;
/// In seconds.
pub(super) const SHORTEST: u32 = 15 * 60;
const DURATION: RangeInclusive<u32> = SHORTEST..=43_200;
const TAGS: usize = 50;
const TAG_KEY: RangeInclusive<usize> = 1..=128;
const TAG_VALUE: usize = 256;
const POLICY: RangeInclusive<usize> = 1..=2048;

/// `[\w+=,.@-]`.
pub(super) fn in_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_+=,.@-".contains(char)
}

/// Whether it can be a session name.
pub(super) fn name(name: &str) -> bool {
    NAME.contains(&name.len()) && name.chars().all(in_name)
}

/// Whether there can be such a role. It may have a path before its name: `team/deploy`.
pub(super) fn role(role: &str) -> Result<(), SessionError> {
    if !role.chars().all(|char| in_name(char) || char == '/') {
        return Err(SessionError::role(
            role,
            "is not allowed: it may have letters, digits and `_`, `+`, `=`, `,`, `.`, `@`, `/`, `-`",
        ));
    }
    if role.split('/').any(str::is_empty) {
        return Err(SessionError::role(
            role,
            "is not allowed: its name and each part of its path must have a character",
        ));
    }
    if role.rsplit('/').next().is_some_and(|name| name.len() > ROLE_NAME) {
        return Err(SessionError::role(role, "is too long: its name may have 64 characters"));
    }
    Ok(())
}

/// The role's ARN.
pub(super) fn role_arn(account: &Account, role: &str) -> Result<String, SessionError> {
    self::role(role)?;
    let arn = format!("arn:{}:iam::{}:role/{role}", account.partition, account.id);
    if !ROLE_ARN.contains(&arn.len()) {
        return Err(SessionError::role(role, "is too long: its ARN may have 2048 characters"));
    }
    Ok(arn)
}

/// In seconds. What the role itself allows may be less, which only AWS knows.
pub(super) fn duration(seconds: u32) -> Result<u32, SessionError> {
    DURATION.contains(&seconds).then_some(seconds).ok_or(SessionError::Duration(seconds))
}

/// As a session name. It must not begin with `aws:`, which no name can.
pub(super) fn source_identity(identity: &str) -> Result<String, SessionError> {
    name(identity).then(|| identity.into()).ok_or_else(|| SessionError::SourceIdentity(shown(identity)))
}

/// Keys are the same if they differ only in case; `aws:` is reserved, however it is written (IAM User Guide, Tags
/// for IAM resources).
pub(super) fn tags(tags: &[(String, String)]) -> Result<Vec<(String, String)>, SessionError> {
    if tags.len() > TAGS {
        return Err(SessionError::TooManyTags(tags.len()));
    }
    let mut keys = HashSet::new();
    for (key, value) in tags {
        if !TAG_KEY.contains(&key.chars().count()) || !key.chars().all(in_tag) {
            return Err(SessionError::TagKey(shown(key)));
        }
        if value.chars().count() > TAG_VALUE || !value.chars().all(in_tag) {
            return Err(SessionError::TagValue(shown(key)));
        }
        if [key, value].into_iter().any(|text| reserved(text)) {
            return Err(SessionError::ReservedTag(shown(key)));
        }
        if !keys.insert(key.to_lowercase()) {
            return Err(SessionError::TagTwice(shown(key)));
        }
    }
    Ok(tags.to_vec())
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn in_tag(char: char) -> bool {
    let group = char.general_category_group();
    matches!(
        group,
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Number
    ) || "_.:/=+-@".contains(char)
}

fn reserved(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// A JSON object in `[\t\n\r\x20-\xff]`. Whether it is a policy, AWS says.
pub(super) fn policy(policy: &str) -> Result<String, SessionError> {
    let length = policy.chars().count();
    if !POLICY.contains(&length) {
        return Err(SessionError::PolicyLength(length));
    }
    if let Some(char) = policy.chars().find(|char| !matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}')) {
        return Err(SessionError::PolicyCharacter(char));
    }
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(policy)
        .map_err(|error| SessionError::PolicyJson(shown(&error.to_string())))?;
    Ok(policy.into())
}

/// `[\w+=,.@:\/-]`.
pub(super) fn external_id(id: &str) -> Result<String, SessionError> {
    let allowed =
        EXTERNAL_ID.contains(&id.len()) && id.chars().all(|char| in_name(char) || ":/".contains(char));
    allowed.then(|| id.into()).ok_or(SessionError::ExternalId)
}
