//! Registries, and the credentials that the gateway keeps for them.

use secrecy::SecretString;
use std::fmt;

/// A registry, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// The number in paths, and in `X-Registry-Auth`.
    pub id: i64,
    /// Unique.
    pub name: String,
    /// Portainer's number of the kind; 3 is any other registry.
    pub kind: i64,
    /// Host, port and path, without a scheme.
    pub url: String,
    /// Whether there are a user name and a password.
    pub authentication: bool,
    /// Empty without `authentication`.
    pub username: String,
}

/// What the gateway sends to an engine in place of `{"registryId"}`. `Debug` does not show the password.
#[derive(Clone)]
pub struct RegistryCredentials {
    /// The one host that these credentials are for, with its port if it has one, in lower case.
    pub host: String,
    /// Empty for anonymous access.
    pub username: String,
    /// Empty for anonymous access.
    pub password: SecretString,
}

impl fmt::Debug for RegistryCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryCredentials")
            .field("host", &self.host)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// A registry's URL as it is stored: host, port and path, without scheme and trailing slash, the host in lower case.
///
/// # Errors
/// What is wrong with it, for the client.
pub(crate) fn normalize_url(text: &str) -> Result<String, &'static str> {
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let text = text.trim_end_matches('/');
    let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_name = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    if !is_name || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("write `HOST`, `HOST:PORT` or `HOST/PATH`");
    }
    if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte)) {
        return Err("the path may have letters, digits, `-`, `.`, `_` and `/`");
    }
    Ok(format!("{}{path}", host.to_ascii_lowercase()))
}

/// The host and port of a normalized URL.
pub(crate) fn registry_host(url: &str) -> &str {
    url.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_normalized_or_refused() {
        for (text, url, host) in [
            ("docker.io", "docker.io", "docker.io"),
            ("https://Registry.Example.org:5000/", "registry.example.org:5000", "registry.example.org:5000"),
            ("quay.io/Team/App", "quay.io/Team/App", "quay.io"),
            ("http://[::1]:5000", "[::1]:5000", "[::1]:5000"),
            ("[2001:db8::1]/x", "[2001:db8::1]/x", "[2001:db8::1]"),
        ] {
            let found = normalize_url(text);
            assert_eq!(found.as_deref(), Ok(url), "{text}");
            assert_eq!(registry_host(url), host, "{text}");
        }
        for text in [
            "",
            "https://",
            "user:password@host",
            "host:port",
            "host:70000",
            "ftp://host",
            "a b",
            "h/x?y",
            "[h]",
        ] {
            assert!(normalize_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let credentials = RegistryCredentials {
            host: "docker.io".into(),
            username: "alice".into(),
            password: "hunter2".to_owned().into(),
        };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
