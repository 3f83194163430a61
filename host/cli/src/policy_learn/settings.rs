//! Lines of settings put together: as JSON, as a policy is given them, and as TOML, as a person reads them.

use serde_json::Value as Json;
use std::fmt::Write as _;
use toml::{Table, Value};

use super::line::{Line, inline, key};

/// The settings that were there first, and those that were learned.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    lines: Vec<Line>,
    /// How many of them were there first.
    first: usize,
}

impl Settings {
    /// The settings that are there first.
    pub(super) fn of(settings: &Json) -> Result<Self, String> {
        let table =
            Table::try_from(settings).map_err(|error| format!("the settings are no TOML: {error}"))?;
        let lines = Line::all_of(&table);
        Ok(Self { first: lines.len(), lines })
    }

    pub(super) fn learned(&self) -> &[Line] {
        &self.lines[self.first..]
    }

    /// Whether the line says something that is not there, and does not contradict what is.
    pub(super) fn takes(&self, line: &Line) -> bool {
        !line.is_masked()
            && !self.lines.iter().any(|other| {
                if other.key != line.key {
                    return other.key.starts_with(&line.key) || line.key.starts_with(&other.key);
                }
                // Entries of one list stand beside each other; anything else has its key alone.
                let is_empty = matches!(&other.value, Value::Array(entries) if entries.is_empty());
                other == line || !line.entry || !(other.entry || is_empty)
            })
    }

    pub(super) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// These settings without one of the lines that were learned.
    pub(super) fn without(&self, learned: usize) -> Self {
        let mut lines = self.lines.clone();
        lines.remove(self.first + learned);
        Self { lines, first: self.first }
    }

    pub(super) fn json(&self) -> Result<Json, String> {
        let mut settings = Table::new();
        for line in &self.lines {
            let (tables, name) = line.place();
            let mut table = &mut settings;
            for inner in tables {
                let entry = table.entry(inner.clone()).or_insert_with(|| Value::Table(Table::new()));
                table = entry.as_table_mut().ok_or_else(|| format!("`{inner}` is no table"))?;
            }
            if line.entry {
                let list = table.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                let list = list.as_array_mut().ok_or_else(|| format!("`{name}` is no list"))?;
                list.push(line.value.clone());
            } else {
                table.insert(name.to_owned(), line.value.clone());
            }
        }
        serde_json::to_value(settings).map_err(|error| error.to_string())
    }

    /// The settings below `[policies.settings]`, with a comment for each line that was learned.
    pub(super) fn toml(&self, comments: &[String]) -> String {
        let mut places: Vec<(&[String], &str)> = self.lines.iter().map(Line::place).collect();
        places.sort_unstable();
        places.dedup();
        let mut text = String::new();
        let mut table = None;
        for place in places {
            if table != Some(place.0) {
                table = Some(place.0);
                let gap = if text.is_empty() { "" } else { "\n" };
                let names: Vec<_> = ["policies", "settings"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(place.0.iter().map(|name| key(name)))
                    .collect();
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{gap}[{}]", names.join("."));
            }
            self.write(place, comments, &mut text);
        }
        if text.is_empty() { "[policies.settings]\n".into() } else { text }
    }

    /// One key with what it has.
    fn write(&self, place: (&[String], &str), comments: &[String], text: &mut String) {
        let lines: Vec<_> = self.lines.iter().enumerate().filter(|(_, line)| line.place() == place).collect();
        let comment = |at: usize| {
            let comment = at.checked_sub(self.first).and_then(|learned| comments.get(learned));
            comment.map_or_else(String::new, |comment| format!(" # {comment}"))
        };
        let name = key(place.1);
        let entries: Vec<_> = lines.iter().filter(|(_, line)| line.entry).collect();
        // Writing to a string cannot fail.
        if entries.is_empty() {
            for (at, line) in &lines {
                let _ = writeln!(text, "{name} = {}{}", inline(&line.value), comment(*at));
            }
            return;
        }
        let _ = writeln!(text, "{name} = [");
        for (at, line) in entries {
            let _ = writeln!(text, "    {},{}", inline(&line.value), comment(*at));
        }
        let _ = writeln!(text, "]");
    }
}
