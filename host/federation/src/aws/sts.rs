//! `AssumeRole`, through AWS's own SDK.
//!
//! The SDK signs, tries again (three times at most, other errors than the caller's), and signs again with the
//! server's time where the clocks disagree. The whole is bounded by one timeout, and no attempt by a shorter one: an STS
//! that responds late has not failed, and a second attempt would only be later.

mod answer;
mod refusal;

use aws_sdk_sts::Client;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{
    BehaviorVersion, Config, Credentials as OwnCredentials, Region, StalledStreamProtectionConfig,
};
use aws_sdk_sts::types::Tag;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::time::Duration;
use tokio::sync::Semaphore;

use super::account::Partition;
use super::bounded::bounded;
use super::credentials::{Credentials, Moment};
use super::error::AwsError;
use super::options::AwsOptions;
use super::own_keys::OwnKeys;
use super::session::Session;

pub(super) use answer::TOO_LITTLE;

/// How many questions may be under way at once: STS throttles, and its quota is the account's.
const MAX_REQUESTS: usize = 64;
const MAX_ATTEMPTS: u32 = 3;
/// The most that a session may last whose maker's own keys are temporary (IAM User Guide, role chaining).
const LONGEST_CHAINED: Duration = Duration::from_hours(1);

pub(super) struct Sts {
    client: Client,
    own_keys: OwnKeys,
    region: Option<(String, Option<Partition>)>,
    timeout: Duration,
    permits: Semaphore,
}

impl Sts {
    /// Asks nothing yet.
    pub(super) fn new(options: &AwsOptions) -> Result<Self, AwsError> {
        let partition = options.partition()?;
        // A connection that cannot be made leaves room for others, and the look-up of keys for STS.
        let part = options.timeout * 3 / 5;
        let http = bounded(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https());
        let timeouts =
            TimeoutConfig::builder().connect_timeout(part / 2).operation_timeout(options.timeout).build();
        let retries = RetryConfig::standard()
            .with_max_attempts(MAX_ATTEMPTS)
            .with_initial_backoff(options.timeout / 50)
            .with_max_backoff(options.timeout / 10);
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http.clone())
            .retry_config(retries)
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(options.endpoint.clone());
        Ok(Self {
            client: Client::from_conf(config.build()),
            own_keys: OwnKeys::new(options, http, part),
            region: options.region.clone().map(|region| (region, partition)),
            timeout: options.timeout,
            permits: Semaphore::new(MAX_REQUESTS),
        })
    }

    /// New credentials for a session.
    pub(super) async fn assume_role(&self, session: &Session) -> Result<Credentials, AwsError> {
        let region = self.region(session)?;
        let question = async {
            // The semaphore is never closed; were it, going on unbounded would still be right.
            let _permit = self.permits.acquire().await;
            self.ask(session, region).await
        };
        tokio::time::timeout(self.timeout, question)
            .await
            .unwrap_or_else(|_| Err(AwsError::Timeout(self.timeout)))
    }

    fn region(&self, session: &Session) -> Result<Region, AwsError> {
        let partition = session.account().partition;
        match &self.region {
            None => Ok(Region::from_static(partition.default_region())),
            Some((region, of)) if *of == Some(partition) => Ok(Region::new(region.clone())),
            Some((region, _)) => Err(AwsError::OtherPartition { partition, region: region.clone() }),
        }
    }

    async fn ask(&self, session: &Session, region: Region) -> Result<Credentials, AwsError> {
        let keys = self.own_keys.get(Moment::now()).await?;
        let long_term = self.own_keys.are_long_term(&keys);
        if !long_term && session.duration() > LONGEST_CHAINED {
            return Err(AwsError::Chained(session.duration()));
        }
        let result = self.send(session, region, keys).await;
        if let Err(AwsError::OwnKeys { .. }) = result {
            self.own_keys.forget().await;
        }
        answer::read(result?, Moment::now(), long_term)
    }

    async fn send(
        &self,
        session: &Session,
        region: Region,
        keys: OwnCredentials,
    ) -> Result<answer::Answer, AwsError> {
        let seconds = i32::try_from(session.duration().as_secs()).unwrap_or(i32::MAX);
        let tags: Result<Vec<_>, _> =
            session.tags().iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let tags = tags.map_err(|error| AwsError::Unreadable(error.to_string()))?;
        self.client
            .assume_role()
            .role_arn(session.role_arn())
            .role_session_name(session.name())
            .duration_seconds(seconds)
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_source_identity(session.source_identity().map(Into::into))
            .set_policy(session.policy().map(Into::into))
            .set_external_id(session.external_id().map(Into::into))
            .customize()
            .config_override(Config::builder().region(region).credentials_provider(keys))
            .send()
            .await
            .map_err(|error| refusal::read(&error, session, self.timeout))
    }
}
