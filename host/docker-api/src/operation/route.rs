//! Patterns of routes, as moby writes them for its router (gorilla/mux).
//!
//! `{name:.*}` takes slashes too, since dockerd matches the decoded path: `/images/a/b/json` is the image `a/b`.
//! `{id}` is one segment that is not empty. A pattern of another form does not compile. Methods are exact, and HEAD
//! is served only where dockerd registers it; `*` is any method.
//!
//! The table of operations makes the patterns, and [`crate::routes`] matches requests with them. A new form of pattern is
//! a variant of [`Rest`], which [`RoutePattern::parse`] must read.

/// A method and the pattern of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoutePattern {
    method: &'static str,
    /// The first segment of the path; empty where any path matches.
    first: &'static str,
    rest: Rest,
}

/// What follows the first segment.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// Any path. The pattern has no first segment.
    AnyPath,
    /// Exactly this.
    Exact(&'static str),
    /// `/{name:.*}` and this.
    Greedy(&'static str),
    /// `/{id}` and this.
    One(&'static str),
    /// `/{name}`, this, and `{other}`.
    Two(&'static str),
}

impl RoutePattern {
    /// Reads a method, a space and a path.
    pub(super) const fn parse(text: &'static str) -> Self {
        let (method, path) = text.split_at(position(text, b' '));
        let (separator, path) = path.split_at(2);
        assert!(separator.as_bytes()[1] == b'/', "a path begins with `/`");
        let (first, rest) = path.split_at(position(path, b'/'));
        if position(path, b'{') == 0 {
            assert!(is_greedy(path), "a pattern of any path takes slashes");
            return Self { method, first: "", rest: Rest::AnyPath };
        }
        let variable = position(rest, b'{');
        if variable == rest.len() {
            return Self { method, first, rest: Rest::Exact(rest) };
        }
        assert!(variable == 1, "a variable begins the second segment");
        let (_, rest) = rest.split_at(variable);
        let (variable, suffix) = rest.split_at(position(rest, b'}') + 1);
        let (between, other) = suffix.split_at(position(suffix, b'{'));
        let rest = if !other.is_empty() {
            assert!(!is_greedy(variable) && !is_greedy(other), "of two variables each is one segment");
            assert!(position(other, b'}') + 1 == other.len(), "a second variable ends the path");
            Rest::Two(between)
        } else if is_greedy(variable) {
            Rest::Greedy(suffix)
        } else {
            Rest::One(suffix)
        };
        Self { method, first, rest }
    }

    /// The first segment of the path; empty where any path matches.
    pub(crate) fn first_segment(&self) -> &'static str {
        self.first
    }

    /// The name in the path, or `""` where the pattern has no variable, if the request matches. `rest` is what follows
    /// the first segment, which is that of the pattern.
    pub(crate) fn matches<'p>(&self, method: &str, rest: &'p str) -> Option<&'p str> {
        if self.method != method && self.method != "*" {
            return None;
        }
        let is_segment = |text: &str| !text.is_empty() && !text.contains('/');
        match self.rest {
            Rest::AnyPath => Some(""),
            Rest::Exact(text) => (rest == text).then_some(""),
            Rest::Greedy(suffix) => rest.strip_prefix('/')?.strip_suffix(suffix),
            Rest::One(suffix) => rest.strip_prefix('/')?.strip_suffix(suffix).filter(|name| is_segment(name)),
            Rest::Two(between) => {
                let (name, other) = rest.strip_prefix('/')?.split_once(between)?;
                (is_segment(name) && is_segment(other)).then_some(name)
            }
        }
    }

    /// Whether the path holds a name that [`RoutePattern::matches`] gives.
    pub(crate) fn has_name(&self) -> bool {
        !matches!(self.rest, Rest::AnyPath | Rest::Exact(_))
    }

    /// A request that matches, with `x` for each variable.
    #[cfg(test)]
    pub(crate) fn example(&self) -> (&'static str, String) {
        let first = self.first;
        let path = match self.rest {
            Rest::AnyPath => "/x".to_owned(),
            Rest::Exact(text) => format!("/{first}{text}"),
            Rest::Greedy(suffix) | Rest::One(suffix) => format!("/{first}/x{suffix}"),
            Rest::Two(between) => format!("/{first}/x{between}x"),
        };
        (self.method, path)
    }
}

/// Where the byte stands in the text; the length of the text where it does not.
const fn position(text: &str, byte: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != byte {
        at += 1;
    }
    at
}

/// Whether a variable such as `{name:.*}` takes slashes.
const fn is_greedy(variable: &str) -> bool {
    let colon = position(variable, b':');
    matches!(variable.split_at(colon).1.as_bytes(), b":.*}")
}
