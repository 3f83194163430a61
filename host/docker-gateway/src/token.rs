//! Session tokens: what `POST /auth` returns. JWTs by HS256, with the claims of Portainer's tokens.
//!
//! The claim `role` is for clients alone: the gateway reads role and grants from the store for each request. `epoch` is
//! the user's, which grows with each change of password, role or name, so that older tokens are refused.

use portcullis_identity::{SigningKey, TokenError};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

use crate::directory::{Login, now};

/// What a token states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user's id.
    pub(crate) id: i64,
    pub(crate) username: String,
    /// 1 is administrator, 2 is standard user.
    pub(crate) role: i64,
    /// Seconds since 1970 UTC.
    pub(crate) exp: i64,
    /// Seconds since 1970 UTC.
    pub(crate) iat: i64,
    /// The token's own id, by which it is revoked.
    pub(crate) jti: String,
    pub(crate) epoch: i64,
}

/// Issues and verifies tokens.
#[derive(Debug, Clone)]
pub(crate) struct SessionTokens {
    pub(crate) key: SigningKey,
    pub(crate) lifetime: Duration,
}

impl SessionTokens {
    pub(crate) fn issue(&self, login: &Login) -> Result<String, TokenError> {
        let iat = now();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        self.key.sign(&Claims {
            id: login.user.id,
            username: login.user.name.clone(),
            role: login.user.role as i64,
            exp: iat.saturating_add(lifetime),
            iat,
            jti: Uuid::new_v4().to_string(),
            epoch: login.epoch,
        })
    }
}
