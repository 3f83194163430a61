//! Strings of TOML, as the operator copies them from a refusal into the configuration.

use std::fmt::Write;

/// A basic string: `"` and `\` are escaped, and what cannot be printed.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_of_toml_reads_the_text_back() {
        for text in ["", "/srv", "a \"b\" \\c'd", "\n\t\0\u{1}\u{7f}\u{85}", "größe \u{1f433}"] {
            let table: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }
}
