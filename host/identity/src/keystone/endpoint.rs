//! URLs as an operator writes them.

use http::{HeaderValue, Uri};

use crate::IdentityError;

/// Where tokens are got and looked at.
pub(super) fn tokens(url: &str) -> Result<Uri, IdentityError> {
    let parsed = check(url)?;
    let path = parsed.path().trim_end_matches('/');
    let version = if path.ends_with("/v3") { "" } else { "/v3" };
    let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
        return Err(wrong(url, "it must begin with `http://` or `https://`"));
    };
    format!("{scheme}://{authority}{path}{version}/auth/tokens")
        .parse()
        .map_err(|_| wrong(url, "it is not a URL"))
}

/// `WWW-Authenticate` as `auth_token` writes it.
pub(super) fn challenge(url: &str) -> Result<HeaderValue, IdentityError> {
    check(url)?;
    HeaderValue::from_str(&format!("Keystone uri=\"{url}\"")).map_err(|_| wrong(url, "it is not a URL"))
}

fn check(url: &str) -> Result<Uri, IdentityError> {
    let parsed: Uri = url.parse().map_err(|_| wrong(url, "it is not a URL"))?;
    let Some(authority) = parsed.authority() else {
        return Err(wrong(url, "it must begin with `http://` or `https://`"));
    };
    if authority.as_str().contains('@') {
        // Not shown: what stands there is a password.
        return Err(wrong("...", "it must not hold a name or a password"));
    }
    if !matches!(parsed.scheme_str(), Some("http" | "https")) {
        return Err(wrong(url, "it must begin with `http://` or `https://`"));
    }
    if parsed.query().is_some() || url.contains(['#', '"', '\\']) {
        return Err(wrong(url, "it must end with its path"));
    }
    Ok(parsed)
}

fn wrong(url: &str, reason: &'static str) -> IdentityError {
    IdentityError::Url { url: url.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_may_be_left_out() {
        for (url, expected) in [
            ("http://k:5000", "http://k:5000/v3/auth/tokens"),
            ("http://k:5000/", "http://k:5000/v3/auth/tokens"),
            ("http://k:5000/v3", "http://k:5000/v3/auth/tokens"),
            ("https://k/identity/v3/", "https://k/identity/v3/auth/tokens"),
            ("https://[::1]:5000/identity", "https://[::1]:5000/identity/v3/auth/tokens"),
        ] {
            assert_eq!(tokens(url).unwrap().to_string(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_keystone() {
        for url in [
            "",
            "k",
            "k:5000",
            "/v3",
            "ldap://k",
            "http://",
            "http://k/v3?x=1",
            "http://k/#a",
            "http://k/\"a",
            "http://a b/",
        ] {
            assert!(tokens(url).is_err(), "{url}");
            assert!(challenge(url).is_err(), "{url}");
        }
        let error = tokens("http://admin:hunter2@k/v3").unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("password"), "{error}");
    }

    #[test]
    fn the_challenge_is_written_as_auth_token_writes_it() {
        assert_eq!(
            challenge("http://127.0.0.1:5100/v3").unwrap(),
            "Keystone uri=\"http://127.0.0.1:5100/v3\""
        );
    }
}
