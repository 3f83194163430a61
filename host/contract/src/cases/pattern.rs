//! A regular expression that a reason must match.

use serde::{Deserialize, Serialize};

/// Bytes of memory of one compiled pattern, at most.
const SIZE: usize = 1 << 20;

/// A regular expression in the syntax of the crate `regex`. It matches anywhere in the reason unless it has anchors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReasonPattern(regex::Regex);

impl ReasonPattern {
    /// Whether the pattern occurs in the reason.
    pub fn matches(&self, reason: &str) -> bool {
        self.0.is_match(reason)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for ReasonPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        regex::RegexBuilder::new(&text).size_limit(SIZE).build().map(Self).map_err(|error| {
            let error = error.to_string();
            // The lines before the last one show the pattern with a caret.
            let why = error.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
            format!("`{text}` is no regular expression: {why}; `reason` takes text as it is")
        })
    }
}

impl From<ReasonPattern> for String {
    fn from(pattern: ReasonPattern) -> Self {
        pattern.0.as_str().to_owned()
    }
}

impl PartialEq for ReasonPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
