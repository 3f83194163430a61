//! Whose keys the calls are signed with: ours, configured or found.
//!
//! What was found is kept a while, since AWS's chain may ask other hosts for it. It is found when it is first needed
//! and not at the start, so that the API starts where the instance metadata are late.

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_sdk_sts::config::{Credentials, ProvideCredentials as _, Region, SharedHttpClient};
use portcullis_errors::chain;
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tokio::sync::Mutex;

use super::account::Partition;
use super::credentials::Moment;
use super::error::{AwsError, excerpt};
use super::options::{AwsOptions, Keys};

/// How long keys are kept that were found: those in a file may be replaced there at any time.
const KEPT: Duration = Duration::from_mins(15);
/// How long before they expire they are looked for again.
const EARLY: Duration = Duration::from_mins(5);

pub(super) struct OwnKeys {
    source: Source,
    long_term: Option<bool>,
    timeout: Duration,
    held: Mutex<Option<Held>>,
}

enum Source {
    Configured(Credentials),
    Chain { region: Region, http: SharedHttpClient },
}

struct Held {
    keys: Credentials,
    found: Moment,
}

impl OwnKeys {
    /// `timeout` is for looking for them.
    pub(super) fn new(options: &AwsOptions, http: SharedHttpClient, timeout: Duration) -> Self {
        let source = if let Some(keys) = &options.keys {
            Source::Configured(configured(keys))
        } else {
            let region = options.region.as_deref().unwrap_or(Partition::default().default_region());
            Source::Chain { region: Region::new(region.to_owned()), http }
        };
        Self { source, long_term: options.long_term_keys, timeout, held: Mutex::new(None) }
    }

    /// The keys to sign with. Concurrent callers wait for the same look-up.
    pub(super) async fn get(&self, now: Moment) -> Result<Credentials, AwsError> {
        let (region, http) = match &self.source {
            Source::Configured(keys) => return Ok(keys.clone()),
            Source::Chain { region, http } => (region, http),
        };
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.is_fresh(now)) {
            return Ok(held.keys.clone());
        }
        match self.find(region, http).await {
            Ok(keys) => {
                *held = Some(Held { keys: keys.clone(), found: now });
                Ok(keys)
            }
            Err(error) => {
                *held = held.take().filter(|held| held.works(now));
                held.as_ref().map(|held| held.keys.clone()).ok_or(error)
            }
        }
    }

    /// A new chain each time: it would remember the files that it has read.
    async fn find(&self, region: &Region, http: &SharedHttpClient) -> Result<Credentials, AwsError> {
        let finding = async {
            let config = ProviderConfig::without_region().with_http_client(http.clone());
            let builder = DefaultCredentialsChain::builder().configure(config).region(region.clone());
            builder.build().await.provide_credentials().await
        };
        let none = |reason| AwsError::OwnKeys { reason, request_id: None };
        match tokio::time::timeout(self.timeout, finding).await {
            Ok(Ok(keys)) => Ok(keys),
            Ok(Err(error)) => Err(none(format!("none were found: {}", excerpt(&chain(&error))))),
            Err(_) => {
                let timeout = humantime::format_duration(self.timeout);
                Err(none(format!("none were found within {timeout}")))
            }
        }
    }

    /// Keys that AWS refused are not tried again: there may be others by now.
    pub(super) async fn forget(&self) {
        *self.held.lock().await = None;
    }

    /// Whether these are keys that do not expire, an IAM user's, whose ids begin with `AKIA` (IAM User Guide, IAM
    /// identifiers).
    pub(super) fn are_long_term(&self, keys: &Credentials) -> bool {
        self.long_term.unwrap_or_else(|| keys.access_key_id().starts_with("AKIA"))
    }
}

impl Held {
    fn is_fresh(&self, now: Moment) -> bool {
        let kept = now.tick.saturating_duration_since(self.found.tick);
        kept < KEPT && self.keys.expiry().is_none_or(|expiry| expiry > now.time + EARLY)
    }

    fn works(&self, now: Moment) -> bool {
        self.keys.expiry().is_none_or(|expiry| expiry > now.time)
    }
}

fn configured(keys: &Keys) -> Credentials {
    Credentials::new(&keys.access_key_id, keys.secret_access_key.expose_secret(), None, None, "portcullis")
}
