//! Requests and responses of the federation API, as its clients see them.

use http::{Request, StatusCode, header, request};
use portcullis_http_client::{HttpClient, HttpError, Response};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::connection::Resolved;
use crate::error::{AwsClientError, sanitize};
use crate::role::RoleName;

/// Credentials of a role. `SessionToken` is how a `credential_process` calls what metadata calls `Token`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    #[serde(alias = "SessionToken")]
    pub(crate) token: SecretString,
    /// RFC 3339.
    pub(crate) expiration: String,
}

/// What the API says of a request that it refuses.
#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// The API of one mount.
pub(crate) struct Api<'a> {
    connection: &'a Resolved,
    http: HttpClient,
    authorization: Option<http::HeaderValue>,
}

impl<'a> Api<'a> {
    /// Authenticates as `connection` says. It asks for a password where it needs to.
    pub(crate) async fn new(connection: &'a Resolved) -> Result<Self, AwsClientError> {
        let http = connection.http()?;
        Ok(Self { connection, http, authorization: connection.authorization().await? })
    }

    /// All roles that the user may have.
    pub(crate) async fn roles(&self) -> Result<BTreeSet<RoleName>, AwsClientError> {
        let accounts: BTreeMap<String, Vec<String>> =
            self.json(&self.connection.url.below(&["account"])).await?;
        let of_account = |(account, roles): (String, Vec<String>)| {
            roles.into_iter().map(move |role| RoleName { account: account.clone(), role })
        };
        Ok(accounts.into_iter().flat_map(of_account).collect())
    }

    /// Credentials of a role.
    pub(crate) async fn credentials(&self, name: &RoleName) -> Result<Credentials, AwsClientError> {
        let RoleName { account, role } = name;
        let credentials: Credentials =
            self.json(&self.connection.url.below(&["account", account, role, "credentials"])).await?;
        if humantime::parse_rfc3339(&credentials.expiration).is_err() {
            return Err(self.not_the_api("credentials without a time of expiration"));
        }
        Ok(credentials)
    }

    /// A URL that opens the console, at `destination` and in `region` where these are given.
    pub(crate) async fn console(
        &self,
        name: &RoleName,
        destination: Option<&str>,
        region: Option<&str>,
    ) -> Result<SecretString, AwsClientError> {
        let RoleName { account, role } = name;
        let mut url = self.connection.url.below(&["account", account, role, "consoleurl"]);
        let pairs = [("destination", destination), ("region", region)];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let response = self.get(&url).await?;
        let text = std::str::from_utf8(&response.body).ok().map(str::trim);
        // It goes to a terminal and to a program that opens URLs.
        let is_url = |text: &&str| {
            (text.starts_with("https://") || text.starts_with("http://"))
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let text = text.filter(is_url).ok_or_else(|| self.not_the_api("no console URL"))?;
        Ok(text.into())
    }

    /// Requests a role for a time. The response is sanitized where it is printed.
    pub(crate) async fn request(
        &self,
        name: &RoleName,
        duration: Duration,
        reason: &str,
    ) -> Result<Value, AwsClientError> {
        let RoleName { account, role } = name;
        let seconds = duration.as_secs();
        let body = json!({ "account": account, "role": role, "duration_seconds": seconds, "reason": reason });
        self.post(&self.connection.url.below(&["requests"]), &body).await
    }

    /// The requests that the user sees.
    pub(crate) async fn requests(&self) -> Result<Value, AwsClientError> {
        self.json(&self.connection.url.below(&["requests"])).await
    }

    /// Approves or denies a request.
    pub(crate) async fn decide(&self, id: &str, step: &str) -> Result<Value, AwsClientError> {
        self.post(&self.connection.url.below(&["requests", id, step]), &json!({})).await
    }

    async fn post(&self, url: &str, body: &Value) -> Result<Value, AwsClientError> {
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        let response = self.send(request, body.to_string().into_bytes()).await?;
        serde_json::from_slice(&response.body).map_err(|_| self.not_the_api("other JSON, or none"))
    }

    async fn json<T: DeserializeOwned>(&self, url: &str) -> Result<T, AwsClientError> {
        let response = self.get(url).await?;
        serde_json::from_slice(&response.body).map_err(|_| self.not_the_api("other JSON, or none"))
    }

    async fn get(&self, url: &str) -> Result<Response, AwsClientError> {
        self.send(Request::get(url), Vec::new()).await
    }

    async fn send(&self, request: request::Builder, body: Vec<u8>) -> Result<Response, AwsClientError> {
        let mut request = request.header(header::ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(body).map_err(|_| self.not_the_api("no such path can be asked for"))?;
        let response = self.http.send(request).await.map_err(|source| self.unreachable(source))?;
        let is_done = matches!(response.status, StatusCode::OK | StatusCode::CREATED);
        if is_done { Ok(response) } else { Err(self.refused(&response)) }
    }

    fn refused(&self, response: &Response) -> AwsClientError {
        let status = response.status;
        let Ok(Refusal { message }) = serde_json::from_slice(&response.body) else {
            return match status {
                StatusCode::UNAUTHORIZED => AwsClientError::Unauthorized {
                    message: "the mount wants another authentication".into(),
                    advice: self.connection.advice(),
                },
                _ => self.not_the_api(&format!("status {status}")),
            };
        };
        let message = sanitize(&message);
        let retry = response.headers.get(header::RETRY_AFTER);
        let seconds = retry.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        match (status, seconds) {
            (StatusCode::UNAUTHORIZED, _) => {
                AwsClientError::Unauthorized { message, advice: self.connection.advice() }
            }
            (_, Some(seconds)) => AwsClientError::Later { message, seconds },
            _ if message.starts_with("Not found") => self.not_the_api(&message),
            _ => AwsClientError::Refused(message),
        }
    }

    fn unreachable(&self, source: HttpError) -> AwsClientError {
        AwsClientError::Unreachable { host: self.connection.url.host().to_owned(), source }
    }

    fn not_the_api(&self, what: &str) -> AwsClientError {
        AwsClientError::NotTheApi { url: self.connection.url.to_string(), what: what.to_owned() }
    }
}
