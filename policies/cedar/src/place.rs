//! Errors of Cedar as text: file, line, column, a caret, and Cedar's own help.

use miette::Diagnostic;
use std::fmt::Write as _;

/// The most errors that are told at once.
const SHOWN: usize = 5;

/// The errors of one text.
pub(crate) fn describe<'a>(
    file: &str,
    text: &str,
    errors: impl IntoIterator<Item = &'a dyn Diagnostic>,
) -> String {
    let mut flat = Vec::new();
    for error in errors {
        flat.push(error);
        flat.extend(error.related().into_iter().flatten());
    }
    let mut described: Vec<_> = flat.iter().map(|error| (offset(*error), one(file, text, *error))).collect();
    described.sort();
    described.dedup();
    let more = described.len().saturating_sub(SHOWN);
    let mut all: String = described.into_iter().take(SHOWN).map(|(_, text)| text).collect();
    if more > 0 {
        let _ = write!(all, "\nand {more} more");
    }
    all
}

fn offset(error: &dyn Diagnostic) -> usize {
    error.labels().and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

fn one(file: &str, text: &str, error: &dyn Diagnostic) -> String {
    let label = error.labels().and_then(|mut labels| labels.next());
    let mut told = match &label {
        Some(label) => excerpt(file, text, label.offset(), label.len()),
        None => format!("\n--> {file}"),
    };
    let _ = write!(told, "\nerror: {error}");
    if let Some(note) = label.as_ref().and_then(|label| label.label()) {
        let _ = write!(told, ": {note}");
    }
    // Cedar guesses among all actions in no order, e.g. `Aws::Action::"assume"` for `Docker::Action::"ContainerCrate"`.
    let is_action = error.to_string().contains("unrecognized action");
    if let Some(help) = error.help().filter(|_| !is_action) {
        let _ = write!(told, "\nhelp: {help}");
    }
    told
}

/// The line at a byte of the text, with carets under what is meant.
pub(crate) fn excerpt(file: &str, text: &str, offset: usize, length: usize) -> String {
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (before, after) = text.split_at(offset);
    let line = before.matches('\n').count() + 1;
    let head = before.rsplit('\n').next().unwrap_or_default();
    let tail = after.lines().next().unwrap_or_default();
    let column = head.chars().count() + 1;
    let meant = tail.char_indices().take_while(|(at, _)| *at < length).count().max(1);
    let gutter = " ".repeat(line.to_string().len());
    // Tabs stay, so that the caret is where they put the text.
    let indent: String = head.chars().map(|one| if one == '\t' { '\t' } else { ' ' }).collect();
    format!(
        "\n{gutter}--> {file}:{line}:{column}\n{gutter} |\n{line} | {head}{}\n{gutter} | {indent}{}",
        tail.trim_end(),
        "^".repeat(meant)
    )
}

/// An error with all its causes, and Cedar's help.
pub(crate) fn chain(error: &impl Diagnostic) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        if !told.ends_with(&text) {
            let _ = write!(told, ": {text}");
        }
        cause = next.source();
    }
    if let Some(help) = error.help() {
        let _ = write!(told, " ({help})");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn the_caret_is_under_the_text_that_is_meant() {
        let text = "one\n\tzwölf = x;\r\nthree";
        let at = text.find('=').unwrap();
        assert_eq!(
            excerpt("a.cedar", text, at, 1),
            "\n --> a.cedar:2:8\n  |\n2 | \tzwölf = x;\n  | \t      ^"
        );
        // Beyond the end, within a character, and over several lines.
        assert!(excerpt("a", text, 1000, 5).ends_with("3 | three\n  |      ^"));
        assert!(excerpt("a", "ö", 1, 1).ends_with("1 | ö\n  | ^"));
        assert!(excerpt("a", "ab\ncd", 0, 5).ends_with("1 | ab\n  | ^^"));
    }
}
