//! From the file's text to its entries.

use portcullis_contract::secrets::Requester;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;
use toml::value::Datetime;

use super::Entry;
use crate::IdentityError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    tokens: Vec<toml::Spanned<RawEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    sha256: String,
    user: String,
    user_name: Option<String>,
    user_domain: Option<String>,
    project: Option<String>,
    project_name: Option<String>,
    project_domain: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    expires: Option<Datetime>,
}

/// Every entry of the file, or what is wrong with one.
pub(super) fn entries(path: &Path, contents: &[u8]) -> Result<Vec<Entry>, IdentityError> {
    let wrong = |line: Option<usize>, reason: String| IdentityError::File { path: path.into(), line, reason };
    let text = std::str::from_utf8(contents).map_err(|_| wrong(None, "it is not UTF-8".into()))?;
    let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    let raw: Raw = toml::from_str(text).map_err(|error| {
        wrong(error.span().map(|span| line(span.start)), error.message().replace('\n', " "))
    })?;
    let mut seen = BTreeSet::new();
    raw.tokens
        .into_iter()
        .map(|raw| {
            let at = line(raw.span().start);
            let entry = entry(raw.into_inner()).map_err(|reason| wrong(Some(at), reason.into()))?;
            if seen.insert(entry.sha256) {
                Ok(entry)
            } else {
                Err(wrong(Some(at), "another entry has the same `sha256`".into()))
            }
        })
        .collect()
}

fn entry(raw: RawEntry) -> Result<Entry, &'static str> {
    let texts = [&raw.user_name, &raw.user_domain, &raw.project, &raw.project_name, &raw.project_domain];
    let empty = texts.into_iter().flatten().chain([&raw.user]).chain(&raw.roles).chain(&raw.groups);
    if empty.into_iter().any(String::is_empty) {
        return Err("a name or an id is empty; leave out what is not known");
    }
    Ok(Entry {
        sha256: sha256(&raw.sha256)
            .ok_or("`sha256` must be 64 hexadecimal digits, as `sha256sum` prints them")?,
        expires: raw.expires.as_ref().map(expiry).transpose()?,
        requester: Requester {
            user: Some(raw.user),
            user_name: raw.user_name,
            user_domain: raw.user_domain,
            scope: if raw.project.is_some() { "project" } else { "unscoped" }.into(),
            project: raw.project,
            project_name: raw.project_name,
            project_domain: raw.project_domain,
            roles: raw.roles,
            groups: raw.groups,
            attributes: vec![("auth-methods".into(), "token-file".into())],
            ..Requester::default()
        },
    })
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

/// Without a zone a time is another one in every place, so it must say `Z`.
fn expiry(time: &Datetime) -> Result<SystemTime, &'static str> {
    humantime::parse_rfc3339(&time.to_string())
        .map_err(|_| "`expires` must be a date and a time in UTC, e.g. 2027-01-31T00:00:00Z")
}
