//! Values that must not stand in the configuration itself: `{ file = "..." }` or `{ env = "..." }`.

use portcullis_errors::chain;
use portcullis_files::Access;
use std::fmt;
use toml::{Spanned, Value};
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::place::Place;

/// A secret's text. Wiped when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(Zeroizing<String>);

impl SecretText {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

const HOW: &str = "write `{ file = \"...\" }` or `{ env = \"...\" }`";

/// The secret, read now. The line feed that editors put at a file's end is not part of it.
pub(super) fn secret(raw: &Spanned<Value>, place: &Place<'_>) -> Result<SecretText, ConfigError> {
    read(raw.get_ref(), place).map_err(|message| place.wrong(&raw.span(), message))
}

/// Text as it stands, or a secret.
pub(super) fn text_or_secret(raw: &Spanned<Value>, place: &Place<'_>) -> Result<SecretText, ConfigError> {
    match raw.get_ref() {
        Value::String(text) => Ok(SecretText(Zeroizing::new(text.clone()))),
        _ => secret(raw, place),
    }
}

/// The path, where a secret comes from a file.
pub(super) fn file(raw: &Spanned<Value>, place: &Place<'_>) -> Option<std::path::PathBuf> {
    let table = raw.get_ref().as_table().filter(|table| table.len() == 1)?;
    Some(place.path(table.get("file")?.as_str()?))
}

fn read(raw: &Value, place: &Place<'_>) -> Result<SecretText, String> {
    let Value::Table(table) = raw else {
        return Err(format!("a secret does not stand in the configuration: {HOW}"));
    };
    let mut keys = table.iter();
    let (Some((key, Value::String(value))), None) = (keys.next(), keys.next()) else {
        return Err(format!("expected one key with text in quotes: {HOW}"));
    };
    let text = match key.as_str() {
        "file" => {
            let path = place.path(value);
            let bytes = portcullis_files::read(&path, Access::Secret).map_err(|error| chain(&error))?;
            let text = std::str::from_utf8(&bytes);
            Zeroizing::new(text.map_err(|_| format!("`{}`: it is not UTF-8", path.display()))?.to_owned())
        }
        "env" => {
            let text = std::env::var(value);
            Zeroizing::new(text.map_err(|error| format!("the environment variable `{value}`: {error}"))?)
        }
        other => return Err(format!("unknown key `{other}`: {HOW}")),
    };
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err("the secret is empty".into());
    }
    Ok(SecretText(Zeroizing::new(secret.to_owned())))
}
