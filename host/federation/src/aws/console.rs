//! The two URLs of a console sign-in (IAM User Guide, Enabling custom identity broker access to the AWS console).

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::borrow::Cow;
use zeroize::Zeroizing;

use super::account::{Partition, shown};
use super::credentials::Credentials;
use super::error::AwsError;
use super::session::Session;

/// The longest console session, in seconds.
const LONGEST: u64 = 43_200;
/// The longest name of a region.
const MAX_REGION: usize = 32;
/// What Python's `quote_plus` leaves as it is; of the rest it writes a space as `+`.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a console URL leads to. Each text is as it is, not encoded.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsolePage<'a> {
    /// Where AWS sends people to sign in again.
    pub issuer: Option<&'a str>,
    /// A page of the console.
    pub destination: Option<&'a str>,
    /// The region in which that is opened.
    pub region: Option<&'a str>,
}

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

/// Where the browser ends up: `console`, or another page that is AWS's own and that the caller names; in the region that the
/// caller names.
pub(super) fn destination<'a>(
    asked: Option<&'a str>,
    region: Option<&str>,
    console: &'a str,
    partition: Partition,
) -> Result<Cow<'a, str>, AwsError> {
    let page = page(asked, console, partition)?;
    match region {
        Some(region) => in_region(page, region, partition).map(Cow::Owned),
        None => Ok(Cow::Borrowed(page)),
    }
}

/// The page in a region, which AWS's console takes from the query.
fn in_region(page: &str, region: &str, partition: Partition) -> Result<String, AwsError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_region = region.len() <= MAX_REGION && region.contains('-') && region.bytes().all(plain);
    if !is_region || Partition::of_region(region) != Some(partition) {
        return Err(AwsError::ConsoleRegion { region: shown(region), partition: partition.as_str() });
    }
    let (page, fragment) = page.split_once('#').map_or((page, None), |(page, rest)| (page, Some(rest)));
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    // The console's host alone leads to a page that forgets the query. Other hosts of AWS do not have the console's paths.
    let home = |url: &str| url.parse::<Uri>().ok()?.host().map(str::to_ascii_lowercase);
    let is_console = home(partition.console()).zip(home(path)).is_some_and(|(console, host)| {
        host.strip_suffix(&*console).is_some_and(|region| region.is_empty() || region.ends_with('.'))
    });
    let is_host = is_console && path.trim_end_matches('/').matches('/').count() == 2;
    let path = if is_host { format!("{}/console/home", path.trim_end_matches('/')) } else { path.to_owned() };
    let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("region"));
    let own = format!("region={region}");
    let query: Vec<_> = others.chain([own.as_str()]).collect();
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    Ok(format!("{path}?{}{fragment}", query.join("&")))
}

fn page<'a>(asked: Option<&'a str>, console: &'a str, partition: Partition) -> Result<&'a str, AwsError> {
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
