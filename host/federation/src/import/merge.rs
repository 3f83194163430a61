//! Several files as one, as yamlreader merges them: tables merge, lists append, of two scalars the later counts, and
//! anything else over a table is an error.

use std::fs;
use std::path::Path;
use zeroize::Zeroizing;

use super::error::{Findings, Place};
use super::yaml::{self, Map, Node, Value};
use super::{ImportError, files};

/// What the files of a path say together: a table.
pub(super) fn read(path: &Path, findings: &mut Findings) -> Result<(Place, Map), ImportError> {
    let mut whole: Option<Node> = None;
    for file in files::find(path)? {
        let text = fs::read_to_string(&file).map(Zeroizing::new);
        let text = text.map_err(|source| ImportError::Read { path: file.clone(), source })?;
        if let Some(node) = yaml::parse(&file, &text, findings)? {
            whole = Some(match whole {
                Some(before) => merge(before, node)?,
                None => node,
            });
        }
    }
    let Some(whole) = whole else { return Err(ImportError::Nothing { path: path.into() }) };
    match whole.value {
        Value::Map(map) => Ok((whole.place, map)),
        _ => Err(whole.place.wrong("AFP wants keys with values here")),
    }
}

/// `later` into `before`. Of scalars it takes anything, of a list it makes a longer one.
fn merge(before: Node, later: Node) -> Result<Node, ImportError> {
    let value = match (before.value, later.value) {
        (Value::Scalar(_), value) => return Ok(Node { place: later.place, value }),
        (Value::List(mut list), Value::List(more)) => {
            list.extend(more);
            Value::List(list)
        }
        (Value::List(mut list), value) => {
            list.push(Node { place: later.place, value });
            Value::List(list)
        }
        (Value::Map(map), Value::Map(more)) => Value::Map(merge_maps(map, more)?),
        (Value::Map(_), _) => {
            let what = format!("this cannot be merged into the table at {}; AFP fails here", before.place);
            return Err(later.place.wrong(what));
        }
    };
    Ok(Node { place: before.place, value })
}

fn merge_maps(mut map: Map, more: Map) -> Result<Map, ImportError> {
    for (key, (place, node)) in more {
        let merged = match map.remove(&key) {
            // The place of what counts.
            Some((before, old)) => {
                let scalar = matches!(old.value, Value::Scalar(_));
                (if scalar { place } else { before }, merge(old, node)?)
            }
            None => (place, node),
        };
        map.insert(key, merged);
    }
    Ok(map)
}
