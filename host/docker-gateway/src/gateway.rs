//! Portainer's own API, and what the proxy asks about users, endpoints and registries.
//!
//! Role and grants are read from the store for each request. While the store does not respond, so does nothing: 503.
//! Sessions of open streams are ended in this process at once; other processes on the same database notice by
//! [`Gateway::still_valid`].
//!
//! * `access`: the four access policies as types, which every route needs one of
//! * `credentials`: what a request presents
//! * `login`: passwords, limited attempts, and their records
//! * `routes`: the handlers, and the table of all routes

mod access;
mod credentials;
mod login;
mod routes;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::StatusCode;
use axum::http::request::Parts;
use portcullis_audit::Log;
use portcullis_identity::attempts::{AttemptLimits, Attempts};
use portcullis_identity::{SecretString, SigningKey};
use portcullis_listen::Proxies;
use portcullis_store::seal::Sealer;
use portcullis_store::{Store, StoreError};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use crate::directory::{Directory, DirectoryError, Refusal, SessionState};
use crate::endpoint::{Endpoint, EnginePolicy};
use crate::error::GatewayError;
use crate::open_sessions::{Credential, OpenSessions, Registration};
use crate::password::Passwords;
use crate::registry::RegistryCredentials;
use crate::session::{Session, User};
use crate::token::{Claims, SessionTokens};
use credentials::Presented;

pub use access::{AccessPolicy, Route, Verb};

/// What an operator may set.
#[derive(Debug, Clone)]
pub struct GatewayOptions {
    /// How long a token is valid. Portainer's default is 8 hours.
    pub token_lifetime: Duration,
    /// Limits of failed logins.
    pub attempts: AttemptLimits,
    /// Proxies in front of the gateway: their addresses say nothing of a client.
    pub proxies: Proxies,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        let (attempts, proxies) = (AttemptLimits::default(), Proxies::default());
        Self { token_lifetime: Duration::from_hours(8), attempts, proxies }
    }
}

/// Why the gateway cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// Users, endpoints and registries, and Portainer's API to them.
pub struct Gateway {
    directory: Directory,
    passwords: Passwords,
    tokens: SessionTokens,
    sessions: OpenSessions,
    attempts: Attempts,
    proxies: Proxies,
    engines: EnginePolicy,
    log: Log,
    instance_id: String,
    opened: Instant,
}

impl Gateway {
    /// Opens it. `engines` says which addresses of engines an administrator may name, `log` takes records of logins.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn open(
        store: Store,
        sealer: Sealer,
        engines: EnginePolicy,
        log: Log,
        options: GatewayOptions,
    ) -> Result<Self, OpenError> {
        let directory = Directory::open(store, sealer).await?;
        let instance = directory.instance().await?;
        let passwords = tokio::task::spawn_blocking(Passwords::new).await;
        Ok(Self {
            directory,
            passwords: passwords.map_err(|_| OpenError::Random)?.map_err(|_| OpenError::Random)?,
            tokens: SessionTokens {
                key: SigningKey::new(&instance.signing_key),
                lifetime: options.token_lifetime,
            },
            sessions: OpenSessions::default(),
            attempts: Attempts::new(options.attempts),
            proxies: options.proxies,
            engines,
            log,
            instance_id: instance.id,
            opened: Instant::now(),
        })
    }

    /// Makes the first administrator. Returns false, and does nothing, where there is one already.
    ///
    /// # Errors
    /// The name or the password cannot be used, or the store does not respond.
    pub async fn bootstrap(&self, name: &str, password: &SecretString) -> Result<bool, GatewayError> {
        if self.directory.has_administrator().await? {
            return Ok(false);
        }
        let name = routes::checked_name(name)?;
        let hash = self.passwords.hash(password).await?;
        match self.directory.create_first_administrator(name, hash).await {
            Ok(_) => Ok(true),
            Err(DirectoryError::Refused(Refusal::HasAdministrator)) => Ok(false),
            Err(error) => Err(GatewayError::of_write(error, "a user")),
        }
    }

    /// Portainer's API, each route with and without the prefix `/api`.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::all(Arc::clone(self)).into_router()
    }

    /// The routes of [`Gateway::router`].
    pub fn routes(self: &Arc<Self>) -> Vec<Route> {
        routes::all(Arc::clone(self)).list().to_vec()
    }

    /// Whether the database can be read and written, and logins can be recorded.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub async fn ready(&self) -> Result<(), String> {
        self.directory.check().await.map_err(|error| error.to_string())?;
        self.log.check().map_err(|error| error.to_string())
    }

    /// Registers the metrics of logins, with their values of now.
    pub fn metrics(&self, registry: &mut Registry) {
        let refused = Counter::<u64>::default();
        refused.inc_by(self.attempts.refused());
        let help = "Logins that were refused, since too many had failed before";
        registry.register("gateway_logins_limited", help, refused);
    }

    /// The user of a request, by the headers `X-API-KEY` or `Authorization: Bearer`.
    ///
    /// # Errors
    /// 401 without valid credentials, 403 with two of them, 503 while the store does not respond.
    pub async fn authenticate(&self, parts: &Parts) -> Result<Session, GatewayError> {
        match Presented::read(parts)? {
            Presented::Token(token) => {
                let claims: Claims =
                    self.tokens.key.verify(token).map_err(|_| GatewayError::invalid_token())?;
                let registration = self.sessions.register(claims.id, Credential::Token(claims.jti.clone()));
                let state = self.directory.session_state(claims.id, &claims.jti, 0).await?;
                let state = state.ok_or_else(user_is_gone)?;
                if state.is_revoked || state.epoch != claims.epoch {
                    return Err(GatewayError::invalid_token());
                }
                Ok(session(state, "token", registration))
            }
            Presented::ApiKey(raw) => {
                let found = self.directory.find_api_key(raw).await?;
                let (id, user) = found.ok_or_else(GatewayError::invalid_token)?;
                let registration = self.sessions.register(user, Credential::ApiKey(id));
                let state = self.directory.session_state(user, "", id).await?.ok_or_else(user_is_gone)?;
                if !state.has_api_key {
                    return Err(GatewayError::invalid_token());
                }
                Ok(session(state, "token", registration))
            }
        }
    }

    /// The user with this name, whom a client certificate or a socket's peer has authenticated. `authentication` says
    /// how.
    ///
    /// # Errors
    /// 401 if there is no such user.
    pub async fn user_by_name(
        &self,
        name: &str,
        authentication: &'static str,
    ) -> Result<Session, GatewayError> {
        let user = self.directory.user_by_name(name).await?.ok_or_else(user_is_gone)?;
        let registration = self.sessions.register(user.id, Credential::Name);
        let state = self.directory.session_state(user.id, "", 0).await?;
        let state = state.filter(|state| state.user.name == name).ok_or_else(user_is_gone)?;
        Ok(session(state, authentication, registration))
    }

    /// The endpoint with this id. The session ends when its grant is withdrawn.
    ///
    /// # Errors
    /// 404 if there is none, 403 if it was not granted.
    pub async fn endpoint(&self, session: &Session, id: i64) -> Result<Endpoint, GatewayError> {
        session.set_endpoint(id);
        allowed(session, self.directory.endpoint(id, session.user.id).await?)
    }

    /// The endpoint with this name. The session ends when its grant is withdrawn.
    ///
    /// # Errors
    /// 404 if there is none, 403 if it was not granted.
    pub async fn endpoint_by_name(&self, session: &Session, name: &str) -> Result<Endpoint, GatewayError> {
        let found = self.directory.endpoint_by_name(name, session.user.id).await?;
        let found = allowed(session, found)?;
        // Read again: a grant that was withdrawn in between ends only sessions that are known to use the endpoint.
        let endpoint = self.endpoint(session, found.id).await?;
        if endpoint.name == name { Ok(endpoint) } else { Err(GatewayError::not_found("an environment")) }
    }

    /// The endpoint of a user who may use no other: where a path names none, as with `/session` of builds.
    ///
    /// # Errors
    /// 400 if there are several, 403 if there is none.
    pub async fn only_endpoint(&self, session: &Session) -> Result<Endpoint, GatewayError> {
        let all = self.directory.endpoints(session.user.id).await?;
        let mut usable = all.into_iter().filter(|(_, is_granted)| *is_granted || session.is_administrator());
        match (usable.next(), usable.next()) {
            (Some((endpoint, _)), None) => self.endpoint(session, endpoint.id).await,
            (None, _) => allowed(session, None),
            (Some(_), Some(_)) => Err(GatewayError::new(
                StatusCode::BAD_REQUEST,
                "The path does not say which environment is meant",
                "Use an environment with an address of its own (`[[docker_gateway.endpoints]]`)",
            )),
        }
    }

    /// The credentials of a registry, for use on this endpoint.
    ///
    /// # Errors
    /// 404 if there is no such registry, 403 if it was not granted.
    pub async fn registry(
        &self,
        session: &Session,
        endpoint: i64,
        registry: i64,
    ) -> Result<RegistryCredentials, GatewayError> {
        let found = self.directory.registry_credentials(registry, endpoint, session.user.id).await?;
        let (credentials, is_granted) = found.ok_or_else(|| GatewayError::not_found("a registry"))?;
        if is_granted || session.is_administrator() {
            return Ok(credentials);
        }
        let details = "Access denied to registry: ask an administrator to grant it on this environment";
        Err(GatewayError::new(StatusCode::FORBIDDEN, "Permission denied to access registry", details))
    }

    /// Whether a session that is in use may go on using an endpoint. Asked now and then of open streams, since another
    /// process may have changed the database. False also while the store does not respond: no grant is older than that.
    pub async fn still_valid(&self, session: &Session, endpoint: i64) -> bool {
        let (jti, api_key) = match session.credential() {
            Credential::Token(jti) => (&**jti, 0),
            Credential::ApiKey(id) => ("", *id),
            Credential::Name => ("", 0),
        };
        let user = session.user.id;
        let Ok(Some(state)) = self.directory.session_state(user, jti, api_key).await else { return false };
        let is_same = state.user == session.user && state.epoch == session.epoch();
        if session.has_ended() || !is_same || state.is_revoked || (api_key != 0 && !state.has_api_key) {
            return false;
        }
        let found = self.directory.endpoint(endpoint, user).await.ok().flatten();
        found.is_some_and(|found| allowed(session, Some(found)).is_ok())
    }
}

fn session(state: SessionState, authentication: &'static str, registration: Registration) -> Session {
    let SessionState { user, epoch, .. } = state;
    Session::registered(User { ..user }, authentication, epoch, registration)
}

fn user_is_gone() -> GatewayError {
    GatewayError::new(StatusCode::UNAUTHORIZED, "An authorization token is invalid", "Unauthorized")
}

/// Administrators may use every endpoint, others those that they were granted.
fn allowed(session: &Session, found: Option<(Endpoint, bool)>) -> Result<Endpoint, GatewayError> {
    let (endpoint, is_granted) = found.ok_or_else(|| GatewayError::not_found("an environment"))?;
    if is_granted || session.is_administrator() {
        return Ok(endpoint);
    }
    let message = "Permission denied to access environment";
    Err(GatewayError::new(StatusCode::FORBIDDEN, message, "Access denied to environment"))
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("instance_id", &self.instance_id).finish_non_exhaustive()
    }
}
