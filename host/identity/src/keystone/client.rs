//! HTTP to Keystone: `GET` and `POST` of `/v3/auth/tokens`, with Keystone's bounds on time, size and concurrency.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use portcullis_errors::chain;
use portcullis_http_client::{ClientOptions, HttpClient, HttpError, Proxies, Response, Roots};
use std::time::Duration;

use super::KeystoneOptions;
use super::endpoint;
use crate::{AuthError, IdentityError};

/// The longest response. A token's description with a large catalog is a few ten kilobytes.
const MAX_RESPONSE: usize = 1 << 20;
/// How many requests run at once: a client that guesses tokens must not overload Keystone through us.
const MAX_CONCURRENT: usize = 32;

/// Why Keystone cannot say whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeystoneError {
    #[error("Keystone did not answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    #[error("Keystone cannot be reached: {0}")]
    Unreachable(String),
    #[error("Keystone's answer is longer than {MAX_RESPONSE} bytes")]
    TooLong,
    #[error("Keystone answered with {0}")]
    Status(StatusCode),
    #[error("Keystone's answer cannot be read: {0}")]
    InvalidResponse(String),
    #[error("Keystone refuses the service user's name and password")]
    Password,
    #[error("Keystone refuses the service user's own token")]
    OwnToken,
    #[error(
        "Keystone does not let us look at the token: the service user needs the role `service` or `admin`"
    )]
    Forbidden,
}

impl From<KeystoneError> for AuthError {
    fn from(trouble: KeystoneError) -> Self {
        Self::Unavailable { reason: trouble.to_string() }
    }
}

/// Text instead of the error itself: single-flight gives one error to several requests.
impl From<HttpError> for KeystoneError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout(limit) => Self::Timeout(limit),
            HttpError::TooLarge(_) => Self::TooLong,
            error => Self::Unreachable(chain(&error)),
        }
    }
}

/// One Keystone, by its URL.
pub(super) struct Client {
    http: HttpClient,
    endpoint: Uri,
}

impl Client {
    pub(super) fn new(options: &KeystoneOptions) -> Result<Self, IdentityError> {
        let endpoint = endpoint::tokens(&options.url)?;
        if options.timeout.is_zero() {
            return Err(IdentityError::Value { key: "timeout", reason: "must not be zero" });
        }
        let needs_system = options.ca.is_some() || endpoint.scheme_str() == Some("https");
        let http = HttpClient::new(&ClientOptions {
            proxies: Proxies::none(),
            roots: if needs_system { Roots::file_or_system(options.ca.as_deref()) } else { Roots::None },
            timeout: options.timeout,
            max_response_bytes: MAX_RESPONSE,
            max_concurrent: MAX_CONCURRENT,
            max_idle: MAX_CONCURRENT,
        })?;
        Ok(Self { http, endpoint })
    }

    /// `work`, which may take several requests, under one permit and within the timeout.
    pub(super) async fn limited<T>(
        &self,
        work: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        self.http.limited(async { Ok::<_, KeystoneError>(work.await) }).await?
    }

    /// `GET`, and once more if the connection ended before the response: Keystone may have closed a pooled connection
    /// just then.
    pub(super) async fn get(&self, query: &str, headers: &HeaderMap) -> Result<Response, KeystoneError> {
        let uri: Uri = format!("{}{query}", self.endpoint)
            .parse()
            .map_err(|_| KeystoneError::Unreachable("the URL is malformed".into()))?;
        let request = || {
            let mut request = Request::new(Vec::new());
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = headers.clone();
            request
        };
        match self.http.send(request()).await {
            Err(HttpError::NoResponse(_)) => Ok(self.http.send(request()).await?),
            result => Ok(result?),
        }
    }

    /// `POST` of JSON.
    pub(super) async fn post(&self, body: Vec<u8>) -> Result<Response, KeystoneError> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json.clone());
        request.headers_mut().insert(CONTENT_TYPE, json);
        Ok(self.http.send(request).await?)
    }
}
