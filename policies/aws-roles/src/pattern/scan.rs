//! One pass over a regular expression before it is compiled: what Python would read in another sense is refused with
//! a text that says what to write instead.

use std::iter::Peekable;
use std::str::Chars;

/// The literal text after the anchor `^`, or what is wrong with the pattern.
pub(super) fn prefix(pattern: &str) -> Result<String, String> {
    let mut scan = Scan { rest: pattern.chars().peekable(), depth: 0, repeats: false };
    scan.all()?;
    Ok(literal(pattern))
}

struct Scan<'a> {
    rest: Peekable<Chars<'a>>,
    /// How many groups are open.
    depth: usize,
    /// Whether what came last is a repetition.
    repeats: bool,
}

impl Scan<'_> {
    fn all(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.next() {
            let repeated = std::mem::take(&mut self.repeats);
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => self.depth = self.depth.saturating_sub(1),
                '|' if self.depth == 0 => {
                    return Err(
                        "has alternatives outside any group, each of which would be anchored on one \
                                side only; put `(?:...)` around them"
                            .into(),
                    );
                }
                '*' | '+' | '?' | '{' => self.repetition(c, repeated)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.rest.next() {
            Some('1'..='9') => Err(format!("uses a back-reference, {NOT_KNOWN}")),
            Some('Z') => Err(r"uses `\Z`; leave it out, since `$` finds nothing but the end here".into()),
            Some(c @ ('<' | '>')) => Err(format!(r"uses `\{c}`; write `{c}`")),
            Some('b' | 'B') if self.rest.peek() == Some(&'{') => {
                Err(r"uses `\b{`, which Python reads in another sense".into())
            }
            _ => Ok(()),
        }
    }

    /// To the end of `[...]`.
    fn class(&mut self) -> Result<(), String> {
        self.rest.next_if_eq(&'^');
        // A bracket that comes first is one of the characters.
        self.rest.next_if_eq(&']');
        while let Some(c) = self.rest.next() {
            match c {
                ']' => break,
                '\\' => _ = self.rest.next(),
                '[' if self.rest.peek() == Some(&':') => {
                    return Err(
                        "uses a POSIX class such as `[:alpha:]`, which Python does not know; write the \
                                characters"
                            .into(),
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a `(` opens.
    fn group(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        let what = match (self.rest.next(), self.rest.peek()) {
            (Some('=' | '!'), _) | (Some('<'), Some('=' | '!')) => "look-around",
            (Some('P'), Some('=')) => "a back-reference",
            (Some('('), _) => "a condition",
            (Some('>'), _) => "an atomic group",
            (Some('#'), _) => return Err("has a comment; leave it out".into()),
            (Some('P' | '<' | ':') | None, _) => return Ok(()),
            (Some(flag), _) => return self.flags(flag),
        };
        Err(format!("uses {what}, {NOT_KNOWN}"))
    }

    /// `i`, and `s` for a `.` that finds line feeds too, are read as Python reads them.
    fn flags(&mut self, first: char) -> Result<(), String> {
        let mut flag = Some(first);
        while let Some(c) = flag.filter(|c| !matches!(c, ':' | ')')) {
            if !matches!(c, 'i' | 's' | '-') {
                return Err(format!("sets the flag `{c}`; only `i` and `s` are known here"));
            }
            flag = self.rest.next();
        }
        if flag == Some(')') {
            self.depth = self.depth.saturating_sub(1);
        }
        Ok(())
    }

    /// `a*`, `a+`, `a?`, `a{2}`, and their lazy forms with a `?` behind. Twice is either an error in Python or, with
    /// `+` behind, possessive; the engine here knows neither.
    fn repetition(&mut self, c: char, repeated: bool) -> Result<(), String> {
        if repeated {
            return Err(
                "repeats a repetition (`a*+`, `a**`), which has another sense or none in Python".into()
            );
        }
        if c == '{' {
            _ = self.rest.by_ref().find(|c| *c == '}');
        }
        self.rest.next_if_eq(&'?');
        self.repeats = true;
        Ok(())
    }
}

const NOT_KNOWN: &str = "which is not known here; write the pattern without it, or list what it would find";

/// The plain characters after `^`, without the last one where it may be repeated or absent.
fn literal(pattern: &str) -> String {
    let plain = |c: &char| !r"\^$.|?*+()[]{}".contains(*c);
    let after = pattern.strip_prefix('^').unwrap_or("");
    let mut literal: String = after.chars().take_while(plain).collect();
    if after[literal.len()..].starts_with(['*', '?', '{']) {
        literal.pop();
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn the_prefix_is_what_must_be_there() {
        for (pattern, expected) in [
            ("^aws-(?P<a>.)$", "aws-"),
            ("^aws$", "aws"),
            ("^aws?$", "aw"),
            ("^aws*$", "aw"),
            ("^aws{0}$", "aw"),
            ("^aws+$", "aws"),
            ("^aws.$", "aws"),
            (r"^a\.b$", "a"),
            ("^(?i)aws$", ""),
            ("^[a]ws$", ""),
            ("^é?$", ""),
            ("^日本-x", "日本-x"),
            ("aws", ""),
            ("^", ""),
        ] {
            assert_eq!(prefix(pattern).as_deref(), Ok(expected), "{pattern}");
        }
    }
}
