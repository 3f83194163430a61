//! The policy that a command tries without a configuration: a module with settings from a file.

use portcullis_engine::build::Confinement;
use portcullis_engine::source::Source;
use portcullis_engine::{Candidate, Host, HostOptions, PolicySpec};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_server::{ServeError, builtin, engine};

/// A policy from a module or `builtin:NAME`, with its settings as JSON.
pub(super) fn spec(module: &str, settings: &Value, wasi: &[String]) -> Result<PolicySpec, ServeError> {
    let (settings, wasi) = (settings.to_string(), wasi.to_vec());
    Ok(PolicySpec { settings, wasi, ..PolicySpec::new(module, source(module)?) })
}

pub(super) fn source(module: &str) -> Result<Source, ServeError> {
    match module.strip_prefix("builtin:") {
        None => Ok(Source::File(PathBuf::from(module))),
        Some(name) => builtin::find(name).map_err(ServeError::Usage),
    }
}

/// Settings from a file with one JSON object.
pub(super) fn settings(file: &Path) -> Result<Value, ServeError> {
    let named = |error: &dyn std::fmt::Display| ServeError::Usage(format!("`{}`: {error}", file.display()));
    let text = std::fs::read(file).map_err(|error| named(&error))?;
    let value: Value = serde_json::from_slice(&text).map_err(|error| named(&error))?;
    if value.is_object() { Ok(value) } else { Err(named(&"settings are a JSON object")) }
}

/// No settings.
pub(super) fn no_settings() -> Value {
    Value::Object(serde_json::Map::new())
}

/// The engine as the server has it. Compiled policies are kept below `state`, where that is given.
pub(super) fn host(state: Option<&Path>) -> Result<Arc<Host>, ServeError> {
    engine(state, HostOptions::TIME_BUDGET, Confinement::Required)
}

/// Builds one policy.
pub(super) async fn candidate(host: &Host, spec: PolicySpec) -> Result<Candidate, ServeError> {
    Ok(host.candidate(vec![spec].into()).await?)
}

/// The text with control characters and marks that change the direction of text escaped: it may come from a request.
pub(super) fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut printable, character| {
        if is_harmful(character) {
            printable.extend(character.escape_unicode());
        } else {
            printable.push(character);
        }
        printable
    })
}

/// Control characters, and marks that change the direction of text.
pub(super) fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
