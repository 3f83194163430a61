//! One policy's entry.

use bytesize::ByteSize;
use portcullis_config::{ConfigError, SourceFile, to_json};
use portcullis_contract::HookName;
use portcullis_engine::case::CaseFile;
use portcullis_engine::source::Source;
use portcullis_engine::{Hooks, Limits, Mode, PolicySpec};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

use super::{raw, settings_files};
use crate::builtin;

/// The policy of an entry. Files that its settings are read from are added to `settings_files`.
pub(super) fn policy(
    raw: Spanned<raw::Policy>,
    settings_files: &mut Vec<PathBuf>,
    source_file: &SourceFile<'_>,
) -> Result<PolicySpec, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    let name = checked(&raw.name, source_file, name)?;
    let defaults = Limits::default();
    let mut settings = to_json(&raw.settings)
        .map_err(|error| source_file.wrong(&span, format_args!("the settings of `{name}`: {error}")))?;
    settings_files::add(raw.settings_files, &mut settings, settings_files, source_file)?;
    Ok(PolicySpec {
        source: checked(&raw.module, source_file, |module| source(module, source_file))?,
        sha256: optional(raw.sha256.as_ref(), source_file, |text| {
            text.parse().map_err(|error| format!("`{text}`: {error}"))
        })?,
        hooks: raw.hooks.map_or(Ok(Hooks::Exported), |hooks| {
            hooks
                .iter()
                .map(|name| checked(name, source_file, hook))
                .collect::<Result<_, _>>()
                .map(Hooks::Listed)
        })?,
        mode: optional(raw.mode.as_ref(), source_file, mode)?.unwrap_or_default(),
        settings: Value::Object(settings).to_string(),
        limits: Limits {
            deadline: optional(raw.deadline.as_ref(), source_file, deadline)?.unwrap_or(defaults.deadline),
            memory: optional(raw.memory.as_ref(), source_file, memory)?.unwrap_or(defaults.memory),
            concurrency: raw
                .concurrency
                .map(|count| concurrency(&count, source_file))
                .transpose()?
                .unwrap_or(defaults.concurrency),
            queue_timeout: optional(raw.queue_timeout.as_ref(), source_file, queue_timeout)?
                .unwrap_or(defaults.queue_timeout),
            queue_length: raw
                .queue_length
                .map(|count| queue_length(&count, source_file))
                .transpose()?
                .unwrap_or(defaults.queue_length),
            ..defaults
        },
        cases: optional(raw.cases.as_ref(), source_file, |path| CaseFile::read(&source_file.path(path)))?
            .map(|file| file.cases)
            .unwrap_or_default(),
        wasi: raw
            .wasi
            .iter()
            .map(|interface| checked(interface, source_file, wasi))
            .collect::<Result<_, _>>()?,
        record_inputs: raw.record_inputs,
        preinitialize: true,
        name,
    })
}

fn checked<U>(
    raw: &Spanned<String>,
    source_file: &SourceFile<'_>,
    read: impl FnOnce(&str) -> Result<U, String>,
) -> Result<U, ConfigError> {
    read(raw.get_ref()).map_err(|message| source_file.wrong(&raw.span(), message))
}

fn optional<U>(
    raw: Option<&Spanned<String>>,
    source_file: &SourceFile<'_>,
    read: impl FnOnce(&str) -> Result<U, String>,
) -> Result<Option<U>, ConfigError> {
    raw.map(|raw| checked(raw, source_file, read)).transpose()
}

fn name(name: &str) -> Result<String, String> {
    if PolicySpec::is_name(name) {
        return Ok(name.to_owned());
    }
    Err(format!("`{name}` is no name for a policy: use up to 64 letters, digits, `.`, `_` and `-`"))
}

fn source(module: &str, source_file: &SourceFile<'_>) -> Result<Source, String> {
    if let Some(name) = module.strip_prefix("builtin:") {
        return builtin::find(name);
    }
    // Read when it is loaded: where it is missing, what was in force last can still be served.
    Ok(Source::File(source_file.path(module)))
}

fn hook(name: &str) -> Result<HookName, String> {
    HookName::from_name(name).ok_or_else(|| {
        let known = HookName::ALL.map(|hook| format!("`{hook}`")).join(", ");
        format!("there is no hook `{name}`; there are {known}")
    })
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "enforce" => Ok(Mode::Enforce),
        "monitor" => Ok(Mode::Monitor),
        other => Err(format!("`{other}` is no mode: it is `enforce` or `monitor`")),
    }
}

fn deadline(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("`{text}` is no duration, e.g. \"100ms\": {error}"))?;
    if (Duration::from_millis(1)..=Duration::from_secs(30)).contains(&duration) {
        return Ok(duration);
    }
    Err(format!("`deadline` is between 1ms and 30s, not `{text}`"))
}

fn memory(text: &str) -> Result<u64, String> {
    let size: ByteSize = text
        .parse()
        .map_err(|_| format!("`{text}` is no size: write a number and a unit, e.g. \"64MiB\""))?;
    if (1 << 20..=1 << 32).contains(&size.as_u64()) {
        // A whole number of WebAssembly's pages.
        return Ok(size.as_u64() & !0xffff);
    }
    Err(format!("`memory` is between 1MiB and 4GiB, not `{text}`"))
}

fn concurrency(raw: &Spanned<u32>, source_file: &SourceFile<'_>) -> Result<u32, ConfigError> {
    match *raw.get_ref() {
        count @ 1..=1000 => Ok(count),
        count => {
            let message = format!("`concurrency` is between 1 and 1000, not `{count}`");
            Err(source_file.wrong(&raw.span(), message))
        }
    }
}

fn queue_timeout(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("`{text}` is no duration, e.g. \"5s\": {error}"))?;
    if duration <= Duration::from_mins(1) {
        return Ok(duration);
    }
    Err(format!("`queue_timeout` is at most 1m, not `{text}`"))
}

fn queue_length(raw: &Spanned<u32>, source_file: &SourceFile<'_>) -> Result<u32, ConfigError> {
    match *raw.get_ref() {
        count @ 0..=100_000 => Ok(count),
        count => {
            let message = format!("`queue_length` is at most 100000, not `{count}`");
            Err(source_file.wrong(&raw.span(), message))
        }
    }
}

fn wasi(name: &str) -> Result<String, String> {
    if name.starts_with("wasi:") && name.contains('/') {
        return Ok(name.to_owned());
    }
    Err(format!("`{name}` is no WASI interface; e.g. `wasi:clocks/wall-clock`"))
}
