//! `/console`: the page for browsers.
//!
//! * `form`: what it says
//!
//! Credentials and the addresses of consoles are only in answers to `POST`, so that no history and no log of a proxy
//! has them.

pub(super) mod form;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::body::RequestBody;
use super::call::{Call, Purpose};
use super::requests::{self, Overview, Shown, Wanted};
use super::{ours, record, roles};
use crate::access::{State, Step};
use crate::page::{
    Accounts, Allow, Allowed, Format, Keys, Opening, Refused, RequestRow, Requests, Roles, Secret, Standing,
    content_security_policy, profile_name,
};
use crate::response::{self, Failure};
use crate::route::Route;
use crate::sign_in::{AllowError, Session};
use form::Form;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// The longest failure that is shown.
const MAX_FAILURE: usize = 64 << 10;

/// The answer of one of the page's routes; a failure is a page as well.
pub(super) async fn respond(call: &Call<'_>, route: &Route, body: &RequestBody) -> Response {
    let answered = match route {
        Route::PageOpen => open(call, body).await,
        Route::PageCredentials => credentials(call, body).await,
        Route::PageRequests => requests_list(call).await,
        Route::PageDevice => device(call),
        Route::PageAllow => allow(call, body),
        Route::PageRequest | Route::PageDecide => {
            let done = match route {
                Route::PageRequest => request(call, body).await,
                _ => decide(call, body).await,
            };
            return match done {
                // Loading the page again sends no form again.
                Ok(()) => response::of_user(response::see_other("requests"), call.user()),
                Err(failure) => failed(route, failure.into_response(call.user())).await,
            };
        }
        _ => list(call).await,
    };
    match answered {
        Ok(html) => response::of_user(page(Response::new(Body::empty()), html), call.user()),
        Err(failure) => failed(route, failure.into_response(call.user())).await,
    }
}

/// Lists the accounts and roles that are granted to the user.
async fn list(call: &Call<'_>) -> Result<String, Failure> {
    let grants = call.all(Purpose::List).await?;
    let agent = call.parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let format = call.parameter("format").and_then(|name| Format::of(&name));
    let format = format.unwrap_or_else(|| Format::for_user_agent(agent.unwrap_or_default()));
    let filter = call.parameter("q").unwrap_or_default();
    let accounts = Accounts::of(&grants, &call.mount.accounts);
    let requests = call.mount.requests.is_some();
    let destination = call.parameter("destination").unwrap_or_default();
    let region = call.parameter("region").unwrap_or_default();
    Ok(Roles {
        user: call.user(),
        csrf: call.csrf(),
        accounts,
        filter: &filter,
        format,
        requests,
        destination: &destination,
        region: &region,
    }
    .render())
}

/// A console.
async fn open(call: &Call<'_>, body: &RequestBody) -> Result<String, Failure> {
    let Form { account, role, destination, region, .. } = ours(call, body)?;
    let grant = call.one(Purpose::Console, &account, &role).await?;
    let session = call.session(&grant)?;
    let credentials = call.fresh(&session).await.map_err(|error| Failure::of_aws(&error))?;
    let opened = roles::Opened { destination: destination.as_deref(), region: region.as_deref() };
    let url = roles::console(call, &session, &credentials, opened).await?;
    Ok(Opening { account: &account, role: &role, url: url.expose_secret() }.render())
}

/// Credentials, to be copied.
async fn credentials(call: &Call<'_>, body: &RequestBody) -> Result<String, Failure> {
    let Form { account, role, format, .. } = ours(call, body)?;
    let grant = call.one(Purpose::Credentials, &account, &role).await?;
    let session = call.session(&grant)?;
    let credentials = call.fresh(&session).await.map_err(|error| Failure::of_aws(&error))?;
    let profile = profile_name(&account, &role);
    let secret = Secret {
        access_key_id: credentials.access_key_id(),
        secret_access_key: credentials.secret_access_key().expose_secret(),
        session_token: credentials.session_token().expose_secret(),
        expiration: credentials.expiration(),
        profile: &profile,
    };
    let (csrf, now) = (call.csrf(), SystemTime::now());
    Ok(Keys { account: &account, role: &role, csrf, format, secret, now }.render())
}

/// Requests for access.
async fn requests_list(call: &Call<'_>) -> Result<String, Failure> {
    let Overview { requests, requestable } = requests::overview(call).await?;
    let rows = requests.iter().map(|Shown { request, may_decide }| {
        let ends = Duration::from_secs(u64::try_from(request.ends).unwrap_or_default());
        let standing = match request.state {
            State::Open => Standing::Open,
            State::Approved => Standing::Approved(SystemTime::UNIX_EPOCH + ends),
            State::Denied => Standing::Denied,
            State::Revoked => Standing::Revoked,
        };
        RequestRow {
            id: &request.id,
            requester: &request.requester,
            account: &request.account,
            role: &request.role,
            duration: Duration::from_secs(request.duration_seconds.into()),
            reason: &request.reason,
            standing,
            by: request.by.as_deref(),
            may_decide: *may_decide,
        }
    });
    let requestable = requestable.iter().map(String::as_str).collect();
    Ok(Requests { user: call.user(), csrf: call.csrf(), rows: rows.collect(), requestable }.render())
}

/// A new request for access.
async fn request(call: &Call<'_>, body: &RequestBody) -> Result<(), Failure> {
    check_ours(call, body)?;
    let [role, seconds, reason] =
        form::fields(&call.parts.headers, body.bytes()?, ["role", "seconds", "reason"])?;
    let wrong = || Failure::bad_request("`role` is ACCOUNT/ROLE, and `seconds` a number");
    let (account, role) = role.split_once('/').ok_or_else(wrong)?;
    let wanted = Wanted {
        account: account.into(),
        role: role.into(),
        duration_seconds: seconds.parse().map_err(|_| wrong())?,
        reason,
    };
    requests::request(call, wanted).await.map(drop)
}

/// A decision about a request for access.
async fn decide(call: &Call<'_>, body: &RequestBody) -> Result<(), Failure> {
    check_ours(call, body)?;
    let [id, step] = form::fields(&call.parts.headers, body.bytes()?, ["id", "step"])?;
    let step = match step.as_str() {
        "approve" => Step::Approve,
        "deny" => Step::Deny,
        _ => return Err(Failure::bad_request("`step` is `approve` or `deny`")),
    };
    requests::decide(call, &id, step).await.map(drop)
}

/// The page on which a user allows a program.
fn device(call: &Call<'_>) -> Result<String, Failure> {
    has_session(call)?;
    // The code of a link is not filled in: a link of another person must not be a click away from a session.
    Ok(Allow { user: call.user(), csrf: call.csrf(), allowed: None }.render())
}

/// Allows a program to have the token of this session.
fn allow(call: &Call<'_>, body: &RequestBody) -> Result<String, Failure> {
    let session = has_session(call)?;
    check_ours(call, body)?;
    let [user_code] = form::fields(&call.parts.headers, body.bytes()?, ["user_code"])?;
    let sign_in = call.mount.sign_in.as_ref().ok_or_else(|| Failure::forbidden("nothing signs in here"))?;
    let allowed = sign_in.allow_device(&user_code, session, SystemTime::now());
    let program = allowed.map_err(|error| match error {
        AllowError::Unknown => Failure::bad_request(&error.to_string()),
        AllowError::Used => Failure::conflict(&error.to_string()),
    })?;
    let program = program.map(|address| address.to_string());
    let (mount, peer) = (&call.mount.name, call.peer.clone());
    let mut done = record::sign_in("allow-program", Ok(&call.principal), mount, peer);
    done.extra.extend(program.clone().map(|address| ("program_address".into(), address)));
    call.decider.record(done);
    let allowed = Allowed { address: program.as_deref() };
    Ok(Allow { user: call.user(), csrf: call.csrf(), allowed: Some(allowed) }.render())
}

/// The session of the browser, which a request with a token of its own has not.
fn has_session<'a>(call: &'a Call<'_>) -> Result<&'a Arc<Session>, Failure> {
    call.session
        .as_ref()
        .ok_or_else(|| Failure::forbidden("this page is for a browser that is signed in on it"))
}

/// The form, if our own page sent it: checked before anybody decides.
fn ours(call: &Call<'_>, body: &RequestBody) -> Result<Form, Failure> {
    check_ours(call, body)?;
    Form::read(&call.parts.headers, body.bytes()?)
}

/// A cookie comes with each request of a browser, so a form of a session also says what only that session's page knows.
fn check_ours(call: &Call<'_>, body: &RequestBody) -> Result<(), Failure> {
    let has_token = match &call.session {
        Some(session) => form::csrf(body.bytes()?).is_some_and(|csrf| session.is_form_of(&csrf)),
        None => true,
    };
    if !has_token || !ours::is_ours(&call.parts.headers, &call.parts.uri) {
        tracing::info!(mount = call.mount.name, user = call.user(), "a form that is not of the page itself");
        return Err(Failure::foreign_page());
    }
    Ok(())
}

/// A failure as a page, whose status and headers stay what they were.
pub(super) async fn failed(route: &Route, failure: Response) -> Response {
    #[derive(serde::Deserialize)]
    struct Described {
        message: String,
    }
    let (parts, body) = failure.into_parts();
    let described = to_bytes(body, MAX_FAILURE).await.ok();
    let described = described.and_then(|body| serde_json::from_slice::<Described>(&body).ok());
    let message = described.map_or_else(|| parts.status.to_string(), |described| described.message);
    let back = (*route != Route::Page).then_some("../console");
    let html = Refused { status: parts.status, message: &message, back }.render();
    page(Response::from_parts(parts, Body::empty()), html)
}

/// With everything that a browser is told about it.
///
/// `Referrer-Policy` tells other sites nothing. With `no-referrer`, which would tell no site anything, browsers send
/// forms with `Origin: null` (WHATWG Fetch, the `Origin` header), and `ours` could not tell them from those of others.
pub(super) fn page(mut response: Response, html: String) -> Response {
    let told = response::with_type(Body::from(html), HTML);
    let headers = response.headers_mut();
    headers.extend(told.headers().clone());
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, content_security_policy()),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (OPENER_POLICY, "same-origin"),
        (header::CONTENT_LANGUAGE, "en"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    *response.body_mut() = told.into_body();
    response
}

#[cfg(test)]
mod tests;
