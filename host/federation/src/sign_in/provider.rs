//! The OpenID provider: discovery, the authorization URL, and the exchange of a code for an ID token.
//!
//! Discovery is kept for an hour, and for a day while the provider does not respond. A failure is kept for ten seconds, so that
//! anonymous requests cannot flood a provider that is down. At most 8 codes are exchanged at once.

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
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

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

/// What discovery came to last.
#[derive(Default)]
struct Discovery {
    found: Option<(Arc<Metadata>, Instant)>,
    failed: Option<Instant>,
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
    discovery: Mutex<Discovery>,
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
        Ok(Self { http: Arc::new(http), options, discovery: Mutex::default() })
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

    /// What the provider says about itself. Requests wait for one that asks.
    async fn metadata(&self) -> Result<Arc<Metadata>, BrowserSignInError> {
        let mut discovery = self.discovery.lock().await;
        let now = Instant::now();
        if let Some((metadata, at)) = &discovery.found
            && now.duration_since(*at) < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        let has_just_failed = discovery.failed.is_some_and(|at| now.duration_since(at) < PAUSE);
        let result = if has_just_failed {
            Err(BrowserSignInError::Provider("its configuration could not be read some seconds ago"))
        } else {
            self.discover().await.map(Arc::new)
        };
        match result {
            Ok(metadata) => {
                *discovery = Discovery { found: Some((Arc::clone(&metadata), now)), failed: None };
                Ok(metadata)
            }
            Err(error) => {
                if !has_just_failed {
                    tracing::warn!(
                        issuer = self.options.issuer,
                        error = portcullis_errors::chain(&error),
                        "the OpenID provider of sign-in cannot be asked for its configuration"
                    );
                    discovery.failed = Some(now);
                }
                let kept = discovery.found.as_ref().filter(|(_, at)| now.duration_since(*at) < KEPT);
                kept.map(|(metadata, _)| Arc::clone(metadata)).ok_or(error)
            }
        }
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
