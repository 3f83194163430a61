//! A secret as a client writes it (`NewSecretValidator`).

use std::fmt;

use super::{Invalid, Schema, Type, validate, without_nul};
use crate::isotime;
use crate::json::{Value, strip};
use crate::media::{Media, decode_base64};

const NAME: &str = "Secret";
/// What the same schema is called where it is held against an order's `meta`.
const NAME_IN_ORDER: &str = "Secret' within 'Order";

/// The largest `bit_length`: what `MySQL` keeps in a small integer.
const MAX_BITS: i64 = 32_767;

const TEXT: Schema = Schema { max_length: Some(255), ..Schema::of(&[Type::String]) };
const TEXT_OR_NULL: Schema = Schema { max_length: Some(255), ..Schema::of(&[Type::String, Type::Null]) };

/// The types of secrets (`barbican/plugin/interface/secret_store.py`).
const TYPES: &[&str] = &["symmetric", "passphrase", "private", "public", "certificate", "opaque"];

static BODY: Schema = Schema {
    properties: &[
        ("name", TEXT_OR_NULL),
        ("algorithm", TEXT),
        ("mode", TEXT),
        ("bit_length", Schema { range: Some((1, MAX_BITS)), ..Schema::of(&[Type::Integer]) }),
        ("expiration", TEXT),
        ("payload", Schema::of(&[Type::String])),
        ("secret_type", Schema { max_length: Some(80), one_of: TYPES, ..Schema::of(&[Type::String]) }),
        ("payload_content_type", TEXT_OR_NULL),
        ("payload_content_encoding", Schema { one_of: &["base64"], ..TEXT }),
        ("transport_key_needed", Schema { one_of: &["true", "false"], ..Schema::of(&[Type::String]) }),
        ("transport_key_id", Schema::of(&[Type::String])),
    ],
    ..Schema::of(&[Type::Object])
};

/// A secret that a client wants made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBody {
    /// Its name.
    pub name: Option<String>,
    /// One of Barbican's types, `opaque` where none is given.
    pub secret_type: String,
    /// e.g. `aes`
    pub algorithm: Option<String>,
    /// Bits.
    pub bit_length: Option<u32>,
    /// e.g. `cbc`
    pub mode: Option<String>,
    /// Microseconds since 1970-01-01 UTC.
    pub expiration: Option<i64>,
    /// What it is to hold, if that comes with it.
    pub payload: Option<Payload>,
}

/// What a secret holds. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// As what it is kept.
    pub media: Media,
    /// Itself.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}", self.bytes.len(), self.media.as_str())
    }
}

/// The secret in a body whose strings are stripped.
///
/// `now` is in microseconds since 1970-01-01 UTC; `max_bytes` is the most that a payload may be, as it is sent.
pub fn parse(body: &Value, now: i64, max_bytes: usize) -> Result<RequestBody, Invalid> {
    let written = read(body, now, max_bytes, NAME)?;
    if written.payload.is_none() && body.get("payload_content_type").is_some() {
        let reason = "payload must be provided when payload_content_type is specified";
        return Err(wrong(NAME, reason, "payload"));
    }
    if body.get("transport_key_needed").and_then(Value::as_str) == Some("true") {
        return Err(wrong(NAME, "transport keys are not offered", "transport_key_needed"));
    }
    Ok(written)
}

/// The secret that an order asks for, in its `meta`.
pub fn parse_in_order(meta: &Value, now: i64, max_bytes: usize) -> Result<RequestBody, Invalid> {
    let written = read(meta, now, max_bytes, NAME_IN_ORDER)?;
    let content_type = meta.get("payload_content_type").and_then(Value::as_str).unwrap_or_default();
    if written.payload.is_none() && !content_type.is_empty() {
        media(content_type, NAME_IN_ORDER)?;
    }
    Ok(written)
}

fn read(body: &Value, now: i64, max_bytes: usize, name: &'static str) -> Result<RequestBody, Invalid> {
    validate(body, &BODY, name)?;
    for property in ["name", "algorithm", "mode"] {
        without_nul(body.get(property), name, property)?;
    }
    let text = |key| body.get(key).and_then(Value::as_str);
    let expiration = match text("expiration").map(strip).filter(|text| !text.is_empty()) {
        Some(text) => {
            let invalid = || wrong(name, "Invalid date for 'expiration'", "expiration");
            Some(isotime::parse(text).ok_or_else(invalid)?)
        }
        None => None,
    };
    if expiration.is_some_and(|expiration| expiration <= now) {
        return Err(wrong(name, "'expiration' is before current time", "expiration"));
    }
    let payload = match text("payload") {
        Some(payload) => Some(read_payload(
            payload,
            text("payload_content_type"),
            text("payload_content_encoding"),
            max_bytes,
            name,
        )?),
        None => None,
    };
    Ok(RequestBody {
        name: text("name").map(String::from),
        secret_type: text("secret_type").unwrap_or("opaque").to_owned(),
        algorithm: text("algorithm").map(String::from),
        bit_length: body.get("bit_length").and_then(super::number).and_then(|bits| u32::try_from(bits).ok()),
        mode: text("mode").map(String::from),
        expiration,
        payload,
    })
}

fn read_payload(
    payload: &str,
    content_type: Option<&str>,
    encoding: Option<&str>,
    max_bytes: usize,
    name: &'static str,
) -> Result<Payload, Invalid> {
    let wrong = |reason: &str, property| wrong(name, reason, property);
    let Some(content_type) = content_type else {
        let reason = "If 'payload' is supplied, 'payload_content_type' must also be supplied.";
        return Err(wrong(reason, "payload_content_type"));
    };
    let media = media(content_type, name)?;
    if encoding != if media == Media::Text { None } else { Some("base64") } {
        let reason = format!("payload_content_encoding is not one of {}", media.encodings());
        return Err(wrong(&reason, "payload_content_encoding"));
    }
    if payload.len() > max_bytes {
        return Err(Invalid::TooLarge);
    }
    if payload.is_empty() {
        return Err(wrong("If 'payload' specified, must be non empty", "payload"));
    }
    let bytes = if media == Media::Text {
        payload.as_bytes().to_vec()
    } else {
        decode_base64(payload.as_bytes())
            .ok_or_else(|| wrong("Invalid payload for payload_content_encoding", "payload"))?
    };
    Ok(Payload { media, bytes })
}

fn media(content_type: &str, name: &'static str) -> Result<Media, Invalid> {
    let reason = || format!("payload_content_type is not one of {}", Media::SUPPORTED);
    Media::parse(content_type).ok_or_else(|| wrong(name, &reason(), "payload_content_type"))
}

fn wrong(schema: &'static str, reason: &str, property: &'static str) -> Invalid {
    Invalid::Object { schema, reason: reason.to_owned(), property }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_payload_is_never_shown() {
        let body = json::parse(br#"{"payload":"hunter2","payload_content_type":"text/plain"}"#).unwrap();
        let written = parse(&body, 0, 100).unwrap();
        assert_eq!(written.payload.as_ref().map(|payload| payload.bytes.as_slice()), Some(&b"hunter2"[..]));
        assert!(!format!("{written:?}").contains("hunter2"));
    }

    #[test]
    fn whole_numbers_count_as_integers() {
        let body = json::parse(br#"{"bit_length":128.0}"#).unwrap();
        assert_eq!(parse(&body, 0, 100).unwrap().bit_length, Some(128));
    }
}
