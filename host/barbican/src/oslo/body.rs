//! The two encodings of a question.
//!
//! As JSON it is one object. As a form it is three fields, each of which holds JSON. Some proxies and older releases
//! make a mixture of both, an object whose members are texts that hold JSON, which is read too.

use serde::Deserialize;

use super::object::{Object, Part};
use super::{MAX_BODY, OsloRefusal, shown};

/// What oslo.policy says.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) rule: String,
    pub(super) target: Object,
    pub(super) credentials: Object,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    rule: String,
    target: Part,
    credentials: Part,
}

pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Body, OsloRefusal> {
    if body.len() > MAX_BODY {
        return Err(OsloRefusal::TooLong);
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        json(body)
    } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        form(body)
    } else {
        Err(OsloRefusal::ContentType(shown(content_type)))
    }
}

fn json(body: &[u8]) -> Result<Body, OsloRefusal> {
    let Json { rule, target, credentials } =
        serde_json::from_slice(body).map_err(|error| malformed("it", &error))?;
    // No rule's name begins with a quotation mark, so this is a text that holds JSON.
    let rule = if rule.starts_with('"') { name(&rule)? } else { rule };
    Ok(Body { rule, target: target.0, credentials: credentials.0 })
}

fn form(body: &[u8]) -> Result<Body, OsloRefusal> {
    let odd = |what: &str| OsloRefusal::Malformed(what.into());
    let (mut rule, mut target, mut credentials) = (None, None, None);
    for (field, value) in form_urlencoded::parse(body) {
        // What was not UTF-8 has been replaced; oslo.policy sends nothing but ASCII.
        if value.contains('\u{fffd}') {
            return Err(odd("a field is not UTF-8"));
        }
        let place = match &*field {
            "rule" => &mut rule,
            "target" => &mut target,
            "credentials" => &mut credentials,
            _ => return Err(odd("a field is none of `rule`, `target` and `credentials`")),
        };
        if place.replace(value).is_some() {
            return Err(odd("a field stands twice"));
        }
    }
    let (Some(rule), Some(target), Some(credentials)) = (rule, target, credentials) else {
        return Err(odd("one of `rule`, `target` and `credentials` is missing"));
    };
    let object = |what, text: &str| serde_json::from_str(text).map_err(|error| malformed(what, &error));
    Ok(Body {
        rule: name(&rule)?,
        target: object("`target`", &target)?,
        credentials: object("`credentials`", &credentials)?,
    })
}

fn name(rule: &str) -> Result<String, OsloRefusal> {
    serde_json::from_str(rule).map_err(|error| malformed("`rule`", &error))
}

/// Says where it is wrong, and quotes nothing.
fn malformed(what: &str, error: &serde_json::Error) -> OsloRefusal {
    let problem = if error.is_data() { "does not hold what oslo.policy sends" } else { "is not JSON" };
    OsloRefusal::Malformed(format!("{what} {problem} (line {}, column {})", error.line(), error.column()))
}
