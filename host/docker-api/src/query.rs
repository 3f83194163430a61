//! The query, as Go's `url.ParseQuery` reads it.
//!
//! Order is kept and a key may stand more than once: handlers that want one value take the first
//! (`url.Values.Get`), those that want a list take all. What `ParseQuery` reports as an error (`;`, broken
//! escapes) is refused here, since some of dockerd's handlers go on with the rest.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use portcullis_contract::Pairs;

use crate::escape::{self, EscapeError};

/// Why a query is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Go once took it for `&` and now drops the pair; other readers split at it.
    #[error("the query holds a `;`, which readers take in different ways (write %3B for one in a value)")]
    Semicolon,
    /// `%` without two hexadecimal digits.
    #[error("the query has a malformed percent escape")]
    Escape,
    /// Escapes that are not UTF-8.
    #[error("the query is not UTF-8 behind its percent escapes")]
    NotUtf8,
}

/// A query's names and values, unescaped and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Pairs,
}

/// Reads what stands behind the `?`.
pub fn parse(query: &str) -> Result<Query, QueryError> {
    if query.contains(';') {
        return Err(QueryError::Semicolon);
    }
    let unescape = |text: &str| {
        escape::undo(text, true).map_err(|error| match error {
            EscapeError::Malformed => QueryError::Escape,
            EscapeError::NotUtf8 => QueryError::NotUtf8,
        })
    };
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((unescape(key)?, unescape(value)?))
        })
        .collect::<Result<_, _>>()?;
    Ok(Query { pairs })
}

impl Query {
    /// What dockerd reads where it wants one value: the first, or `""`. Keys are case-sensitive.
    pub fn first(&self, key: &str) -> &str {
        self.all(key).next().unwrap_or_default()
    }

    /// What dockerd reads where it wants a list.
    pub fn all<'q>(&'q self, key: &str) -> impl Iterator<Item = &'q str> {
        self.pairs.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// What dockerd reads where it wants a boolean: everything but `""`, `0`, `no`, `false` and `none` is true
    /// (moby api/server/httputils, `BoolValue`).
    pub fn flag(&self, key: &str) -> bool {
        !matches!(self.first(key).trim().to_lowercase().as_str(), "" | "0" | "no" | "false" | "none")
    }

    /// Whether a key stands twice that Docker does not read as a list.
    pub fn repeats_a_scalar(&self) -> bool {
        const LISTS: [&str; 7] = ["changes", "t", "names", "extrahosts", "platform", "type", "securityopt"];
        let mut seen = HashSet::new();
        self.pairs.iter().any(|(key, _)| !LISTS.contains(&key.as_str()) && !seen.insert(key))
    }

    /// Names and values in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Names and values in order.
    pub fn into_pairs(self) -> Pairs {
        self.pairs
    }
}
