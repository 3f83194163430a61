//! Sign-in and sign-out on the page for browsers: what leads to the OpenID provider and back.
//!
//! Sign-in begins with a link, not with a form: Chromium holds `form-action` against each address that a form's response
//! redirects to. For the same reason sign-out is a page that goes on to the provider.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use portcullis_contract::types::Principal;
use portcullis_identity::AuthError;
use portcullis_identity::source::AuthRequest;
use std::net::IpAddr;
use std::time::SystemTime;

use super::body::RequestBody;
use super::page::{self, form};
use super::{Shared, ours, record};
use crate::mounts::Mount;
use crate::page::{SignIn, SignedOut};
use crate::response::{self, Failure, UNKNOWN};
use crate::route::Route;
use crate::sign_in::{BrowserSignIn, BrowserSignInError, Callback, ReturnTo};

/// What the handlers of one request need.
pub(super) struct Visit<'a> {
    pub(super) api: &'a Shared,
    pub(super) mount: &'a Mount,
    pub(super) sign_in: &'a BrowserSignIn,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a RequestBody,
    /// What else is known of the sender.
    pub(super) asks: AuthRequest<'a>,
    /// The address, for records.
    pub(super) peer: Option<String>,
}

/// Responds to a route of sign-in.
pub(super) async fn respond(visit: &Visit<'_>, route: &Route) -> Response {
    let result = match route {
        Route::PageSignIn => begin(visit).await,
        Route::PageCallback => callback(visit).await,
        Route::PageSignOut => sign_out(visit).await,
        _ => Ok(page::page(Response::new(Body::empty()), SignedOut { go_on: None }.render())),
    };
    let mut response = match result {
        Ok(response) => response,
        Err(failure) => page::failed(route, failure.into_response(UNKNOWN)).await,
    };
    if *route == Route::PageCallback {
        let status = response.status();
        let is_of_no_sign_in = [StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS].contains(&status);
        let headers = response.headers_mut();
        // A callback of no sign-in of this browser, which any site can make up, does not end one that is under way.
        let state = of_query(visit.parts.uri.query().unwrap_or_default()).and_then(|callback| callback.state);
        if let Some(state) = state.filter(|_| !is_of_no_sign_in) {
            headers.append(header::SET_COOKIE, visit.sign_in.clear_pending(&state));
        }
        // The URL has a code.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    response
}

/// The page for a browser without a session, or with one whose token the mount no longer takes: that session ends.
pub(super) fn please(mount: &Mount, route: &Route, parts: &Parts, has_session: bool) -> Response {
    let has_ended = has_session || parts.method == Method::POST;
    let path = if *route == Route::Page { "console/sign-in" } else { "sign-in" };
    let link = format!("{path}{}", ReturnTo::page(route, &parts.uri).for_link());
    let html = SignIn { link: &link, has_ended }.render();
    let mut response = response::of_user(page::page(Response::new(Body::empty()), html), UNKNOWN);
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    if let Some(challenge) = mount.source.challenge().and_then(|text| HeaderValue::try_from(text).ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(sign_in) = mount.sign_in.as_ref().filter(|_| has_session) {
        sign_in.end_session(&parts.headers);
        response.headers_mut().append(header::SET_COOKIE, sign_in.clear_session());
    }
    response
}

async fn begin(visit: &Visit<'_>) -> Result<Response, Failure> {
    let return_to = ReturnTo::of_link(&visit.parts.uri);
    let begun = visit.sign_in.begin(&visit.parts.headers, return_to, SystemTime::now()).await;
    let begun = begun.map_err(|error| failed(visit, &error))?;
    let mut response = see(&begun.url)?;
    for cookie in begun.cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn callback(visit: &Visit<'_>) -> Result<Response, Failure> {
    let Visit { api, mount, sign_in, parts, .. } = visit;
    let now = SystemTime::now();
    let callback = of_query(parts.uri.query().unwrap_or_default())
        .ok_or_else(|| failed(visit, &BrowserSignInError::NotBegun))?;
    let received = sign_in.receive(&parts.headers, callback, visit.asks.peer, now).await;
    let received = received.map_err(|error| failed(visit, &error))?;
    let headers = received.headers(&parts.headers).ok_or_else(Failure::sign_in_token)?;
    let identified = mount.source.authenticate(AuthRequest { headers: &headers, ..visit.asks }).await;
    let principal = match identified {
        Ok(identified) => identified.principal,
        Err(AuthError::Unauthorized { reason, .. }) => {
            note_failure(visit, &format!("the mount does not take the token of the provider: {reason}"));
            return Err(Failure::sign_in_token());
        }
        Err(error) => return Err(Failure::of_identity(&error, None)),
    };
    let location = received.return_to.location();
    let user = principal.name.clone().unwrap_or_default();
    let cookie = sign_in.start_session(received, &user, &parts.headers, now);
    let cookie = cookie.map_err(|error| failed(visit, &error))?;
    let done = record::sign_in("sign-in", Ok(&principal), &mount.name, visit.peer.clone());
    api.decider.record(done);
    let mut response = see(&location)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response::of_user(response, &user))
}

async fn sign_out(visit: &Visit<'_>) -> Result<Response, Failure> {
    let Visit { api, mount, sign_in, parts, body, .. } = visit;
    let session = sign_in.session(&parts.headers, SystemTime::now());
    let csrf = form::csrf(body.bytes()?).unwrap_or_default();
    let has_token = session.as_ref().is_none_or(|session| session.is_form_of(&csrf));
    // Also without a session: a form of another site comes without the cookie, and the response would remove it.
    if !has_token || !ours::is_ours(&parts.headers, &parts.uri) {
        let user = session.as_ref().map(|session| session.user());
        tracing::info!(mount = mount.name, user, "a sign-out that is not of the page itself");
        return Err(Failure::foreign_page());
    }
    if let Some(session) = &session {
        sign_in.end_session(&parts.headers);
        let principal = Principal {
            name: Some(session.user().to_owned()),
            authentication: "token".into(),
            ..Principal::default()
        };
        api.decider.record(record::sign_in("sign-out", Ok(&principal), &mount.name, visit.peer.clone()));
    }
    let go_on = if session.is_some() { sign_in.end_session_url().await } else { None };
    let html = SignedOut { go_on: go_on.as_deref() }.render();
    let mut response = page::page(Response::new(Body::empty()), html);
    response.headers_mut().append(header::SET_COOKIE, sign_in.clear_session());
    Ok(response)
}

/// The query of a callback. None where a parameter stands twice: two readers could take it for two (RFC 6749, 3.1).
fn of_query(query: &str) -> Option<Callback> {
    let mut callback = Callback::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "code" => &mut callback.code,
            "state" => &mut callback.state,
            "iss" => &mut callback.issuer,
            "error" => &mut callback.error,
            "error_description" => &mut callback.error_description,
            _ => continue,
        };
        if field.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    Some(callback)
}

/// The response for a failure, which the log and, once in a while for each address, a record tells.
fn failed(visit: &Visit<'_>, error: &BrowserSignInError) -> Failure {
    let is_of_user = matches!(
        error,
        BrowserSignInError::Refused(_) | BrowserSignInError::NotBegun | BrowserSignInError::Token(_)
    );
    if let BrowserSignInError::TooMany(limited) = error {
        tracing::info!(mount = visit.mount.name, peer = visit.peer, %limited, "a sign-in is refused");
    } else if is_of_user {
        note_failure(visit, &error.to_string());
    } else {
        let error = portcullis_errors::chain(error);
        tracing::warn!(mount = visit.mount.name, error, "users cannot sign in");
    }
    Failure::of_sign_in(error)
}

fn note_failure(visit: &Visit<'_>, why: &str) {
    tracing::info!(mount = visit.mount.name, peer = visit.peer, why, "a sign-in failed");
    let address: Option<IpAddr> = visit.asks.peer;
    if visit.sign_in.is_first_failure(address) {
        let record = record::sign_in("sign-in", Err(why), &visit.mount.name, visit.peer.clone());
        visit.api.decider.record(record);
    }
}

/// A redirect that is followed with `GET`.
fn see(location: &str) -> Result<Response, Failure> {
    let location = HeaderValue::try_from(location)
        .map_err(|_| Failure::of_sign_in(&BrowserSignInError::Provider("an endpoint of it is no URL")))?;
    Ok(response::redirect(location))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_says_each_thing_once() {
        let good = of_query("code=c&state=s%20t&iss=https%3A%2F%2Fi&session_state=x").unwrap();
        assert_eq!(good.code.as_deref(), Some("c"));
        assert_eq!(good.state.as_deref(), Some("s t"));
        assert_eq!(good.issuer.as_deref(), Some("https://i"));
        for twice in ["code=a&code=b", "state=a&state=a", "iss=a&iss=b", "error=a&error=b"] {
            assert!(of_query(twice).is_none(), "{twice}");
        }
        assert!(of_query("").is_some_and(|callback| callback.code.is_none()));
    }
}
