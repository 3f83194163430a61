//! The OpenID provider: discovery, the authorization code flow with PKCE (RFC 7636, RFC 8252), the device flow (RFC 8628),
//! refresh and revocation.
//!
//! An ID token comes from the provider's token endpoint over TLS, which stands for the check of its signature (OpenID
//! Connect Core, 3.1.3.7). The mount verifies the signature each time.

mod loopback;
mod tokens;

use http::{Request, StatusCode, header};
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, CsrfToken, DeviceAuthorizationUrl, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardDeviceAuthorizationResponse, StandardRevocableToken, TokenUrl,
};
use portcullis_http_client::{HttpClient, HttpError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use crate::error::{AwsClientError, sanitize};
use crate::http_client::http_client;
use crate::mount_url::secure_host;
use tokens::TokenResponse;
pub(crate) use tokens::Tokens;

/// A client of a provider; `E` says whether the addresses of authorization and tokens are set.
type OidcClient<E> = Client<
    BasicErrorResponse,
    TokenResponse,
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
type Exchange<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// What a provider publishes about itself (OpenID Connect Discovery, 3).
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
}

/// A client of a provider.
pub(crate) struct Provider {
    http: HttpClient,
    host: String,
    client_id: String,
    metadata: Metadata,
}

impl Provider {
    /// Asks the provider where its endpoints are.
    pub(crate) async fn discover(
        issuer: &str,
        client_id: &str,
        ca: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, AwsClientError> {
        let host = secure_host(issuer)?;
        let http = http_client(&host, ca, timeout)?;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let failure = |what: String| AwsClientError::Provider { issuer: issuer.to_owned(), what };
        let request = Request::get(url).header(header::ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|_| failure("it is no URL".into()))?;
        let response = http.send(request).await;
        let response =
            response.map_err(|source| AwsClientError::Unreachable { host: host.clone(), source })?;
        if response.status != StatusCode::OK {
            return Err(failure(format!("its configuration has the status {}", response.status)));
        }
        let metadata: Metadata = serde_json::from_slice(&response.body)
            .map_err(|_| failure("its configuration is none of OpenID Connect".into()))?;
        // A slash at the end makes another issuer.
        if metadata.issuer != issuer {
            let found = sanitize(&metadata.issuer);
            return Err(failure(format!("it calls itself `{found}`: write that, to the letter")));
        }
        let optional = [&metadata.device_authorization_endpoint, &metadata.revocation_endpoint];
        for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint]
            .into_iter()
            .chain(optional.into_iter().flatten())
        {
            secure_host(endpoint)?;
        }
        Ok(Self { http, host, client_id: client_id.to_owned(), metadata })
    }

    /// The provider of a login, whose endpoints are known.
    pub(crate) fn known(
        login: &crate::login::Login,
        ca: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, AwsClientError> {
        let host = secure_host(&login.token_endpoint)?;
        let http = http_client(&host, ca, timeout)?;
        let metadata = Metadata {
            issuer: login.issuer.clone(),
            authorization_endpoint: login.token_endpoint.clone(),
            token_endpoint: login.token_endpoint.clone(),
            device_authorization_endpoint: None,
            revocation_endpoint: login.revocation_endpoint.clone(),
            scopes_supported: Vec::new(),
        };
        Ok(Self { http, host, client_id: login.client_id.clone(), metadata })
    }

    pub(crate) fn token_endpoint(&self) -> &str {
        &self.metadata.token_endpoint
    }

    pub(crate) fn revocation_endpoint(&self) -> Option<&str> {
        self.metadata.revocation_endpoint.as_deref()
    }

    /// `openid`, and a refresh token where the provider knows the scope for one; or else what the user wants.
    fn scopes(&self, wanted: &[String]) -> Vec<Scope> {
        if !wanted.is_empty() {
            return wanted.iter().cloned().map(Scope::new).collect();
        }
        let offline = self.metadata.scopes_supported.iter().any(|scope| scope == "offline_access");
        let scopes = [Some("openid"), offline.then_some("offline_access")];
        scopes.into_iter().flatten().map(|scope| Scope::new(scope.into())).collect()
    }

    /// The authorization code flow. `show` gets the URL that the user opens.
    pub(crate) async fn sign_in(
        &self,
        scopes: &[String],
        within: Duration,
        show: impl FnOnce(&str),
    ) -> Result<Tokens, AwsClientError> {
        let listener = loopback::Listener::bind().await?;
        let redirect =
            RedirectUrl::new(listener.redirect_uri()).map_err(|error| self.failed(error.to_string()))?;
        let client = self.client()?.set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.scopes(scopes))
            .add_extra_param("nonce", nonce.secret())
            .set_pkce_challenge(challenge)
            .url();
        show(url.as_str());
        let code = listener.code(state.secret(), within).await.map_err(|what| self.failed(what))?;
        let exchange = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let response =
            exchange.request_async(&self.send()).await.map_err(|error| self.request_error(error))?;
        self.checked(&response, Some(nonce.secret()))
    }

    /// The device flow. `show` gets the URL that the user opens anywhere, and the code to type in there.
    pub(crate) async fn sign_in_on_another_device(
        &self,
        scopes: &[String],
        within: Duration,
        show: impl FnOnce(&str, &str),
    ) -> Result<Tokens, AwsClientError> {
        let endpoint = self.metadata.device_authorization_endpoint.clone();
        let endpoint =
            endpoint.ok_or_else(|| self.failed("it has no device flow: leave out `--device`".into()))?;
        let endpoint =
            DeviceAuthorizationUrl::new(endpoint).map_err(|error| self.failed(error.to_string()))?;
        let client = self.client()?.set_device_authorization_url(endpoint);
        let details: StandardDeviceAuthorizationResponse = client
            .exchange_device_code()
            .add_scopes(self.scopes(scopes))
            .request_async(&self.send())
            .await
            .map_err(|error| self.request_error(error))?;
        let url = details
            .verification_uri_complete()
            .map_or_else(|| details.verification_uri().as_str().to_owned(), |url| url.secret().clone());
        show(&sanitize(&url), &sanitize(details.user_code().secret()));
        let response = client
            .exchange_device_access_token(&details)
            .request_async(&self.send(), tokio::time::sleep, Some(within))
            .await
            .map_err(|error| self.request_error(error))?;
        self.checked(&response, None)
    }

    /// New tokens for a refresh token. None if the provider does not take it any more.
    pub(crate) async fn refresh(&self, token: &SecretString) -> Result<Option<Tokens>, AwsClientError> {
        let token = RefreshToken::new(token.expose_secret().to_owned());
        let client = self.client()?;
        let response = client.exchange_refresh_token(&token).request_async(&self.send()).await;
        match response {
            Ok(response) => self.checked(&response, None).map(Some),
            Err(RequestTokenError::ServerResponse(_)) => Ok(None),
            Err(error) => Err(self.request_error(error)),
        }
    }

    /// Tells the provider that a refresh token is of no use any more (RFC 7009), if it wants to know.
    pub(crate) async fn revoke(&self, token: &SecretString) -> Result<(), AwsClientError> {
        let Some(endpoint) = &self.metadata.revocation_endpoint else { return Ok(()) };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token.expose_secret()).append_pair("token_type_hint", "refresh_token");
        form.append_pair("client_id", &self.client_id);
        let request = Request::post(endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish().into_bytes());
        let request = request.map_err(|_| self.failed("its endpoint for revocation is no URL".into()))?;
        let response = self.http.send(request).await;
        let response =
            response.map_err(|source| AwsClientError::Unreachable { host: self.host.clone(), source })?;
        if response.status.is_success() {
            return Ok(());
        }
        Err(self.failed(format!("the status of a revocation is {}", response.status)))
    }

    fn client(&self) -> Result<OidcClient<EndpointSet>, AwsClientError> {
        let url = |error: oauth2::url::ParseError| self.failed(error.to_string());
        Ok(OidcClient::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::new(self.metadata.authorization_endpoint.clone()).map_err(url)?)
            .set_token_uri(TokenUrl::new(self.metadata.token_endpoint.clone()).map_err(url)?))
    }

    /// Our own HTTP client, as `oauth2` wants one.
    fn send<'a>(&'a self) -> impl Fn(HttpRequest) -> Exchange<'a> + 'a {
        move |request| {
            Box::pin(async move {
                let response = self.http.send(request).await?;
                let mut whole = HttpResponse::new(response.body.to_vec());
                *whole.status_mut() = response.status;
                *whole.headers_mut() = response.headers;
                Ok(whole)
            })
        }
    }

    fn checked(&self, response: &TokenResponse, nonce: Option<&str>) -> Result<Tokens, AwsClientError> {
        Tokens::check(response, &self.metadata.issuer, &self.client_id, nonce)
            .map_err(|what| self.failed(what.into()))
    }

    fn failed(&self, what: String) -> AwsClientError {
        AwsClientError::Provider { issuer: self.metadata.issuer.clone(), what }
    }

    fn request_error<T: oauth2::ErrorResponse + std::fmt::Display + 'static>(
        &self,
        error: RequestTokenError<HttpError, T>,
    ) -> AwsClientError {
        match error {
            RequestTokenError::Request(source) => {
                AwsClientError::Unreachable { host: self.host.clone(), source }
            }
            RequestTokenError::ServerResponse(said) => self.failed(sanitize(&said.to_string())),
            // The rest of the text could hold a token.
            RequestTokenError::Parse(..) => self.failed("its response is none of OAuth 2".into()),
            RequestTokenError::Other(_) => self.failed("its response is not what was asked for".into()),
        }
    }
}
