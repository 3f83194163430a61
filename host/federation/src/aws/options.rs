//! What an operator may say about AWS.

use http::Uri;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;
use std::time::Duration;

use super::account::{Partition, shown};
use super::error::AwsError;

/// How AWS is asked. Two are equal if AWS would be asked the same way, keys included.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsOptions {
    /// Where STS is, if not where AWS has it for the region.
    pub endpoint: Option<String>,
    /// The region whose STS is asked; by default one of the account's partition. With one, only accounts of its own
    /// partition can be served.
    pub region: Option<String>,
    /// Our own keys. Without them AWS's default chain looks for some: environment, profile, web identity, container,
    /// instance metadata.
    pub keys: Option<Keys>,
    /// Whether our own keys are long-term ones, an IAM user's. By default they are if the id begins with `AKIA`.
    pub long_term_keys: Option<bool>,
    /// The federation endpoint, if not the partition's.
    pub sign_in: Option<String>,
    /// Where a console session begins, if not at the partition's console.
    pub console: Option<String>,
    /// How long a whole question to STS may take: finding our own keys, further attempts and waiting for a turn
    /// included.
    pub timeout: Duration,
    /// How long the federation endpoint may take.
    pub sign_in_timeout: Duration,
    /// How many sessions' credentials are kept.
    pub entries: usize,
}

/// Keys of an IAM user.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Its id, e.g. `AKIAIOSFODNN7EXAMPLE`.
    pub access_key_id: String,
    /// The key itself.
    pub secret_access_key: SecretString,
}

impl Default for AwsOptions {
    /// AWS as it is, keys from the default chain, 5 seconds each, 10,000 sessions.
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            keys: None,
            long_term_keys: None,
            sign_in: None,
            console: None,
            timeout: Duration::from_secs(5),
            sign_in_timeout: Duration::from_secs(5),
            entries: 10_000,
        }
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.access_key_id == other.access_key_id
            && self.secret_access_key.expose_secret() == other.secret_access_key.expose_secret()
    }
}

impl AwsOptions {
    /// Whether it can be worked with.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        for (key, zero) in [
            ("timeout", self.timeout.is_zero()),
            ("sign_in_timeout", self.sign_in_timeout.is_zero()),
            ("entries", self.entries == 0),
        ] {
            if zero {
                return Err(AwsError::option(key, "must not be zero"));
            }
        }
        for (key, url) in
            [("endpoint", &self.endpoint), ("sign_in", &self.sign_in), ("console", &self.console)]
        {
            if let Some(url) = url {
                check_url(key, url)?;
            }
        }
        self.partition()?;
        self.keys.as_ref().map_or(Ok(()), Keys::check)
    }

    /// The partition of the region, if one is configured.
    pub(super) fn partition(&self) -> Result<Option<Partition>, AwsError> {
        let Some(region) = &self.region else { return Ok(None) };
        let wrong = |reason| AwsError::option("region", format!("cannot be `{}`: {reason}", shown(region)));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || region.len() > 63 || !region.bytes().all(plain) {
            return Err(wrong("it is no name of a region, e.g. `eu-central-1`"));
        }
        let partition = Partition::of_region(region);
        partition.map(Some).ok_or_else(|| wrong("it is in none of the partitions that can be served"))
    }
}

impl Keys {
    fn check(&self) -> Result<(), AwsError> {
        let id = &self.access_key_id;
        if !(16..=128).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(AwsError::option("access_key_id", "must have 16 to 128 letters and digits"));
        }
        if id.starts_with("ASIA") {
            return Err(AwsError::option(
                "access_key_id",
                "is that of a temporary key, which cannot be configured: leave the keys out, and let them be found",
            ));
        }
        if self.secret_access_key.expose_secret().is_empty() {
            return Err(AwsError::option("secret_access_key", "must not be empty"));
        }
        Ok(())
    }
}

/// What goes there is secret: nothing but TLS will do, unless it stays on this machine.
fn check_url(key: &'static str, url: &str) -> Result<(), AwsError> {
    let uri: Uri = url.parse().map_err(|_| AwsError::option(key, "is no URL"))?;
    let Some(authority) = uri.authority() else {
        return Err(AwsError::option(key, "must begin with `https://`"));
    };
    if authority.as_str().contains('@') {
        return Err(AwsError::option(key, "must not hold a name or a password"));
    }
    if uri.query().is_some() || url.contains('#') {
        return Err(AwsError::option(key, "must end with its path"));
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if on_this_machine(authority.host()) => Ok(()),
        _ => Err(AwsError::option(key, "must begin with `https://`, or with `http://` on this machine")),
    }
}

fn on_this_machine(host: &str) -> bool {
    let address: Result<IpAddr, _> = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(id: &str, secret: &str) -> AwsOptions {
        let keys = Keys { access_key_id: id.into(), secret_access_key: secret.into() };
        AwsOptions { keys: Some(keys), ..AwsOptions::default() }
    }

    #[test]
    fn urls() {
        for url in [
            "https://sts.eu-central-1.amazonaws.com",
            "https://sts.example:8443/path/",
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://localhost/federation",
        ] {
            for options in [
                AwsOptions { endpoint: Some(url.into()), ..AwsOptions::default() },
                AwsOptions { sign_in: Some(url.into()), ..AwsOptions::default() },
                AwsOptions { console: Some(url.into()), ..AwsOptions::default() },
            ] {
                assert_eq!(options.check(), Ok(()), "{url}");
            }
        }
        for url in [
            "",
            "sts",
            "/sts",
            "ftp://sts",
            "http://sts.example",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "https://a:b@sts",
            "https://sts/?a=b",
            "https://sts/#a",
        ] {
            let options = AwsOptions { endpoint: Some(url.into()), ..AwsOptions::default() };
            let error = options.check().unwrap_err();
            assert!(
                error.to_string().starts_with("`endpoint` ") && !error.to_string().contains("a:b"),
                "{url}"
            );
        }
    }

    #[test]
    fn regions() {
        for (region, partition) in [
            (None, None),
            (Some("eu-central-1"), Some(Partition::Aws)),
            (Some("cn-northwest-1"), Some(Partition::AwsCn)),
            (Some("us-gov-east-1"), Some(Partition::AwsUsGov)),
        ] {
            let options = AwsOptions { region: region.map(Into::into), ..AwsOptions::default() };
            assert_eq!(options.partition(), Ok(partition));
        }
        for region in ["", "EU-central-1", "eu central", "us-iso-east-1", "a.b", "x/y"] {
            let options = AwsOptions { region: Some(region.into()), ..AwsOptions::default() };
            assert!(options.check().is_err(), "{region}");
        }
    }

    #[test]
    fn keys_and_times() {
        assert_eq!(keys("AKIAIOSFODNN7EXAMPLE", "hunter2").check(), Ok(()));
        for (id, secret) in [
            ("", "hunter2"),
            ("AKIA", "hunter2"),
            ("AKIAIOSFODNN7 XAMPLE", "hunter2"),
            ("ASIAIOSFODNN7EXAMPLE", "hunter2"),
            ("AKIAIOSFODNN7EXAMPLE", ""),
        ] {
            let error = keys(id, secret).check().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert!(AwsOptions { timeout: Duration::ZERO, ..AwsOptions::default() }.check().is_err());
        assert!(AwsOptions { sign_in_timeout: Duration::ZERO, ..AwsOptions::default() }.check().is_err());
        assert!(AwsOptions { entries: 0, ..AwsOptions::default() }.check().is_err());
    }

    #[test]
    fn equal_by_value_and_silent_about_the_key() {
        let options = keys("AKIAIOSFODNN7EXAMPLE", "hunter2");
        assert_eq!(options, options.clone());
        assert_ne!(options, keys("AKIAIOSFODNN7EXAMPLE", "hunter3"));
        assert_ne!(options, AwsOptions::default());
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
