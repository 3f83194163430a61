//! Keystone says whom a token stands for, asked as keystonemiddleware's `auth_token` asks it.
//!
//! Where facts come from: keystonemiddleware 13 `auth_token/__init__.py` and `_identity.py`, Keystone's own answers.
//!
//! What differs from `auth_token`, on purpose:
//!
//! * The configured URL is asked, not the one that the service catalog names for the interface `internal`.
//! * Without a service user a token is shown for itself, which Keystone allows.
//! * A pattern in an access rule is a pattern and nothing more; there a dot or a bracket means what it means in a
//!   Python regular expression.
//! * A token that is bound to something is refused. Keystone has made none for years.
//!
//! * [`KeystoneOptions`], [`ServiceUser`]: what an operator may say
//! * `endpoint`, `client`: HTTP, with bounds on time and size
//! * `service`: our own token, got with the service user's password
//! * `token`: what Keystone says of a token
//! * `cache`: tokens that are known to be good
//! * `health`: whether Keystone lets us validate tokens
//! * `access_rules`: what an application credential is restricted to

mod access_rules;
mod cache;
mod client;
mod endpoint;
mod health;
mod options;
mod service;
mod token;

#[cfg(test)]
mod tests;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use portcullis_contract::secrets::Requester;
use portcullis_http_client::Response;
use std::sync::Arc;

pub use health::KeystoneHealth;
pub use options::{KeystoneOptions, ServiceUser};

use crate::clock::Clock;
use crate::request_credentials::{RequestCredentials, Token};
use crate::{AuthError, IdentityError};
use cache::Cache;
use client::{Client, KeystoneError};
use health::Health;
use service::Service;
use token::ValidatedToken;

const X_AUTH_TOKEN: &str = "x-auth-token";
const X_SUBJECT_TOKEN: &str = "x-subject-token";

/// Keystone, and what it told us lately.
pub(crate) struct Keystone {
    client: Client,
    service: Option<Service>,
    cache: Cache,
    challenge: HeaderValue,
    service_type: Option<String>,
    service_token_roles: Vec<String>,
    health: Health,
}

impl Keystone {
    pub(crate) fn new(options: KeystoneOptions) -> Result<Self, IdentityError> {
        Ok(Self {
            client: Client::new(&options)?,
            challenge: endpoint::challenge(options.www_authenticate_uri.as_deref().unwrap_or(&options.url))?,
            service: options.service.map(Service::new),
            cache: Cache::new(options.cache_time, options.cache_entries)?,
            service_type: options.service_type,
            service_token_roles: options.service_token_roles,
            health: Health::new(),
        })
    }

    pub(crate) fn challenge(&self) -> HeaderValue {
        self.challenge.clone()
    }

    /// The service's token is looked at first, then the user's.
    pub(crate) async fn identify(
        &self,
        presented: RequestCredentials,
        method: &Method,
        path: &str,
        now: Clock,
    ) -> Result<Requester, AuthError> {
        let service = match presented.service {
            Some(token) => {
                let known = self.service(&token, now).await.map_err(|error| error.of("service token"))?;
                Some((token, known))
            }
            None => None,
        };
        let Some(token) = presented.user else { return Err(AuthError::unauthorized("no token")) };
        let by = service.as_ref().map(|(token, _)| token);
        let known = self.known(&token, by, now).await?;
        if service.is_none() {
            known.unexpired(now)?;
        }
        access_rules::permit(&known, self.service_type.as_deref(), service.is_some(), method, path)?;
        let mut requester = known.requester.clone();
        if let Some((_, service)) = service {
            requester.service_roles.clone_from(&service.requester.roles);
            let user = service.requester.user.clone();
            requester.attributes.extend(user.map(|user| ("service-user".to_owned(), user)));
        }
        Ok(requester)
    }

    /// The service that calls on the user's behalf. Its token must be good by itself, and have one of the roles.
    async fn service(&self, token: &Token, now: Clock) -> Result<Arc<ValidatedToken>, AuthError> {
        let known = self.known(token, None, now).await?;
        known.unexpired(now)?;
        if known.requester.roles.iter().any(|role| self.service_token_roles.contains(role)) {
            return Ok(known);
        }
        let roles = self.service_token_roles.join("`, `");
        Err(AuthError::unauthorized(format!("it has none of the roles `{roles}`")))
    }

    /// Whom the token stands for: known already, or asked of Keystone. With a service beside it the token may have
    /// expired.
    async fn known(
        &self,
        token: &Token,
        by: Option<&Token>,
        now: Clock,
    ) -> Result<Arc<ValidatedToken>, AuthError> {
        let ask = || async { self.health.note(self.client.limited(self.ask(token, by, now)).await) };
        self.cache.get(token, by.is_some(), now, ask).await
    }

    /// Whether tokens can be validated now: Keystone responds, and takes our own token if we have a service user.
    pub(crate) async fn check(&self, now: Clock) -> Result<(), AuthError> {
        // Without a permit: tokens that any client can make up may wait for all of them. One check runs at a time.
        self.health.check(now, Box::pin(self.probe(now))).await
    }

    pub(crate) fn health(&self) -> KeystoneHealth {
        self.health.get()
    }

    /// Validates our own token; without a service user, a text that is no token, which Keystone must refuse.
    async fn probe(&self, now: Clock) -> Result<(), AuthError> {
        let answer = if let Some(service) = &self.service {
            let own = service.token(&self.client, now).await?;
            self.ask_as(service, &own, false, now).await?
        } else {
            let none = HeaderValue::from_static("readiness-probe");
            self.validate(&none, &none, false).await?
        };
        match answer.status {
            StatusCode::OK => Ok(()),
            status if gone(status) => Ok(()),
            StatusCode::FORBIDDEN => Err(KeystoneError::Forbidden.into()),
            status => Err(KeystoneError::Status(status).into()),
        }
    }

    async fn ask(&self, token: &Token, by: Option<&Token>, now: Clock) -> Result<ValidatedToken, AuthError> {
        let subject = token.header()?;
        let allow_expired = by.is_some();
        let answer = match (&self.service, by) {
            (Some(service), _) => self.ask_as(service, &subject, allow_expired, now).await?,
            (None, None) => self.validate(&subject, &subject, false).await?,
            (None, Some(by)) => {
                let answer = self.validate(&subject, &subject, false).await?;
                // An expired token cannot speak for itself; the service's may, if Keystone lets it.
                if gone(answer.status) { self.validate(&by.header()?, &subject, true).await? } else { answer }
            }
        };
        match answer.status {
            StatusCode::OK => token::read(&answer.body, self.service_type.as_deref(), now),
            status
                if gone(status)
                    || (by.is_some() && self.service.is_none() && status == StatusCode::FORBIDDEN) =>
            {
                Err(AuthError::unauthorized(
                    "Keystone does not know the token, or it has expired or was revoked",
                ))
            }
            StatusCode::FORBIDDEN => Err(KeystoneError::Forbidden.into()),
            status => Err(KeystoneError::Status(status).into()),
        }
    }

    /// With our own token. If that is refused, with a new one; if that is refused too, something is wrong with us
    /// and not with the user's token.
    async fn ask_as(
        &self,
        service: &Service,
        subject: &HeaderValue,
        allow_expired: bool,
        now: Clock,
    ) -> Result<Response, KeystoneError> {
        let own = service.token(&self.client, now).await?;
        let answer = self.validate(&own, subject, allow_expired).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        service.forget(&own).await;
        let own = service.token(&self.client, now).await?;
        let answer = self.validate(&own, subject, allow_expired).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        service.forget(&own).await;
        Err(KeystoneError::OwnToken)
    }

    /// `GET /v3/auth/tokens`. The access-rules header says that we enforce them: without it Keystone does not know
    /// tokens that have some.
    async fn validate(
        &self,
        auth: &HeaderValue,
        subject: &HeaderValue,
        allow_expired: bool,
    ) -> Result<Response, KeystoneError> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(X_AUTH_TOKEN, auth.clone());
        headers.insert(X_SUBJECT_TOKEN, subject.clone());
        headers.insert("openstack-identity-access-rules", HeaderValue::from_static("1"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let query = if allow_expired { "?allow_expired=1" } else { "" };
        self.client.get(query, &headers).await
    }
}

/// Whether Keystone says that there is no such token. 401 says so only of a token that was shown for itself: with a
/// token of our own it has been dealt with before.
fn gone(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED)
}
