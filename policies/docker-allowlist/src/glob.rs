//! Patterns of names: `*` is any text without `/`, `**` any text, `${user}` the name of the principal.

/// The longest pattern. A longer one is no name of Docker's.
const MAX_BYTES: usize = 512;
/// What stands for the name of the principal.
pub(crate) const USER: &str = "${user}";

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    /// Any text without `/`.
    Star,
    /// Any text.
    DoubleStar,
    User,
}

impl Glob {
    /// Reads a pattern whose own characters are all `allowed`.
    pub(crate) fn parse(text: &str, allowed: impl Fn(char) -> bool) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if text.len() > MAX_BYTES {
            return Err(format!("it has more than {MAX_BYTES} bytes"));
        }
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let (token, length) = if rest.starts_with("**") {
                (Token::DoubleStar, 2)
            } else if next == '*' {
                (Token::Star, 1)
            } else if rest.starts_with(USER) {
                (Token::User, USER.len())
            } else if allowed(next) {
                (Token::Text(next.to_string()), next.len_utf8())
            } else {
                return Err(format!("no name has the character `{next}`"));
            };
            rest = &rest[length..];
            match (tokens.last_mut(), token) {
                (Some(Token::Text(before)), Token::Text(more)) => before.push_str(&more),
                (_, token) => tokens.push(token),
            }
        }
        Ok(Self(tokens))
    }

    /// Whether the whole of `text` matches. The time grows with the product of both lengths, regardless of what they hold.
    pub(crate) fn matches(&self, text: &str, user: Option<&str>) -> bool {
        let bytes = text.as_bytes();
        // At which places in the text the tokens so far may end.
        let mut ends = vec![false; bytes.len() + 1];
        ends[0] = true;
        for token in &self.0 {
            let literal = match token {
                Token::Text(literal) => literal.as_str(),
                Token::User => match user.filter(|user| is_insertable(user)) {
                    Some(user) => user,
                    None => return false,
                },
                Token::Star | Token::DoubleStar => {
                    spread(&mut ends, bytes, *token == Token::DoubleStar);
                    continue;
                }
            };
            let mut next = vec![false; ends.len()];
            for start in (0..ends.len()).filter(|start| ends[*start]) {
                if bytes[start..].starts_with(literal.as_bytes()) {
                    next[start + literal.len()] = true;
                }
            }
            ends = next;
        }
        ends.last().copied().unwrap_or_default()
    }

    /// Whether it matches any text, also none.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(self.0.as_slice(), [Token::Star | Token::DoubleStar])
    }
}

/// Whether a principal's name may stand for `${user}`. A `/` in it would be another part of an image's path.
pub(crate) fn is_insertable(user: &str) -> bool {
    !user.is_empty() && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// From each place where the pattern may end, to all that a `*` reaches.
fn spread(ends: &mut [bool], text: &[u8], over_slashes: bool) {
    let mut reached = false;
    for place in 0..ends.len() {
        if place > 0 && text[place - 1] == b'/' && !over_slashes {
            reached = false;
        }
        reached |= ends[place];
        ends[place] = reached;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::parse(pattern, |_| true).unwrap().matches(text, Some("alice"))
    }

    #[test]
    fn stars_match_within_and_across_slashes() {
        for (pattern, text, expected) in [
            ("ci-*", "ci-1", true),
            ("ci-*", "ci-", true),
            ("ci-*", "ci", false),
            ("ci-*", "xci-1", false),
            ("*-db-*", "a-db-b-db-c", true),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "abbb", false),
            ("team/*", "team/app", true),
            ("team/*", "team/a/b", false),
            ("team/**", "team/a/b", true),
            ("**/app", "x/y/app", true),
            ("**/app", "app", false),
            ("*", "", true),
            ("${user}-*", "alice-1", true),
            ("${user}-*", "bob-1", false),
            ("${user}", "alice", true),
            ("*ä", "ä", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_user_is_inserted_as_text_and_only_if_it_is_a_plain_name() {
        let own = Glob::parse("${user}-*", |_| true).unwrap();
        for (user, text, expected) in [
            (Some("*"), "bob-1", false),
            (Some("*"), "*-1", false),
            (Some("a/b"), "a/b-1", false),
            (Some(""), "-1", false),
            (None, "-1", false),
            (None, "${user}-1", false),
            (Some("a.b"), "axb-1", false),
            (Some("a.b"), "a.b-1", true),
        ] {
            assert_eq!(own.matches(text, user), expected, "{user:?} {text}");
        }
    }

    #[test]
    fn a_long_text_takes_no_long_time() {
        let text = "a".repeat(100_000);
        assert!(!matches("a*a*a*a*a*a*b", &text));
    }

    #[test]
    fn what_no_name_has_is_refused() {
        assert!(Glob::parse("", |_| true).is_err());
        assert!(Glob::parse("a b", |c| c != ' ').unwrap_err().contains("` `"));
        assert!(Glob::parse(&"a".repeat(513), |_| true).is_err());
    }
}
