//! The OpenID provider: discovery, the authorization URL, and the exchange of a code for an ID token.
//!
//! Discovery is kept for an hour, and for a day while the provider does not respond. A failure is kept for ten seconds, so that
//! anonymous requests cannot flood a provider that is down. One request at a time asks; the others take what is kept, or wait
//! for it, 10 seconds at most. At most 8 codes are exchanged at once.

use axum::http::{Request, StatusCode, header};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use portcullis_http_client::{ClientOptions, HttpClient, HttpError, Proxies, Roots};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::BrowserSignInOptions;
use super::error::BrowserSignInError;
use super::secure_url;

const FRESH: Duration = Duration::from_hours(1);
const KEPT: Duration = Duration::from_hours(24);
/// Between a failure and the next attempt.
const PAUSE: Duration = Duration::from_secs(10);
/// For one exchange.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_RESPONSE: usize = 256 << 10;
const MAX_CONCURRENT: usize = 8;

/// A client of a provider; `E` says whether the addresses of authorization and tokens are set.
type OidcClient<E> = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    E,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    E,
>;

/// One exchange with the provider.
type Exchange = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send>>;

/// What OpenID Connect adds to OAuth's response.
#[derive(Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

/// Shows no token.
impl fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenField").finish_non_exhaustive()
    }
}

/// What a provider publishes about itself (OpenID Connect Discovery, 3).
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    /// OpenID Connect RP-Initiated Logout, 2.1.
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207, 3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// A sign-in about to begin.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

pub(super) struct Provider {
    http: Arc<HttpClient>,
    options: BrowserSignInOptions,
    /// The metadata that were read last, and when.
    found: Mutex<Option<(Arc<Metadata>, Instant)>>,
    /// When discovery failed last. The request that holds the lock asks the provider.
    failed: tokio::sync::Mutex<Option<Instant>>,
}

impl Provider {
    pub(super) fn new(options: BrowserSignInOptions) -> Result<Self, BrowserSignInError> {
        let wrong = |key| move |reason| BrowserSignInError::Option { key, reason };
        let issuer = secure_url::check(&options.issuer).map_err(wrong("issuer"))?;
        if !options.scopes.iter().any(|scope| scope == "openid") {
            return Err(wrong("scopes")("`openid` must be among them"));
        }
        let needs_system = options.ca.is_some() || issuer.scheme_str() == Some("https");
        let http = HttpClient::new(&ClientOptions {
            proxies: Proxies::none(),
            roots: if needs_system { Roots::file_or_system(options.ca.as_deref()) } else { Roots::None },
            timeout: TIMEOUT,
            max_response_bytes: MAX_RESPONSE,
            max_concurrent: MAX_CONCURRENT,
            max_idle: 1,
        })?;
        let (found, failed) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self { http: Arc::new(http), options, found, failed })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.options.issuer
    }

    pub(super) fn client_id(&self) -> &str {
        &self.options.client_id
    }

    /// The URL of a sign-in, and what is needed when it ends.
    pub(super) async fn authorize(&self) -> Result<Asked, BrowserSignInError> {
        let metadata = self.metadata().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random();
        let (url, state) = self
            .client(&metadata)?
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.options.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("nonce", nonce.secret())
            .set_pkce_challenge(challenge)
            .url();
        Ok(Asked {
            url: url.into(),
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Refuses a callback of another provider (RFC 9207, 2.4).
    pub(super) async fn check_issuer(&self, issuer: Option<&str>) -> Result<(), BrowserSignInError> {
        let is_required = self.metadata().await?.authorization_response_iss_parameter_supported;
        match issuer {
            None if !is_required => Ok(()),
            Some(issuer) if issuer == self.options.issuer => Ok(()),
            _ => Err(BrowserSignInError::Provider("another provider has responded (`iss`)")),
        }
    }

    /// The ID token for a code.
    pub(super) async fn exchange(
        &self,
        code: String,
        verifier: String,
    ) -> Result<SecretString, BrowserSignInError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata)?;
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let send = self.send();
        let work = async {
            exchange.request_async(&send).await.map_err(|error| match error {
                RequestTokenError::Request(source) => BrowserSignInError::Unreachable(source),
                RequestTokenError::ServerResponse(said) => BrowserSignInError::refused(
                    said.error().as_ref(),
                    said.error_description().map(String::as_str),
                ),
                // The rest of the text could hold a token.
                RequestTokenError::Parse(..) => {
                    BrowserSignInError::Provider("the response of its token endpoint is none of OAuth 2")
                }
                RequestTokenError::Other(_) => BrowserSignInError::Provider(
                    "the response of its token endpoint is not what was asked for",
                ),
            })
        };
        let response = self.http.limited(work).await?;
        let token = response.extra_fields().id_token.as_deref();
        token.map(SecretString::from).ok_or(BrowserSignInError::Provider("it gave no ID token"))
    }

    /// Where the provider ends its own session. The client is named instead of the user's token, which would be in the URL.
    pub(super) async fn end_session_url(&self) -> Option<String> {
        let metadata = self.metadata().await.ok()?;
        let endpoint = metadata.end_session_endpoint.as_deref()?;
        let back = self.options.redirect_uri.strip_suffix("callback")?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.options.client_id);
        form.append_pair("post_logout_redirect_uri", &format!("{back}signed-out"));
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Some(format!("{endpoint}{separator}{}", form.finish()))
    }

    /// What the provider says about itself. A request waits for another that asks only where nothing is kept.
    async fn metadata(&self) -> Result<Arc<Metadata>, BrowserSignInError> {
        if let Some(metadata) = self.younger_than(FRESH) {
            return Ok(metadata);
        }
        let mut failed = match self.younger_than(KEPT) {
            Some(kept) => match self.failed.try_lock() {
                Ok(failed) => failed,
                Err(_) => return Ok(kept),
            },
            None => tokio::time::timeout(TIMEOUT, self.failed.lock())
                .await
                .map_err(|_| BrowserSignInError::Provider("its configuration cannot be read in time"))?,
        };
        // The request that held the lock has found it.
        if let Some(metadata) = self.younger_than(FRESH) {
            return Ok(metadata);
        }
        if failed.is_some_and(|at| at.elapsed() < PAUSE) {
            let error = BrowserSignInError::Provider("its configuration could not be read some seconds ago");
            return self.younger_than(KEPT).ok_or(error);
        }
        let result = self.discover().await.map(Arc::new);
        // After the attempt, which may last as long as the pause.
        let now = Instant::now();
        match result {
            Ok(metadata) => {
                *failed = None;
                *self.found.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Arc::clone(&metadata), now));
                Ok(metadata)
            }
            Err(error) => {
                tracing::warn!(
                    issuer = self.options.issuer,
                    error = portcullis_errors::chain(&error),
                    "the OpenID provider of sign-in cannot be asked for its configuration"
                );
                *failed = Some(now);
                self.younger_than(KEPT).ok_or(error)
            }
        }
    }

    /// The metadata that are kept, if they are younger than this.
    fn younger_than(&self, age: Duration) -> Option<Arc<Metadata>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(_, at)| at.elapsed() < age).map(|(metadata, _)| Arc::clone(metadata))
    }

    async fn discover(&self) -> Result<Metadata, BrowserSignInError> {
        let issuer = &self.options.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let request = Request::get(url).header(header::ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|_| BrowserSignInError::Provider("its issuer is no URL"))?;
        let response = self.http.send(request).await?;
        if response.status != StatusCode::OK {
            return Err(BrowserSignInError::Provider("its configuration has another status than 200"));
        }
        let metadata: Metadata = serde_json::from_slice(&response.body)
            .map_err(|_| BrowserSignInError::Provider("its configuration is none of OpenID Connect"))?;
        // A slash at the end makes another issuer.
        if metadata.issuer != *issuer {
            return Err(BrowserSignInError::Provider("it calls itself otherwise than `issuer`"));
        }
        let endpoints = [Some(&metadata.authorization_endpoint), Some(&metadata.token_endpoint)];
        for endpoint in endpoints.into_iter().chain([metadata.end_session_endpoint.as_ref()]).flatten() {
            secure_url::check(endpoint)
                .map_err(|_| BrowserSignInError::Provider("an endpoint of it is without TLS"))?;
        }
        Ok(metadata)
    }

    fn client(&self, metadata: &Metadata) -> Result<OidcClient<EndpointSet>, BrowserSignInError> {
        let wrong = |_| BrowserSignInError::Provider("an endpoint of it is no URL");
        let redirect = RedirectUrl::new(self.options.redirect_uri.clone()).map_err(wrong)?;
        let mut client = OidcClient::new(ClientId::new(self.options.client_id.clone()))
            .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(wrong)?)
            .set_redirect_uri(redirect);
        if let Some(secret) = &self.options.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        // Without the list a provider knows `client_secret_basic` (OpenID Connect Discovery, 3).
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        if !methods.is_empty() && !methods.iter().any(|method| method == "client_secret_basic") {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        Ok(client)
    }

    /// Our own HTTP client, as `oauth2` wants one.
    fn send(&self) -> impl Fn(HttpRequest) -> Exchange + Send + Sync + 'static {
        let http = Arc::clone(&self.http);
        move |request| {
            let http = Arc::clone(&http);
            Box::pin(async move {
                let response = http.send(request).await?;
                let mut whole = HttpResponse::new(response.body.to_vec());
                *whole.status_mut() = response.status;
                *whole.headers_mut() = response.headers;
                Ok(whole)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A provider that responds with 500, and how often it was asked.
    fn broken() -> (Provider, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                // A request without a body is in one segment.
                let read = connection.read(&mut [0; 4096]).unwrap_or_default();
                if read > 0 {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
                let response =
                    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                drop(connection.write_all(response.as_bytes()));
            }
        });
        let options = BrowserSignInOptions {
            redirect_uri: format!("{issuer}/console/callback"),
            issuer,
            client_id: "c".into(),
            client_secret: None,
            scopes: vec!["openid".into()],
            ca: None,
        };
        (Provider::new(options).unwrap(), asked)
    }

    #[tokio::test]
    async fn requests_that_wait_for_a_failure_do_not_ask_again() {
        let (provider, asked) = broken();
        let (first, second) = tokio::join!(provider.metadata(), provider.metadata());
        let texts = [first.unwrap_err().to_string(), second.unwrap_err().to_string()];
        assert!(texts.iter().any(|text| text.contains("another status than 200")), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains("some seconds ago")), "{texts:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_is_kept_is_used_while_another_request_asks() {
        let (provider, asked) = broken();
        // The monotonic clock of a machine that was started just now has no such moment.
        let Some(at) = Instant::now().checked_sub(FRESH) else { return };
        let metadata =
            serde_json::json!({ "issuer": "i", "authorization_endpoint": "a", "token_endpoint": "t" });
        let metadata: Metadata = serde_json::from_value(metadata).unwrap();
        *provider.found.lock().unwrap() = Some((Arc::new(metadata), at));
        let held = provider.failed.lock().await;
        assert_eq!(provider.metadata().await.unwrap().issuer, "i");
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        drop(held);
        assert_eq!(provider.metadata().await.unwrap().issuer, "i");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
