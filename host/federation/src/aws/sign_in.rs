//! The federation endpoint: credentials go in, a sign-in token comes out.
//!
//! The token is asked for with `GET`, as AWS documents it, so the URL holds the credentials: no part of it is ever
//! in an error or in the log, which `portcullis-http-client` sees to.

use http::{Request, StatusCode};
use portcullis_errors::chain;
use portcullis_http_client::{ClientOptions, HttpClient, HttpError, Proxies, Roots};
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;

use super::error::{AwsError, excerpt};

/// A sign-in token is a kilobyte or two.
const MAX_RESPONSE: usize = 64 << 10;
/// How many requests run at once.
const MAX_CONCURRENT: usize = 32;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SignInToken {
    signin_token: SecretString,
}

pub(super) struct SignIn(HttpClient);

impl SignIn {
    /// Trusts the system's certificate authorities. A system without any fails when the first token is requested.
    pub(super) fn new(timeout: Duration) -> Result<Self, AwsError> {
        let client = HttpClient::new(&ClientOptions {
            proxies: Proxies::none(),
            roots: Roots::SystemIfAny,
            timeout,
            max_response_bytes: MAX_RESPONSE,
            max_concurrent: MAX_CONCURRENT,
            // People open consoles now and then: a pooled connection would be closed by then.
            max_idle: 0,
        });
        client.map(Self).map_err(|error| AwsError::SignInUnreachable(chain(&error)))
    }

    /// Requests the token at `url`, which holds the credentials.
    pub(super) async fn token(&self, url: &str) -> Result<SecretString, AwsError> {
        let request = Request::get(url).body(Vec::new());
        // The parser's own text is left out: it may quote the URL.
        let request = request.map_err(|_| AwsError::SignInUnreachable("its URL is malformed".into()))?;
        let response = self.0.limited(self.0.send(request)).await?;
        if response.status != StatusCode::OK {
            return Err(AwsError::SignInRefused(response.status.as_u16()));
        }
        // The parser's own text is left out: it may quote the token.
        let token: SignInToken = serde_json::from_slice(&response.body)
            .map_err(|_| AwsError::SignInUnreadable("it is no JSON, or has no `SigninToken`"))?;
        Ok(token.signin_token)
    }
}

impl From<HttpError> for AwsError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout(limit) => Self::SignInTimeout(limit),
            HttpError::TooLarge(_) => Self::SignInUnreadable("it is longer than 64 KiB"),
            error => Self::SignInUnreachable(excerpt(&chain(&error))),
        }
    }
}
