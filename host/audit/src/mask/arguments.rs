//! Secrets in the arguments of a command: `NAME=value`, `--name=value` and `--name value`.

use super::{MASK, is_secret, name};

/// Masks values whose name promises a secret, and the user information of URLs.
pub(crate) fn arguments<'a>(arguments: impl Iterator<Item = &'a mut String>) {
    let mut hide_next = false;
    for text in arguments {
        let flag = text.starts_with('-');
        if std::mem::take(&mut hide_next) && !flag {
            *text = MASK.into();
            continue;
        }
        hide_next = flag && !text.contains('=') && is_secret(text);
        // A whole shell script may be one argument.
        let masked = text.split_inclusive(char::is_whitespace).map(|word| {
            let end = word.trim_end().len();
            option(&word[..end]) + &word[end..]
        });
        *text = masked.collect();
    }
}

/// One option, `NAME` or `NAME=value`.
pub(crate) fn option(option: &str) -> String {
    match option.split_once('=') {
        Some((key, value)) if !value.is_empty() && is_secret(key) => format!("{key}={MASK}"),
        _ => name(option).into_owned(),
    }
}
