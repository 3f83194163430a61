//! Sign-in on the page for browsers: the authorization code flow of OpenID Connect with PKCE (RFC 7636), for one mount.
//!
//! * `provider`: discovery, the authorization URL and the exchange of the code
//! * `pending`: a sign-in that was begun, in a cookie of the browser that began it
//! * `devices`: the device flow of `aws sso login`, which a signed-in user allows
//! * `states`: sign-ins whose code was exchanged already
//! * `seal`: seals what browsers and programs keep for us
//! * `sessions`: sessions by the digests of their cookies, in memory, with the ID token
//! * `id_token`: what an ID token must say beside what the mount checks
//! * `cookie`: reads and writes cookies
//! * `return_to`: the page of this mount that a sign-in leads to
//! * `secure_url`: URLs that tokens are sent to
//!
//! A session holds the ID token. Each request of the page presents that token to the mount's own source of identity, as a
//! program would with `Authorization: Bearer`: user, groups, attributes and expiry are the same for both. A token that the mount
//! no longer takes ends the session at the next request of the page.

mod cookie;
mod devices;
mod error;
mod id_token;
mod pending;
mod provider;
mod return_to;
mod seal;
mod secure_url;
mod sessions;
mod states;

pub(crate) use devices::{AllowError, INTERVAL, IssueError};
pub use error::BrowserSignInError;
pub(crate) use return_to::ReturnTo;
pub(crate) use sessions::Session;

use axum::http::{HeaderMap, HeaderValue, header};
use portcullis_identity::attempts::{Attempt, AttemptLimits, Attempts, Limit};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cookie::{Cookie, digest_of};
use devices::{Device, Devices, Polled};
use pending::Pending;
use provider::Provider;
use seal::Sealer;
use sessions::{Sessions, Until};
use states::UsedStates;

/// From the redirect to the provider until the user is back.
pub(crate) const SIGN_IN_WITHIN: Duration = Duration::from_mins(10);
/// Sign-ins that one browser has begun and not ended, e.g. in several tabs.
const MAX_PENDING: usize = 4;
/// Failures of one address in a row, and the time after which one more is allowed.
const FAILURES: Limit = Limit { burst: 50, recovery: Duration::from_secs(10) };
/// The longest session, regardless of how long its token is good.
const LONGEST_SESSION: Duration = Duration::from_hours(12);
/// What follows the page's own URL in a `redirect_uri`.
const CALLBACK: &str = "/console/callback";
/// What sealed texts are for.
const PENDING: &str = "pending";
const DEVICE: &str = "device";

/// What an operator configures. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct BrowserSignInOptions {
    /// The provider's issuer, which is one of the mount's.
    pub issuer: String,
    /// Our id at the provider.
    pub client_id: String,
    /// Our secret at the provider; absent for a public client.
    pub client_secret: Option<SecretString>,
    /// Scopes that are requested, `openid` among them.
    pub scopes: Vec<String>,
    /// Where the provider sends the browser back to: the URL of the mount as browsers see it, and `/console/callback`.
    pub redirect_uri: String,
    /// Certificate authorities of the provider, instead of the system's.
    pub ca: Option<PathBuf>,
}

impl PartialEq for BrowserSignInOptions {
    fn eq(&self, other: &Self) -> bool {
        let secret = |options: &Self| options.client_secret.as_ref().map(|it| it.expose_secret().to_owned());
        (&self.issuer, &self.client_id, &self.scopes) == (&other.issuer, &other.client_id, &other.scopes)
            && (&self.redirect_uri, &self.ca) == (&other.redirect_uri, &other.ca)
            && secret(self) == secret(other)
    }
}

/// Sign-in for one mount. Clones share the sessions.
#[derive(Clone)]
pub struct BrowserSignIn(Arc<Inner>);

struct Inner {
    provider: Provider,
    sealer: Sealer,
    sessions: Sessions,
    devices: Devices,
    /// The page as browsers see it, with `/console`.
    page_url: String,
    /// Limits the failures of an address. One record stands for all of them within a minute.
    failures: Attempts,
    used_states: UsedStates,
    session_cookie: Cookie,
    pending_cookie: Cookie,
}

/// The browser's way to the provider.
pub(crate) struct Begun {
    pub(crate) url: String,
    /// The cookie of this sign-in, and those that remove the oldest ones.
    pub(crate) cookies: Vec<HeaderValue>,
}

/// A token of the provider that belongs to the sign-in which this browser began. The mount has not judged it yet.
pub(crate) struct Received {
    token: SecretString,
    pub(crate) return_to: ReturnTo,
    until: Until,
}

/// What a program is told that begins the device flow.
pub(crate) struct BegunDevice {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    /// The page on which a user allows it.
    pub(crate) url: String,
}

/// What a program is told that polls.
pub(crate) enum DeviceOutcome {
    Allowed(Arc<Session>),
    Pending,
    /// The program polls more often than it was told to.
    SlowDown,
    Expired,
}

/// The query of a callback, each parameter of it once at most.
#[derive(Default)]
pub(crate) struct Callback {
    pub(crate) code: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) error_description: Option<String>,
}

impl BrowserSignIn {
    /// Sign-in for the mount of this name. The provider is first asked when a user signs in.
    ///
    /// # Errors
    /// An option that cannot be worked with.
    pub fn open(mount: &str, options: BrowserSignInOptions) -> Result<Self, BrowserSignInError> {
        let redirect = secure_url::check(&options.redirect_uri)
            .map_err(|reason| BrowserSignInError::Option { key: "redirect_uri", reason })?;
        let outer = redirect.path().strip_suffix(CALLBACK).filter(|_| redirect.query().is_none());
        let outer = outer.ok_or(BrowserSignInError::Option {
            key: "redirect_uri",
            reason: "it must be the mount's URL and `/console/callback`",
        })?;
        let is_tls = redirect.scheme_str() == Some("https");
        // Mounts of one host have cookies of their own.
        let digest = digest_of(&format!("{mount} {}", options.redirect_uri));
        let of_mount = |name: &str| Cookie::new(&format!("portcullis-{name}-{digest}"), outer, is_tls);
        let page_url = options.redirect_uri.trim_end_matches("/callback").to_owned();
        Ok(Self(Arc::new(Inner {
            session_cookie: of_mount("session"),
            pending_cookie: of_mount("sign-in"),
            provider: Provider::new(options)?,
            sealer: Sealer::new().ok_or(BrowserSignInError::NoRandomness)?,
            sessions: Sessions::default(),
            devices: Devices::default(),
            page_url,
            failures: Attempts::new(AttemptLimits {
                name_and_address: FAILURES,
                address: None,
                name: FAILURES,
                ..AttemptLimits::default()
            }),
            used_states: UsedStates::default(),
        })))
    }

    /// Begins a sign-in: the URL at the provider, and the cookie that binds what comes back to this browser.
    pub(crate) async fn begin(
        &self,
        headers: &HeaderMap,
        return_to: ReturnTo,
        now: SystemTime,
    ) -> Result<Begun, BrowserSignInError> {
        let asked = self.0.provider.authorize().await?;
        let cookie = self.0.pending_cookie.of(&digest_of(&asked.state));
        let pending = Pending {
            state: asked.state,
            nonce: asked.nonce,
            verifier: asked.verifier,
            return_to,
            until: seconds(now + SIGN_IN_WITHIN),
        };
        let sealed = self.0.sealer.seal(PENDING, &pending).ok_or(BrowserSignInError::NoRandomness)?;
        let mut cookies = self.clear_oldest(headers, now);
        cookies.push(cookie.set(&sealed, SIGN_IN_WITHIN));
        Ok(Begun { url: asked.url, cookies })
    }

    /// Cookies that remove those of sign-ins which are over, and of the oldest ones until one more has room.
    fn clear_oldest(&self, headers: &HeaderMap, now: SystemTime) -> Vec<HeaderValue> {
        let until = |sealed: &str| {
            let pending = self.0.sealer.open::<Pending>(PENDING, sealed);
            pending.map(|pending| pending.until).filter(|until| *until > seconds(now))
        };
        let mut found: Vec<_> =
            self.0.pending_cookie.parts(headers).map(|(part, sealed)| (until(sealed), part)).collect();
        // Those that are over have no end, and are first.
        found.sort_unstable();
        let over = found.iter().filter(|(until, _)| until.is_none()).count();
        found.truncate(over.max((found.len() + 1).saturating_sub(MAX_PENDING)));
        found.iter().map(|(_, part)| self.0.pending_cookie.of(part).clear()).collect()
    }

    /// What the provider sent the browser back with, exchanged for a token. Failures of an address are limited: none where
    /// many browsers have the same one.
    pub(crate) async fn receive(
        &self,
        headers: &HeaderMap,
        callback: Callback,
        address: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Received, BrowserSignInError> {
        // Each network is a name of its own: no other one has its counter.
        let address = address.map(devices::network);
        let attempt = address.map(|address| self.0.failures.begin(&address.to_string(), Some(address)));
        let attempt = attempt.transpose()?;
        let result = self.received(headers, callback, now).await;
        if let Some(attempt) = attempt {
            match &result {
                Ok(_) => Attempt::succeeded(attempt),
                Err(
                    BrowserSignInError::NotBegun
                    | BrowserSignInError::Refused(_)
                    | BrowserSignInError::Token(_),
                ) => Attempt::failed(attempt),
                Err(_) => Attempt::cancelled(attempt),
            }
        }
        result
    }

    async fn received(
        &self,
        headers: &HeaderMap,
        callback: Callback,
        now: SystemTime,
    ) -> Result<Received, BrowserSignInError> {
        let cookie = callback.state.as_deref().map(|state| self.0.pending_cookie.of(&digest_of(state)));
        let pending = cookie.as_ref().and_then(|cookie| cookie.read(headers));
        let pending = pending.and_then(|sealed| self.0.sealer.open::<Pending>(PENDING, sealed));
        let pending = pending.filter(|pending| seconds(now) < pending.until);
        let pending = pending.filter(|pending| callback.state.as_deref() == Some(&*pending.state));
        let Some(pending) = pending else { return Err(BrowserSignInError::NotBegun) };
        let provider = &self.0.provider;
        provider.check_issuer(callback.issuer.as_deref()).await?;
        if let Some(error) = callback.error {
            return Err(BrowserSignInError::refused(&error, callback.error_description.as_deref()));
        }
        let code = callback.code.ok_or(BrowserSignInError::Provider("it sent no code"))?;
        if !self.0.used_states.take(&pending.state, pending.until, seconds(now)) {
            return Err(BrowserSignInError::NotBegun);
        }
        let token = provider.exchange(code, pending.verifier).await?;
        let expires = id_token::check(
            token.expose_secret(),
            provider.issuer(),
            provider.client_id(),
            &pending.nonce,
            seconds(now),
        )?;
        let longest = now + LONGEST_SESSION;
        let expires = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(expires)).unwrap_or(longest);
        let until = Until { ends: expires.min(longest), expires };
        Ok(Received { token, return_to: pending.return_to, until })
    }

    /// A session for a user whom the mount knows by the token. An earlier session of this browser ends. The cookie
    /// for the response.
    pub(crate) fn start_session(
        &self,
        received: Received,
        user: &str,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<HeaderValue, BrowserSignInError> {
        self.end_session(headers);
        let Received { token, until, .. } = received;
        let secret =
            self.0.sessions.start(user, token, until, now).ok_or(BrowserSignInError::NoRandomness)?;
        let lasts = until.ends.duration_since(now).unwrap_or_default();
        Ok(self.0.session_cookie.set(secret.expose_secret(), lasts))
    }

    /// The session of a browser.
    pub(crate) fn session(&self, headers: &HeaderMap, now: SystemTime) -> Option<Arc<Session>> {
        self.0.sessions.find(self.0.session_cookie.read(headers)?, now)
    }

    /// Ends the session of a browser.
    pub(crate) fn end_session(&self, headers: &HeaderMap) {
        if let Some(secret) = self.0.session_cookie.read(headers) {
            self.0.sessions.end(secret);
        }
    }

    /// The cookie that removes the session's.
    pub(crate) fn clear_session(&self) -> HeaderValue {
        self.0.session_cookie.clear()
    }

    /// Ends all sessions of a user, and takes back what they have allowed programs. How many sessions there were.
    pub(crate) fn end_sessions_of(&self, user: &str) -> usize {
        self.0.devices.end_of(user);
        self.0.sessions.end_of(user)
    }

    /// The cookie that removes that of the sign-in with this state.
    pub(crate) fn clear_pending(&self, state: &str) -> HeaderValue {
        self.0.pending_cookie.of(&digest_of(state)).clear()
    }

    /// Where the provider ends its own session, if it says so and responds: without a token in the URL.
    pub(crate) async fn end_session_url(&self) -> Option<String> {
        self.0.provider.end_session_url().await
    }

    /// Begins the device flow for a program at this address.
    pub(crate) fn begin_device(
        &self,
        address: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<BegunDevice, IssueError> {
        let until = now + SIGN_IN_WITHIN;
        let user_code = self.0.devices.issue(address, since_1970(until), since_1970(now))?;
        let device = Device { user_code, until: seconds(until) };
        let device_code = self.0.sealer.seal(DEVICE, &device).ok_or(IssueError::NoRandomness)?;
        let url = format!("{}/device", self.0.page_url);
        Ok(BegunDevice { device_code, user_code: device.user_code, url })
    }

    /// Lets the program that shows this code have the token of the session. The address of the program, if it has one of its
    /// own.
    pub(crate) fn allow_device(
        &self,
        user_code: &str,
        session: &Arc<Session>,
        now: SystemTime,
    ) -> Result<Option<IpAddr>, AllowError> {
        let code = devices::user_code(user_code).ok_or(AllowError::Unknown)?;
        self.0.devices.allow(&code, Arc::clone(session), since_1970(now))
    }

    /// What a user has decided about the program that polls. A session that has ended meanwhile is not handed out.
    pub(crate) fn poll_device(&self, device_code: &str, now: SystemTime) -> DeviceOutcome {
        let device = self.0.sealer.open::<Device>(DEVICE, device_code);
        let Some(device) = device.filter(|device| seconds(now) < device.until) else {
            return DeviceOutcome::Expired;
        };
        match self.0.devices.poll(&device.user_code, since_1970(now)) {
            Polled::Allowed(session) if self.0.sessions.is_open(&session, now) => {
                DeviceOutcome::Allowed(session)
            }
            Polled::Allowed(_) | Polled::Over => DeviceOutcome::Expired,
            Polled::Waiting => DeviceOutcome::Pending,
            Polled::TooEarly => DeviceOutcome::SlowDown,
        }
    }

    /// Whether a failure is the first of this address within a minute.
    pub(crate) fn is_first_failure(&self, address: Option<IpAddr>) -> bool {
        self.0.failures.is_first_failure(None, address)
    }
}

#[cfg(test)]
impl BrowserSignIn {
    /// Sign-in at a provider that is not asked, with a session of this user. Its `Cookie` header, and the token of its forms.
    pub(crate) fn with_session(user: &str) -> (Self, String, String) {
        let sign_in = Self::open(
            "/afp",
            BrowserSignInOptions {
                issuer: "http://localhost:1".into(),
                client_id: "c".into(),
                client_secret: None,
                scopes: vec!["openid".into()],
                redirect_uri: "http://localhost/afp/console/callback".into(),
                ca: None,
            },
        )
        .unwrap();
        let now = SystemTime::now();
        let expires = now + Duration::from_hours(1);
        let received = Received {
            token: "token".into(),
            return_to: ReturnTo::default(),
            until: Until { ends: expires, expires },
        };
        let cookie = sign_in.start_session(received, user, &HeaderMap::new(), now).unwrap();
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(&cookie).unwrap())]);
        let csrf = sign_in.session(&headers, now).unwrap().csrf().to_owned();
        (sign_in, cookie, csrf)
    }
}

impl Received {
    /// Headers that present the token to the mount.
    pub(crate) fn headers(&self, headers: &HeaderMap) -> Option<HeaderMap> {
        presenting(&self.token, headers)
    }
}

impl Session {
    /// Headers that present the token to the mount.
    pub(crate) fn headers(&self, headers: &HeaderMap) -> Option<HeaderMap> {
        presenting(self.token(), headers)
    }
}

/// These headers, with the token as a program would send it.
fn presenting(token: &SecretString, headers: &HeaderMap) -> Option<HeaderMap> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    let mut headers = headers.clone();
    headers.insert(header::AUTHORIZATION, value);
    Some(headers)
}

/// Seconds since 1970.
fn seconds(time: SystemTime) -> u64 {
    since_1970(time).as_secs()
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
