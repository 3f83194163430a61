//! Whether AWS would take the question.

use axum::body::Bytes;
use axum::http::HeaderMap;
use std::collections::{BTreeMap, HashSet};

use super::Question;
use super::time::compact;

pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

fn refuse<T>(status: u16, code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { status, code, message: message.into() })
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    refuse(400, "ValidationError", message)
}

pub(super) fn check(
    method: &axum::http::Method,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
    now: i64,
) -> Result<Question, Refusal> {
    if method != "POST" || path != "/" {
        return refuse(404, "UnknownOperationException", format!("{method} {path}"));
    }
    let (access_key_id, region) = signature(headers, now)?;
    let form = form(body)?;
    fields(&form)?;
    let seconds: u32 = form.get("DurationSeconds").map_or(3600, |text| text.parse().unwrap());
    if !access_key_id.starts_with("AKIA") && seconds > 3600 {
        return invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        );
    }
    Ok(Question { form, access_key_id, region })
}

/// The header `Authorization` as AWS Signature Version 4 has it. Says who signed, for which region.
fn signature(headers: &HeaderMap, now: i64) -> Result<(String, String), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = header("authorization") else {
        return refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    };
    let incomplete = |what: &str| refuse(403, "IncompleteSignature", what);
    let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else { return incomplete("algorithm") };
    let parts: BTreeMap<_, _> = rest.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let (Some(credential), Some(signed), Some(signature)) =
        (parts.get("Credential"), parts.get("SignedHeaders"), parts.get("Signature"))
    else {
        return incomplete("parts");
    };
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return incomplete("signature");
    }
    let signed: HashSet<_> = signed.split(';').collect();
    let Some(date) = header("x-amz-date") else { return incomplete("date") };
    if !["host", "x-amz-date"].iter().all(|name| signed.contains(name)) {
        return incomplete("signed headers");
    }
    let [key, day, region, "sts", "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            format!("Credential should be scoped to sts: {credential}"),
        );
    };
    if !date.starts_with(day) {
        return refuse(403, "SignatureDoesNotMatch", "Date in Credential scope does not match");
    }
    if (compact(date) - now).abs() > 300 {
        return refuse(
            403,
            "SignatureDoesNotMatch",
            format!("Signature expired: {date} is now too far away"),
        );
    }
    if key.starts_with("ASIA") && !signed.contains("x-amz-security-token") {
        return refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    Ok((key.into(), region.into()))
}

fn form(body: &Bytes) -> Result<BTreeMap<String, String>, Refusal> {
    let text = std::str::from_utf8(body).unwrap();
    let mut form = BTreeMap::new();
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        if form.insert(decode(name), decode(value)).is_some() {
            return invalid(format!("`{name}` is there twice"));
        }
    }
    Ok(form)
}

/// Every limit of STS API Reference, `AssumeRole` and `Tag`.
fn fields(form: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let get = |name: &str| form.get(name).map(String::as_str);
    let name = |text: &str| text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(char));
    if (get("Action"), get("Version")) != (Some("AssumeRole"), Some("2011-06-15")) {
        return refuse(400, "InvalidAction", "Could not find operation");
    }
    let Some(arn) = get("RoleArn").filter(|arn| (20..=2048).contains(&arn.len())) else {
        return invalid("roleArn: length");
    };
    let ["arn", "aws" | "aws-cn" | "aws-us-gov", "iam", "", account, role] =
        arn.splitn(6, ':').collect::<Vec<_>>()[..]
    else {
        return invalid(format!("{arn} is invalid"));
    };
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let path = role.strip_prefix("role/").unwrap_or_default();
    if !digits || path.is_empty() || path.split('/').any(str::is_empty) || !path.split('/').all(name) {
        return invalid(format!("{arn} is invalid"));
    }
    for (field, required) in [("RoleSessionName", true), ("SourceIdentity", false)] {
        let fits = |text: &str| (2..=64).contains(&text.len()) && name(text) && !text.starts_with("aws:");
        if get(field).map_or(required, |text| !fits(text)) {
            return invalid(format!("{field}: {:?}", get(field)));
        }
    }
    let seconds = get("DurationSeconds").map_or(Ok(3600), str::parse::<u32>);
    if !seconds.is_ok_and(|seconds| (900..=43_200).contains(&seconds)) {
        return invalid("durationSeconds");
    }
    let external = |text: &str| {
        (2..=1224).contains(&text.len())
            && text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@:/-".contains(char))
    };
    if !get("ExternalId").is_none_or(external) {
        return invalid("externalId");
    }
    if let Some(policy) = get("Policy") {
        let allowed = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        if !(1..=2048).contains(&policy.chars().count()) || !policy.chars().all(allowed) {
            return invalid("policy");
        }
        if !policy.trim_start().starts_with('{') || !policy.trim_end().ends_with('}') {
            return refuse(400, "MalformedPolicyDocument", "Syntax errors in policy.");
        }
    }
    tags(form)
}

fn tags(form: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let mut keys = HashSet::new();
    let mut number = 0;
    while let Some(key) = form.get(&format!("Tags.member.{}.Key", number + 1)) {
        number += 1;
        let Some(value) = form.get(&format!("Tags.member.{number}.Value")) else {
            return invalid("tag value");
        };
        let allowed =
            |text: &str| text.chars().all(|char| char.is_alphanumeric() || " _.:/=+-@".contains(char));
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 || number > 50 {
            return invalid(format!("tags: length of {key}"));
        }
        if !allowed(key) || !allowed(value) || key.to_lowercase().starts_with("aws:") {
            return invalid(format!("tags: characters of {key}"));
        }
        if !keys.insert(key.to_lowercase()) {
            return invalid("Duplicate tag keys found");
        }
    }
    let known = [
        "Action",
        "Version",
        "RoleArn",
        "RoleSessionName",
        "SourceIdentity",
        "DurationSeconds",
        "ExternalId",
        "Policy",
    ];
    let named =
        form.keys().filter(|key| !key.starts_with("Tags.member.")).all(|key| known.contains(&key.as_str()));
    let tagged = form.keys().filter(|key| key.starts_with("Tags.member.")).count();
    if named && tagged == 2 * number { Ok(()) } else { invalid("parameters that nobody knows") }
}

fn decode(text: &str) -> String {
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'+' => decoded.push(b' '),
            b'%' => {
                decoded.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 2;
            }
            byte => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).unwrap()
}
