//! A signed token says who asks: a JWT (RFC 7519) of an OpenID Connect provider, as `Authorization: Bearer`.
//!
//! Believed are signatures by RSA (`RS256` to `PS512`), ECDSA (`ES256`, `ES384`) and Ed25519 (`EdDSA`), with a key
//! of the provider's own that is made for it. Never `none`, and never a shared secret: who can verify such a token
//! can also make one.
//!
//! Kept to of RFC 8725: the issuer and the audience must be ours (3.8, 3.9), the algorithm must be the key's (3.1),
//! a token that says it is of another type, e.g. a logout token, is refused (3.11), and so is one that demands
//! something of its reader (`crit`).
//!
//! * `issuers`: which of several issuers a token is judged by
//! * `attributes`: what of the claims a policy sees
//! * `keys`: a JWK set, and the key for a token
//! * `provider`: the provider's set, fetched and kept

mod attributes;
mod issuers;
mod keys;
mod provider;

#[cfg(test)]
mod tests;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use portcullis_contract::types::Principal;
use portcullis_files::{Access, FileSet, FileWatcher, Watched};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Claims, JwtKeys, JwtOptions, claim, name};
use crate::{AuthError, IdentityError};
use attributes::{Attributes, is_email};
pub(super) use issuers::Issuers;
use keys::{ALGORITHMS, Keys};
use provider::Provider;

/// Longer tokens are refused unread. Those with many groups are a few kilobytes.
const MAX_TOKEN: usize = 16 << 10;
const MAX_LEEWAY: Duration = Duration::from_mins(5);

/// One provider, and what its tokens must say.
struct Jwt {
    keys: KeySource,
    validation: Validation,
    user_claim: String,
    user_prefix: String,
    attributes: Attributes,
    session_ends_with_token: bool,
}

enum KeySource {
    File(Watched<Keys>),
    Provider(Arc<Provider>),
}

/// Whom a token stands for, and all it says.
pub(super) struct VerifiedJwt {
    pub(super) principal: Principal,
    pub(super) claims: Claims,
    /// When the token expires, if that ends what it is shown for.
    pub(super) until: Option<SystemTime>,
    pub(super) session_tags: Vec<(String, Option<String>)>,
}

impl Jwt {
    fn open(
        options: JwtOptions,
        max_stale: Option<Duration>,
        watcher: &FileWatcher,
    ) -> Result<Self, IdentityError> {
        let empty = |key| IdentityError::Value { key, reason: "must not be empty" };
        if options.issuer.is_empty() {
            return Err(empty("issuer"));
        }
        if options.audiences.is_empty() || options.audiences.iter().any(String::is_empty) {
            return Err(empty("audiences"));
        }
        if options.user_claim.is_empty() {
            return Err(empty("user_claim"));
        }
        if options.leeway > MAX_LEEWAY {
            return Err(IdentityError::Value { key: "leeway", reason: "must be five minutes at most" });
        }
        crate::jwt_crypto::install();
        let keys = match options.keys {
            JwtKeys::File(path) => {
                let set = FileSet { max_stale, ..FileSet::file("keys", path.clone(), Access::Public) };
                KeySource::File(Watched::open(set, watcher, move |contents| {
                    let wrong = |reason| IdentityError::File { path: path.clone(), line: None, reason };
                    Keys::parse(contents.first().copied().unwrap_or_default()).map_err(wrong)
                })?)
            }
            JwtKeys::Url { url, ca } => KeySource::Provider(Arc::new(Provider::new(&url, ca.as_deref())?)),
        };
        let mut validation = Validation::default();
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&[options.issuer]);
        validation.set_audience(&options.audiences);
        validation.leeway = options.leeway.as_secs();
        validation.validate_nbf = true;
        let JwtOptions { user_claim, user_prefix, session_ends_with_token, .. } = options;
        let attributes = Attributes::new(options.attributes, options.session_tags)?;
        Ok(Self { keys, validation, user_claim, user_prefix, attributes, session_ends_with_token })
    }

    fn recheck(&self) -> Result<(), IdentityError> {
        match &self.keys {
            KeySource::File(file) => Ok(file.reload().map(drop)?),
            KeySource::Provider(_) => Ok(()),
        }
    }

    /// Whom a token stands for that says that it is of this issuer.
    async fn identify(&self, token: &str, now: Instant) -> Result<VerifiedJwt, AuthError> {
        let header = decode_header(token).map_err(|_| AuthError::unauthorized("the token is malformed"))?;
        acceptable(&header)?;
        let claims = match &self.keys {
            KeySource::File(file) => self.check(token, &header, &*file.current(now)?)?,
            KeySource::Provider(provider) => {
                let keys = provider.keys(&header, now).await?;
                self.check(token, &header, &keys)?
            }
        };
        self.proved(claims)
    }

    fn check(&self, token: &str, header: &Header, keys: &Keys) -> Result<Claims, AuthError> {
        let mut validation = self.validation.clone();
        validation.algorithms = vec![header.alg];
        let mut error = None;
        for key in keys.fitting(header) {
            match decode::<Claims>(token, key, &validation) {
                Ok(data) => return Ok(data.claims),
                Err(found) => error = Some(found),
            }
        }
        let reason = match error.as_ref().map(jsonwebtoken::errors::Error::kind) {
            None => "its key is not the provider's".to_owned(),
            Some(ErrorKind::InvalidSignature) => "its signature is wrong".to_owned(),
            Some(ErrorKind::ExpiredSignature) => "it has expired".to_owned(),
            Some(ErrorKind::ImmatureSignature) => "it is not valid yet".to_owned(),
            Some(ErrorKind::InvalidIssuer) => "it is of another issuer".to_owned(),
            Some(ErrorKind::InvalidAudience) => "it is meant for others".to_owned(),
            Some(ErrorKind::MissingRequiredClaim(claim)) => {
                format!("it has no claim `{claim}` that can be used")
            }
            Some(_) => "it is malformed".to_owned(),
        };
        Err(AuthError::unauthorized(format!("the token cannot be believed: {reason}")))
    }

    fn proved(&self, claims: Claims) -> Result<VerifiedJwt, AuthError> {
        let user_claim = &self.user_claim;
        // Some providers write it as text (Sign in with Apple); those that leave it out let users choose any address.
        let verified = claims.get("email_verified").map(|verified| match verified {
            Value::Bool(verified) => *verified,
            other => other.as_str() == Some("true"),
        });
        let is_trusted =
            is_email(user_claim) || self.attributes.has_email_tag() && claims.contains_key("email");
        if is_trusted && verified != Some(true) {
            return Err(AuthError::unauthorized("the provider has not verified the user's e-mail address"));
        }
        let Some(user) = claim::find(&claims, user_claim).and_then(Value::as_str) else {
            return Err(AuthError::unauthorized(format!(
                "the token has no text as its claim `{user_claim}`"
            )));
        };
        // A prefix does not make a name of an empty one.
        name::user(user)?;
        let mut principal = super::principal(name::user(&format!("{}{user}", self.user_prefix))?, "token");
        principal.attributes = self.attributes.of(&claims, verified != Some(false))?;
        let session_tags = self.attributes.session_tags(&principal.attributes);
        let until = self.session_ends_with_token.then(|| expiry(&claims));
        Ok(VerifiedJwt { principal, claims, until, session_tags })
    }
}

/// When a token expires. The library has looked at `exp`: it is a number, and not in the past; what cannot be written as a
/// time counts as now.
fn expiry(claims: &Claims) -> SystemTime {
    let whole = |exp: f64| Duration::try_from_secs_f64(exp.floor()).ok();
    let since = claims.get("exp").and_then(Value::as_f64).and_then(whole);
    since.and_then(|since| UNIX_EPOCH.checked_add(since)).unwrap_or_else(SystemTime::now)
}

/// Whether a token may be looked at further.
fn acceptable(header: &Header) -> Result<(), AuthError> {
    if !ALGORITHMS.contains(&header.alg) {
        return Err(AuthError::unauthorized("the token is signed with a shared secret"));
    }
    if header.crit.is_some() {
        return Err(AuthError::unauthorized("the token demands something of its reader (`crit`)"));
    }
    let kind = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    match kind.strip_prefix("application/").unwrap_or(&kind) {
        "jwt" | "at+jwt" => Ok(()),
        _ => Err(AuthError::unauthorized("the token is of another type (`typ`)")),
    }
}
