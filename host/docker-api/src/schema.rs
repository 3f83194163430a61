//! Which keys dockerd reads into one field, and their one spelling.
//!
//! Go's `encoding/json` looks a key up among a struct's fields exactly first and then by simple case folding, so
//! that `hostconfig`, `HOSTCONFIG` and `HoſtConfig` are all `HostConfig`; keys of a map (labels, options) keep
//! their case. [`canonicalise`] rewrites the former to Docker's own spelling and leaves the latter alone.
//! Two keys of one struct that fold to the same text are refused: Go would merge their values.
//!
//! The tables follow moby's `api/types` from 20.10 to 29, all versions together: a field that only some know is
//! rewritten everywhere. A key that no version knows stays as it was sent.
//!
//! The table of operations says which body has which schema (see [`crate::operation`]). A new field of Docker is one
//! line in the module of its type.

pub(crate) mod container;
mod fold;
pub(crate) mod network;
pub(crate) mod other;
pub(crate) mod swarm;
pub(crate) mod volume;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use self::fold::Resolver;
use crate::json::{JsonError, Value, shown};

/// A field by the name that Go's `encoding/json` gives it, and what it holds.
pub(crate) type Field = (&'static str, &'static Schema);

/// What dockerd decodes a value into.
#[derive(Debug)]
pub enum Schema {
    /// A Go struct. At most 128 fields, no two of them equal under folding.
    Struct(&'static [(&'static str, &'static Schema)]),
    /// A Go map: keys are the client's own.
    Map(&'static Schema),
    /// A Go slice.
    List(&'static Schema),
    /// No keys of ours within: a scalar, or a type that reads itself (`strslice.StrSlice` takes a bare string
    /// as well as a list of strings: `Cmd`, `Entrypoint`, `Shell`, and in older versions `CapAdd` and `CapDrop`).
    Any,
}

const ANY: &Schema = &Schema::Any;
const LIST: &Schema = &Schema::List(ANY);
const MAP: &Schema = &Schema::Map(ANY);
const EMPTY: &Schema = &Schema::Struct(&[]);

/// Rewrites the keys of structs to Docker's own spelling.
///
/// Refused: two keys of one struct that fold to the same text, known or not, and a value that Go cannot decode
/// where a struct, a map or a slice stands. `null` is kept there.
/// Returns whether any key had another spelling.
pub fn canonicalise(value: &mut Value<'_>, schema: &'static Schema) -> Result<bool, JsonError> {
    let mut respelled = false;
    rewrite(value, schema, &mut respelled).map_err(|error| match error {
        JsonError::Mismatch { place, found, expected } if place.is_empty() => {
            JsonError::Mismatch { place: "the body".to_owned(), found, expected }
        }
        other => other,
    })?;
    Ok(respelled)
}

fn rewrite(value: &mut Value<'_>, schema: &'static Schema, respelled: &mut bool) -> Result<(), JsonError> {
    match (schema, value) {
        (Schema::Any, _) | (_, Value::Null) => Ok(()),
        (Schema::Struct(fields), Value::Object(object)) => {
            let mut resolver = Resolver::new(fields);
            object.members_mut().iter_mut().try_for_each(|(key, value)| match resolver.admit(key)? {
                Some((name, inner)) => {
                    *key = Cow::Borrowed(name);
                    rewrite(value, inner, respelled).map_err(|error| error.within(name))
                }
                None => Ok(()),
            })?;
            *respelled |= resolver.has_respelled();
            Ok(())
        }
        (Schema::Map(inner), Value::Object(object)) => {
            object.members_mut().iter_mut().try_for_each(|(key, value)| {
                rewrite(value, inner, respelled).map_err(|error| error.within(&shown(key)))
            })
        }
        (Schema::List(inner), Value::Array(items)) => {
            items.iter_mut().enumerate().try_for_each(|(at, item)| {
                rewrite(item, inner, respelled).map_err(|error| error.within(&format!("[{at}]")))
            })
        }
        (Schema::Struct(_) | Schema::Map(_), other) => Err(mismatch(other, "an object")),
        (Schema::List(_), other) => Err(mismatch(other, "an array")),
    }
}

fn mismatch(found: &Value<'_>, expected: &'static str) -> JsonError {
    JsonError::Mismatch { place: String::new(), found: found.kind(), expected }
}
