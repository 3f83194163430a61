//! The provider's keys, fetched when they are needed and kept.
//!
//! They are asked for again when they are five minutes old, and when a token names a key that is not among them,
//! since a provider may sign with a new key at any time. Once in ten seconds at most: a client that makes up names of keys
//! shall not bring the provider down with us. While the provider does not answer its keys hold for a day.

use arc_swap::ArcSwapOption;
use http::{Request, StatusCode, Uri};
use jsonwebtoken::Header;
use portcullis_errors::chain;
use portcullis_http_client::{ClientOptions, HttpClient, Proxies, Roots};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::keys::Keys;
use crate::{AuthError, IdentityError};

const FRESH: Duration = Duration::from_mins(5);
const KEPT: Duration = Duration::from_hours(24);
/// Between two questions.
const PAUSE: Duration = Duration::from_secs(10);
/// For one request.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_RESPONSE: usize = 256 << 10;

/// One provider, by the URL of its keys.
pub(super) struct Provider {
    http: HttpClient,
    url: Uri,
    found: ArcSwapOption<Found>,
    asking: Arc<Mutex<Option<LastFetch>>>,
}

struct Found {
    keys: Arc<Keys>,
    at: Instant,
}

/// The last question, and what came of it where that was no key.
struct LastFetch {
    at: Instant,
    trouble: Option<String>,
}

impl Provider {
    pub(super) fn new(url: &str, ca: Option<&Path>) -> Result<Self, IdentityError> {
        let url = checked(url)?;
        let needs_system = ca.is_some() || url.scheme_str() == Some("https");
        let http = HttpClient::new(&ClientOptions {
            proxies: Proxies::none(),
            roots: if needs_system { Roots::file_or_system(ca) } else { Roots::None },
            timeout: TIMEOUT,
            max_response_bytes: MAX_RESPONSE,
            max_concurrent: 1,
            max_idle: 1,
        })?;
        Ok(Self { http, url, found: ArcSwapOption::empty(), asking: Arc::default() })
    }

    /// The keys, with that which the token names among them if the provider has it.
    pub(super) async fn keys(
        self: &Arc<Self>,
        header: &Header,
        now: Instant,
    ) -> Result<Arc<Keys>, AuthError> {
        let (usable, fresh) = self.usable(header, now);
        match (usable, fresh) {
            (Some(keys), true) => return Ok(keys),
            // A request is in flight already: the cached keys will do.
            (Some(keys), false) => match Arc::clone(&self.asking).try_lock_owned() {
                Ok(asking) => drop(self.ask(asking, now).await),
                Err(_) => return Ok(keys),
            },
            (None, _) => {
                let asking = Arc::clone(&self.asking).lock_owned().await;
                // An earlier request may have found it.
                if let (Some(keys), _) = self.usable(header, now) {
                    return Ok(keys);
                }
                if let Some(trouble) = self.ask(asking, now).await {
                    return match self.usable(header, now) {
                        (Some(keys), _) => Ok(keys),
                        (None, _) => Err(AuthError::unavailable(format!(
                            "the provider's keys cannot be fetched: {trouble}"
                        ))),
                    };
                }
            }
        }
        match self.found.load_full().filter(|found| age(found, now) < KEPT) {
            Some(found) => Ok(Arc::clone(&found.keys)),
            None => Err(AuthError::unavailable("the provider has not given its keys for too long")),
        }
    }

    /// The keys, if they are not too old and that of the token is among them; and whether they are still fresh.
    fn usable(&self, header: &Header, now: Instant) -> (Option<Arc<Keys>>, bool) {
        let Some(found) = self.found.load_full() else { return (None, false) };
        let age = age(&found, now);
        let usable = age < KEPT && found.keys.knows(header);
        (usable.then(|| Arc::clone(&found.keys)), age < FRESH)
    }

    /// Fetches the keys, unless that has just been done, and returns the error. It runs to its end even if
    /// no caller waits any more: else clients that hang up in time could prevent it for ever.
    async fn ask(
        self: &Arc<Self>,
        mut asking: OwnedMutexGuard<Option<LastFetch>>,
        now: Instant,
    ) -> Option<String> {
        if let Some(asked) = &*asking
            && now.saturating_duration_since(asked.at) < PAUSE
        {
            return asked.trouble.clone();
        }
        let provider = Arc::clone(self);
        let asked = tokio::spawn(async move {
            let trouble = match provider.fetch().await {
                Ok(keys) => {
                    provider.found.store(Some(Arc::new(Found { keys: Arc::new(keys), at: now })));
                    None
                }
                Err(trouble) => {
                    tracing::warn!(url = %provider.url, trouble, "the provider's keys cannot be fetched");
                    Some(trouble)
                }
            };
            *asking = Some(LastFetch { at: now, trouble: trouble.clone() });
            trouble
        });
        asked.await.unwrap_or_else(|error| Some(error.to_string()))
    }

    async fn fetch(&self) -> Result<Keys, String> {
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = self.url.clone();
        request
            .headers_mut()
            .insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
        let response = self.http.send(request).await.map_err(|error| chain(&error))?;
        if response.status != StatusCode::OK {
            return Err(format!("the answer is {}", response.status));
        }
        Keys::parse(&response.body).map_err(|reason| format!("the answer cannot be used: {reason}"))
    }
}

fn age(found: &Found, now: Instant) -> Duration {
    now.saturating_duration_since(found.at)
}

/// In clear text only within this machine: an attacker who can change the keys on the way can be any user.
fn checked(url: &str) -> Result<Uri, IdentityError> {
    let wrong = |reason| IdentityError::Server { key: "jwks", url: url.into(), reason };
    let parsed: Uri = url.parse().map_err(|_| wrong("it is not a URL"))?;
    let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
        return Err(wrong("it must begin with `https://`"));
    };
    if authority.as_str().contains('@') {
        // Not shown: what stands there is a password.
        let reason = "it must not hold a name or a password";
        return Err(IdentityError::Server { key: "jwks", url: "...".into(), reason });
    }
    let host = authority.host().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match scheme {
        "https" => Ok(parsed),
        "http" if here => Ok(parsed),
        "http" => Err(wrong("it must begin with `https://`, unless it is on this machine")),
        _ => Err(wrong("it must begin with `https://`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_keys_may_come_from() {
        for (url, good) in [
            ("https://id.example.org/keys?x=1", true),
            ("http://127.0.0.1:8080/keys", true),
            ("http://localhost/keys", true),
            ("http://[::1]:1/keys", true),
            ("http://id.example.org/keys", false),
            ("http://127.0.0.1.example.org/keys", false),
            ("http://10.0.0.1/keys", false),
            ("ftp://127.0.0.1/keys", false),
            ("/keys", false),
            ("id.example.org", false),
            ("", false),
        ] {
            assert_eq!(checked(url).is_ok(), good, "{url}");
        }
        let error = checked("https://me:hunter2@id.example.org/").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
