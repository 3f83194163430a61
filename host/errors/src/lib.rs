//! The one printer of errors.
//!
//! `Display` of our own errors leaves the cause out, and `source()` gives it. Code that
//! logs an error, shows it to an operator or stores its text prints it with [`chain`].

use std::error::Error;

/// The error and its causes on one line, joined by `: `. Some libraries repeat the cause in their own text: such a
/// cause is printed once.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<dyn Error + Send + Sync>>,
    }

    #[test]
    fn causes_are_printed_in_order_and_once() {
        let io = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let middle = Layer { text: "cannot read `a`: no such file", source: Some(io.into()) };
        let outer = Layer { text: "the source cannot be used", source: Some(middle.into()) };
        assert_eq!(chain(&outer), "the source cannot be used: cannot read `a`: no such file");
        assert_eq!(chain(&Layer { text: "alone", source: None }), "alone");
    }
}
