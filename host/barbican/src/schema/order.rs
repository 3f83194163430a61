//! An order as a client writes it (`TypeOrderValidator`).

use std::fmt;
use zeroize::Zeroizing;

use super::{Invalid, Schema, Type, secret, validate};
use crate::isotime;
use crate::json::Value;
use crate::media::Media;
use crate::vault::OrderType;

const NAME: &str = "Order";

static BODY: Schema = Schema {
    properties: &[
        ("meta", Schema { is_required: true, ..Schema::of(&[Type::Object]) }),
        ("type", Schema { is_required: true, one_of: &["key", "asymmetric"], ..Schema::of(&[Type::String]) }),
    ],
    ..Schema::of(&[Type::Object])
};

/// The sizes of elliptic curves (`_EC_BIT_LENGTHS`).
const CURVES: [u32; 3] = [256, 384, 521];

/// What `meta` calls a passphrase; the second is python-barbicanclient's name for it, which means nothing to Barbican.
pub(crate) const PASSPHRASES: [&str; 2] = ["passphrase", "pass_phrase"];

/// The longest `meta`, in bytes as it is kept: as many as a body may have. What is written as an escape may take six
/// times its bytes in the body.
pub const MAX_META: usize = 25_000;

/// An order that a client places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBody {
    /// What is to be made.
    pub order_type: OrderType,
    /// The name of what is made.
    pub name: Option<String>,
    /// e.g. `aes`
    pub algorithm: String,
    /// Bits.
    pub bit_length: u32,
    /// Whether the number was written as a fraction, e.g. `2048.0`.
    pub is_fraction: bool,
    /// e.g. `cbc`
    pub mode: Option<String>,
    /// Microseconds since 1970-01-01 UTC.
    pub expiration: Option<i64>,
    /// As what the keys are kept; `None` where the client wrote `null`.
    pub media: Option<Media>,
    /// What the private key is encrypted with.
    pub passphrase: Passphrase,
    /// The order's `meta` as it is kept and shown, without the passphrase.
    pub meta: String,
}

/// A passphrase. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum Passphrase {
    /// There is none.
    None,
    /// One.
    Text(Zeroizing<String>),
    /// Something that is no text.
    Invalid,
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Text(_) => "a passphrase",
            Self::Invalid => "no text",
        })
    }
}

/// The order in a body whose strings are stripped; `now` and `max_bytes` are as for a secret.
pub fn parse(body: &Value, now: i64, max_bytes: usize) -> Result<RequestBody, Invalid> {
    validate(body, &BODY, NAME)?;
    let (order_type, kind) = match body.get("type").and_then(Value::as_str) {
        Some("asymmetric") => (OrderType::Asymmetric, "asymmetric key"),
        _ => (OrderType::Key, "key"),
    };
    let meta = body.get("meta").unwrap_or(&Value::Null);
    let secret = secret::parse_in_order(meta, now, max_bytes)?;
    if secret.payload.is_some() {
        return Err(wrong(format!("'payload' not allowed for {} type order", order_type.as_str())));
    }
    let required = |name| wrong(format!("'{name}' is required field for {kind} type order"));
    let algorithm = secret.algorithm.filter(|text| !text.is_empty()).ok_or_else(|| required("algorithm"))?;
    let bit_length = secret.bit_length.ok_or_else(|| required("bit_length"))?;
    let is_valid = if algorithm.eq_ignore_ascii_case("ec") {
        CURVES.contains(&bit_length)
    } else {
        bit_length.is_multiple_of(8)
    };
    if !is_valid {
        return Err(Invalid::BitLength);
    }
    Ok(RequestBody {
        order_type,
        algorithm,
        bit_length,
        is_fraction: matches!(meta.get("bit_length"), Some(Value::Float(_))),
        mode: secret.mode,
        expiration: secret.expiration,
        media: match meta.get("payload_content_type") {
            None => Some(Media::Octets),
            Some(Value::String(text)) => Some(Media::parse(text).unwrap_or(Media::Octets)),
            Some(_) => None,
        },
        passphrase: match meta.get("passphrase") {
            Some(Value::String(text)) if !text.is_empty() => Passphrase::Text(Zeroizing::new(text.clone())),
            Some(value) if !value.is_falsy() => Passphrase::Invalid,
            _ => Passphrase::None,
        },
        meta: kept(meta, secret.name.as_deref(), secret.expiration)?,
        name: secret.name,
    })
}

/// Barbican writes name and expiration back into `meta`, at the end where they were not there.
fn kept(meta: &Value, name: Option<&str>, expiration: Option<i64>) -> Result<String, Invalid> {
    let Value::Object(members) = meta else { return Ok("{}".into()) };
    let is_kept = |key: &str| !PASSPHRASES.contains(&key);
    let mut members: Vec<_> = members.iter().filter(|(key, _)| is_kept(key)).cloned().collect();
    let text = |text: Option<String>| text.map_or(Value::Null, Value::String);
    let expiration = expiration.map(|micros| {
        let time = isotime::format(micros);
        if time.contains('.') { time } else { format!("{time}.000000") }
    });
    for (key, value) in [("name", text(name.map(Into::into))), ("expiration", text(expiration))] {
        match members.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => members.push((key.into(), value)),
        }
    }
    let not_json = || wrong("NaN and Infinity are no numbers of JSON".into());
    let text = Value::Object(members).text().ok_or_else(not_json)?;
    if text.len() > MAX_META {
        let bytes = text.len();
        return Err(wrong(format!(
            "'meta' takes {bytes} bytes with its escapes, and at most {MAX_META} are kept"
        )));
    }
    Ok(text)
}

fn wrong(reason: String) -> Invalid {
    Invalid::Object { schema: NAME, reason, property: "meta" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn meta_takes_so_many_bytes_with_its_escapes_at_most() {
        let order = |text: &str| {
            let body =
                format!(r#"{{"type":"key","meta":{{"algorithm":"aes","bit_length":128,"x":"{text}"}}}}"#);
            parse(&json::parse(body.as_bytes()).unwrap(), 0, 100).map(|order| order.meta.len())
        };
        let rest = order("").unwrap();
        for (text, bytes) in [("a", 1), ("\u{7f}", 6), ("ü", 6), ("😀", 12)] {
            let most = (MAX_META - rest) / bytes;
            assert_eq!(order(&text.repeat(most)), Ok(rest + most * bytes), "{text:?}");
            let refused = order(&text.repeat(most + 1)).unwrap_err();
            assert!(refused.to_string().contains("at most 25000 are kept"), "{refused}");
        }
    }

    #[test]
    fn a_passphrase_is_never_shown() {
        let body =
            br#"{"type":"asymmetric","meta":{"algorithm":"rsa","bit_length":2048,"passphrase":"hunter2",
            "pass_phrase":"hunter2"}}"#;
        let order = parse(&json::parse(body).unwrap(), 0, 100).unwrap();
        assert!(matches!(&order.passphrase, Passphrase::Text(text) if **text == "hunter2"));
        assert!(!format!("{order:?}").contains("hunter2"));
        let meta = r#"{"algorithm": "rsa", "bit_length": 2048, "name": null, "expiration": null}"#;
        assert_eq!(order.meta, meta);
    }
}
