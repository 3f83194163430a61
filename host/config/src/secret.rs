//! Values that must not be in the configuration itself: `{ file = "..." }` or `{ env = "..." }`.

use portcullis_errors::chain;
use portcullis_files::Access;
use std::fmt;
use toml::{Spanned, Value};
use zeroize::Zeroizing;

use crate::{ConfigError, SourceFile};

/// A secret's text. Wiped when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text.
    pub fn expose(&self) -> &str {
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
///
/// # Errors
/// It is written in the configuration itself, cannot be read, or is empty.
pub fn secret(raw: &Spanned<Value>, source_file: &SourceFile<'_>) -> Result<SecretText, ConfigError> {
    read(raw.get_ref(), source_file).map_err(|message| source_file.wrong(&raw.span(), message))
}

/// Text in the configuration itself, or a secret.
///
/// # Errors
/// See [`secret`].
pub fn text_or_secret(raw: &Spanned<Value>, source_file: &SourceFile<'_>) -> Result<SecretText, ConfigError> {
    match raw.get_ref() {
        Value::String(text) => Ok(SecretText(Zeroizing::new(text.clone()))),
        _ => secret(raw, source_file),
    }
}

/// The path, where a secret comes from a file.
pub fn secret_file(raw: &Spanned<Value>, source_file: &SourceFile<'_>) -> Option<std::path::PathBuf> {
    let table = raw.get_ref().as_table().filter(|table| table.len() == 1)?;
    Some(source_file.path(table.get("file")?.as_str()?))
}

fn read(raw: &Value, source_file: &SourceFile<'_>) -> Result<SecretText, String> {
    let Value::Table(table) = raw else {
        return Err(format!("a secret does not stand in the configuration: {HOW}"));
    };
    let mut keys = table.iter();
    let (Some((key, Value::String(value))), None) = (keys.next(), keys.next()) else {
        return Err(format!("expected one key with text in quotes: {HOW}"));
    };
    let text = match key.as_str() {
        "file" => {
            let path = source_file.path(value);
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
