//! What string interpolation comes to; see `spelling`.

use anyhow::{Result, bail};
use regorus::Value;

/// OPA's own name for it.
pub(crate) const TEMPLATE: &str = "internal.template_string";

/// Texts as they are, and each set with its one value as Rego writes it; `<undefined>` for an empty one.
pub(super) fn render(args: &[Value]) -> Result<Value> {
    let [Value::Array(parts)] = args else { bail!("`{TEMPLATE}` expects a list") };
    let mut text = String::new();
    for part in parts.iter() {
        match part {
            Value::Set(values) if values.len() > 1 => bail!("an expression in a template has several values"),
            Value::Set(values) => match values.iter().next() {
                None => text.push_str("<undefined>"),
                Some(Value::String(value)) => text.push_str(value),
                Some(value) => write(value, &mut text)?,
            },
            Value::String(part) => text.push_str(part),
            _ => bail!("`{TEMPLATE}` expects texts and sets"),
        }
    }
    Ok(Value::from(text))
}

/// A value as Rego writes it.
fn write(value: &Value, text: &mut String) -> Result<()> {
    match value {
        Value::Set(values) if values.is_empty() => text.push_str("set()"),
        Value::Set(values) => all(values.iter(), ("{", "}"), text)?,
        Value::Array(values) => all(values.iter(), ("[", "]"), text)?,
        Value::Object(pairs) => {
            text.push('{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                write(key, text)?;
                text.push_str(": ");
                write(value, text)?;
            }
            text.push('}');
        }
        Value::Undefined => text.push_str("<undefined>"),
        value => text.push_str(&value.to_json_str()?),
    }
    Ok(())
}

fn all<'v>(
    values: impl Iterator<Item = &'v Value>,
    (open, close): (&str, &str),
    text: &mut String,
) -> Result<()> {
    text.push_str(open);
    for (at, value) in values.enumerate() {
        text.push_str(if at == 0 { "" } else { ", " });
        write(value, text)?;
    }
    text.push_str(close);
    Ok(())
}
