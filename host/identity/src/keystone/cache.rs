//! Tokens that are known to be good, for a while.
//!
//! Only good ones are kept, and never the token itself: entries are found by its MAC under a key that is made
//! anew in each process. Those who ask for the same token at the same time share one request to Keystone, and its
//! response or error.

use moka::future;
use ring::hmac;
use ring::rand::SystemRandom;
use std::sync::Arc;
use std::time::Duration;

use super::token::ValidatedToken;
use crate::clock::Clock;
use crate::request_credentials::Token;
use crate::{AuthError, IdentityError};

/// The token's MAC, and whether it may have expired: the two are different questions to Keystone.
type Key = ([u8; 32], bool);

pub(super) struct Cache {
    entries: future::Cache<Key, Arc<ValidatedToken>>,
    mac: hmac::Key,
    time: Duration,
}

impl Cache {
    pub(super) fn new(time: Duration, entries: usize) -> Result<Self, IdentityError> {
        let mac = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| IdentityError::Random)?;
        // Freshness is judged by `get`; this only frees entries that are not requested any more.
        let entries = future::Cache::builder()
            .max_capacity(u64::try_from(entries).unwrap_or(u64::MAX))
            .time_to_live(time.min(Duration::from_hours(24)))
            .build();
        Ok(Self { entries, mac, time })
    }

    /// Whom `token` stands for, by an earlier answer or by `question`.
    pub(super) async fn get<Question>(
        &self,
        token: &Token,
        allow_expired: bool,
        now: Clock,
        question: impl FnOnce() -> Question,
    ) -> Result<Arc<ValidatedToken>, AuthError>
    where
        Question: Future<Output = Result<ValidatedToken, AuthError>>,
    {
        let key = (self.mac(token), allow_expired);
        if let Some(known) = self.entries.get(&key).await {
            if now.tick.saturating_duration_since(known.asked) < self.time {
                return Ok(known);
            }
            self.entries.invalidate(&key).await;
        }
        // Boxed, so that those who need not ask do not carry the room for a question.
        let asking = Box::pin(async {
            self.entries.try_get_with(key, async { question().await.map(Arc::new) }).await
        });
        let found = asking.await.map_err(|error| AuthError::clone(&error));
        if self.time.is_zero() {
            self.entries.invalidate(&key).await;
        }
        found
    }

    fn mac(&self, token: &Token) -> [u8; 32] {
        let tag = hmac::sign(&self.mac, token.as_bytes());
        let mut mac = [0; 32];
        mac.copy_from_slice(tag.as_ref());
        mac
    }
}
