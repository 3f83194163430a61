//! What is hidden from a record: values whose name promises a secret, and the user information of URLs.
//!
//! Where secrets travel in URIs, and who says so:
//! * Docker's `buildargs` and `changes` (`ENV`, `ARG`) of `ImageBuild`, `ImageCommit` and `ImageCreate`: Docker
//!   warns against secrets in build arguments, and people put them there (Docker Engine API, `ImageBuild`)
//! * `remote` of `ImageBuild` and `fromSrc` of `ImageCreate`: a URL that may say `https://user:token@host/`
//! * `session` of `ImageBuild` and of AWS's sign-in endpoint, where it holds whole credentials; `SigninToken`
//!   there (AWS IAM user guide, "custom identity broker")
//! * presigned URLs: `X-Amz-Signature`, `X-Amz-Credential`, `X-Amz-Security-Token` (AWS `SigV4`), `sig` (Azure)
//! * `token`, `X-API-KEY` of Portainer; `access_token` (RFC 6750, section 2.3), `client_secret` (RFC 6749)
//! * `X-Registry-Auth`, `X-Registry-Config`, `JoinToken`, `UnlockKey` and `AuthConfig` belong in headers and
//!   bodies (Docker Engine API); a client that puts them into a URI is refused, and its record is masked
//!
//! In doubt more is hidden. Names are compared without case, hyphens and underscores, however often they are
//! percent-encoded.

mod arguments;

use std::borrow::Cow;
use std::fmt::Write;

pub(crate) use arguments::{arguments, option};

/// What stands in a secret's place.
pub(crate) const MASK: &str = "***";

/// A name that contains one of these promises a secret.
const CONTAINED: [&str; 15] = [
    "accesskey",
    "apikey",
    "authconfig",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "signature",
    "token",
    "unlockkey",
    "xregistry",
];
/// A name that is one of these promises a secret.
const WHOLE: [&str; 9] =
    ["auth", "buildargs", "changes", "jwt", "pass", "pwd", "session", "sessionid", "sig"];
/// These sound like secrets and are Docker's switches of `SwarmUpdate`.
const SWITCHES: [&str; 3] = ["rotatemanagertoken", "rotatemanagerunlockkey", "rotateworkertoken"];
/// How many layers of percent-encoding are taken off. dockerd takes off one; more are only looked through.
const LAYERS: usize = 4;

/// Whether a value of that name is a secret.
pub fn is_secret(name: &str) -> bool {
    let name: String = decoded(name)
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    !SWITCHES.contains(&name.as_str())
        && (WHOLE.contains(&name.as_str()) || CONTAINED.iter().any(|part| name.contains(part)))
}

/// A request's URI as it was sent, in any form: its path, its query and URLs within either.
pub fn uri(uri: &str) -> Cow<'_, str> {
    let (path, query) = match uri.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (uri, None),
    };
    let path = within(path, |path| segments(&url(path)).into_owned());
    let Some(query) = query else { return path };
    match (path, pairs(query)) {
        (Cow::Borrowed(_), Cow::Borrowed(_)) => Cow::Borrowed(uri),
        (path, query) => Cow::Owned(format!("{path}?{query}")),
    }
}

/// Text for a person, which may quote URLs and a request's URI.
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.contains("//") && !text.contains('?') {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for word in text.split_inclusive(|character: char| character.is_whitespace()) {
        let end = word.trim_end().len();
        masked.push_str(&uri_in(&word[..end]));
        masked.push_str(&word[end..]);
    }
    if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
}

/// A name as it was sent: an image reference, a path, or a URL.
pub fn name(name: &str) -> Cow<'_, str> {
    within(name, |name| segments(&uri_in(name)).into_owned())
}

/// A URL, or a path, with its query.
fn uri_in(word: &str) -> Cow<'_, str> {
    let masked = url(word);
    let start = masked.find("://").unwrap_or(0);
    let Some(query) = masked[start..].find('?').map(|at| start + at + 1) else { return masked };
    match pairs(&masked[query..]) {
        Cow::Borrowed(_) => masked,
        Cow::Owned(pairs) => Cow::Owned(format!("{}{pairs}", &masked[..query])),
    }
}

/// The pairs of a query.
fn pairs(query: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut changed = false;
    for (at, pair) in query.split('&').enumerate() {
        if at > 0 {
            masked.push('&');
        }
        let hidden = self::pair(pair);
        changed |= matches!(hidden, Cow::Owned(_));
        masked.push_str(&hidden);
    }
    if changed { Cow::Owned(masked) } else { Cow::Borrowed(query) }
}

/// One pair. Older Go and other readers part pairs at `;` too.
fn pair(pair: &str) -> Cow<'_, str> {
    let mut start = 0;
    for part in pair.split_inclusive(';') {
        if let Some((name, value)) = part.split_once('=')
            && !value.is_empty()
            && is_secret(name)
        {
            return Cow::Owned(format!("{}{name}={MASK}", &pair[..start]));
        }
        start += part.len();
    }
    let Some((name, value)) = pair.split_once('=') else { return within(pair, inner) };
    match within(value, inner) {
        Cow::Borrowed(_) => Cow::Borrowed(pair),
        Cow::Owned(value) => Cow::Owned(format!("{name}={value}")),
    }
}

/// What may be inside a decoded value: a URL, a reference with user information, a query of its own.
fn inner(value: &str) -> String {
    let masked = self::url(value);
    let masked = segments(&masked);
    let mut shown = String::with_capacity(masked.len());
    let mut at = 0;
    while let Some(part) = masked[at..].split_inclusive(['?', '&', ';']).next() {
        match part.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(MASK);
                at = masked[at..].find('&').map_or(masked.len(), |next| at + next);
            }
            _ => {
                shown.push_str(part);
                at += part.len();
            }
        }
    }
    shown
}

/// Applies a mask to the decoded text. Only what is changed by it is written anew, encoded.
fn within(raw: &str, mask: impl Fn(&str) -> String) -> Cow<'_, str> {
    if !raw.contains(['@', '%', '=', '?']) {
        return Cow::Borrowed(raw);
    }
    let decoded = decoded(raw);
    let masked = mask(&decoded);
    if masked == *decoded { Cow::Borrowed(raw) } else { Cow::Owned(encoded(&masked)) }
}

/// The user information of every URL in the text, which is taken to be one word. Without a scheme, as in the device
/// `//user:password@host/share` of CIFS, only what has a password.
fn url(word: &str) -> Cow<'_, str> {
    let Some(last) = word.rfind('@') else { return Cow::Borrowed(word) };
    let mut masked = String::new();
    let mut copied = 0;
    while let Some(start) = word[copied..].find("//").map(|at| copied + at + 2) {
        masked.push_str(&word[copied..start]);
        copied = start;
        let has_scheme = word[..start].ends_with("://");
        let rest = &word[start..];
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let end = match authority.rfind('@') {
            Some(at) => Some(start + at),
            // No host has such a port: a password with an unescaped `/`, `?` or `#` in it.
            None if has_scheme && !has_port(authority) && last > start => Some(last),
            None => None,
        };
        let end = end.filter(|end| has_scheme || word[start..*end].contains(':'));
        if let Some(end) = end {
            masked.push_str(MASK);
            copied = end;
        }
    }
    masked.push_str(&word[copied..]);
    Cow::Owned(masked)
}

/// Whether what follows the authority's last colon can be a port, or is no port at all.
fn has_port(authority: &str) -> bool {
    authority.ends_with(']')
        || authority.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `user:password@` at the beginning of a segment, without a scheme; what precedes a digest is left alone.
fn segments(path: &str) -> Cow<'_, str> {
    if !path.contains('@') {
        return Cow::Borrowed(path);
    }
    let masked: Vec<Cow<'_, str>> = path
        .split('/')
        .map(|segment| match segment.rsplit_once('@') {
            Some((user, host))
                if user.contains(':') && !is_digest(host) && !user.contains(['{', '[', '"']) =>
            {
                Cow::Owned(format!("{MASK}@{host}"))
            }
            _ => Cow::Borrowed(segment),
        })
        .collect();
    Cow::Owned(masked.join("/"))
}

/// `sha256:` and the like, with what belongs to it.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, digest)| {
        let length = digest.bytes().take_while(u8::is_ascii_hexdigit).count();
        algorithm.starts_with("sha") && length >= 32
    })
}

/// Percent-decoded until nothing is left to decode; `+` is a space. Only for looking into.
fn decoded(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..LAYERS {
        if !text.contains('%') {
            break;
        }
        text = Cow::Owned(decode(&text));
    }
    text
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (bytes[at], digit(at + 1), digit(at + 2)) {
            plain.extend(u8::try_from(high * 16 + low));
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/@*,=!$'()[]".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
