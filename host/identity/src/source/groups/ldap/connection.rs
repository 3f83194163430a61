//! One connection to a directory, bound and kept. It is made anew when it breaks.

use http::Uri;
use ldap3::{LdapConnAsync, LdapConnSettings};
use portcullis_http_client::{Roots, tls_config};
use secrecy::ExposeSecret as _;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use super::super::super::{LdapBind, LdapOptions};
use super::DirectoryError;
use crate::IdentityError;

/// The connection, and how to make another one.
pub(super) struct Connections {
    url: String,
    settings: LdapConnSettings,
    bind: Option<LdapBind>,
    kept: Mutex<Option<Arc<Connection>>>,
}

/// A connection. It ends when the last of those who use it is done.
pub(super) struct Connection {
    ldap: ldap3::Ldap,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Questions may be under way side by side; each needs a handle.
    pub(super) fn handle(&self) -> ldap3::Ldap {
        self.ldap.clone()
    }
}

impl Connections {
    pub(super) fn new(options: &LdapOptions) -> Result<Self, IdentityError> {
        let tls = checked(&options.url, options.start_tls)?;
        if options.bind.as_ref().is_some_and(|bind| bind.password.expose_secret().is_empty()) {
            return Err(IdentityError::Value {
                key: "bind",
                reason: "needs a password: without one a directory takes us for nobody",
            });
        }
        let mut settings = LdapConnSettings::new().set_starttls(options.start_tls);
        if tls {
            let roots = Roots::file_or_system(options.ca.as_deref());
            settings = settings.set_config(Arc::new(tls_config(&roots)?));
        }
        Ok(Self { url: options.url.clone(), settings, bind: options.bind.clone(), kept: Mutex::default() })
    }

    /// The connection, and whether it was there already. Concurrent callers wait for the same connection.
    pub(super) async fn get(&self) -> Result<(Arc<Connection>, bool), DirectoryError> {
        let mut kept = self.kept.lock().await;
        if let Some(connection) = &*kept
            && !connection.handle().is_closed()
        {
            return Ok((Arc::clone(connection), true));
        }
        *kept = None;
        let connection = Arc::new(self.connect().await?);
        *kept = Some(Arc::clone(&connection));
        Ok((connection, false))
    }

    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    async fn connect(&self) -> Result<Connection, DirectoryError> {
        let (driver, ldap) = LdapConnAsync::with_settings(self.settings.clone(), &self.url).await?;
        let driver = tokio::spawn(async move { drop(driver.drive().await) }).abort_handle();
        let connection = Connection { ldap, driver };
        if let Some(bind) = &self.bind {
            let bound = connection.handle().simple_bind(&bind.dn, bind.password.expose_secret()).await?;
            if bound.rc != 0 {
                return Err(DirectoryError::Wrong(format!(
                    "it does not let us in as `{}`: {bound}",
                    bind.dn
                )));
            }
        }
        Ok(connection)
    }
}

/// Whether the directory speaks TLS.
fn checked(url: &str, start_tls: bool) -> Result<bool, IdentityError> {
    let wrong = |reason| IdentityError::Server { key: "ldap", url: url.into(), reason };
    if let Some(path) = url.strip_prefix("ldapi://") {
        if !path.starts_with("%2F") && !path.starts_with("%2f") || path.contains([':', '/', '?', '#']) {
            return Err(wrong("the socket's path must be absolute, with each `/` as `%2F`"));
        }
        if start_tls {
            return Err(wrong("a unix socket needs no TLS"));
        }
        return Ok(false);
    }
    let parsed: Uri = url.parse().map_err(|_| wrong("it is not a URL"))?;
    let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
        return Err(wrong("it must begin with `ldaps://`, `ldap://` or `ldapi://`"));
    };
    if authority.as_str().contains('@') {
        // Not shown: what stands there is a password.
        let reason = "it must not hold a name or a password";
        return Err(IdentityError::Server { key: "ldap", url: "...".into(), reason });
    }
    if authority.host().is_empty() || !matches!(parsed.path(), "" | "/") || parsed.query().is_some() {
        return Err(wrong("it must be a host and a port alone"));
    }
    match scheme {
        "ldaps" if start_tls => Err(wrong("`ldaps://` speaks TLS from the beginning")),
        "ldaps" => Ok(true),
        "ldap" => {
            let host = authority.host().trim_matches(['[', ']']);
            let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
            if !start_tls && !here {
                tracing::warn!(
                    url,
                    "the directory is asked in clear text: whoever can change its answers gives groups"
                );
            }
            Ok(start_tls)
        }
        _ => Err(wrong("it must begin with `ldaps://`, `ldap://` or `ldapi://`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_directory_may_be() {
        for (url, start_tls, tls) in [
            ("ldap://d.example.org", false, Some(false)),
            ("ldap://d.example.org:3389/", true, Some(true)),
            ("ldap://[::1]:389", false, Some(false)),
            ("ldaps://d.example.org", false, Some(true)),
            ("ldapi://%2Frun%2Fslapd%2Fldapi", false, Some(false)),
            ("ldaps://d.example.org", true, None),
            ("ldapi://%2Frun%2Fldapi", true, None),
            ("ldapi://", false, None),
            ("ldapi:///run/ldapi", false, None),
            ("ldapi://run%2Fldapi", false, None),
            ("ldap://", false, None),
            ("ldap:d.example.org", false, None),
            ("ldap://d.example.org/dc=x", false, None),
            ("ldap://d.example.org?x", false, None),
            ("http://d.example.org", false, None),
            ("d.example.org", false, None),
            ("", false, None),
        ] {
            assert_eq!(checked(url, start_tls).ok(), tls, "{url}");
        }
        let error = checked("ldap://me:hunter2@d.example.org/", false).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
