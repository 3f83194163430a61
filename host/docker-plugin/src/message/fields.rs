//! The fields of a message, each by its kind. Absent, `null` and empty are one: dockerd omits what is empty.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::parse_x509_pem;

use super::MessageError;
use portcullis_docker_api::json::{Object, Value, parse};

pub(super) struct Fields<'o, 'a>(pub(super) &'o Object<'a>);

impl<'o, 'a> Fields<'o, 'a> {
    fn get(&self, field: &str) -> Option<&'o Value<'a>> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, field: &'static str) -> Result<Option<String>, MessageError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.to_string())),
            Some(_) => Err(MessageError::Kind { field, expected: "a string" }),
        }
    }

    pub(super) fn short(&self, field: &'static str, limit: usize) -> Result<Option<String>, MessageError> {
        match self.text(field)? {
            Some(text) if text.len() > limit => Err(MessageError::TooLong { field, limit }),
            text => Ok(text),
        }
    }

    /// Base64; or a JSON object in place, as docker-leash's tests send it.
    pub(super) fn body(&self, field: &'static str) -> Result<Option<Vec<u8>>, MessageError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => {
                let body = decode(field, text)?;
                Ok((!body.is_empty()).then_some(body))
            }
            Some(object @ Value::Object(_)) => Ok(Some(object.write().into_bytes())),
            Some(_) => Err(MessageError::Kind { field, expected: "base64" }),
        }
    }

    pub(super) fn headers(&self, field: &'static str) -> Result<Vec<(String, String)>, MessageError> {
        match self.get(field) {
            None => Ok(Vec::new()),
            Some(Value::Object(object)) => pairs(field, object),
            Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) => match parse(&decode(field, text)?)? {
                Value::Null => Ok(Vec::new()),
                Value::Object(object) => pairs(field, &object),
                _ => Err(not_headers(field)),
            },
            Some(_) => Err(not_headers(field)),
        }
    }

    pub(super) fn status(&self, field: &'static str) -> Result<Option<u16>, MessageError> {
        match self.get(field) {
            None => Ok(None),
            Some(value) => match value.as_i64().and_then(|status| u16::try_from(status).ok()) {
                Some(0) => Ok(None),
                Some(status @ 100..1000) => Ok(Some(status)),
                _ => Err(MessageError::Kind { field, expected: "an HTTP status" }),
            },
        }
    }

    pub(super) fn certificates(&self, field: &'static str) -> Result<Vec<Vec<u8>>, MessageError> {
        match self.get(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(at, item)| item.as_str().and_then(certificate).ok_or(MessageError::Certificate(at)))
                .collect(),
            Some(_) => Err(MessageError::Kind { field, expected: "a list of certificates" }),
        }
    }
}

fn not_headers(field: &'static str) -> MessageError {
    MessageError::Kind { field, expected: "an object of header names and values" }
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, MessageError> {
    STANDARD.decode(text).map_err(|_| MessageError::NotBase64(field))
}

/// dockerd sends a string for each name; its documentation promises a list of them.
fn pairs(field: &'static str, object: &Object<'_>) -> Result<Vec<(String, String)>, MessageError> {
    let mut pairs = Vec::with_capacity(object.len());
    for (name, value) in object {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            let value = value.as_str().ok_or_else(|| not_headers(field))?;
            pairs.push((name.to_string(), value.to_owned()));
        }
    }
    Ok(pairs)
}

/// The DER within one PEM block; dockerd wraps the PEM in base64.
fn certificate(text: &str) -> Option<Vec<u8>> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let decoded;
    let pem = if text.starts_with('-') {
        text.as_bytes()
    } else {
        decoded = STANDARD.decode(text).ok()?;
        &decoded
    };
    let (rest, block) = parse_x509_pem(pem).ok()?;
    let alone = pem.starts_with(BEGIN) && block.label == "CERTIFICATE" && rest.trim_ascii().is_empty();
    alone.then_some(block.contents)
}
