//! HTTP to Keystone: connections are reused, redirects never followed, time and size bounded.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use std::time::Duration;
use tokio::sync::Semaphore;

use super::KeystoneOptions;
use super::endpoint;
use crate::web::{self, Https, chain};
use crate::{IdentityError, Rejection};

/// A token's description with a large catalog is a few ten kilobytes.
const MAX_ANSWER: usize = 1 << 20;
/// How many questions may be under way at once: whoever guesses tokens shall not bring Keystone down with us.
const MAX_QUESTIONS: usize = 32;

/// Why Keystone cannot say whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("Keystone did not answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    #[error("Keystone cannot be reached: {0}")]
    Unreachable(String),
    #[error("Keystone's answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    #[error("Keystone answered with {0}")]
    Status(StatusCode),
    #[error("Keystone's answer cannot be read: {0}")]
    Garbage(String),
    #[error("Keystone refuses the service user's name and password")]
    Password,
    #[error("Keystone refuses the service user's own token")]
    OwnToken,
    #[error(
        "Keystone does not let us look at the token: the service user needs the role `service` or `admin`"
    )]
    Forbidden,
}

impl From<Trouble> for Rejection {
    fn from(trouble: Trouble) -> Self {
        Self::Unavailable { reason: trouble.to_string() }
    }
}

/// What Keystone said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// One Keystone, by its URL.
pub(super) struct Client {
    http: Https,
    endpoint: Uri,
    timeout: Duration,
    questions: Semaphore,
}

impl Client {
    pub(super) fn new(options: &KeystoneOptions) -> Result<Self, IdentityError> {
        let endpoint = endpoint::tokens(&options.url)?;
        if options.timeout.is_zero() {
            return Err(IdentityError::Value { key: "timeout", reason: "must not be zero" });
        }
        let http = web::client(&endpoint, options.ca.as_deref(), options.timeout / 2, MAX_QUESTIONS)?;
        Ok(Self { http, endpoint, timeout: options.timeout, questions: Semaphore::new(MAX_QUESTIONS) })
    }

    /// `question`, answered in time. A turn must come in that time too.
    pub(super) async fn bounded<T>(
        &self,
        question: impl Future<Output = Result<T, Rejection>>,
    ) -> Result<T, Rejection> {
        let turn = async {
            // The semaphore is never closed; were it, going on unbounded would still be right.
            let _turn = self.questions.acquire().await;
            question.await
        };
        tokio::time::timeout(self.timeout, turn)
            .await
            .unwrap_or_else(|_| Err(Trouble::Timeout(self.timeout).into()))
    }

    /// `GET`, and once more if the connection broke: one that was kept may have been closed at the other end just
    /// then.
    pub(super) async fn get(&self, query: &str, headers: &HeaderMap) -> Result<Answer, Trouble> {
        let uri: Uri = format!("{}{query}", self.endpoint)
            .parse()
            .map_err(|_| Trouble::Unreachable("the URL is malformed".into()))?;
        let request = || {
            let mut request = Request::new(Full::default());
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = headers.clone();
            request
        };
        match self.http.request(request()).await {
            Err(error) if !error.is_connect() => self.read(self.http.request(request()).await).await,
            result => self.read(result).await,
        }
    }

    /// `POST` of JSON.
    pub(super) async fn post(&self, body: Bytes) -> Result<Answer, Trouble> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json.clone());
        request.headers_mut().insert(CONTENT_TYPE, json);
        let result = self.http.request(request).await;
        self.read(result).await
    }

    async fn read(
        &self,
        result: Result<http::Response<hyper::body::Incoming>, legacy::Error>,
    ) -> Result<Answer, Trouble> {
        let (head, body) = result.map_err(|error| Trouble::Unreachable(chain(&error)))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                Trouble::TooLong
            } else {
                Trouble::Unreachable(chain(&*error))
            }
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }
}
