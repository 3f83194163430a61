//! For every document of every operation: however its keys are spelt, it reads the same.

use proptest::prelude::*;

use super::super::Schema;
use super::{canonical, operations};
use crate::Operation;

/// A document that fits the schema; unknown keys among them.
fn document(schema: &'static Schema) -> BoxedStrategy<serde_json::Value> {
    use serde_json::Value as Any;
    let scalar =
        || prop_oneof![Just(Any::Null), any::<bool>().prop_map(Any::from), "[a-zK]{0,4}".prop_map(Any::from)];
    match schema {
        Schema::Any => scalar().boxed(),
        Schema::List(inner) => prop::collection::vec(document(inner), 0..3).prop_map(Any::from).boxed(),
        Schema::Map(inner) => prop::collection::btree_map("[a-zA-ZſK]{0,6}", document(inner), 0..3)
            .prop_map(|members| Any::Object(members.into_iter().collect()))
            .boxed(),
        Schema::Struct(fields) => {
            let known =
                prop::sample::subsequence(fields.to_vec(), 0..=fields.len().min(4)).prop_flat_map(|chosen| {
                    chosen
                        .into_iter()
                        .map(|(name, inner)| (Just(name.to_owned()), document(inner)))
                        .collect::<Vec<_>>()
                });
            (known, any::<bool>())
                .prop_map(|(mut members, unknown)| {
                    if unknown {
                        members.push(("x-unknown".to_owned(), serde_json::json!({"a": 1, "A": 2})));
                    }
                    Any::Object(members.into_iter().collect())
                })
                .boxed()
        }
    }
}

/// The same document with its struct keys spelt otherwise, as JSON text; `dice` decides each character.
fn respelt(document: &serde_json::Value, schema: &'static Schema, dice: &mut impl FnMut() -> u8) -> String {
    use serde_json::Value as Any;
    match (schema, document) {
        (Schema::List(inner), Any::Array(items)) => {
            format!(
                "[{}]",
                items.iter().map(|item| respelt(item, inner, dice)).collect::<Vec<_>>().join(", ")
            )
        }
        (Schema::Map(inner), Any::Object(members)) => {
            let members = members
                .iter()
                .map(|(key, value)| format!("{}: {}", Any::from(key.as_str()), respelt(value, inner, dice)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        (Schema::Struct(fields), Any::Object(members)) => {
            let members =
                members.iter().map(|(key, value)| match fields.iter().find(|(name, _)| name == key) {
                    Some((_, inner)) => {
                        let key: String = key.chars().map(|letter| respelt_char(letter, dice())).collect();
                        format!("\"{key}\": {}", respelt(value, inner, dice))
                    }
                    None => format!("{}: {value}", Any::from(key.as_str())),
                });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        _ => document.to_string(),
    }
}

fn respelt_char(letter: char, die: u8) -> String {
    let other = match (letter.to_ascii_lowercase(), die & 3) {
        ('s', 0) => '\u{17F}',
        ('k', 0) => '\u{212A}',
        (_, 0 | 1) => letter.to_ascii_uppercase(),
        (_, 2) => letter.to_ascii_lowercase(),
        _ => letter,
    };
    if die & 4 == 0 { other.to_string() } else { format!("\\u{:04x}", u32::from(other)) }
}

fn operation_and_document() -> impl Strategy<Value = (Operation, serde_json::Value)> {
    prop::sample::select(operations())
        .prop_flat_map(|operation| (Just(operation), document(operation.schema().unwrap())))
}

proptest! {
    #[test]
    fn no_spelling_of_the_keys_changes_the_document(
        (operation, document) in operation_and_document(),
        dice in prop::collection::vec(any::<u8>(), 1..64),
    ) {
        let schema = operation.schema().unwrap();
        let mut rolls = dice.iter().copied().cycle();
        let text = respelt(&document, schema, &mut || rolls.next().unwrap());
        let plain = document.to_string();
        prop_assert_eq!(canonical(operation, &text).unwrap(), canonical(operation, &plain).unwrap());
        prop_assert_eq!(canonical(operation, &plain).unwrap(), plain);
    }
}
