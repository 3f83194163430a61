//! Facts as values of Cedar. What is absent is left out: the schema says `?`.

use cedar_policy::{EntityUid, RestrictedExpression};

/// A value of an attribute, a tag or the context.
pub(crate) type Value = RestrictedExpression;

/// Attributes by name.
pub(crate) type Fields = Vec<(String, Value)>;

pub(crate) fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

pub(crate) fn optional(value: Option<&String>) -> Option<Value> {
    value.map(|value| text(value))
}

pub(crate) fn texts(values: &[String]) -> Value {
    set(values.iter().map(|value| text(value)))
}

pub(crate) fn set(values: impl IntoIterator<Item = Value>) -> Value {
    Value::new_set(values)
}

pub(crate) fn entity(uid: &EntityUid) -> Value {
    Value::new_entity_uid(uid.clone())
}

pub(crate) fn whole(value: i64) -> Value {
    Value::new_long(value)
}

/// A number beyond those of Cedar is the largest one: as a limit it is as good as none.
pub(crate) fn large(value: u64) -> Value {
    whole(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(crate) fn flag(value: bool) -> Value {
    Value::new_bool(value)
}

/// Those fields that are there.
pub(crate) fn fields(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Fields {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

pub(crate) fn record(
    entries: impl IntoIterator<Item = (&'static str, Option<Value>)>,
) -> Result<Value, String> {
    Value::new_record(fields(entries)).map_err(|error| error.to_string())
}
