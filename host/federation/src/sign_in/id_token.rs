//! What an ID token must say to belong to a sign-in (OpenID Connect Core, 3.1.3.7). Its signature and all else are checked by
//! the mount's source of identity.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::error::BrowserSignInError;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// When the token expires, in seconds since 1970, if it is for this client and this sign-in.
pub(super) fn check(
    token: &str,
    issuer: &str,
    client_id: &str,
    nonce: &str,
    now: u64,
) -> Result<u64, BrowserSignInError> {
    let payload = token.split('.').nth(1).and_then(|payload| BASE64_URL_SAFE_NO_PAD.decode(payload).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice::<Claims>(&payload).ok());
    let claims = claims.ok_or(BrowserSignInError::Token("it is no JWT with the claims of one"))?;
    let is_for_us = match &claims.aud {
        Audience::One(audience) => audience == client_id,
        Audience::Many(audiences) => audiences.iter().any(|audience| audience == client_id),
    };
    let wrong = |why| Err(BrowserSignInError::Token(why));
    if claims.iss != issuer {
        return wrong("it is of another issuer");
    }
    if !is_for_us || claims.azp.is_some_and(|party| party != client_id) {
        return wrong("it is for another client");
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return wrong("it is for another sign-in");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of f64 saturates")]
    let expires = claims.exp as u64;
    if expires <= now {
        return wrong("it has expired: the clock of this host or of the provider is wrong");
    }
    Ok(expires)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_this_client_and_this_sign_in() {
        for (claims, expected) in [
            (r#"{"iss":"i","aud":"c","exp":10,"nonce":"n"}"#, Ok(10)),
            (r#"{"iss":"i","aud":["x","c"],"azp":"c","exp":10.5,"nonce":"n"}"#, Ok(10)),
            (r#"{"iss":"i","aud":"c","exp":10,"nonce":"m"}"#, Err("another sign-in")),
            (r#"{"iss":"i","aud":"c","exp":10}"#, Err("another sign-in")),
            (r#"{"iss":"j","aud":"c","exp":10,"nonce":"n"}"#, Err("another issuer")),
            (r#"{"iss":"i","aud":["x"],"exp":10,"nonce":"n"}"#, Err("another client")),
            (r#"{"iss":"i","aud":["x","c"],"azp":"x","exp":10,"nonce":"n"}"#, Err("another client")),
            (r#"{"iss":"i","aud":"c","exp":9,"nonce":"n"}"#, Err("expired")),
            (r#"{"iss":"i","aud":"c","exp":-1e300,"nonce":"n"}"#, Err("expired")),
            (r#"{"iss":"i","aud":"c","nonce":"n"}"#, Err("no JWT")),
            ("x", Err("no JWT")),
        ] {
            let token = format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(claims));
            match (check(&token, "i", "c", "n", 9), expected) {
                (Ok(end), Ok(expected)) => assert_eq!(end, expected),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{claims}: {error}"),
                (found, _) => panic!("{claims}: {found:?}"),
            }
        }
    }
}
