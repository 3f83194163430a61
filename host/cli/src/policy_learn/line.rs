//! One line of settings: a key with its value, or one entry of a list.

use std::fmt::Write as _;
use toml::{Table, Value};

/// What a record writes in place of a secret.
const MASKED: &str = "***";

/// One line of settings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The tables that it is in, and its own key.
    pub(super) key: Vec<String>,
    /// The value, or the entry.
    pub(super) value: Value,
    /// Whether it is an entry of a list.
    pub(super) entry: bool,
}

impl Line {
    /// Every line of a table.
    pub(super) fn all_of(table: &Table) -> Vec<Self> {
        let mut lines = Vec::new();
        add(&mut Vec::new(), table, &mut lines);
        lines
    }

    /// Whether a record has hidden a part of it.
    pub(super) fn is_masked(&self) -> bool {
        self.key.iter().any(|key| key.contains(MASKED)) || inline(&self.value).contains(MASKED)
    }

    /// The table that it is in, and its own key.
    pub(super) fn place(&self) -> (&[String], &str) {
        match self.key.split_last() {
            Some((last, tables)) => (tables, last),
            None => (&[], ""),
        }
    }
}

fn add(tables: &mut Vec<String>, table: &Table, lines: &mut Vec<Line>) {
    for (name, value) in table {
        tables.push(name.clone());
        match value {
            Value::Table(inner) if !inner.is_empty() => add(tables, inner, lines),
            Value::Array(entries) if !entries.is_empty() => lines.extend(entries.iter().map(|value| Line {
                key: tables.clone(),
                value: value.clone(),
                entry: true,
            })),
            value => lines.push(Line { key: tables.clone(), value: value.clone(), entry: false }),
        }
        tables.pop();
    }
}

/// Lines of TOML as a policy advises them; none where one of them cannot be read, e.g. since it was too long and was cut.
pub(super) fn read(lines: &[String]) -> Vec<Line> {
    let tables: Result<Vec<Table>, _> = lines.iter().map(|line| line.parse()).collect();
    tables.map_or_else(|_| Vec::new(), |tables| tables.iter().flat_map(Line::all_of).collect())
}

/// A key as TOML has it.
pub(super) fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A value as TOML has it, on one line.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) if table.is_empty() => "{}".into(),
        Value::Table(table) => {
            let pairs: Vec<_> =
                table.iter().map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => value.to_string(),
    }
}

/// A basic string. What cannot be printed is escaped, and marks that change the direction of text: a client may have
/// chosen the name.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if super::super::trial::is_harmful(letter) => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
