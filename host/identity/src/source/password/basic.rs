//! `Authorization: Basic` (RFC 7617), its text in UTF-8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use secrecy::SecretString;

use super::super::authorization::credentials;
use super::super::name::{self, MAX_NAME};
use crate::{AuthError, IdentityError};

/// In bytes.
const MAX_PASSWORD: usize = 1024;

/// What a client sent.
#[derive(Debug)]
pub(super) struct Basic {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl Basic {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, AuthError> {
        let encoded = credentials(headers, "Basic")?;
        if encoded.len() > (MAX_NAME + 1 + MAX_PASSWORD).div_ceil(3) * 4 {
            return Err(AuthError::unauthorized("the name and the password are too long"));
        }
        let malformed = |what: &str| AuthError::unauthorized(format!("the name and the password {what}"));
        let decoded = STANDARD.decode(encoded).map_err(|_| malformed("are not in base64"))?;
        let text = String::from_utf8(decoded).map_err(|_| malformed("are not UTF-8"))?;
        let text = SecretString::from(text);
        let text = secrecy::ExposeSecret::expose_secret(&text);
        let (user, password) = text.split_once(':').ok_or_else(|| malformed("have no colon between them"))?;
        if password.is_empty() || password.len() > MAX_PASSWORD || password.chars().any(char::is_control) {
            let reason = "the password is empty, longer than 1024 bytes or has a control character in it";
            return Err(AuthError::unauthorized(reason));
        }
        Ok(Self { user: name::user(user)?, password: password.into() })
    }
}

/// What a 401 carries. Without `charset` browsers send names in an encoding of their own (RFC 7617, 2.1).
pub(in super::super) fn challenge(realm: &str) -> Result<String, IdentityError> {
    if realm.is_empty()
        || !realm.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        || realm.contains(['"', '\\'])
    {
        return Err(IdentityError::Text {
            key: "realm",
            text: realm.into(),
            reason: "it must be printable ASCII without quotes and backslashes",
        });
    }
    Ok(format!("Basic realm=\"{realm}\", charset=\"UTF-8\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    fn read(values: &[&str]) -> Result<(String, String), AuthError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", HeaderValue::from_str(value).unwrap());
        }
        Basic::read(&headers).map(|basic| (basic.user, basic.password.expose_secret().to_owned()))
    }

    fn encoded(bytes: impl AsRef<[u8]>) -> String {
        format!("Basic {}", STANDARD.encode(bytes))
    }

    #[test]
    fn what_is_a_name_and_a_password() {
        for (value, user, password) in [
            ("Basic dGVzdDoxMjPCow==".to_owned(), "test", "123\u{a3}"),
            ("bAsIc   YWxpY2U6b3Blbg==  ".to_owned(), "alice", "open"),
            (encoded("alice:a:b "), "alice", "a:b "),
            (encoded("b\u{f6}rge:p"), "b\u{f6}rge", "p"),
        ] {
            assert_eq!(read(&[&value]).unwrap(), (user.to_owned(), password.to_owned()), "{value}");
        }
    }

    #[test]
    fn what_is_none() {
        let good = encoded("alice:open");
        let long = encoded(format!("alice:{}", "p".repeat(MAX_PASSWORD + 1)));
        let longer = encoded(format!("alice:{}", "p".repeat(10 * MAX_PASSWORD)));
        let table: &[&[&str]] = &[
            &[],
            &[""],
            &["Basic"],
            &["Basic "],
            &["Basic YWxpY2U6b3Blbg"],
            &["Basic YWxpY2U6b3Blbg== YWxpY2U6b3Blbg=="],
            &["Basic YWxp-2U6b3Blbg=="],
            &["Bearer YWxpY2U6b3Blbg=="],
            &["YWxpY2U6b3Blbg=="],
            &[&good, &good],
            &[&encoded("alice")],
            &[&encoded("alice:")],
            &[&encoded(":open")],
            &[&encoded("al\nice:open")],
            &[&encoded("alice:op\0en")],
            &[&encoded(b"al\xefce:open")],
            &[&long],
            &[&longer],
        ];
        for values in table {
            assert!(matches!(read(values), Err(AuthError::Unauthorized { .. })), "{values:?}");
        }
    }

    #[test]
    fn the_challenge_is_one_text() {
        assert_eq!(challenge("AWS accounts").unwrap(), "Basic realm=\"AWS accounts\", charset=\"UTF-8\"");
        for realm in ["", "a\"b", "a\\b", "a\nb", "\u{f6}"] {
            assert!(challenge(realm).is_err(), "{realm}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_is_what_is_read(user in "[^:\\p{Cc}]{1,40}", password in "\\PC{1,60}") {
            prop_assume!(!user.trim().is_empty() && !password.chars().any(char::is_control));
            let sent = encoded(format!("{user}:{password}"));
            prop_assert_eq!(read(&[&sent]).unwrap(), (user, password));
        }

        #[test]
        fn no_password_is_ever_shown(password in "[!-~]{8,40}") {
            let sent = [encoded(format!("alice:{password}")), encoded(format!("\u{7}:{password}"))];
            for sent in sent {
                let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, sent.parse().unwrap())]);
                let shown = format!("{:?}", Basic::read(&headers));
                prop_assert!(!shown.contains(&password) && !shown.contains(&sent[6..]), "{}", shown);
            }
        }
    }
}
