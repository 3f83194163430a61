//! Image references, taken apart as Docker's `distribution/reference` does it.

#[cfg(test)]
mod tests;

use portcullis_contract::docker::Image;

/// The registry of a reference that names none.
const DEFAULT_DOMAIN: &str = "docker.io";
/// What Docker reads as [`DEFAULT_DOMAIN`].
const LEGACY_DOMAIN: &str = "index.docker.io";
/// `NameTotalLengthMax` there.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// Takes a reference apart, or gives `None` where dockerd would not accept it either.
///
/// `busybox` is `docker.io`, `library/busybox`. A full image id (64 hexadecimal digits, with or without
/// `sha256:`) has neither domain nor path, only a digest (`ParseAnyReference`). A shortened id cannot be told
/// from a repository's name; dockerd looks for a repository first, and so is it read here.
pub fn parse(text: &str) -> Option<Image> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    if digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        let digest = Some(format!("sha256:{digits}"));
        return Some(Image { as_sent: text.to_owned(), digest, ..Image::default() });
    }
    let (domain, remainder) = split_domain(text);
    let (rest, digest) = match remainder.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (remainder, None),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let official = domain == DEFAULT_DOMAIN && !path.contains('/');
    let path = if official { format!("library/{path}") } else { path.to_owned() };
    let plain = path.split('/').all(is_path_component)
        && domain.len() + 1 + path.len() <= LONGEST_NAME
        && is_domain(domain)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest);
    plain.then(|| Image {
        as_sent: text.to_owned(),
        domain: domain.to_owned(),
        path,
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    })
}

/// A name and the tag that was sent beside it (`fromImage` and `tag`, `repo` and `tag`), joined as dockerd joins
/// them: the tag replaces one in the name, and may be a digest.
pub fn join(name: &str, tag: &str) -> String {
    // `docker pull -a` of old clients.
    let name = name.strip_suffix(':').unwrap_or(name);
    if tag.is_empty() {
        return name.to_owned();
    }
    let (bare, digest) = match name.split_once('@') {
        Some((bare, digest)) => (bare, Some(digest)),
        None => (name, None),
    };
    let after_host = bare.rfind('/').map_or(0, |slash| slash + 1);
    let bare = bare[after_host..].find(':').map_or(bare, |colon| &bare[..after_host + colon]);
    match digest {
        _ if is_digest(tag) => format!("{bare}@{tag}"),
        Some(digest) => format!("{bare}:{tag}@{digest}"),
        None => format!("{bare}:{tag}"),
    }
}

/// `splitDockerDomain`: what stands before the first slash is a registry if it looks like a host.
fn split_domain(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((host, rest))
            if host.contains(['.', ':']) || host == "localhost" || host.chars().any(char::is_uppercase) =>
        {
            (if host == LEGACY_DOMAIN { DEFAULT_DOMAIN } else { host }, rest)
        }
        _ => (DEFAULT_DOMAIN, text),
    }
}

/// Letters and digits in lower case, between them one `.`, one or two `_`, or any number of `-`.
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let edges = bytes.first().is_some_and(alphanumeric) && bytes.last().is_some_and(alphanumeric);
    edges
        && bytes.split(alphanumeric).all(|separator| {
            matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-')
        })
}

/// A host name, an IPv4 address or a bracketed IPv6 one, and a port.
fn is_domain(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let address_is = !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        return address_is && (port.is_empty() || port.strip_prefix(':').is_some_and(digits));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    host.split('.').all(is_label) && port.is_none_or(digits)
}

fn is_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    digits.len() == length && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
