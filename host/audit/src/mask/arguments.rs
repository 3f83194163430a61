//! Secrets in the arguments of a command, in the ways in which people pass them: `NAME=value`, `--name=value`,
//! `--env=NAME=value`, `--name value`, `Name: value` and `-u user:password`; each also within a shell script that is
//! one argument. In doubt more is hidden.

use super::{MASK, is_secret, name};

/// Masks values whose name promises a secret, and the user information of URLs.
pub(crate) fn arguments<'a>(arguments: impl Iterator<Item = &'a mut String>) {
    let mut next = Next::Shown;
    for text in arguments {
        *text = argument(text, &mut next);
    }
}

/// One argument, which may be a whole shell script. `next` is what the word before says of its first one.
fn argument(text: &str, next: &mut Next) -> String {
    let is_separator = |char: char| char.is_whitespace() || matches!(char, ';' | '&' | '|');
    let mut masked = String::with_capacity(text.len());
    for part in text.split_inclusive(is_separator) {
        let (word, separator) = part.split_at(part.trim_end_matches(is_separator).len());
        if !word.is_empty() {
            let shown = match std::mem::replace(next, after(word)) {
                Next::Hidden => {
                    *next = Next::Shown;
                    MASK.to_owned()
                }
                Next::UserAndPassword if word.contains(':') => user_and_password(word),
                Next::Shown | Next::UserAndPassword => option(word),
            };
            masked.push_str(&shown);
            // What is quoted goes on after a space; so does the value of a header.
            if shown.ends_with(MASK) && has_open_quote(word) {
                return masked;
            }
            if is_header(word) {
                return masked + separator + MASK;
            }
        }
        masked.push_str(separator);
    }
    masked
}

/// What the word before says of the next one.
enum Next {
    Shown,
    Hidden,
    UserAndPassword,
}

fn after(word: &str) -> Next {
    if matches!(word, "-u" | "--user" | "--proxy-user") {
        return Next::UserAndPassword;
    }
    if word.starts_with('-') && !word.contains('=') && is_secret(word) { Next::Hidden } else { Next::Shown }
}

fn user_and_password(word: &str) -> String {
    word.split_once(':').map_or_else(|| word.to_owned(), |(user, _)| format!("{user}:{MASK}"))
}

/// `Authorization:` and the like, whose value is the rest.
fn is_header(word: &str) -> bool {
    word.strip_suffix(':').is_some_and(is_secret)
}

fn has_open_quote(word: &str) -> bool {
    ['\'', '"'].iter().any(|quote| word.matches(*quote).count() % 2 == 1)
}

/// One option, `NAME` or `NAME=value`, with any number of names before the value: `--env=NAME=value`.
pub(crate) fn option(option: &str) -> String {
    let mut from = 0;
    while let Some(at) = option[from..].find(['=', ':']).map(|at| from + at) {
        // A URL's scheme is no name, and its user information is masked below.
        let is_scheme = option[at..].starts_with("://");
        if !is_scheme && at + 1 < option.len() && is_secret(last_name(&option[..at])) {
            return name(&format!("{}{MASK}", &option[..=at])).into_owned();
        }
        from = at + 1;
    }
    name(option).into_owned()
}

/// The name that stands last: of `--env=NAME` and `{"NAME"`.
fn last_name(text: &str) -> &str {
    let start = text.rfind(['=', ':', ',', '{']).map_or(0, |at| at + 1);
    &text[start..]
}
