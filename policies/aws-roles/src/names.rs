//! Names in settings: one, or a list of them. `*` stands for all where that is said.

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// What stands for all.
pub(crate) const ALL: &str = "*";

/// One name or more, each of at least one character.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Names(pub(crate) Vec<String>);

impl Names {
    /// Whether `*` is among them.
    pub(crate) fn all(&self) -> bool {
        self.0.iter().any(|name| name == ALL)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Names, E> {
                named(vec![name.to_owned()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                named(names)
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

/// A list that names no user is most likely a mistake, and read as "no condition" it would be a wide one.
fn named<E: Error>(names: Vec<String>) -> Result<Names, E> {
    if names.is_empty() {
        return Err(E::custom("the list is empty; leave the key out, or name somebody"));
    }
    if names.iter().any(String::is_empty) {
        return Err(E::custom("an empty name names nobody"));
    }
    Ok(Names(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Names, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn one_name_or_a_list_of_them() {
        let names = |list: &[&str]| Names(list.iter().map(ToString::to_string).collect());
        assert_eq!(read(r#""a""#), Ok(names(&["a"])));
        assert_eq!(read(r#"["a","*"]"#), Ok(names(&["a", "*"])));
        assert!(read(r#"["a","*"]"#).unwrap().all() && !read(r#"["a*"]"#).unwrap().all());
        for (json, expected) in [
            ("[]", "the list is empty"),
            (r#""""#, "an empty name"),
            (r#"["a",""]"#, "an empty name"),
            ("1", "expected a name or a list of names"),
            ("[1]", "expected a string"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
