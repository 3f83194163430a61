//! A consumer as a client writes it (`ContainerConsumerValidator`, `SecretConsumerValidator`).

use super::{Invalid, Schema, Type, validate, without_nul};
use crate::json::Value;
use crate::vault::{ConsumerName, Kind};

const OF_CONTAINER: &str = "Consumer";
const OF_SECRET: &str = "Secret Consumer";

const TEXT: Schema = Schema { max_length: Some(255), non_empty: true, ..Schema::of(&[Type::String]) };

static CONTAINER: Schema = Schema {
    properties: &[("URL", TEXT), ("name", Schema { max_length: Some(36), ..TEXT })],
    required: &["name", "URL"],
    ..Schema::of(&[Type::Object])
};

static SECRET: Schema = Schema {
    properties: &[
        ("service", TEXT),
        ("resource_type", TEXT),
        ("resource_id", Schema { max_length: Some(1024), ..TEXT }),
    ],
    required: &["service", "resource_type", "resource_id"],
    ..Schema::of(&[Type::Object])
};

/// The consumer in a body whose strings are stripped.
pub fn parse(kind: Kind, body: &Value) -> Result<ConsumerName, Invalid> {
    let (name, schema) = match kind {
        Kind::Secret => (OF_SECRET, &SECRET),
        Kind::Container => (OF_CONTAINER, &CONTAINER),
    };
    validate(body, schema, name)?;
    for (property, _) in schema.properties {
        without_nul(body.get(property), name, property)?;
    }
    let text = |key| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(match kind {
        Kind::Secret => ConsumerName {
            service: text("service"),
            resource_type: text("resource_type"),
            resource: text("resource_id"),
        },
        Kind::Container => {
            ConsumerName { service: text("name"), resource_type: String::new(), resource: text("URL") }
        }
    })
}
