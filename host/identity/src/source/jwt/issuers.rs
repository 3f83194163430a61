//! The issuers whose tokens a mount takes. A token is judged by the one that it names, with the keys and audiences of that
//! one alone.
//!
//! The claim `iss` is read before the signature is checked, which only chooses the judge: the judge then holds the
//! signature, and `iss` with it, against its own keys and name.
//!
//! A user name belongs to one issuer. It belongs to the issuer with the longest prefix that the name begins with, and a
//! token of any other issuer with such a name is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use portcullis_files::FileWatcher;
use serde_json::Value;
use std::time::{Duration, Instant};

use super::super::authorization::bearer;
use super::super::{Claims, JwtOptions};
use super::{Jwt, MAX_TOKEN, VerifiedJwt};
use crate::{AuthError, IdentityError};

/// Of one mount.
const MAX_ISSUERS: usize = 20;

/// The issuers, by the `iss` of their tokens.
pub(in super::super) struct Issuers(Vec<(String, Jwt)>);

impl Issuers {
    pub(in super::super) fn open(
        issuers: Vec<JwtOptions>,
        max_stale: Option<Duration>,
        watcher: &FileWatcher,
    ) -> Result<Self, IdentityError> {
        let wrong = |key, reason| Err(IdentityError::Value { key, reason });
        if issuers.is_empty() || issuers.len() > MAX_ISSUERS {
            return wrong("jwt", "must name from 1 to 20 issuers");
        }
        for (at, issuer) in issuers.iter().enumerate() {
            let others = &issuers[..at];
            if others.iter().any(|other| other.issuer == issuer.issuer) {
                return wrong("issuer", "must not stand twice: one issuer may have several `audience`s");
            }
            if others.iter().any(|other| other.user_prefix == issuer.user_prefix) {
                return wrong(
                    "user_prefix",
                    "must be another for each issuer, or a user of one could be taken for a user of another",
                );
            }
        }
        let open =
            |options: JwtOptions| Ok((options.issuer.clone(), Jwt::open(options, max_stale, watcher)?));
        issuers.into_iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    pub(in super::super) fn recheck(&self) -> Result<(), IdentityError> {
        self.0.iter().try_for_each(|(_, jwt)| jwt.recheck())
    }

    pub(in super::super) async fn identify(
        &self,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<VerifiedJwt, AuthError> {
        let token = bearer(headers)?;
        if token.len() > MAX_TOKEN {
            return Err(AuthError::unauthorized("the token is longer than 16 KiB"));
        }
        let named = named_issuer(token)?;
        let Some((_, jwt)) = self.0.iter().find(|(issuer, _)| *issuer == named) else {
            return Err(AuthError::unauthorized("the token cannot be believed: it is of another issuer"));
        };
        let verified = jwt.identify(token, now).await?;
        let name = verified.principal.name.as_deref().unwrap_or_default();
        let belongs_to_other = self.0.iter().any(|(_, other)| {
            other.user_prefix.len() > jwt.user_prefix.len() && name.starts_with(&other.user_prefix)
        });
        if belongs_to_other {
            return Err(AuthError::unauthorized(
                "the user's name begins with the `user_prefix` of another issuer",
            ));
        }
        Ok(verified)
    }
}

/// What the token says that its issuer is. RFC 7519 knows one; the library that checks tokens would take a list.
fn named_issuer(token: &str) -> Result<String, AuthError> {
    let malformed = || AuthError::unauthorized("the token is malformed");
    let payload = token.split('.').nth(1).ok_or_else(malformed)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| malformed())?;
    let mut claims: Claims = serde_json::from_slice(&payload).map_err(|_| malformed())?;
    let refused =
        |reason: &str| Err(AuthError::unauthorized(format!("the token cannot be believed: {reason}")));
    match claims.remove("iss") {
        Some(Value::String(issuer)) => Ok(issuer),
        Some(Value::Array(_)) => refused("it has several issuers"),
        _ => refused("it has no claim `iss` that can be used"),
    }
}
