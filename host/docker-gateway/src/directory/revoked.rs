//! Revoked tokens, by their `jti`.

use portcullis_store::{Sql, StoreError};
use std::sync::Arc;

use super::{Directory, now};

/// How long a revocation is kept after the token has expired: streams that began before look for it now and then.
const KEEP_AFTER_EXPIRY: i64 = 3600;

const REVOKE: Sql =
    Sql::same("INSERT INTO gateway_revoked_tokens (jti, keep_until) VALUES ($1, $2) ON CONFLICT DO NOTHING");
const FORGET: Sql = Sql::same("DELETE FROM gateway_revoked_tokens WHERE keep_until < $1");

impl Directory {
    /// Revokes a token that expires at `exp`, in seconds since 1970, and forgets those that need not be kept.
    pub(crate) async fn revoke(&self, jti: &str, exp: i64) -> Result<(), StoreError> {
        let jti: Arc<str> = jti.into();
        self.store
            .write(move |to| {
                let jti = Arc::clone(&jti);
                Box::pin(async move {
                    let now = now();
                    to.execute(FORGET, &[now.into()]).await?;
                    let keep_until = exp.max(now).saturating_add(KEEP_AFTER_EXPIRY);
                    to.execute(REVOKE, &[(*jti).into(), keep_until.into()]).await?;
                    Ok(())
                })
            })
            .await
    }
}
