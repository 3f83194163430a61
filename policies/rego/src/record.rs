//! A record as a Rego value, made directly and not through JSON text.
//!
//! * A field that is absent is left out, so that it is undefined in Rego: `not input.principal.name` is true for an
//!   anonymous user. As `null` it would be a value, and so the contrary.
//! * Lists of names and values (labels, headers, ...) are objects: `input.workload.labels.owner`. A name that is there
//!   twice is an error. `query`, `extra` and `attributes` are objects of lists, since a name may be there more than once.

use portcullis_policy_sdk::prelude::BTreeMap;
use regorus::Value;
use serde::ser::{self, Serialize};
use std::fmt;

/// Fields that are lists of names and values, each name once.
const PAIRS: [&str; 6] = ["annotations", "driver_options", "headers", "labels", "log_options", "sysctls"];

/// The value of a record.
pub(crate) fn of(record: &impl Serialize) -> Result<Value, String> {
    record.serialize(ToRego).map_err(|error| error.0)
}

/// Why there is no such value.
#[derive(Debug)]
struct RecordError(String);

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordError {}

impl ser::Error for RecordError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

struct ToRego;

struct List(Vec<Value>);

#[derive(Default)]
struct Object {
    entries: BTreeMap<Value, Value>,
    key: Option<Value>,
}

impl Object {
    fn insert(&mut self, field: &'static str, value: Value) -> Result<(), RecordError> {
        let value = match field {
            // A name may be there more than once, e.g. `secret` of a container with several.
            "query" | "extra" | "attributes" => lists_by_name(value),
            _ if PAIRS.contains(&field) => by_name(field, value)?,
            _ => value,
        };
        if value != Value::Undefined {
            self.entries.insert(field.into(), value);
        }
        Ok(())
    }
}

/// The pairs of a list of them, or the value itself.
fn pairs(value: Value) -> Result<Vec<(Value, Value)>, Value> {
    let pair = |pair: &Value| match pair.as_array().map(regorus::value::Array::as_slice) {
        Ok([name, text]) => Some((name.clone(), text.clone())),
        _ => None,
    };
    let pairs = value.as_array().ok().and_then(|list| list.iter().map(pair).collect());
    pairs.ok_or(value)
}

fn by_name(field: &str, value: Value) -> Result<Value, RecordError> {
    let mut entries = BTreeMap::new();
    let pairs = match pairs(value) {
        Ok(pairs) => pairs,
        Err(value) => return Ok(value),
    };
    for (name, text) in pairs {
        if let Some(other) = entries.insert(name.clone(), text.clone())
            && other != text
        {
            return Err(RecordError(format!("`{field}` has {name} twice: {other} and {text}")));
        }
    }
    Ok(entries.into())
}

fn lists_by_name(value: Value) -> Value {
    let pairs = match pairs(value) {
        Ok(pairs) => pairs,
        Err(value) => return value,
    };
    let mut lists: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    for (name, text) in pairs {
        lists.entry(name).or_default().push(text);
    }
    lists.into_iter().map(|(name, texts)| (name, texts.into())).collect::<BTreeMap<Value, Value>>().into()
}

macro_rules! numbers {
    ($($method:ident: $type:ty as $wide:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<Value, RecordError> { Ok(Value::from(<$wide>::from(value))) })*
    };
}

impl ser::Serializer for ToRego {
    type Ok = Value;
    type Error = RecordError;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = ser::Impossible<Value, RecordError>;
    type SerializeTupleVariant = ser::Impossible<Value, RecordError>;
    type SerializeMap = Object;
    type SerializeStruct = Object;
    type SerializeStructVariant = ser::Impossible<Value, RecordError>;

    numbers! {
        serialize_i8: i8 as i64, serialize_i16: i16 as i64, serialize_i32: i32 as i64, serialize_i64: i64 as i64,
        serialize_u8: u8 as u64, serialize_u16: u16 as u64, serialize_u32: u32 as u64, serialize_u64: u64 as u64,
        serialize_f32: f32 as f64, serialize_f64: f64 as f64, serialize_bool: bool as bool,
    }

    fn serialize_char(self, value: char) -> Result<Value, RecordError> {
        Ok(Value::from(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Value, RecordError> {
        Ok(Value::from(value))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Value, RecordError> {
        Err(ser::Error::custom("Rego has no bytes"))
    }

    fn serialize_none(self) -> Result<Value, RecordError> {
        Ok(Value::Undefined)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, RecordError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, RecordError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, RecordError> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, RecordError> {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, RecordError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, RecordError> {
        Ok(BTreeMap::from([(Value::from(variant), value.serialize(Self)?)]).into())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, RecordError> {
        Ok(List(Vec::with_capacity(length.unwrap_or(0))))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, RecordError> {
        Ok(List(Vec::with_capacity(length)))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, RecordError> {
        Err(ser::Error::custom(format_args!("no record has a tuple, as `{name}` is")))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, RecordError> {
        Err(ser::Error::custom(format_args!("no record has a tuple, as in `{name}`")))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object, RecordError> {
        Ok(Object::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object, RecordError> {
        Ok(Object::default())
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, RecordError> {
        Err(ser::Error::custom(format_args!("no record has a struct in a variant, as `{name}`")))
    }
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RecordError> {
        self.0.push(value.serialize(ToRego)?);
        Ok(())
    }
}

impl ser::SerializeSeq for List {
    type Ok = Value;
    type Error = RecordError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RecordError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, RecordError> {
        Ok(self.0.into())
    }
}

impl ser::SerializeTuple for List {
    type Ok = Value;
    type Error = RecordError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RecordError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, RecordError> {
        Ok(self.0.into())
    }
}

impl ser::SerializeMap for Object {
    type Ok = Value;
    type Error = RecordError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), RecordError> {
        self.key = Some(key.serialize(ToRego)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RecordError> {
        let key = self.key.take().ok_or_else(|| RecordError("a value without a key".into()))?;
        self.entries.insert(key, value.serialize(ToRego)?);
        Ok(())
    }

    fn end(self) -> Result<Value, RecordError> {
        Ok(self.entries.into())
    }
}

impl ser::SerializeStruct for Object {
    type Ok = Value;
    type Error = RecordError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        field: &'static str,
        value: &T,
    ) -> Result<(), RecordError> {
        let value = value.serialize(ToRego)?;
        self.insert(field, value)
    }

    fn end(self) -> Result<Value, RecordError> {
        Ok(self.entries.into())
    }
}
