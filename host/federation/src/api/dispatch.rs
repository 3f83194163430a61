//! From a request to a route, and everything that is settled before anybody is asked: the mount, the method, who is
//! kept from metadata, and who asks.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use portcullis_contract::types::Principal;
use portcullis_identity::AuthError;
use portcullis_identity::source::{AuthRequest, Authenticated};
use portcullis_listen::Peer;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::body::RequestBody;
use super::call::Call;
use super::{
    FederationApi, Shared, accounts, instance, page, record, requests, roles, session_tags, sign_in, sso,
};
use crate::access::{AccessRequest, Step};
use crate::decide::InForce;
use crate::metadata::Ttl;
use crate::mounts::Mount;
use crate::origin_checks::{self, Rejected};
use crate::response::{self, Failure, UNKNOWN};
use crate::route::Route;

const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const TOKEN_TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

/// Who the health of a mount is shown to.
const MONITORING: &str = "monitoring";

pub(super) async fn respond(api: &FederationApi, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // First: what is read below is to be in force when the request is decided.
    let body = RequestBody::read(&parts.method, body).await;
    let begun = Instant::now();
    let FederationApi { shared: api, listener, .. } = api;
    let in_force = api.decider.in_force();
    let path = parts.uri.path();
    let host = origin_checks::host_name(&parts.headers, &parts.uri);
    let Some((mount, rest)) = in_force.mounts().find(listener.as_deref(), host, path) else {
        return Failure::no_route(path).into_response(UNKNOWN);
    };
    let peer = Asking::of(&parts);
    let has = |route: &Route| {
        (mount.metadata.is_some() || !route.is_for_sdks())
            && (mount.requests.is_some() || !route.is_for_requests())
            && (mount.sign_in.is_some() || !route.is_for_sign_in())
    };
    let route = Route::of(rest).filter(has);
    let Some(route) = route else {
        let user = user(api, mount, &parts, &peer).await;
        return Failure::no_route(rest).into_response(&user);
    };
    if !is_method_of(&route, &parts.method) {
        let user = user(api, mount, &parts, &peer).await;
        return Failure::no_method(route.methods()).into_response(&user);
    }
    if route == Route::Status {
        return status(&*in_force, mount);
    }
    if route == Route::ToPage {
        return response::moved("../console");
    }
    if let Err(failure) = keep_out(api, mount, &route, &parts, &peer) {
        return unidentified(mount, &route, failure).await;
    }
    if route == Route::MetadataToken {
        return token(api, mount, &parts, &peer);
    }
    if let (Route::Sso(route), Some(sign_in)) = (&route, &mount.sign_in)
        && !route.is_portal()
    {
        return sso::with_error_type(sso::anonymous(sign_in, *route, &body, peer.ip));
    }
    // A program says who it is in each request. A browser has a cookie, which is good for the page alone.
    let sign_in = mount.sign_in.as_ref().filter(|_| route.is_page());
    let sign_in = sign_in.filter(|_| !parts.headers.contains_key(header::AUTHORIZATION));
    if let Some(sign_in) = sign_in.filter(|_| route.is_sign_in()) {
        let (asks, peer) = (peer.asks(&parts.headers), peer.text.clone());
        let visit = sign_in::Visit { api, mount, sign_in, parts: &parts, body: &body, asks, peer };
        return sign_in::respond(&visit, &route).await;
    }
    let session = sign_in.and_then(|sign_in| sign_in.session(&parts.headers, SystemTime::now()));
    let presented = match &route {
        Route::Sso(_) => sso::presented(&parts.headers),
        _ => session.as_ref().and_then(|session| session.headers(&parts.headers)),
    };
    let headers = presented.as_ref().unwrap_or(&parts.headers);
    let Authenticated { principal, until, session_tags } = match authenticate(api, mount, headers, &peer)
        .await
    {
        Ok(authenticated) => authenticated,
        Err(AuthError::Unauthorized { reason, .. }) if sign_in.is_some() => {
            tracing::info!(mount = mount.name, peer = peer.text, reason, "a browser without a session");
            return sign_in::please(mount, &route, &parts, session.is_some());
        }
        Err(rejection) => {
            tracing::info!(mount = mount.name, peer = peer.text, %rejection, "nobody could be made of a request");
            let failure = Failure::of_identity(&rejection, mount.source.challenge());
            return unidentified(mount, &route, failure).await;
        }
    };
    let session_tags = match session_tags::complete(session_tags) {
        Ok(tags) => tags,
        Err(failure) => {
            let user = principal.name.as_deref().unwrap_or_default();
            tracing::info!(mount = mount.name, user, %failure, "a token has no value for a session tag");
            return unidentified(mount, &route, failure).await;
        }
    };
    let approved = approved(api, mount, &principal).await;
    let call = Call {
        decider: &*api.decider,
        requests: api.requests.as_ref(),
        approved,
        session,
        in_force: Arc::clone(&in_force),
        mount,
        parts: &parts,
        principal,
        until,
        session_tags,
        peer: peer.text.clone(),
        begun,
    };
    let response = handle(&call, &route, rest, &body).await;
    let response = response.unwrap_or_else(|failure| failure.into_response(call.user()));
    as_aws(mount, &route, response)
}

/// The response to a request whose sender is known.
async fn handle(call: &Call<'_>, route: &Route, rest: &str, body: &RequestBody) -> Result<Response, Failure> {
    match route {
        Route::List => accounts::list(call).await,
        Route::Role { account, role, wanted } => roles::role(call, account, role, *wanted).await,
        Route::MetadataRole { versioned } => instance::role(call, *versioned).await,
        Route::MetadataCredentials { role, .. } => instance::credentials(call, role).await,
        Route::MetadataInfo => instance::info(call).await,
        Route::MetadataFact(fact) => instance::fact(call, *fact).ok_or_else(|| Failure::no_route(rest)),
        Route::Requests if call.parts.method == Method::POST => requests::create(call, body).await,
        Route::Requests => requests::list(call).await,
        Route::RequestStep { id, approve } => {
            let step = if *approve { Step::Approve } else { Step::Deny };
            requests::take(call, id, step, body).await
        }
        Route::Status
        | Route::MetadataToken
        | Route::ToPage
        | Route::PageSignIn
        | Route::PageCallback
        | Route::PageSignOut
        | Route::PageSignedOut => Err(Failure::no_route(rest)),
        Route::Page
        | Route::PageOpen
        | Route::PageCredentials
        | Route::PageRequests
        | Route::PageRequest
        | Route::PageDecide
        | Route::PageDevice
        | Route::PageAllow => Ok(page::respond(call, route, body).await),
        Route::Sso(route) => sso::portal(call, *route).await,
    }
}

/// Whether the route has the method.
fn is_method_of(route: &Route, method: &Method) -> bool {
    match route {
        Route::MetadataToken => *method == Method::PUT,
        Route::PageOpen
        | Route::PageCredentials
        | Route::PageRequest
        | Route::PageDecide
        | Route::PageSignOut
        | Route::PageAllow
        | Route::RequestStep { .. } => *method == Method::POST,
        Route::Sso(route) if !route.is_portal() => *method == Method::POST,
        Route::Requests => [Method::GET, Method::HEAD, Method::POST].contains(method),
        _ => *method == Method::GET || *method == Method::HEAD,
    }
}

/// Who is at the other end of the connection.
struct Asking {
    ip: Option<IpAddr>,
    certificate: Option<Arc<Vec<u8>>>,
    /// The address without its port, for policies, which compare it with networks.
    text: Option<String>,
}

impl Asking {
    fn of(parts: &Parts) -> Self {
        let peer = parts.extensions.get::<Peer>();
        let ip = peer.and_then(|peer| peer.address.parse::<SocketAddr>().ok());
        let ip = ip.map(|address| address.ip().to_canonical());
        let text = peer.map(|peer| ip.map_or_else(|| peer.address.to_string(), |ip| ip.to_string()));
        Self { ip, certificate: peer.and_then(|peer| peer.certificate.clone()), text }
    }

    /// What is known of the request before its sender is.
    fn asks<'a>(&'a self, headers: &'a HeaderMap) -> AuthRequest<'a> {
        AuthRequest {
            headers,
            peer: self.ip,
            certificate: self.certificate.as_ref().map(|der| der.as_slice()),
        }
    }
}

/// What a token of IMDSv2 is bound to: it is of no use on another mount or from another address.
fn holder(mount: &Mount, peer: &Asking) -> String {
    format!("{} {}", mount.name, peer.text.as_deref().unwrap_or_default())
}

/// Who asks for what the mount does not have: AFP names the user in every response. The unauthenticated, and clients that
/// are kept out of the mount, learn no more than that.
async fn user(api: &Shared, mount: &Mount, parts: &Parts, peer: &Asking) -> String {
    let authenticated = match keep_out(api, mount, &Route::Status, parts, peer) {
        Ok(()) => authenticate(api, mount, &parts.headers, peer).await.ok(),
        Err(_) => None,
    };
    authenticated.and_then(|found| found.principal.name).unwrap_or_else(|| UNKNOWN.into())
}

/// Authenticates a request. A login that fails is recorded, once in a while for each user and address.
async fn authenticate(
    api: &Shared,
    mount: &Mount,
    headers: &HeaderMap,
    peer: &Asking,
) -> Result<Authenticated, AuthError> {
    let result = mount.source.authenticate(peer.asks(headers)).await;
    if let Err(AuthError::Unauthorized { login: Some(login), .. }) = &result
        && login.is_first
    {
        api.decider.record(record::failed_login(login, &mount.name, "login", peer.text.clone()));
    }
    result
}

/// What others have approved for the user. A database that is away takes no role from users who have it by a policy alone.
async fn approved(api: &Shared, mount: &Mount, principal: &Principal) -> Vec<AccessRequest> {
    let (Some(requests), Some(_)) = (&api.requests, &mount.requests) else { return Vec::new() };
    let user = principal.name.as_deref().unwrap_or_default();
    requests.approved(&mount.name, user, crate::access::now()).await.unwrap_or_else(|error| {
        tracing::warn!(mount = mount.name, user, %error, "approved requests cannot be read, and grant nothing now");
        Vec::new()
    })
}

/// Refuses a request that is not authenticated: a browser gets a page.
async fn unidentified(mount: &Mount, route: &Route, failure: Failure) -> Response {
    let response = failure.into_response(UNKNOWN);
    if route.is_page() {
        return page::failed(route, response).await;
    }
    as_aws(mount, route, response)
}

/// Checks the origin of a request. A client that is kept from the metadata is kept from all of the mount: each route leads to the same credentials.
fn keep_out(api: &Shared, mount: &Mount, route: &Route, parts: &Parts, peer: &Asking) -> Result<(), Failure> {
    let headers = &parts.headers;
    let is_ambient = mount.metadata.is_some() || mount.source.is_by_address();
    if is_ambient {
        Rejected::check_proxy(headers).map_err(Failure::rejected)?;
    }
    if mount.metadata.is_some() {
        Rejected::check_browser(headers).map_err(Failure::rejected)?;
    }
    if is_ambient || !mount.hosts.is_empty() {
        Rejected::check_host(headers, &parts.uri, &mount.hosts).map_err(Failure::rejected)?;
    }
    let Some(metadata) = &mount.metadata else { return Ok(()) };
    if *route == Route::MetadataToken {
        return Ok(());
    }
    match headers.get(TOKEN) {
        None if metadata.v2_only => Err(Failure::metadata_token()),
        None => Ok(()),
        Some(token) if api.tokens.is_good(token.as_bytes(), &holder(mount, peer), now()) => Ok(()),
        Some(_) => Err(Failure::metadata_token()),
    }
}

fn token(api: &Shared, mount: &Mount, parts: &Parts, peer: &Asking) -> Response {
    let ttl = parts.headers.get(TOKEN_TTL).and_then(|ttl| Ttl::parse(ttl.to_str().ok()?));
    let issued = ttl.ok_or("the header `X-aws-ec2-metadata-token-ttl-seconds` must be 1 to 21600");
    let issued = issued.and_then(|ttl| {
        let token = api.tokens.issue(&holder(mount, peer), now(), ttl);
        token.map(|token| (token, ttl)).ok_or("no token can be made")
    });
    let response = match issued {
        Ok((token, ttl)) => {
            let mut response = response::text(token);
            response.headers_mut().insert(TOKEN_TTL, ttl.seconds().into());
            response
        }
        Err(why) => Failure::bad_request(why).into_response(UNKNOWN),
    };
    as_aws(mount, &Route::MetadataToken, response)
}

/// Whether the mount could answer. Neither policies nor AWS are asked.
fn status(in_force: &dyn InForce, mount: &Mount) -> Response {
    #[derive(serde::Serialize)]
    struct Status {
        status: &'static str,
        message: &'static str,
    }
    match in_force.ready(&mount.policies) {
        Ok(()) => response::of_user(response::json(&Status { status: "200", message: "OK" }), MONITORING),
        Err(error) => Failure::configuration(&error.to_string()).into_response(MONITORING),
    }
}

/// With what AWS's own service would say: the name of the metadata service, and the kind of an error of SSO.
fn as_aws(mount: &Mount, route: &Route, mut response: Response) -> Response {
    if matches!(route, Route::Sso(_)) {
        return sso::with_error_type(response);
    }
    if route.is_metadata() && mount.metadata.is_some() {
        response.headers_mut().insert(header::SERVER, HeaderValue::from_static("EC2ws"));
    }
    response
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
