//! What a request carries: the headers that hold tokens, and no other.

use http::{HeaderMap, HeaderValue};
use std::fmt;

use crate::AuthError;

/// Longer ones are refused unread. Keystone's are about 250 bytes.
const MAX_TOKEN: usize = 8192;

/// A token as a client sent it. Nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// To be sent on. Marked, so that nothing on the way shows it.
    pub(crate) fn header(&self) -> Result<HeaderValue, AuthError> {
        let mut value = HeaderValue::from_str(&self.0).map_err(|_| malformed())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

fn malformed() -> AuthError {
    AuthError::unauthorized("a token is not one word of printable ASCII of at most 8192 bytes")
}

/// The tokens of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestCredentials {
    /// The user's.
    pub(crate) user: Option<Token>,
    /// That of the service which calls on the user's behalf.
    pub(crate) service: Option<Token>,
}

impl RequestCredentials {
    /// `X-Storage-Token` counts only where there is no `X-Auth-Token` at all, and an empty header is none
    /// (keystonemiddleware `auth_token/_request.py`).
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, AuthError> {
        let name = if headers.contains_key("x-auth-token") { "x-auth-token" } else { "x-storage-token" };
        Ok(Self { user: token(headers, name)?, service: token(headers, "x-service-token")? })
    }
}

fn token(headers: &HeaderMap, name: &str) -> Result<Option<Token>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(AuthError::unauthorized(format!("the header `{name}` stands more than once")));
    }
    let text = value.as_bytes().trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > MAX_TOKEN || !text.iter().all(u8::is_ascii_graphic) {
        return Err(malformed());
    }
    Ok(Some(Token(text.iter().copied().map(char::from).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use proptest::prelude::*;

    type Headers<'a> = &'a [(&'a str, &'a [u8])];

    fn read(headers: Headers) -> Result<(Option<String>, Option<String>), AuthError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_bytes(value).expect("a header that a server lets through"),
            );
        }
        let RequestCredentials { user, service } = RequestCredentials::read(&map)?;
        Ok((user.map(|token| token.0), service.map(|token| token.0)))
    }

    #[test]
    fn which_header_counts() {
        let table: &[(Headers, Option<&str>, Option<&str>)] = &[
            (&[], None, None),
            (&[("X-Auth-Token", b"a")], Some("a"), None),
            (&[("x-auth-token", b"  a\t ")], Some("a"), None),
            (&[("X-Storage-Token", b"s")], Some("s"), None),
            (&[("X-Auth-Token", b"a"), ("X-Storage-Token", b"s")], Some("a"), None),
            (&[("X-Auth-Token", b""), ("X-Storage-Token", b"s")], None, None),
            (&[("X-Auth-Token", b"   ")], None, None),
            (&[("X-Service-Token", b"t")], None, Some("t")),
            (&[("X-Auth-Token", b"a"), ("X-Service-Token", b" t ")], Some("a"), Some("t")),
            (&[("Authorization", b"Bearer a"), ("X-User-Id", b"u"), ("X-Roles", b"admin")], None, None),
            (&[("X-Subject-Token", b"a"), ("Cookie", b"X-Auth-Token=a")], None, None),
        ];
        for (headers, user, service) in table {
            let expected = (user.map(String::from), service.map(String::from));
            assert_eq!(read(headers).unwrap(), expected, "{headers:?}");
        }
    }

    #[test]
    fn what_is_no_token() {
        let long = vec![b'a'; MAX_TOKEN + 1];
        let table: &[Headers] = &[
            &[("X-Auth-Token", b"a"), ("X-Auth-Token", b"a")],
            &[("X-Auth-Token", b"a b")],
            &[("X-Auth-Token", b"a\xffb")],
            &[("X-Auth-Token", &long)],
            &[("X-Auth-Token", b"a"), ("X-Service-Token", b"t\xc3\xa4")],
        ];
        for headers in table {
            assert!(matches!(read(headers), Err(AuthError::Unauthorized { .. })), "{headers:?}");
        }
    }

    proptest! {
        #[test]
        fn no_token_is_ever_shown(text in "[!-~]{8,40}") {
            let token = Token(text.clone());
            let shown = [format!("{token:?}"), format!("{:?}", token.header().unwrap())];
            prop_assert!(shown.iter().all(|shown| !shown.contains(&text)), "{shown:?}");
        }
    }
}
