//! AWS itself, and what it gave us lately.

use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{self, Cache, CredentialSource};
use super::console::{self, ConsolePage};
use super::credentials::{Credentials, Moment};
use super::error::AwsError;
use super::options::AwsOptions;
use super::quiet::quiet;
use super::session::Session;
use super::sign_in::SignIn;
use super::stats::Stats;
use super::sts::Sts;

/// AWS itself, and what it gave us lately. Clones share both.
#[derive(Clone)]
pub struct Aws(Arc<Inner>);

struct Inner {
    cache: Arc<Cache<Sts>>,
    sign_in: SignIn,
    options: AwsOptions,
}

impl Aws {
    /// Made ready. AWS is asked nothing yet, and need not be reachable yet; our own keys are looked for when they
    /// are first needed.
    ///
    /// It must be called within a Tokio runtime, which then drops expired credentials once a minute.
    ///
    /// # Errors
    /// [`AwsError::Option`]: the option that cannot be worked with.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, which an asynchronous function cannot be without"
    )]
    pub async fn open(options: AwsOptions) -> Result<Self, AwsError> {
        options.check()?;
        let sign_in = SignIn::new(options.sign_in_timeout)?;
        let cache = Cache::new(Sts::new(&options)?, options.entries);
        tokio::spawn(cache::sweep(Arc::downgrade(&cache)));
        Ok(Self(Arc::new(Inner { cache, sign_in, options })))
    }

    /// Credentials of a session: those that are there if they work for `least_left` still, or else new ones, which
    /// all who wait share. Instance metadata need 20 minutes.
    ///
    /// Of credentials that do not live long enough for that, three quarters of their life is enough. They are
    /// replaced in the background when half of it has passed. If AWS gives none, those that are there are served as
    /// long as they work for another minute; not so if it says that we may not have the role.
    ///
    /// It is for the caller to ask the policies first, each time: what is cached is no permission.
    ///
    /// # Errors
    /// [`AwsError`] says which status each means. A failure is remembered for 2 seconds, a denial not at all.
    pub async fn credentials(
        &self,
        session: &Session,
        least_left: Duration,
    ) -> Result<Arc<Credentials>, AwsError> {
        self.0.cache.get(session, least_left).await
    }

    /// The URL that opens the AWS console with these credentials, of this session. It works for 15 minutes, and is
    /// as secret as they are.
    ///
    /// The console session lasts 12 hours, or as long as the policy said the session lasts; where our
    /// own keys are temporary AWS allows no more than the credentials themselves, and none is asked for.
    ///
    /// # Errors
    /// [`AwsError::Destination`], [`AwsError::ConsoleRegion`], and those that begin with `SignIn`.
    pub async fn console_url(
        &self,
        session: &Session,
        credentials: &Credentials,
        page: ConsolePage<'_>,
    ) -> Result<SecretString, AwsError> {
        let Inner { sign_in, options, .. } = &*self.0;
        let partition = session.account().partition;
        let endpoint = options.sign_in.as_deref().unwrap_or(partition.sign_in());
        let console = options.console.as_deref().unwrap_or(partition.console());
        let destination = console::destination(page.destination, page.region, console, partition)?;
        let question = console::token_url(endpoint, session, credentials)?;
        let token = quiet(sign_in.token(&question)).await.inspect_err(|error| {
            tracing::warn!(%error, role = session.role_arn(), user = session.user(), "no console URL");
        })?;
        Ok(console::login_url(endpoint, page.issuer.unwrap_or_default(), &destination, &token))
    }

    /// Whether both are clones of one, and so share their cache.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Drops cached credentials of a user: all of them, or those of one role. Returns ARN and session name of each. What
    /// was handed out stays valid until it expires, or a policy of the role denies it.
    pub(crate) fn forget(&self, mount: &str, user: &str, role_arn: Option<&str>) -> Vec<(String, String)> {
        let is_meant = |session: &Session| {
            session.is_of(mount, user) && role_arn.is_none_or(|role| session.role_arn() == role)
        };
        let forgotten = self.0.cache.forget(is_meant);
        forgotten.iter().map(|session| (session.role_arn().into(), session.name().into())).collect()
    }

    /// How the cache does.
    pub fn stats(&self) -> Stats {
        self.0.cache.stats()
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("options", &self.0.options).field("stats", &self.stats()).finish()
    }
}

impl CredentialSource for Sts {
    /// Each failure is logged here, once, however many wait for it.
    async fn fetch(&self, session: Arc<Session>) -> Result<Credentials, AwsError> {
        let result = quiet(self.assume_role(&session)).await;
        let (role, user) = (session.role_arn(), session.user());
        match &result {
            Ok(_) => tracing::debug!(role, user, "AWS gave new credentials"),
            Err(
                error @ (AwsError::OwnKeys { .. }
                | AwsError::OtherPartition { .. }
                | AwsError::Clock { .. }
                | AwsError::RegionDisabled { .. }),
            ) => {
                tracing::error!(%error, role, user, "AWS cannot be asked for credentials");
            }
            Err(error) => tracing::warn!(%error, role, user, "AWS gave no credentials"),
        }
        result
    }

    fn now(&self) -> Moment {
        Moment::now()
    }
}

#[cfg(test)]
mod tests;
