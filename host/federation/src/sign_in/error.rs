//! Why a sign-in failed.

use portcullis_http_client::HttpError;

/// Characters of a provider's text that are shown.
const SHOWN: usize = 200;

/// Why a sign-in failed. No variant holds a code or a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserSignInError {
    /// A configured value cannot be used.
    #[error("`{key}` of `sign_in`: {reason}")]
    Option {
        /// The key.
        key: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The provider's certificate authorities cannot be read.
    #[error("the certificate authorities of the OpenID provider cannot be used")]
    Roots(#[from] portcullis_http_client::RootsError),
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    NoRandomness,
    /// The provider does not respond.
    #[error("the OpenID provider does not respond")]
    Unreachable(#[from] HttpError),
    /// The provider responds with what is no OpenID Connect.
    #[error("the OpenID provider cannot be used: {0}")]
    Provider(&'static str),
    /// The provider refused: its error code, and its description.
    #[error("the OpenID provider refused: {0}")]
    Refused(String),
    /// The callback belongs to no sign-in of this browser.
    #[error(
        "this sign-in was not begun in this browser, or more than 10 minutes ago, or it has ended already, or the page was opened \
         by another host name than that of `redirect_uri`"
    )]
    NotBegun,
    /// Too many sign-ins from one address have failed.
    #[error(transparent)]
    TooMany(#[from] portcullis_identity::attempts::TooManyAttempts),
    /// The ID token does not belong to this sign-in.
    #[error("the ID token cannot be used: {0}")]
    Token(&'static str),
}

impl BrowserSignInError {
    /// An error response of the provider (RFC 6749, 4.1.2.1 and 5.2). Its texts are printable ASCII there.
    pub(super) fn refused(code: &str, description: Option<&str>) -> Self {
        let plain = |text: &str| -> String {
            text.chars()
                .filter(|one| matches!(one, ' '..='~') && !"`\"\\".contains(*one))
                .take(SHOWN)
                .collect()
        };
        let description = description.map(plain).filter(|text| !text.trim().is_empty());
        let description = description.map(|text| format!(", \"{text}\"")).unwrap_or_default();
        Self::Refused(format!("`{}`{description}", plain(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_provider_is_printable_and_bounded() {
        for (code, description, shown) in [
            ("access_denied", None, "`access_denied`"),
            ("access_denied", Some("alice is locked"), "`access_denied`, \"alice is locked\""),
            ("a`b\u{202e}\u{1b}[31m", Some("\r\n"), "`ab[31m`"),
        ] {
            let error = BrowserSignInError::refused(code, description).to_string();
            assert_eq!(error, format!("the OpenID provider refused: {shown}"));
        }
        let long = BrowserSignInError::refused(&"x".repeat(5000), Some(&"y".repeat(5000))).to_string();
        assert!(long.len() < 2 * SHOWN + 60, "{}", long.len());
    }
}
