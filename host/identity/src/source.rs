//! Who asks, by one of several proofs, and which groups they are in.
//!
//! A [`Authenticator`] is one proof and any number of sources of groups. There is no second proof to fall back on: each
//! mount of an API trusts one method.
//!
//! * `options`: what an operator may say
//! * `header`: a proxy in front of us says so, and only proxies that are named are believed
//! * `address`: the peer's address, and the name that the DNS confirms for it
//! * `password`: Basic (RFC 7617), held against a file of hashes
//! * `certified`: the certificate that the client proved to hold the key of
//! * `jwt`: a signed token of one of several OpenID Connect providers
//! * `spiffe`: the SPIFFE ID of a certificate
//! * `claim`: where a claim is in a token
//! * `groups`: from a header, a claim, a file or LDAP; several add up
//! * `authorization`: the header that a password or a token comes in
//! * `name`: what may be a name at all
//!
//! # Names
//!
//! A user's name is UTF-8, not empty, at most 256 bytes and without control characters; anything else is refused,
//! and so are header bytes that are no UTF-8. Nothing is folded: `Alice` and `alice` are two users, and so are two
//! spellings of one letter.

mod address;
mod authorization;
mod certified;
mod claim;
mod groups;
mod header;
mod jwt;
mod name;
mod options;
mod password;
mod spiffe;

#[cfg(test)]
mod tests;

use http::HeaderMap;
use portcullis_contract::types::Principal;
use portcullis_files::FileWatcher;
use serde_json::{Map, Value};
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

pub use groups::GroupSources;
pub use ipnet::IpNet;
pub use options::{
    AuthMethod, AuthenticatorOptions, CertificateGroups, CertificateName, GroupOptions, Groups, HostNames,
    JwtKeys, JwtOptions, LdapBind, LdapOptions, LdapSearch,
};

use crate::{AuthError, IdentityError};
use address::Address;
use groups::{GroupSource, Known};
use header::TrustedHeader;
use jwt::Issuers;
use password::Passwords;

/// What is known of a request before anybody is made of it. It has no `Debug`: its headers hold passwords.
#[derive(Clone, Copy)]
pub struct AuthRequest<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Where the connection comes from; none on a unix socket. A proxy's word for it (`X-Forwarded-For`) is never
    /// taken.
    pub peer: Option<IpAddr>,
    /// The client's certificate, DER, if TLS proved that the client holds its key.
    pub certificate: Option<&'a [u8]>,
}

/// An authenticated request.
#[derive(Debug, Clone, PartialEq)]
pub struct Authenticated {
    /// Who sent it.
    pub principal: Principal,
    /// When what proved that expires; none where it does not, or where that does not matter.
    pub until: Option<SystemTime>,
    /// Attributes that go into what is handed out, by name; no value where the token has none, or more than one.
    pub session_tags: Vec<(String, Option<String>)>,
}

/// Authenticates requests. Clones share it, with its connections and caches.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    method: Method,
    groups: Vec<GroupSource>,
    challenge: Option<String>,
    /// Files of CAs, which are read once, and what was in them.
    authorities: Vec<(PathBuf, Option<Vec<u8>>)>,
}

enum Method {
    Header(TrustedHeader),
    Address(Box<Address>),
    Password(Passwords),
    Certificate(CertificateName),
    Jwt(Issuers),
}

/// What a claim may be asked of: empty for every proof but a JWT.
type Claims = Map<String, Value>;

impl Authenticator {
    /// Reads the files, and has `watcher` read them again when they change. No server is asked yet, and none needs to
    /// run yet.
    ///
    /// # Errors
    /// The option or the file that cannot be worked with, and why.
    pub async fn open(options: AuthenticatorOptions, watcher: &FileWatcher) -> Result<Self, IdentityError> {
        let challenge = match &options.proof {
            AuthMethod::Password { realm, .. } => Some(password::challenge(realm)?),
            AuthMethod::Jwt(_) => Some("Bearer".to_owned()),
            AuthMethod::Header { .. } | AuthMethod::Address { .. } | AuthMethod::Certificate { .. } => None,
        };
        let watcher = watcher.clone();
        let opening = tokio::task::spawn_blocking(move || {
            let max_stale = options.max_stale;
            let authorities =
                options.authorities().map(|path| (path.to_owned(), fs::read(path).ok())).collect();
            let groups = options
                .groups
                .iter()
                .map(|groups| GroupSource::open(groups, Some(&options.proof), max_stale, &watcher));
            let groups = groups.collect::<Result<_, _>>()?;
            let method = match options.proof {
                AuthMethod::Header { name, trusted, trust_unix } => {
                    Method::Header(TrustedHeader::new(&name, trusted, trust_unix)?)
                }
                AuthMethod::Address { host_name } => {
                    Method::Address(Box::new(Address::new(host_name.as_ref())?))
                }
                AuthMethod::Password { file, .. } => {
                    Method::Password(Passwords::open(file, max_stale, &watcher)?)
                }
                AuthMethod::Certificate { name } => {
                    certified::check(&name)?;
                    Method::Certificate(name)
                }
                AuthMethod::Jwt(issuers) => Method::Jwt(Issuers::open(issuers, max_stale, &watcher)?),
            };
            Ok(Self(Arc::new(Inner { method, groups, challenge, authorities })))
        });
        opening.await.unwrap_or_else(|error| Err(IdentityError::Interrupted(error.to_string())))
    }

    /// Authenticates a request. The principal's `authentication` is `header`, `address`, `password`, `certificate` or `token`.
    ///
    /// # Errors
    /// [`AuthError::Unauthorized`] is 401, [`AuthError::Limited`] 429, [`AuthError::Unavailable`] 503.
    pub async fn authenticate(&self, asked: AuthRequest<'_>) -> Result<Authenticated, AuthError> {
        let now = Instant::now();
        let mut claims = Claims::new();
        let (mut until, mut session_tags) = (None, Vec::new());
        let mut principal = match &self.0.method {
            Method::Header(header) => header.identify(asked)?,
            Method::Address(address) => address.identify(asked.peer).await?,
            Method::Password(passwords) => passwords.identify(asked.headers, asked.peer, now).await?,
            Method::Certificate(name) => {
                let (principal, end) = certified::identify(name, asked.certificate, SystemTime::now())?;
                until = end;
                principal
            }
            Method::Jwt(issuers) => {
                let proved = issuers.identify(asked.headers, now).await?;
                claims = proved.claims;
                (until, session_tags) = (proved.until, proved.session_tags);
                proved.principal
            }
        };
        if !self.0.groups.is_empty() {
            let known = Known { headers: asked.headers, claims: &claims, ..Known::of(&principal) };
            principal.groups = groups::of(&self.0.groups, known, now).await?;
        }
        Ok(Authenticated { principal, until, session_tags })
    }

    /// Reads its files again, as when it was opened. Says whether it is still what its options say: a file of CAs that
    /// has changed takes a source that is opened anew.
    ///
    /// # Errors
    /// The file that cannot be worked with, and why. What it said before holds until then.
    pub async fn recheck(&self) -> Result<bool, IdentityError> {
        let inner = Arc::clone(&self.0);
        let checking = tokio::task::spawn_blocking(move || {
            match &inner.method {
                Method::Password(passwords) => passwords.recheck()?,
                Method::Jwt(issuers) => issuers.recheck()?,
                Method::Header(_) | Method::Address(_) | Method::Certificate(_) => {}
            }
            inner.groups.iter().try_for_each(GroupSource::recheck)?;
            Ok(inner.authorities.iter().all(|(path, contents)| fs::read(path).ok() == *contents))
        });
        checking.await.unwrap_or_else(|error| Err(IdentityError::Interrupted(error.to_string())))
    }

    /// Whether a request shows nothing, and its sender is known by the address alone.
    pub fn is_by_address(&self) -> bool {
        matches!(self.0.method, Method::Address(_))
    }

    /// What a 401 carries as `WWW-Authenticate`. None where a client could not do better if it tried.
    pub fn challenge(&self) -> Option<&str> {
        self.0.challenge.as_deref()
    }
}

/// A principal with a name and nothing else yet.
fn principal(name: String, authentication: &str) -> Principal {
    Principal { name: Some(name), authentication: authentication.into(), ..Principal::default() }
}
