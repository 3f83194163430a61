//! The two URLs of a console sign-in (IAM User Guide, Enabling custom identity broker access to the AWS console).

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use super::account::{Partition, shown};
use super::credentials::Credentials;
use super::error::AwsError;
use super::session::Session;

/// The longest console session, in seconds.
const LONGEST: u64 = 43_200;
/// What Python's `quote_plus` leaves as it is; of the rest it writes a space as `+`.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The fields, their order and the lack of spaces are AWS's example's.
#[derive(Serialize)]
struct SessionJson<'a> {
    #[serde(rename = "sessionId")]
    id: &'a str,
    #[serde(rename = "sessionKey")]
    key: &'a str,
    #[serde(rename = "sessionToken")]
    token: &'a str,
}

/// `getSigninToken`. The query holds the credentials themselves.
///
/// A duration may be asked for only if the credentials were got with long-term keys: with others AWS answers 400,
/// and the console session lasts as long as they do. A policy that limits the session limits the console too.
pub(super) fn token_url(
    endpoint: &str,
    session: &Session,
    credentials: &Credentials,
) -> Result<Zeroizing<String>, AwsError> {
    let json = SessionJson {
        id: credentials.access_key_id(),
        key: credentials.secret_access_key().expose_secret(),
        token: credentials.session_token().expose_secret(),
    };
    let json = serde_json::to_string(&json).map(Zeroizing::new);
    let json = json.map_err(|_| AwsError::SignInUnreadable("the session cannot be written as JSON"))?;
    let duration = if credentials.by_long_term_keys() {
        let seconds = session.limit().map_or(LONGEST, |limit| limit.as_secs());
        format!("&SessionDuration={seconds}")
    } else {
        String::new()
    };
    Ok(Zeroizing::new(format!("{endpoint}?Action=getSigninToken{duration}&Session={}", *quote(&json))))
}

/// `login`, which a browser opens.
pub(super) fn login_url(
    endpoint: &str,
    issuer: &str,
    destination: &str,
    token: &SecretString,
) -> SecretString {
    let (issuer, destination, token) = (quote(issuer), quote(destination), quote(token.expose_secret()));
    let mut url = format!("{endpoint}?Action=login&Issuer={}&Destination={}", *issuer, *destination);
    // As long as it becomes: it is never moved, and leaves no copy of the token behind.
    url.reserve_exact("&SigninToken=".len() + token.len());
    url.push_str("&SigninToken=");
    url.push_str(&token);
    url.into()
}

/// Where the browser ends up: `console`, or another page that is AWS's own and that the caller names.
pub(super) fn destination<'a>(
    asked: Option<&'a str>,
    console: &'a str,
    partition: Partition,
) -> Result<&'a str, AwsError> {
    let Some(asked) = asked else { return Ok(console) };
    let host = |url: &str| -> Option<String> {
        let uri: Uri = url.split('#').next()?.parse().ok()?;
        let authority = uri.authority()?;
        let plain = uri.scheme_str() == Some("https") && !authority.as_str().contains('@');
        (plain && uri.port().is_none()).then(|| authority.host().to_ascii_lowercase())
    };
    let domain = partition.console_domain();
    let of_aws =
        |host: &str| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
    let there = asked.bytes().all(|byte| byte.is_ascii_graphic()) && !asked.contains('\\');
    match host(asked).filter(|_| there) {
        Some(host_asked) if of_aws(&host_asked) || host(console).is_some_and(|own| own == host_asked) => {
            Ok(asked)
        }
        _ => Err(AwsError::Destination(shown(asked))),
    }
}

/// As Python's `quote_plus`.
fn quote(text: &str) -> Zeroizing<String> {
    let quoted = Zeroizing::new(utf8_percent_encode(text, &UNRESERVED).to_string());
    Zeroizing::new(quoted.replace("%20", "+"))
}

#[cfg(test)]
mod tests;
