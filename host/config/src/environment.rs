//! `PORTCULLIS__SECTION__KEY` replaces `key` in `[section]`, `PORTCULLIS__KEY` a key outside all sections.
//!
//! The value is read as TOML where it is TOML (`["127.0.0.1:9000"]`, `true`, `12`), else as text. Policies are
//! out of reach: what is decided stands in one file that can be reviewed.

use std::ffi::OsString;
use toml::{Table, Value};

use crate::{ConfigError, SourceFile};

const PREFIX: &str = "PORTCULLIS__";

/// An environment variable that overrides a key.
#[derive(Debug, Clone)]
pub struct Override {
    name: String,
    path: Vec<String>,
    value: String,
}

impl Override {
    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn read((name, value): (OsString, OsString)) -> Option<Result<Self, ConfigError>> {
        let name = name.into_string().ok()?;
        let path: Vec<_> = name.strip_prefix(PREFIX)?.split("__").map(str::to_lowercase).collect();
        let wrong = |message: &str| ConfigError::Variable { name: name.clone(), message: message.into() };
        if path.iter().any(String::is_empty) {
            return Some(Err(wrong("it names no key")));
        }
        if path[0] == "policies" {
            return Some(Err(wrong("policies are taken from the file alone")));
        }
        let Ok(value) = value.into_string() else { return Some(Err(wrong("its value is not UTF-8"))) };
        Some(Ok(Self { name, path, value }))
    }
}

/// Every variable that overrides a key, by name.
///
/// # Errors
/// A variable names no key, or policies.
pub fn overrides(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<Override>, ConfigError> {
    let mut overrides = variables.filter_map(Override::read).collect::<Result<Vec<_>, _>>()?;
    overrides.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(overrides)
}

/// The text of the configuration with the variables applied, and without its policies.
///
/// # Errors
/// The text is no TOML, or a variable names a key in something that is no section.
pub fn apply(
    text: &str,
    source_file: &SourceFile<'_>,
    overrides: &[Override],
) -> Result<String, ConfigError> {
    let wrong = |message: &dyn std::fmt::Display| source_file.whole().wrong(message);
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| wrong(&error.message()))?;
    table.remove("policies");
    let mut root = Value::Table(table);
    for Override { name, path, value } in overrides {
        let mut target = &mut root;
        for key in path {
            let Some(section) = target.as_table_mut() else {
                let message = "it reaches into something that is no section".into();
                return Err(ConfigError::Variable { name: name.clone(), message });
            };
            target = section.entry(key).or_insert_with(|| Value::Table(Table::new()));
        }
        *target = read(value);
    }
    toml::to_string(&root).map_err(|error| wrong(&error))
}

fn read(value: &str) -> Value {
    format!("value = {value}")
        .parse::<Table>()
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn applied(text: &str, variables: &[(&str, &str)]) -> Result<Table, String> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let source_file = SourceFile { file: Path::new("x.toml"), text: None, folder: Path::new(".") };
        let merged = overrides(variables).and_then(|overrides| apply(text, &source_file, &overrides));
        Ok(merged.map_err(|error| error.to_string())?.parse().unwrap())
    }

    #[test]
    fn a_variable_replaces_a_key_or_adds_it() {
        let table = applied(
            "[audit]\nfile = \"a\"\n",
            &[
                ("PORTCULLIS__AUDIT__FILE", "/var/log/b"),
                ("PORTCULLIS__LISTEN__ADMIN", r#"["127.0.0.1:1"]"#),
                ("PORTCULLIS__STATE", "/state"),
                ("PORTCULLIS_LOG", "debug"),
                ("HOME", "/root"),
            ],
        )
        .unwrap();
        assert_eq!(table["audit"]["file"].as_str(), Some("/var/log/b"));
        assert_eq!(table["listen"]["admin"][0].as_str(), Some("127.0.0.1:1"));
        assert_eq!(table["state"].as_str(), Some("/state"));
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn a_variable_that_names_nothing_is_an_error_with_its_name() {
        for name in ["PORTCULLIS__", "PORTCULLIS__AUDIT__"] {
            assert!(applied("", &[(name, "x")]).unwrap_err().contains(&format!("`{name}`")));
        }
        let error = applied("state = \"x\"", &[("PORTCULLIS__STATE__KEY", "x")]).unwrap_err();
        assert!(error.contains("`PORTCULLIS__STATE__KEY`") && error.contains("no section"), "{error}");
    }

    #[test]
    fn policies_are_out_of_reach() {
        for name in ["PORTCULLIS__POLICIES", "PORTCULLIS__POLICIES__0__MODE"] {
            assert!(applied("", &[(name, "[]")]).unwrap_err().contains("from the file alone"));
        }
    }

    #[test]
    fn a_value_cannot_smuggle_in_another_key() {
        let table = applied("", &[("PORTCULLIS__AUDIT__FILE", "\"a\"\nrecent = 5")]).unwrap();
        assert_eq!(table["audit"].as_table().unwrap().len(), 1);
    }
}
