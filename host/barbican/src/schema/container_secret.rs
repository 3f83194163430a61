//! A secret that a client adds to a container, or removes from one (`ContainerSecretValidator`).

use super::{Invalid, Schema, Type, validate, without_nul};
use crate::json::Value;

const NAME: &str = "ContainerSecret";

static BODY: Schema = Schema {
    properties: &[
        ("name", Schema { max_length: Some(255), ..Schema::of(&[Type::String]) }),
        ("secret_ref", Schema { non_empty: true, ..Schema::of(&[Type::String]) }),
    ],
    required: &["secret_ref"],
    ..Schema::of(&[Type::Object])
};

/// A reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBody {
    /// What the secret is to the container.
    pub name: Option<String>,
    /// As it was written. Its host is not looked at.
    pub secret_ref: String,
}

impl RequestBody {
    /// The last segment of the reference; empty where a slash ends it (`get_secret_id_from_ref`).
    pub fn id(&self) -> &str {
        self.secret_ref.rsplit('/').next().unwrap_or_default()
    }
}

/// The reference in a body whose strings are stripped.
pub fn parse(body: &Value) -> Result<RequestBody, Invalid> {
    validate(body, &BODY, NAME)?;
    without_nul(body.get("name"), NAME, "name")?;
    let text = |key| body.get(key).and_then(Value::as_str).map(String::from);
    Ok(RequestBody { name: text("name"), secret_ref: text("secret_ref").unwrap_or_default() })
}
