//! A policy's settings: TOML for the operator, one JSON object with sorted keys for the policy.

use serde_json::{Map, Number, Value};

/// The settings as a JSON object with sorted keys: the same text for the same settings, however they are written.
///
/// # Errors
/// A number that JSON does not have.
pub fn to_json(settings: &toml::Table) -> Result<Map<String, Value>, String> {
    object(settings)
}

fn object(table: &toml::Table) -> Result<Map<String, Value>, String> {
    // serde_json's map sorts its keys.
    table
        .iter()
        .map(|(key, value)| Ok((key.clone(), json(value).map_err(|error| format!("`{key}`: {error}"))?)))
        .collect()
}

fn json(value: &toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::Number((*number).into()),
        toml::Value::Float(number) => {
            Value::Number(Number::from_f64(*number).ok_or("JSON knows neither infinity nor NaN")?)
        }
        toml::Value::Boolean(truth) => Value::Bool(*truth),
        // A policy reads a date as RFC 3339 text: JSON has none of its own.
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(list) => Value::Array(list.iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => Value::Object(object(table)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_the_file_does_not_matter() {
        let json = |text: &str| Value::Object(to_json(&text.parse().unwrap()).unwrap()).to_string();
        assert_eq!(
            json("b = [1, 2.5]\na = { y = true, x = \"z\" }"),
            r#"{"a":{"x":"z","y":true},"b":[1,2.5]}"#
        );
        assert_eq!(
            json("a = { x = \"z\", y = true }\nb = [1, 2.5]"),
            json("b = [1, 2.5]\na.y = true\na.x = \"z\"")
        );
        assert_eq!(json(""), "{}");
    }

    #[test]
    fn what_json_cannot_say_is_named() {
        assert!(to_json(&"a.b = nan".parse().unwrap()).unwrap_err().starts_with("`a`: `b`: "));
    }
}
