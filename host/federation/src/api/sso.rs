//! `/sso`: AWS's SSO portal and its OIDC service, as far as `aws sso login` and profiles with `sso_session` need them (AWS IAM
//! Identity Center, Portal API and OIDC API Reference).
//!
//! A program registers, begins the device flow and polls; its user allows it on the page, signed in. The access token that it
//! gets is the ID token of that session, and each call of the portal is judged by it, as by `Authorization: Bearer`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::body::RequestBody;
use super::call::{Call, Purpose};
use crate::response::{self, Failure, UNKNOWN};
use crate::route::SsoRoute;
use crate::sign_in::{BrowserSignIn, DeviceOutcome, INTERVAL, IssueError, SIGN_IN_WITHIN};

const BEARER: HeaderName = HeaderName::from_static("x-amz-sso_bearer_token");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// When a program that has too many codes may begin again, in seconds.
const RETRY_AFTER: u64 = 60;
/// A registration says nothing here, so any is good for as long as AWS's are.
const REGISTERED: u64 = 90 * 86_400;

/// Headers with the token of a call of the portal where programs have theirs. None if it has none.
pub(super) fn presented(headers: &HeaderMap) -> Option<HeaderMap> {
    let mut found = headers.get_all(BEARER).iter();
    let token = found.next().filter(|_| found.next().is_none())?.to_str().ok()?;
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    let mut headers = headers.clone();
    headers.insert(header::AUTHORIZATION, value);
    Some(headers)
}

/// The OIDC service, which knows no user yet but the address of the program.
pub(super) fn anonymous(
    sign_in: &BrowserSignIn,
    route: SsoRoute,
    body: &RequestBody,
    address: Option<IpAddr>,
) -> Response {
    let now = SystemTime::now();
    match route {
        SsoRoute::Register => register(now),
        SsoRoute::DeviceAuthorization => device_authorization(sign_in, address, now),
        SsoRoute::Token => token(sign_in, body, now),
        // The provider's token cannot be taken back; the program forgets it.
        _ => response::json(&serde_json::json!({})),
    }
}

/// The portal, for a user.
pub(super) async fn portal(call: &Call<'_>, route: SsoRoute) -> Result<Response, Failure> {
    match route {
        SsoRoute::Accounts => accounts(call).await,
        SsoRoute::Roles => roles(call).await,
        _ => credentials(call).await,
    }
}

/// With the kind of an error as AWS's SDKs read it.
pub(super) fn with_error_type(mut response: Response) -> Response {
    let kind = match response.status() {
        StatusCode::UNAUTHORIZED => "UnauthorizedException",
        StatusCode::BAD_REQUEST => "InvalidRequestException",
        StatusCode::NOT_FOUND => "ResourceNotFoundException",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequestsException",
        StatusCode::FORBIDDEN => "ForbiddenException",
        _ => return response,
    };
    response.headers_mut().entry(ERROR_TYPE).or_insert(HeaderValue::from_static(kind));
    response
}

fn register(now: SystemTime) -> Response {
    let issued = seconds(now);
    response::json(&serde_json::json!({
        "clientId": "portcullis",
        "clientSecret": "none",
        "clientIdIssuedAt": issued,
        "clientSecretExpiresAt": issued + REGISTERED,
    }))
}

fn device_authorization(sign_in: &BrowserSignIn, address: Option<IpAddr>, now: SystemTime) -> Response {
    let begun = match sign_in.begin_device(address, now) {
        Ok(begun) => begun,
        Err(error) => {
            tracing::info!(?address, %error, "a program cannot begin to sign in");
            let failure = match error {
                IssueError::OfAddress => Failure::limited(&error.to_string(), RETRY_AFTER),
                IssueError::NoRandomness | IssueError::Full => Failure::unavailable(&error.to_string()),
            };
            return failure.into_response(UNKNOWN);
        }
    };
    response::json(&serde_json::json!({
        "deviceCode": begun.device_code,
        "userCode": begun.user_code,
        "verificationUri": begun.url,
        "verificationUriComplete": format!("{}?user_code={}", begun.url, begun.user_code),
        "expiresIn": SIGN_IN_WITHIN.as_secs(),
        "interval": INTERVAL.as_secs(),
    }))
}

fn token(sign_in: &BrowserSignIn, body: &RequestBody, now: SystemTime) -> Response {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wanted {
        grant_type: String,
        device_code: Option<String>,
    }
    let Ok(Ok(wanted)) = body.bytes().map(serde_json::from_slice::<Wanted>) else {
        return oauth_error(
            "InvalidRequestException",
            "invalid_request",
            "the body is no request for a token",
        );
    };
    if wanted.grant_type != DEVICE_GRANT {
        return oauth_error(
            "UnsupportedGrantTypeException",
            "unsupported_grant_type",
            "this host has the device flow alone: use `aws sso login --use-device-code`",
        );
    }
    match sign_in.poll_device(&wanted.device_code.unwrap_or_default(), now) {
        DeviceOutcome::Allowed(session) => response::json(&serde_json::json!({
            "accessToken": session.token().expose_secret(),
            "tokenType": "Bearer",
            "expiresIn": session.token_lasts(now).as_secs(),
        })),
        DeviceOutcome::Pending => oauth_error(
            "AuthorizationPendingException",
            "authorization_pending",
            "no user has allowed it yet",
        ),
        DeviceOutcome::SlowDown => {
            oauth_error("SlowDownException", "slow_down", "it polls more often than `interval` says")
        }
        DeviceOutcome::Expired => oauth_error(
            "ExpiredTokenException",
            "expired_token",
            "the device code is over, or is none of this host: begin again",
        ),
    }
}

/// An error of the OIDC service, in both of its spellings.
fn oauth_error(kind: &'static str, error: &str, description: &str) -> Response {
    let body =
        serde_json::json!({ "error": error, "error_description": description, "message": description });
    let mut response = response::json(&body);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
    response
}

async fn accounts(call: &Call<'_>) -> Result<Response, Failure> {
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "camelCase")]
    struct Listed {
        account_name: String,
        account_id: String,
        email_address: &'static str,
    }
    let grants = call.all(Purpose::List).await?;
    let listed = grants.into_iter().filter_map(|grant| {
        let account_id = call.mount.accounts.get(&grant.account)?.id.to_string();
        Some(Listed { account_name: grant.account, account_id, email_address: "" })
    });
    let listed: BTreeSet<_> = listed.collect();
    Ok(response::of_user(response::json(&serde_json::json!({ "accountList": listed })), call.user()))
}

async fn roles(call: &Call<'_>) -> Result<Response, Failure> {
    let (id, account) = account(call)?;
    let grants = call.all(Purpose::List).await?;
    let roles = grants.into_iter().filter(|grant| grant.account == account).map(|grant| grant.role);
    let roles: BTreeSet<_> = roles.collect();
    let roles: Vec<_> =
        roles.iter().map(|role| serde_json::json!({ "roleName": role, "accountId": id })).collect();
    Ok(response::of_user(response::json(&serde_json::json!({ "roleList": roles })), call.user()))
}

async fn credentials(call: &Call<'_>) -> Result<Response, Failure> {
    let (_, account) = account(call)?;
    let role = call.parameter("role_name").filter(|role| !role.is_empty());
    let role = role.ok_or_else(|| Failure::bad_request("`role_name` is a role of the account"))?;
    let grant = call.one(Purpose::Credentials, account, &role).await?;
    let session = call.session(&grant)?;
    let credentials = call.fresh(&session).await.map_err(|error| Failure::of_aws(&error))?;
    let expiration = credentials.expiration().duration_since(UNIX_EPOCH).unwrap_or_default();
    let body = serde_json::json!({ "roleCredentials": {
        "accessKeyId": credentials.access_key_id(),
        "secretAccessKey": credentials.secret_access_key().expose_secret(),
        "sessionToken": credentials.session_token().expose_secret(),
        "expiration": u64::try_from(expiration.as_millis()).unwrap_or(u64::MAX),
    } });
    Ok(response::of_user(response::json(&body), call.user()))
}

/// The id that a call names, and what the mount calls that account.
fn account<'a>(call: &'a Call<'_>) -> Result<(String, &'a str), Failure> {
    let id = call.parameter("account_id").unwrap_or_default();
    let mut accounts = call.mount.accounts.iter();
    let found = accounts.find(|(_, account)| account.id.to_string() == id).map(|(name, _)| name.as_str());
    // The same as for an account of which no role is granted: no list tells which accounts there are.
    let found = found.ok_or_else(|| Failure::forbidden("no policy grants you a role in this account"))?;
    Ok((id, found))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
