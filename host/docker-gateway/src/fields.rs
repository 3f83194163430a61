//! The fields of a request's body, whether it is JSON, a urlencoded form or multipart.
//!
//! Portainer reads JSON as Go does: keys in any case. A key that occurs twice, also in another case, is refused: two
//! readers could read two values. Values may be passwords: there is no `Debug`, and errors name fields without values.

mod multipart;

use axum::http::{HeaderMap, header};
use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

use crate::error::GatewayError;

/// The fields of a body, by name in lower case.
#[derive(Default)]
pub(crate) struct Fields {
    fields: BTreeMap<String, Value>,
    /// Forms have no types: `true` and `1` are texts.
    is_form: bool,
}

impl Fields {
    /// From JSON.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, GatewayError> {
        // The error of serde_json names a line and a column, and may quote a value.
        serde_json::from_slice(body).map_err(|error| {
            let what =
                if error.is_data() { "must be an object whose keys occur once" } else { "is not JSON" };
            GatewayError::bad_request(format!(
                "The body {what} (line {}, column {})",
                error.line(),
                error.column()
            ))
        })
    }

    /// From JSON, a urlencoded form or multipart, as `Content-Type` says.
    pub(crate) fn from_any(headers: &HeaderMap, body: &[u8]) -> Result<Self, GatewayError> {
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // curl's `-d` without a header.
        if media == "application/x-www-form-urlencoded" && body.trim_ascii_start().starts_with(b"{") {
            let details = "The body is JSON, and Content-Type says that it is a form: send application/json";
            return Err(GatewayError::bad_request(details));
        }
        let pairs = match &*media {
            "application/x-www-form-urlencoded" => form_urlencoded::parse(body).into_owned().collect(),
            "multipart/form-data" => multipart::parse(content_type, body)?,
            _ => return Self::from_json(body),
        };
        let mut form = Self { is_form: true, ..Self::default() };
        for (name, value) in pairs {
            if form.fields.insert(name.to_lowercase(), Value::String(value)).is_some() {
                return Err(GatewayError::bad_request("A field occurs twice"));
            }
        }
        Ok(form)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// A text, if the field is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, GatewayError> {
        let wrong = || GatewayError::bad_request(format!("The field {name} must be a text"));
        self.get(name).map(|value| value.as_str().ok_or_else(wrong)).transpose()
    }

    /// A text that is kept secret, if the field is there and not empty.
    pub(crate) fn secret(&self, name: &str) -> Result<Option<SecretString>, GatewayError> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        Ok(text.map(|text| SecretString::from(text.to_owned())))
    }

    /// An integer, if the field is there.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, GatewayError> {
        let wrong = || GatewayError::bad_request(format!("The field {name} must be an integer"));
        let read = |value: &Value| match value {
            Value::String(text) if self.is_form => text.parse().ok(),
            value => value.as_i64(),
        };
        self.get(name).map(|value| read(value).ok_or_else(wrong)).transpose()
    }

    /// A boolean, if the field is there.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, GatewayError> {
        let wrong = || GatewayError::bad_request(format!("The field {name} must be true or false"));
        let read = |value: &Value| match value {
            Value::String(text) if self.is_form => match &*text.to_ascii_lowercase() {
                "true" | "1" => Some(true),
                "false" | "0" | "" => Some(false),
                _ => None,
            },
            value => value.as_bool(),
        };
        self.get(name).map(|value| read(value).ok_or_else(wrong)).transpose()
    }

    /// `{"<userId>": {"RoleId": 0}}`, if the field is there.
    pub(crate) fn grants(&self, name: &str) -> Result<Option<BTreeMap<i64, i64>>, GatewayError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let wrong = || {
            let expected = r#"{"<userId>": {"RoleId": 0}}"#;
            GatewayError::bad_request(format!("The field {name} must be an object such as {expected}"))
        };
        let fields: Fields = serde_json::from_str(&value.to_string()).map_err(|_| wrong())?;
        let mut grants = BTreeMap::new();
        for (user, value) in fields.fields {
            let user = user.parse().map_err(|_| wrong())?;
            let fields: Fields = serde_json::from_str(&value.to_string()).map_err(|_| wrong())?;
            if grants.insert(user, fields.integer("RoleId")?.unwrap_or(0)).is_some() {
                return Err(wrong());
            }
        }
        Ok(Some(grants))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.insert(name.to_lowercase(), value).is_some() {
                        return Err(serde::de::Error::custom("a key occurs twice"));
                    }
                }
                Ok(Fields { fields, is_form: false })
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Fields, GatewayError> {
        Fields::from_json(text.as_bytes())
    }

    #[test]
    fn keys_are_read_in_any_case_and_once() {
        let fields = json(r#"{"USERNAME":"alice","Role":1,"tls":true,"x":null}"#).unwrap();
        assert_eq!(fields.text("Username").unwrap(), Some("alice"));
        assert_eq!(fields.integer("role").unwrap(), Some(1));
        assert_eq!(fields.boolean("TLS").unwrap(), Some(true));
        assert!(fields.text("x").unwrap().is_none() && fields.text("y").unwrap().is_none());
        assert!(fields.text("Role").is_err() && fields.integer("USERNAME").is_err());
        for text in ["", "[]", "1", "{", r#"{"a":1}{"#, r#"{"Password":"hunter2","password":"x"}"#] {
            let error = json(text).err().unwrap();
            assert_eq!(error.status.as_u16(), 400, "{text}");
            assert!(!error.details.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn grants_are_read() {
        let read = |text: &str| {
            json(&format!(r#"{{"UserAccessPolicies":{text}}}"#)).unwrap().grants("UserAccessPolicies")
        };
        assert_eq!(
            read(r#"{"2":{"RoleId":0},"3":{"roleid":4},"5":{}}"#).unwrap().unwrap(),
            BTreeMap::from([(2, 0), (3, 4), (5, 0)])
        );
        assert_eq!(read("null").unwrap(), None);
        for text in ["[]", "1", r#"{"x":{}}"#, r#"{"1":2}"#, r#"{"1":{},"01":{}}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn forms_are_read() {
        let headers = |value: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]);
        let form = Fields::from_any(
            &headers("application/x-www-form-urlencoded; charset=utf-8"),
            b"Name=a+b&EndpointCreationType=1&TLS=true&TLSSkipVerify=0",
        );
        let form = form.unwrap();
        assert_eq!(form.text("name").unwrap(), Some("a b"));
        assert_eq!(form.integer("EndpointCreationType").unwrap(), Some(1));
        assert_eq!(form.boolean("tls").unwrap(), Some(true));
        assert_eq!(form.boolean("TLSSkipVerify").unwrap(), Some(false));
        assert!(Fields::from_any(&headers("application/x-www-form-urlencoded"), b"a=1&A=2").is_err());
        let json = br#" {"Name":"x"}"#;
        let error = Fields::from_any(&headers("application/x-www-form-urlencoded"), json).err().unwrap();
        assert!(error.details.contains("application/json"), "{error}");
        let json = Fields::from_any(&headers("application/json"), br#"{"Name":"x"}"#).unwrap();
        assert_eq!(json.text("name").unwrap(), Some("x"));
        assert!(json.boolean("name").is_err());
    }
}
