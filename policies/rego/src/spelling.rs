//! String interpolation (OPA 1.12), which regorus does not read: `$"a {x}"` becomes a call of `internal.template_string`, as
//! in OPA's own compiler. Everything else stays as it is, and so do the lines: an error names the line of the operator's
//! text.

use std::borrow::Cow;

use crate::builtins::TEMPLATE;

/// The variable that the value of an expression is bound to. No text of an operator has it by accident.
const VALUE: &str = "__template_value__";
/// Templates within templates.
const MAX_DEPTH: usize = 20;

/// The text as regorus reads it.
pub(crate) fn rewritten(text: &str) -> Cow<'_, str> {
    if !text.contains("$\"") && !text.contains("$`") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 256);
    let mut reader = Reader { text, at: 0, depth: 0 };
    match reader.code(&mut out, None) {
        Some(()) => Cow::Owned(out),
        // A template that does not end, or too many in one: regorus names the place in the text itself.
        None => Cow::Borrowed(text),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Copies code; with `end`, up to the brace that closes a template's expression.
    fn code(&mut self, out: &mut String, end: Option<char>) -> Option<()> {
        let mut open = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("$\"") || rest.starts_with("$`") {
                self.at += 2;
                self.template(out, rest.as_bytes()[1] == b'`')?;
                continue;
            }
            let start = self.at;
            let Some(next) = self.next() else { return if end.is_none() { Some(()) } else { None } };
            match next {
                '#' => self.skip_while(|letter| letter != '\n'),
                '"' => self.string(),
                '`' => {
                    self.skip_while(|letter| letter != '`');
                    self.next();
                }
                '{' => open += 1,
                '}' if open > 0 => open -= 1,
                '}' if end == Some('}') => return Some(()),
                _ => {}
            }
            out.push_str(&self.text[start..self.at]);
        }
    }

    fn skip_while(&mut self, is_inside: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len());
    }

    /// Up to the quote that ends a string, or the end of its line.
    fn string(&mut self) {
        while let Some(letter) = self.next() {
            match letter {
                '\\' => drop(self.next()),
                '"' | '\n' => return,
                _ => {}
            }
        }
    }

    /// A template, from after its opening quote: a call with the list of its parts. A part that is code becomes a set, which
    /// is empty where it is undefined.
    fn template(&mut self, out: &mut String, is_raw: bool) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let quote = if is_raw { '`' } else { '"' };
        let mut parts = Vec::new();
        let mut part = String::new();
        loop {
            match self.next()? {
                letter if letter == quote => break,
                '{' => {
                    if !part.is_empty() {
                        parts.push(format!("{quote}{part}{quote}"));
                        part.clear();
                    }
                    let mut code = String::new();
                    self.code(&mut code, Some('}'))?;
                    if code.trim().is_empty() {
                        return None;
                    }
                    parts.push(format!("{{{VALUE} | {VALUE} := {code}}}"));
                }
                '\\' => match self.next()? {
                    '{' => part.push('{'),
                    letter => part.extend(['\\', letter]),
                },
                '\n' if !is_raw => return None,
                letter => part.push(letter),
            }
        }
        if !part.is_empty() {
            parts.push(format!("{quote}{part}{quote}"));
        }
        out.push_str(TEMPLATE);
        out.push_str("([");
        out.push_str(&parts.join(", "));
        out.push_str("])");
        self.depth -= 1;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_template_stays_as_it_is() {
        for text in [
            "input.if == 1 # $x",
            "# $\"{a}\"\nx := \"$ {y}\"",
            "x := \"a $\\\"{b}\" # `",
            "x := `$\"{b}\"`\ny",
        ] {
            assert_eq!(rewritten(text), text);
        }
        assert!(matches!(rewritten("allow if input.x in {\"a.b\"}"), Cow::Borrowed(_)));
    }

    #[test]
    fn templates_become_calls_on_the_same_lines() {
        let call = |parts: &str| format!("x := {TEMPLATE}([{parts}])\ny");
        let value = |code: &str| format!("{{{VALUE} | {VALUE} := {code}}}");
        for (text, parts) in [
            ("$\"\"", String::new()),
            ("$\"a\\n\\{b}\"", "\"a\\n{b}\"".into()),
            ("$\"{a} b {{1, 2}}\"", format!("{}, \" b \", {}", value("a"), value("{1, 2}"))),
            ("$`a\\d\n{x.if}`", format!("`a\\d\n`, {}", value("x.if"))),
            ("$\"{$\"{\"}\"}\"}\"", value(&format!("{TEMPLATE}([{}])", value("\"}\"")))),
        ] {
            assert_eq!(rewritten(&format!("x := {text}\ny")), call(&parts));
        }
        for broken in ["x := $\"a", "x := $\"{a\"", "x := $\"{}\"", "x := $\"a\nb\"", "x := $`{`"] {
            assert_eq!(rewritten(broken), broken);
        }
        let deep = format!("{}{}", "$\"{".repeat(5_000), "}\"".repeat(5_000));
        assert_eq!(rewritten(&deep), deep);
    }
}
