//! Passwords of users: limited attempts, one verification, and one record of how it ended.

use axum::http::StatusCode;
use axum::http::request::Parts;
use portcullis_audit::{Principal, Record};
use portcullis_contract::types::Verdict;
use portcullis_identity::SecretString;
use portcullis_listen::Peer;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::Gateway;
use crate::API;
use crate::directory::Login;
use crate::error::GatewayError;

/// How long a record may take.
const RECORD_TIME: Duration = Duration::from_secs(2);

impl Gateway {
    /// Whether the password is that of `login`. Takes as long where there is no such user. `name` is what the client
    /// sent: attempts are limited by it, whether a user has it or not. A failure is counted and recorded.
    ///
    /// # Errors
    /// 429 after too many failures, 503 if it cannot be verified or recorded now.
    pub(super) async fn verify_password(
        &self,
        parts: &Parts,
        operation: &'static str,
        name: &str,
        login: Option<&Login>,
        password: &SecretString,
    ) -> Result<bool, GatewayError> {
        let begun = Instant::now();
        let attempt = self.attempts.begin(name, self.address(parts))?;
        let hash = login.map(|login| &*login.hash);
        let is_right = match self.passwords.verify(password, hash).await {
            Ok(is_right) => is_right,
            Err(error) => {
                attempt.cancelled();
                return Err(error.into());
            }
        };
        if is_right {
            attempt.succeeded();
        } else {
            attempt.failed();
        }
        self.record(parts, operation, login, is_right, begun).await?;
        Ok(is_right)
    }

    /// Nothing is allowed that is not recorded.
    async fn record(
        &self,
        parts: &Parts,
        operation: &'static str,
        login: Option<&Login>,
        is_right: bool,
        begun: Instant,
    ) -> Result<(), GatewayError> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.address.to_string());
        let context = portcullis_authorization::context(API, peer);
        let verdict = if is_right { Verdict::Allow } else { Verdict::Deny };
        let mut record = Record::authentication(context.decision, context.now, API, verdict);
        let (rule, reason) = match (is_right, login) {
            (true, _) => ("host:authenticated", ""),
            (false, Some(_)) => ("host:wrong-password", "the password is wrong"),
            (false, None) => ("host:unknown-user", "there is no such user"),
        };
        record.rule = rule.into();
        record.reason = reason.into();
        record.operation = Some(operation.into());
        record.peer = context.peer;
        record.total_micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        record.principal = Some(Principal {
            // An unknown name is left out: it may be a password in the wrong field.
            name: login.map(|login| login.user.name.clone()),
            authentication: "password".into(),
            groups: Vec::new(),
            certificate: None,
        });
        self.log.write(record, Instant::now() + RECORD_TIME).await.map_err(|error| {
            tracing::error!(%error, "a login cannot be recorded, so it is refused");
            let details = "The login cannot be recorded, so it is refused; try again later";
            GatewayError::new(StatusCode::SERVICE_UNAVAILABLE, "Unable to record the login", details)
        })
    }

    /// The address that a request came from; none on a unix socket and behind a proxy.
    fn address(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = parts.extensions.get::<Peer>()?;
        let address = peer.address.parse::<SocketAddr>().ok()?.ip();
        (!self.proxies.contains(address)).then_some(address)
    }
}
