//! Regular expressions of docker-leash: matched from the beginning of a text, as Python's `re.match` does, with `$USER`.

use regex_lite::Regex;

/// Patterns that match every name: they hold for a name that is not known too.
const EVERYTHING: [&str; 8] = ["", ".*", ".+", "^.*", "^.+", "^.*$", "^.+$", "^"];
/// Stands for a user where a pattern is tried when the settings are read.
const SOMEBODY: &str = "user";

/// One pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    written: String,
    end: &'static str,
    /// Compiled, where no user's name is in it.
    fixed: Option<Regex>,
}

impl Pattern {
    /// Reads a pattern; `end` is a regular expression that has to follow.
    pub(crate) fn new(written: &str, end: &'static str) -> Result<Self, String> {
        let probe = insert(written, Some(SOMEBODY)).unwrap_or_default();
        let fixed = compile(&probe, end).map_err(|error| {
            format!(
                "`{written}` is no regular expression that this policy knows: {error}; it has no look-around"
            )
        })?;
        let fixed = (probe == written).then_some(fixed);
        Ok(Self { written: written.to_owned(), end, fixed })
    }

    /// Whether the beginning of `text` matches. A pattern with `$USER` matches nothing of a client without a name.
    pub(crate) fn matches(&self, text: &str, user: Option<&str>) -> bool {
        match &self.fixed {
            Some(regex) => regex.is_match(text),
            None => insert(&self.written, user)
                .and_then(|inserted| compile(&inserted, self.end).ok())
                .is_some_and(|regex| regex.is_match(text)),
        }
    }

    /// Whether it matches every name, so that the name need not be known.
    pub(crate) fn is_everything(&self) -> bool {
        EVERYTHING.contains(&self.written.as_str())
    }
}

fn compile(text: &str, end: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("^(?:{text}){end}"))
}

/// The pattern with the user's name as a text in place of `$USER`. After an odd number of backslashes it stays. None where
/// there is no user for it.
fn insert(written: &str, user: Option<&str>) -> Option<String> {
    const USER: &str = "$USER";
    let mut inserted = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(place) = rest.find(USER) {
        let (before, after) = rest.split_at(place);
        inserted.push_str(before);
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            inserted.push_str(USER);
        } else {
            inserted.push_str(&regex_lite::escape(user?));
        }
        rest = &after[USER.len()..];
    }
    inserted.push_str(rest);
    Some(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_inserted_as_docker_leash_does() {
        for (written, user, expected) in [
            ("$USER-loves-me", Some("mal"), Some("mal-loves-me")),
            ("$USERNAME-loves-me", Some("mal"), Some("malNAME-loves-me")),
            ("$USER-is-$USER", Some("mal"), Some("mal-is-mal")),
            (r"\$USER-x", Some("mal"), Some(r"\$USER-x")),
            (r"\\$USER-x", Some("mal"), Some(r"\\mal-x")),
            (r"\\\$USER-x", Some("mal"), Some(r"\\\$USER-x")),
            ("$USER-x", None, None),
            (r"\$USER-x", None, Some(r"\$USER-x")),
            ("plain", None, Some("plain")),
            // docker-leash inserts the name as a pattern of its own: this user would match everything.
            ("^$USER-", Some(".*"), Some(r"^\.\*-")),
        ] {
            assert_eq!(insert(written, user).as_deref(), expected, "{written} {user:?}");
        }
    }

    #[test]
    fn a_pattern_matches_from_the_beginning() {
        for (pattern, text, expected) in [
            ("hard-bitur", "hard-biture", true),
            ("ard-bitur", "hard-biture", false),
            (".*oo.*", "foo-bar", true),
            ("a|b", "xb", false),
            (r"^srv\d\d.*", "srv01", true),
            ("^$USER-.*", "someone-love-me", true),
            (r"^\$USER-.*", "someone-love-me", false),
            (r"^\$USER-.*", "$USER-love-me", true),
            ("^$USER-.*", "some-one", false),
        ] {
            assert_eq!(
                Pattern::new(pattern, "").unwrap().matches(text, Some("someone")),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(!Pattern::new("^$USER", "").unwrap().matches("anything", None));
        assert!(Pattern::new("(", "").is_err());
        assert!(Pattern::new("(?!x)", "").unwrap_err().contains("look-around"));
    }
}
