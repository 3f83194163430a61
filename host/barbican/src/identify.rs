//! The trait by which the API authenticates tokens.

use axum::http::{HeaderMap, HeaderValue, Method};
use portcullis_contract::secrets::Requester;
use portcullis_identity::keystone::KeystoneHealth;
use portcullis_identity::{AuthError, Tokens};
use std::pin::Pin;

/// The future of an authentication.
pub type Identifying<'a> = Pin<Box<dyn Future<Output = Result<Requester, AuthError>> + Send + 'a>>;

/// The future of a check whether tokens can be validated.
pub type Checking<'a> = Pin<Box<dyn Future<Output = Result<(), AuthError>> + Send + 'a>>;

/// Who tells who asks, from a request's headers. In production these are [`Tokens`].
pub trait Identify: Send + Sync + 'static {
    /// The user and project that the token stands for. Headers that claim an identity count for nothing.
    fn identify<'a>(&'a self, headers: &'a HeaderMap, method: &'a Method, path: &'a str) -> Identifying<'a>;

    /// The value of `WWW-Authenticate` beside a 401, if there is anywhere to send a client.
    fn challenge(&self) -> Option<HeaderValue>;

    /// Whether tokens can be validated now.
    fn check(&self) -> Checking<'_> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What the last requests to Keystone came to, if there is one.
    fn keystone_health(&self) -> Option<KeystoneHealth> {
        None
    }
}

impl Identify for Tokens {
    fn identify<'a>(&'a self, headers: &'a HeaderMap, method: &'a Method, path: &'a str) -> Identifying<'a> {
        Box::pin(Tokens::identify(self, headers, method, path))
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Tokens::challenge(self)
    }

    fn check(&self) -> Checking<'_> {
        Box::pin(Tokens::check(self))
    }

    fn keystone_health(&self) -> Option<KeystoneHealth> {
        Tokens::keystone_health(self)
    }
}
