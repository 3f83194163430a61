//! `PORTCULLIS__SECTION__KEY` replaces `key` in `[section]`, `PORTCULLIS__KEY` a key outside all sections.
//!
//! The value is read as TOML where it is TOML (`["127.0.0.1:9000"]`, `true`, `12`), else as text. Lists of tables,
//! such as `[[policies]]`, cannot be reached into.

use std::ffi::OsString;
use std::path::Path;
use toml::{Table, Value};

use super::error::ConfigError;

const PREFIX: &str = "PORTCULLIS__";

/// One variable.
#[derive(Debug, Clone)]
pub(super) struct Override {
    name: String,
    path: Vec<String>,
    value: Option<String>,
}

/// Every variable that means us.
pub(super) fn overrides(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<Override> {
    let ours = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        let path = name.strip_prefix(PREFIX)?.split("__").map(str::to_lowercase).collect();
        Some(Override { path, name, value: value.into_string().ok() })
    };
    let mut overrides: Vec<_> = variables.filter_map(ours).collect();
    overrides.sort_by(|a, b| a.name.cmp(&b.name));
    overrides
}

/// The text of the configuration with the variables applied.
pub(super) fn apply(text: &str, file: &Path, overrides: &[Override]) -> Result<String, ConfigError> {
    let in_file = |message: String| ConfigError::In { file: file.to_owned(), message };
    let mut table: Table =
        text.parse().map_err(|error: toml::de::Error| in_file(error.message().to_owned()))?;
    for change in overrides {
        let wrong =
            |message: &str| ConfigError::Variable { name: change.name.clone(), message: message.into() };
        let value = change.value.as_ref().ok_or_else(|| wrong("its value is not UTF-8"))?;
        let (key, sections) = change.path.split_last().ok_or_else(|| wrong("it names no key"))?;
        if key.is_empty() || sections.iter().any(String::is_empty) {
            return Err(wrong("it names no key"));
        }
        let mut place = &mut table;
        for section in sections {
            let entry = place.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
            place =
                entry.as_table_mut().ok_or_else(|| wrong("it reaches into something that is no section"))?;
        }
        place.insert(key.clone(), read(value));
    }
    toml::to_string(&table).map_err(|error| in_file(error.to_string()))
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

    fn applied(text: &str, variables: &[(&str, &str)]) -> Result<Table, String> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let merged =
            apply(text, Path::new("x.toml"), &overrides(variables)).map_err(|error| error.to_string())?;
        Ok(merged.parse().unwrap())
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
        assert!(error.contains("no section"), "{error}");
    }

    #[test]
    fn a_value_cannot_smuggle_in_another_key() {
        let table = applied("", &[("PORTCULLIS__AUDIT__FILE", "\"a\"\nrecent = 5")]).unwrap();
        assert_eq!(table["audit"].as_table().unwrap().len(), 1);
    }
}
