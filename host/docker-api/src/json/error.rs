//! Why a JSON text is refused.

/// Why a JSON text is refused. Offsets are bytes from its beginning, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Nothing, or only white space.
    #[error("the JSON text is empty")]
    Empty,
    /// Go replaces what is not UTF-8; other readers do other things.
    #[error("the JSON text is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// Go refuses it too.
    #[error("the JSON text begins with a byte order mark")]
    ByteOrderMark,
    /// It ends within a value.
    #[error("the JSON text ends within a value")]
    Unfinished,
    /// A byte that no value may hold there.
    #[error("the JSON text has something unexpected at byte {0}")]
    Unexpected(usize),
    /// More than white space after the value: older dockerd ignores it, newer refuses it.
    #[error("the JSON text goes on after its value, at byte {0}")]
    Trailing(usize),
    /// More than [`MAX_DEPTH`](super::MAX_DEPTH) arrays and objects within each other.
    #[error("the JSON text is nested more than {limit} deep, at byte {0}", limit = super::MAX_DEPTH)]
    TooDeep(usize),
    /// A number that JSON does not know, such as `01`, `1.` or `NaN`.
    #[error("the JSON text has a malformed number at byte {0}")]
    Number(usize),
    /// An unescaped control character in a string.
    #[error("the JSON text has a control character in a string, at byte {0}")]
    Control(usize),
    /// An escape that JSON does not know.
    #[error("the JSON text has a malformed escape at byte {0}")]
    Escape(usize),
    /// Half of a surrogate pair, which is no character.
    #[error("the JSON text has half of a surrogate pair at byte {0}")]
    Surrogate(usize),
    /// One key twice in one object: Go merges the values.
    #[error("the key `{0}` stands twice in one JSON object")]
    DuplicateKey(String),
    /// Two keys that Go reads into one field.
    #[error("the keys `{0}` and `{1}` stand in one JSON object, and dockerd reads both as one")]
    SameField(String, String),
    /// A value of another kind than dockerd can decode in this place.
    #[error("`{place}` holds {found}, where dockerd reads {expected}")]
    Mismatch {
        /// Where, e.g. `HostConfig.LogConfig`; the whole text is `the body`.
        place: String,
        /// What stands there.
        found: &'static str,
        /// What may stand there.
        expected: &'static str,
    },
}

impl JsonError {
    /// The same error, seen from one place further out: a key, or an index such as `[3]`.
    pub(crate) fn within(self, outer: &str) -> Self {
        match self {
            JsonError::Mismatch { place, found, expected } => {
                let joint = if place.is_empty() || place.starts_with('[') { "" } else { "." };
                JsonError::Mismatch { place: format!("{outer}{joint}{place}"), found, expected }
            }
            other => other,
        }
    }
}

/// A key as an error text shows it: short, however long it is.
pub fn shown(key: &str) -> String {
    const LONGEST: usize = 64;
    match key.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", key[..end].escape_debug()),
        None => key.escape_debug().to_string(),
    }
}
