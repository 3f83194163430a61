//! Who may call the admin API: on a unix socket everybody who can open it, on TCP who has a token. `/healthz` and
//! `/readyz` need neither there, and `/readyz` gives no reasons then.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use portcullis_engine::Digest;
use portcullis_listen::Peer;
use portcullis_policy_store::ChangedBy;
use std::convert::Infallible;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

use crate::error::AdminError;

/// The tokens of `[admin]`, as digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Reads records, policies and metrics.
    pub read: Option<Digest>,
    /// Changes policies too.
    pub change: Option<Digest>,
}

/// Who calls, and what they may do.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) may_read: bool,
    pub(crate) may_change: bool,
    /// On a unix socket of this machine.
    pub(crate) is_local: bool,
    pub(crate) by: ChangedBy,
}

impl Tokens {
    fn caller(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Caller {
        let address = peer.map(|peer| peer.address.to_string());
        if peer.is_some_and(|peer| &*peer.address == "unix") {
            let user = peer.and_then(|peer| peer.user).map(|user| format!("uid {}", user.uid));
            let by = ChangedBy { principal: user, authentication: "socket".into(), peer: address };
            return Caller { may_read: true, may_change: true, is_local: true, by };
        }
        let presented = bearer(headers).map(|token| Digest::of(token.as_bytes()));
        let is = |token: &Option<Digest>| {
            let (Some(token), Some(presented)) = (token, presented) else { return false };
            // Digests of equal length: neither the token nor how much of it is right shows in the time.
            token.to_string().as_bytes().ct_eq(presented.to_string().as_bytes()).into()
        };
        let may_change = is(&self.change);
        let may_read = may_change || is(&self.read);
        let principal = may_read.then(|| if may_change { "change token" } else { "read token" }.to_owned());
        let authentication = if may_read { "token" } else { "anonymous" };
        let by = ChangedBy { principal, authentication: authentication.into(), peer: address };
        Caller { may_read, may_change, is_local: false, by }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Finds out who calls, for the handlers and the checks below.
pub(crate) async fn identify(
    State(tokens): State<Arc<Tokens>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = tokens.caller(request.extensions().get::<Peer>(), request.headers());
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Lets those pass who may read.
pub(crate) async fn readers(caller: Caller, request: Request, next: Next) -> Response {
    if caller.may_read { next.run(request).await } else { AdminError::NoToken.into_response() }
}

/// Lets those pass who may change policies.
pub(crate) async fn changers(caller: Caller, request: Request, next: Next) -> Response {
    if caller.may_change {
        return next.run(request).await;
    }
    if caller.may_read { AdminError::ReadOnly } else { AdminError::NoToken }.into_response()
}

/// Lets those pass who call on a unix socket of this machine.
pub(crate) async fn local(caller: Caller, request: Request, next: Next) -> Response {
    if caller.is_local { next.run(request).await } else { AdminError::NotLocal.into_response() }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Without the layer that identifies, the caller may do nothing.
        let anonymous = || Tokens::default().caller(None, &HeaderMap::new());
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(anonymous))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer {
            address: address.into(),
            certificate: None,
            user: None,
            timeouts: portcullis_listen::Timeouts::default(),
        }
    }

    #[test]
    fn a_socket_may_do_everything_and_tcp_what_its_token_allows() {
        let tokens = Tokens { read: Some(Digest::of(b"reader")), change: Some(Digest::of(b"changer")) };
        for (address, header, read, change, local) in [
            ("unix", None, true, true, true),
            ("127.0.0.1:1", None, false, false, false),
            ("127.0.0.1:1", Some("Bearer reader"), true, false, false),
            ("127.0.0.1:1", Some("bearer changer"), true, true, false),
            ("127.0.0.1:1", Some("Bearer other"), false, false, false),
            ("127.0.0.1:1", Some("Basic reader"), false, false, false),
            ("[::1]:1", Some("Bearer "), false, false, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(header::AUTHORIZATION, header.parse().unwrap());
            }
            let caller = tokens.caller(Some(&peer(address)), &headers);
            let found = (caller.may_read, caller.may_change, caller.is_local);
            assert_eq!(found, (read, change, local), "{address} {header:?}");
        }
        let none = Tokens::default().caller(Some(&peer("127.0.0.1:1")), &HeaderMap::new());
        assert!(!none.may_read && !none.may_change, "without tokens nothing is allowed on TCP");
    }
}
