//! The tokens of a response, and what an ID token must say (OpenID Connect Core, 3.1.3.7).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth2::basic::BasicTokenType;
use oauth2::{ExtraTokenFields, StandardTokenResponse, TokenResponse as _};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::login::TokenKind;

/// The response of a token endpoint.
pub(super) type TokenResponse = StandardTokenResponse<IdTokenField, BasicTokenType>;

/// What OpenID Connect adds to OAuth's response.
#[derive(Serialize, Deserialize)]
pub(super) struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

/// Shows no token.
impl fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenField").finish_non_exhaustive()
    }
}

/// Tokens, and until when they are good.
#[derive(Debug)]
pub(crate) struct Tokens {
    id: Option<(SecretString, Option<u64>)>,
    access: (SecretString, Option<u64>),
    pub(crate) refresh: Option<SecretString>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: u64,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Tokens {
    pub(super) fn check(
        response: &TokenResponse,
        issuer: &str,
        client_id: &str,
        nonce: Option<&str>,
    ) -> Result<Self, &'static str> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let id = match &response.extra_fields().id_token {
            Some(token) => {
                Some((SecretString::from(token.as_str()), Some(check(token, issuer, client_id, nonce, now)?)))
            }
            None => None,
        };
        let expires = response.expires_in().map(|left| now.saturating_add(left.as_secs()));
        Ok(Self {
            id,
            access: (response.access_token().secret().as_str().into(), expires),
            refresh: response.refresh_token().map(|token| token.secret().as_str().into()),
        })
    }

    /// The token that the mount gets, and its end in seconds since 1970.
    pub(crate) fn of(&self, kind: TokenKind) -> Option<(SecretString, Option<u64>)> {
        match kind {
            TokenKind::Id => self.id.clone(),
            TokenKind::Access => Some(self.access.clone()),
        }
    }
}

/// The end of an ID token, if it is for this client and this login.
fn check(
    token: &str,
    issuer: &str,
    client_id: &str,
    nonce: Option<&str>,
    now: u64,
) -> Result<u64, &'static str> {
    let payload = token.split('.').nth(1).and_then(|payload| BASE64_URL_SAFE_NO_PAD.decode(payload).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice::<Claims>(&payload).ok());
    let claims = claims.ok_or("its ID token is no JWT")?;
    let is_for_client = match &claims.aud {
        Audience::One(audience) => audience == client_id,
        Audience::Many(audiences) => audiences.iter().any(|audience| audience == client_id),
    };
    if claims.iss != issuer {
        return Err("its ID token is of another issuer");
    }
    if !is_for_client {
        return Err("its ID token is for another client");
    }
    if claims.exp <= now {
        return Err("its ID token has expired: is the clock right?");
    }
    if nonce.is_some() && claims.nonce.as_deref() != nonce {
        return Err("its ID token is for another login");
    }
    Ok(claims.exp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_token_is_for_this_client_and_this_login() {
        let good = r#"{"iss":"i","aud":"c","exp":10,"nonce":"n"}"#;
        for (claims, nonce, expected) in [
            (good, Some("n"), Ok(10)),
            (good, None, Ok(10)),
            (r#"{"iss":"i","aud":["x","c"],"exp":10,"nonce":"n"}"#, Some("n"), Ok(10)),
            (good, Some("m"), Err("another login")),
            (r#"{"iss":"i","aud":"c","exp":10}"#, Some("n"), Err("another login")),
            (r#"{"iss":"j","aud":"c","exp":10}"#, None, Err("another issuer")),
            (r#"{"iss":"i","aud":["x"],"exp":10}"#, None, Err("another client")),
            (r#"{"iss":"i","aud":"c","exp":9}"#, None, Err("expired")),
            ("x", None, Err("no JWT")),
        ] {
            let token = format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(claims));
            match (check(&token, "i", "c", nonce, 9), expected) {
                (Ok(end), Ok(expected)) => assert_eq!(end, expected),
                (Err(error), Err(part)) => assert!(error.contains(part), "{claims}: {error}"),
                (found, _) => panic!("{claims} {nonce:?}: {found:?}"),
            }
        }
    }
}
