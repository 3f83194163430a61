//! The federation endpoint: credentials go in, a sign-in token comes out.
//!
//! The token is asked for with `GET`, as AWS documents it, so the URL holds the credentials: no part of it is ever
//! in an error or in the log. Redirects are not followed. Time and size are bounded.

use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use secrecy::SecretString;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use super::error::{AwsError, chain};
use super::quiet::QuietExecutor;

/// A sign-in token is a kilobyte or two.
const MAX_ANSWER: usize = 64 << 10;
/// How many questions may be under way at once.
const MAX_QUESTIONS: usize = 32;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    signin_token: SecretString,
}

pub(super) struct SignIn {
    http: legacy::Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    timeout: Duration,
    questions: Semaphore,
}

impl SignIn {
    /// Believes servers for which the CAs of the system vouch.
    pub(super) fn new(timeout: Duration) -> Result<Self, AwsError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| AwsError::SignInUnreachable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeout / 2));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        // People open consoles now and then: a connection that is kept would be found closed.
        let http = legacy::Client::builder(QuietExecutor).pool_max_idle_per_host(0).build(https);
        Ok(Self { http, timeout, questions: Semaphore::new(MAX_QUESTIONS) })
    }

    /// The token for the question that `url` asks.
    pub(super) async fn token(&self, url: &str) -> Result<SecretString, AwsError> {
        let question = async {
            // The semaphore is never closed; were it, going on unbounded would still be right.
            let _turn = self.questions.acquire().await;
            self.ask(url).await
        };
        tokio::time::timeout(self.timeout, question)
            .await
            .unwrap_or_else(|_| Err(AwsError::SignInTimeout(self.timeout)))
    }

    async fn ask(&self, url: &str) -> Result<SecretString, AwsError> {
        let uri: Uri = url.parse().map_err(|_| AwsError::SignInUnreachable("its URL is malformed".into()))?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        let answer = self.http.request(request).await;
        let (head, body) = answer.map_err(|error| AwsError::SignInUnreachable(chain(&error)))?.into_parts();
        if head.status != http::StatusCode::OK {
            return Err(AwsError::SignInRefused(head.status.as_u16()));
        }
        let body = read(body).await?;
        // The parser's own words are left out: they may repeat what they stumble over.
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| AwsError::SignInUnreadable("it is no JSON, or has no `SigninToken`"))?;
        Ok(answer.signin_token)
    }
}

async fn read(body: Incoming) -> Result<Zeroizing<Vec<u8>>, AwsError> {
    let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            AwsError::SignInUnreadable("it is longer than 64 KiB")
        } else {
            AwsError::SignInUnreachable(chain(&*error))
        }
    })?;
    Ok(Zeroizing::new(body.to_bytes().to_vec()))
}
