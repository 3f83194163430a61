//! Files of cases, in three formats with the same keys:
//!
//! * `.json`: `{"settings": {...}, "cases": [...]}`
//! * `.jsonl`: one case on each line; the first line may be `{"settings": {...}}`
//! * `.yaml`, `.yml`: as `.json`. Anchors may be used; `yes` and `no` are text
//!
//! An error names the line and the case. A new format is a variant of [`Format`].

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::{Case, CaseInput, Expectation, read};
use crate::HookName;

/// A file of cases.
#[derive(Debug, Clone, Default)]
pub struct CaseFile {
    /// The settings under which the cases hold, where they are run outside a configuration.
    pub settings: Option<Value>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// How a file of cases is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    Json,
    /// One JSON object for each case.
    JsonLines,
    /// One YAML document.
    Yaml,
}

/// What is wrong with a file of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFileError {
    line: Option<usize>,
    case: Option<String>,
    message: String,
}

impl Format {
    /// The format of a file, by the ending of its name.
    ///
    /// # Errors
    /// It has another ending.
    pub fn of(path: &Path) -> Result<Self, CaseFileError> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("jsonl") => Ok(Self::JsonLines),
            Some("yaml" | "yml") => Ok(Self::Yaml),
            _ => Err(CaseFileError::new("a file of cases ends in `.json`, `.jsonl`, `.yaml` or `.yml`")),
        }
    }
}

impl CaseFile {
    /// Bytes of a file, at most.
    pub const MAX_BYTES: usize = 8 << 20;
    /// Cases of a file, at most: each runs twice before the policy goes live.
    pub const MAX_CASES: usize = 10_000;

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong, with the file's name.
    pub fn read(path: &Path) -> Result<Self, String> {
        let named = |error: &CaseFileError| {
            let separator = if error.line.is_some() || error.case.is_some() { ',' } else { ':' };
            format!("`{}`{separator} {error}", path.display())
        };
        let format = Format::of(path).map_err(|error| named(&error))?;
        let mut bytes = Vec::new();
        let limit = Self::MAX_BYTES as u64 + 1;
        File::open(path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| format!("`{}`: byte {} is not UTF-8", path.display(), error.valid_up_to()))?;
        Self::parse(format, text).map_err(|error| named(&error))
    }

    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong, with line and case.
    pub fn parse(format: Format, text: &str) -> Result<Self, CaseFileError> {
        if text.len() > Self::MAX_BYTES {
            let most = Self::MAX_BYTES >> 20;
            return Err(CaseFileError::new(format!("it has more than {most} MiB: leave out cases")));
        }
        let file = match format {
            Format::Json => json(text),
            Format::JsonLines => json_lines(text),
            Format::Yaml => yaml(text),
        }?;
        match file.cases.len() {
            count if count > Self::MAX_CASES => Err(too_many(count)),
            _ => Ok(file),
        }
    }
}

fn too_many(count: usize) -> CaseFileError {
    CaseFileError::new(format!("it has {count} cases: leave out all but {}", CaseFile::MAX_CASES))
}

fn json(text: &str) -> Result<CaseFile, CaseFileError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw<'a> {
        settings: Option<Map<String, Value>>,
        #[serde(borrow)]
        cases: Vec<&'a RawValue>,
    }
    let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| CaseFileError::json(&error, None))?;
    let mut line = Line { text, at: 0, number: 1 };
    let cases = raw.cases.into_iter().enumerate().map(|(at, raw)| {
        let number = line.of(raw.get());
        let value =
            serde_json::from_str(raw.get()).map_err(|error| CaseFileError::json(&error, Some(number)))?;
        case(value, at, number)
    });
    Ok(CaseFile { cases: cases.collect::<Result<_, _>>()?, settings: raw.settings.map(Value::Object) })
}

fn json_lines(text: &str) -> Result<CaseFile, CaseFileError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct First {
        settings: Map<String, Value>,
    }
    let mut file = CaseFile::default();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (at, (number, line)) in lines.enumerate() {
        let number = number + 1;
        let value: Value =
            serde_json::from_str(line).map_err(|error| CaseFileError::json(&error, Some(number)))?;
        if at == 0 && value.get("settings").is_some() && value.get("name").is_none() {
            let first =
                First::deserialize(value).map_err(|error| CaseFileError::json(&error, Some(number)))?;
            file.settings = Some(Value::Object(first.settings));
        } else {
            file.cases.push(case(value, file.cases.len(), number)?);
        }
    }
    Ok(file)
}

fn yaml(text: &str) -> Result<CaseFile, CaseFileError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        settings: Option<Map<String, Value>>,
        cases: Vec<serde_saphyr::Spanned<Value>>,
    }
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let raw: Raw = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        // It ends with the place, which stands before it here.
        let message = error.without_snippet().to_string().replace('\n', " ");
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        CaseFileError { line, case: None, message }
    })?;
    let cases = raw.cases.into_iter().enumerate().map(|(at, raw)| {
        let line = usize::try_from(raw.referenced.line()).unwrap_or_default();
        case(raw.value, at, line).map_err(|mut error| {
            if error.message.contains("expected a string") {
                error.message += "; write it in quotes";
            }
            error
        })
    });
    Ok(CaseFile { cases: cases.collect::<Result<_, _>>()?, settings: raw.settings.map(Value::Object) })
}

/// Reads one case: the one after `before` others, which begins on this line.
fn case(value: Value, before: usize, line: usize) -> Result<Case, CaseFileError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        name: String,
        hook: String,
        input: Value,
        expect: Value,
    }
    let name = value
        .get("name")
        .and_then(Value::as_str)
        .map_or_else(|| format!("{}", before + 1), |name| format!("`{name}`"));
    let wrong = |message: String| CaseFileError { line: Some(line), case: Some(name.clone()), message };
    let Raw { name, hook, input, expect } =
        Raw::deserialize(value).map_err(|error| wrong(error.to_string()))?;
    let hook = HookName::from_name(&hook).ok_or_else(|| {
        let known = HookName::ALL.map(|hook| format!("`{hook}`")).join(", ");
        wrong(format!("there is no hook `{hook}`; there are {known}"))
    })?;
    let input = CaseInput::read(hook, input).map_err(wrong)?;
    let expect: Expectation = read("expect", expect).map_err(wrong)?;
    expect.check(hook).map_err(wrong)?;
    Ok(Case { name, input, expect })
}

/// The number of a line, counted once for all parts of a text that follow each other.
struct Line<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl Line<'_> {
    /// The line that this part of the text begins on.
    fn of(&mut self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let passed = self.text.as_bytes().get(self.at..offset).unwrap_or_default();
        self.number += passed.split(|byte| *byte == b'\n').count().saturating_sub(1);
        self.at = offset.max(self.at);
        self.number
    }
}

impl CaseFileError {
    fn new(message: impl Into<String>) -> Self {
        Self { line: None, case: None, message: message.into() }
    }

    /// An error of a JSON text that begins on line `first`, or with the file.
    fn json(error: &serde_json::Error, first: Option<usize>) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
        let line = match (first, error.line()) {
            (first, 0) => first,
            (first, line) => Some(first.unwrap_or(1) + line - 1),
        };
        Self { line, case: None, message }
    }
}

impl fmt::Display for CaseFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!("line {line}"));
        let case = self.case.as_ref().map(|case| format!("case {case}"));
        let place: Vec<_> = line.into_iter().chain(case).collect();
        if place.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", place.join(", "), self.message)
        }
    }
}

impl std::error::Error for CaseFileError {}

#[cfg(test)]
mod tests;
