//! Tokens that this program signs for itself: JWTs by HS256. The Docker gateway makes its session tokens with it.
//!
//! The algorithm is fixed, so that neither `none` nor a public key taken for a secret is ever accepted (RFC 8725, 3.1
//! and 3.2). The caller says what else a token must state.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

use crate::jwt_crypto;

/// Longer tokens are refused unread.
const MAX_TOKEN: usize = 16 << 10;

/// Signs and verifies tokens of our own. `Debug` does not show the key.
#[derive(Clone)]
pub struct SigningKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// Why a token is not accepted. For the log: a client learns only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The signature is by our key, and the token has expired.
    #[error("the token has expired")]
    Expired,
    /// Another key, another algorithm, or no token at all.
    #[error("the token is not one of this program's")]
    Invalid,
    /// A token could not be made.
    #[error("the token cannot be signed")]
    Sign,
}

impl SigningKey {
    /// A key of 32 bytes, as RFC 7518 (3.2) demands of HS256.
    pub fn new(secret: &[u8; 32]) -> Self {
        jwt_crypto::install();
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }

    /// Signs claims. They must have `exp`, in seconds since 1970.
    ///
    /// # Errors
    /// The claims cannot be written as JSON.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, TokenError> {
        encode(&Header::new(Algorithm::HS256), claims, &self.encoding).map_err(|_| TokenError::Sign)
    }

    /// The claims of a token that was signed with this key and has not expired.
    ///
    /// # Errors
    /// It has expired, or is not one of ours.
    pub fn verify<C: DeserializeOwned>(&self, token: &str) -> Result<C, TokenError> {
        self.verified(token, true)
    }

    /// The claims of a token that was signed with this key, expired or not. For revocation alone.
    ///
    /// # Errors
    /// It is not one of ours.
    pub fn verify_expired<C: DeserializeOwned>(&self, token: &str) -> Result<C, TokenError> {
        self.verified(token, false)
    }

    fn verified<C: DeserializeOwned>(&self, token: &str, expiry: bool) -> Result<C, TokenError> {
        let header = decode_header(token).ok().filter(|_| token.len() <= MAX_TOKEN);
        let is_ours = header.is_some_and(|header| header.alg == Algorithm::HS256 && header.crit.is_none());
        if !is_ours {
            return Err(TokenError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = expiry;
        validation.validate_aud = false;
        validation.leeway = 0;
        decode(token, &self.decoding, &validation).map(|data| data.claims).map_err(|error| {
            match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            }
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::hmac;
    use serde_json::{Value, json};

    const FUTURE: u64 = 4_000_000_000;

    fn made(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn hs(algorithm: hmac::Algorithm, secret: [u8; 32]) -> impl FnOnce(&[u8]) -> Vec<u8> {
        move |message| hmac::sign(&hmac::Key::new(algorithm, &secret), message).as_ref().to_vec()
    }

    #[test]
    fn only_our_own_tokens_are_accepted() {
        let key = SigningKey::new(&[7; 32]);
        let claims = json!({ "id": 1, "exp": FUTURE });
        let token = key.sign(&claims).unwrap();
        assert_eq!(key.verify::<Value>(&token), Ok(claims.clone()));
        assert!(token.starts_with(&format!("{}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#))));
        let right = json!({ "alg": "HS256", "typ": "JWT" });
        let sha256 = hmac::HMAC_SHA256;
        for (row, token) in [
            ("another key", made(&right, &claims, hs(sha256, [8; 32]))),
            ("alg none", made(&json!({ "alg": "none" }), &claims, |_| Vec::new())),
            ("alg none, signed", made(&json!({ "alg": "none" }), &claims, hs(sha256, [7; 32]))),
            ("no signature", made(&right, &claims, |_| Vec::new())),
            ("HS512", made(&json!({ "alg": "HS512" }), &claims, hs(hmac::HMAC_SHA512, [7; 32]))),
            ("RS256", made(&json!({ "alg": "RS256" }), &claims, hs(sha256, [7; 32]))),
            ("crit", made(&json!({ "alg": "HS256", "crit": ["exp"] }), &claims, hs(sha256, [7; 32]))),
            ("no exp", made(&right, &json!({ "id": 1 }), hs(sha256, [7; 32]))),
            ("too long", format!("{token}{}", "A".repeat(MAX_TOKEN))),
            ("no token", "token".into()),
            ("empty", String::new()),
        ] {
            assert_eq!(key.verify::<Value>(&token), Err(TokenError::Invalid), "{row}");
        }
        assert!(key.verify::<Value>(&made(&right, &claims, hs(sha256, [7; 32]))).is_ok());
    }

    #[test]
    fn an_expired_token_is_good_for_revocation_alone() {
        let key = SigningKey::new(&[7; 32]);
        let token = key.sign(&json!({ "exp": 1_499_376_154 })).unwrap();
        assert_eq!(key.verify::<Value>(&token), Err(TokenError::Expired));
        assert!(key.verify_expired::<Value>(&token).is_ok());
        assert_eq!(SigningKey::new(&[8; 32]).verify_expired::<Value>(&token), Err(TokenError::Invalid));
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }
}
