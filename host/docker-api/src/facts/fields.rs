//! The members of an object, read as Go decodes them into a struct: absent and `null` are the zero value.

use portcullis_contract::Pairs;

use super::FactError;
use crate::json::{Object, Value};

/// An object's members; of no object, all are absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'v> {
    object: Option<&'v Object<'v>>,
    /// For messages, e.g. `HostConfig.LogConfig`; empty for the body itself.
    place: &'static str,
}

impl<'v> Fields<'v> {
    pub(super) fn of(object: &'v Object<'v>, place: &'static str) -> Self {
        Self { object: Some(object), place }
    }

    /// The members of an object that may not be there.
    pub(super) fn of_any(object: Option<&'v Object<'v>>, place: &'static str) -> Self {
        Self { object, place }
    }

    /// For messages.
    pub(super) fn place(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// Whether there is an object at all.
    pub(super) fn is_present(&self) -> bool {
        self.object.is_some()
    }

    fn get(&self, key: &str) -> Option<&'v Value<'v>> {
        self.object?.get(key).filter(|value| !value.is_null())
    }

    fn read<T>(
        &self,
        key: &str,
        expected: &'static str,
        read: impl FnOnce(&'v Value<'v>) -> Option<T>,
    ) -> Result<Option<T>, FactError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let mismatch = || FactError::Mismatch { place: self.place(key), found: value.kind(), expected };
        read(value).ok_or_else(mismatch).map(Some)
    }

    /// A string; `""` where there is none.
    pub(super) fn text(&self, key: &str) -> Result<&'v str, FactError> {
        Ok(self.read(key, "a string", Value::as_str)?.unwrap_or_default())
    }

    /// A string that says something.
    pub(super) fn some_text(&self, key: &str) -> Result<Option<String>, FactError> {
        Ok(Some(self.text(key)?).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, FactError> {
        Ok(self.read(key, "a boolean", Value::as_bool)?.unwrap_or_default())
    }

    pub(super) fn integer(&self, key: &str) -> Result<i64, FactError> {
        Ok(self.read(key, "a whole number", Value::as_i64)?.unwrap_or_default())
    }

    pub(super) fn array(&self, key: &str) -> Result<Option<&'v [Value<'v>]>, FactError> {
        self.read(key, "an array", Value::as_array)
    }

    /// A list of strings, if it is there. A `null` in it is `""`.
    pub(super) fn texts_if_present(&self, key: &str) -> Result<Option<Vec<String>>, FactError> {
        self.read(key, "a list of strings", texts)
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, FactError> {
        Ok(self.texts_if_present(key)?.unwrap_or_default())
    }

    /// moby's `strslice.StrSlice`: a list of strings, or one bare string.
    pub(super) fn text_or_texts(&self, key: &str) -> Result<Vec<String>, FactError> {
        let read = |value: &'v Value<'v>| match value {
            Value::String(text) => Some(vec![text.to_string()]),
            other => texts(other),
        };
        Ok(self.read(key, "a string or a list of strings", read)?.unwrap_or_default())
    }

    /// A map of strings, in the order sent.
    pub(super) fn pairs(&self, key: &str) -> Result<Pairs, FactError> {
        let read = |value: &'v Value<'v>| {
            let members = value.as_object()?.iter();
            members.map(|(key, value)| Some((key.to_string(), text(value)?.to_owned()))).collect()
        };
        Ok(self.read(key, "an object of strings", read)?.unwrap_or_default())
    }

    /// The keys of a map of objects, with any content.
    pub(super) fn keys(&self, key: &str) -> Result<Vec<&'v str>, FactError> {
        Ok(self.map(key)?.into_iter().map(|(key, _)| key).collect())
    }

    pub(super) fn map(&self, key: &str) -> Result<Vec<(&'v str, &'v Value<'v>)>, FactError> {
        let read = |value: &'v Value<'v>| {
            Some(value.as_object()?.iter().map(|(key, value)| (key.as_ref(), value)).collect())
        };
        Ok(self.read(key, "an object", read)?.unwrap_or_default())
    }

    /// A struct in a struct; `place` is its whole place.
    pub(super) fn object(&self, key: &str, place: &'static str) -> Result<Fields<'v>, FactError> {
        Ok(Fields { object: self.read(key, "an object", Value::as_object)?, place })
    }

    /// A list of structs; `place` is the place of each. A `null` in it is a struct of zero values.
    pub(super) fn objects(&self, key: &str, place: &'static str) -> Result<Vec<Fields<'v>>, FactError> {
        let read = |value: &'v Value<'v>| objects(value, place);
        Ok(self.read(key, "a list of objects", read)?.unwrap_or_default())
    }
}

/// The members of a list of structs.
pub(super) fn objects<'v>(value: &'v Value<'v>, place: &'static str) -> Option<Vec<Fields<'v>>> {
    let member = |item: &'v Value<'v>| match item {
        Value::Null => Some(Fields { object: None, place }),
        Value::Object(object) => Some(Fields::of(object, place)),
        _ => None,
    };
    value.as_array()?.iter().map(member).collect()
}

/// The members of a list of strings.
pub(super) fn texts(value: &Value<'_>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| text(item).map(str::to_owned)).collect()
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    if value.is_null() { Some("") } else { value.as_str() }
}
