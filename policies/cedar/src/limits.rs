//! How deep a text may be nested, and how long one expression may be.
//!
//! Cedar's parser, validator and evaluator recurse, and a sandbox has no way to tell how much stack is left: a text that
//! is nested too deep would end in a trap, without an error for the operator.

use crate::place;

/// Brackets within brackets, and `if` within `if`.
const DEPTH: usize = 64;
/// Operators between two `;`: each may be one level of the tree.
const OPERATORS: usize = 500;

/// Refuses a text with its place.
pub(crate) fn check(file: &str, text: &str) -> Result<(), String> {
    let wrong = |at: usize, what: String| {
        Err(format!("the Cedar text:{}\nerror: {what}", place::excerpt(file, text, at, 1)))
    };
    let (mut depth, mut branches, mut sets, mut operators) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut previous = "";
    for (at, token) in (Tokens { text, at: 0 }) {
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            // Of a schema. Elsewhere it compares.
            "<" if previous == "Set" => sets += 1,
            ">" => sets = sets.saturating_sub(1),
            "if" => branches += 1,
            ";" => (depth, branches, sets, operators) = (0, 0, 0, 0),
            _ => {}
        }
        previous = token;
        // A tree is no deeper than its operators are many.
        if matches!(
            token,
            "&&" | "||"
                | "!"
                | "."
                | "+"
                | "-"
                | "*"
                | "["
                | "has"
                | "in"
                | "is"
                | "like"
                | "when"
                | "unless"
        ) {
            operators += 1;
        }
        if depth + branches + sets > DEPTH {
            return wrong(at, format!("nested deeper than {DEPTH} levels"));
        }
        if operators > OPERATORS {
            return wrong(
                at,
                format!(
                    "more than {OPERATORS} operators in one policy: write several policies, a set \
                     (`[...].contains(x)`), or a group of entities"
                ),
            );
        }
    }
    Ok(())
}

/// Words and signs, without strings and comments.
struct Tokens<'text> {
    text: &'text str,
    at: usize,
}

impl<'text> Iterator for Tokens<'text> {
    type Item = (usize, &'text str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = &self.text[self.at..];
            let first = rest.chars().next()?;
            let is_word = |one: char| one.is_alphanumeric() || one == '_';
            let length = if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
                continue;
            } else if first == '"' {
                self.at += string(rest);
                continue;
            } else if first.is_whitespace() {
                self.at += first.len_utf8();
                continue;
            } else if is_word(first) {
                rest.find(|one| !is_word(one)).unwrap_or(rest.len())
            } else if rest.starts_with("&&")
                || rest.starts_with("||")
                || rest.starts_with("<=")
                || rest.starts_with(">=")
            {
                2
            } else {
                first.len_utf8()
            };
            let token = (self.at, &rest[..length]);
            self.at += length;
            return Some(token);
        }
    }
}

/// The length of the string literal at the start.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, one) in rest.char_indices().skip(1) {
        match one {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_branches_and_operators_are_counted_and_strings_are_not() {
        let policy =
            |condition: &str| format!("permit (principal, action, resource) when {{ {condition} }};");
        let wide = vec!["\"a && (b\""; 5000].join(", ");
        for (condition, expected) in [
            (format!("[{wide}].contains(\"x\")"), None),
            (format!("{}true{}", "(".repeat(60), ")".repeat(60)), None),
            ("true // ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\n".to_owned(), None),
            (format!("{}true{}", "(".repeat(64), ")".repeat(64)), Some("nested deeper than 64 levels")),
            (format!("{}true", "if true then true else ".repeat(64)), Some("nested deeper than 64 levels")),
            (vec!["true"; 502].join(" || "), Some("more than 500 operators in one policy")),
            (format!("context{}", ".a".repeat(501)), Some("more than 500 operators in one policy")),
            (format!("context{}", "[\"a\"]".repeat(501)), Some("more than 500 operators in one policy")),
            (
                format!("true }} {} when {{ true", "when { true }".repeat(500)),
                Some("more than 500 operators in one policy"),
            ),
            ("\"never closed".to_owned(), None),
            ("\"\\\"\"".to_owned(), None),
        ] {
            let text = policy(&condition);
            let error = check("a.cedar", &text).err();
            match expected {
                None => assert_eq!(error, None, "{condition}"),
                Some(expected) => {
                    assert!(error.as_ref().is_some_and(|error| error.contains(expected)), "{error:?}");
                }
            }
        }
        // What is nested in one policy is over with it.
        let text = policy("(true").repeat(100);
        assert_eq!(check("a.cedar", &text), Ok(()));
    }
}
