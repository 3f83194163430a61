//! What an operator may say about who asks.

mod ldap;

use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use ldap::{LdapBind, LdapOptions, LdapSearch};

/// One proof, and where groups come from.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthenticatorOptions {
    /// How a request shows whose it is.
    pub proof: AuthMethod,
    /// Which groups they are in. Several add up, in this order; a group that is named twice counts once.
    pub groups: Vec<Groups>,
    /// How long the last good state of a file stays in force while the file cannot be used. Without one it stays until
    /// the file can be used again.
    pub max_stale: Option<Duration>,
}

impl AuthenticatorOptions {
    /// Whether it reads files that may change, so that [`max_stale`](Self::max_stale) means something.
    pub fn has_files(&self) -> bool {
        let proof = match &self.proof {
            AuthMethod::Password { .. } => true,
            AuthMethod::Jwt(issuers) => issuers.iter().any(|issuer| matches!(issuer.keys, JwtKeys::File(_))),
            AuthMethod::Header { .. } | AuthMethod::Address { .. } | AuthMethod::Certificate { .. } => false,
        };
        proof || self.groups.iter().any(|groups| matches!(groups, Groups::File(_)))
    }

    /// The files of CAs that servers are held against.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &Path> {
        let issuers = match &self.proof {
            AuthMethod::Jwt(issuers) => issuers.as_slice(),
            _ => &[],
        };
        let providers = issuers.iter().filter_map(|issuer| match &issuer.keys {
            JwtKeys::Url { ca, .. } => ca.as_deref(),
            JwtKeys::File(_) => None,
        });
        let directories = self.groups.iter().filter_map(|groups| match groups {
            Groups::Ldap(options) => options.ca.as_deref(),
            _ => None,
        });
        providers.chain(directories)
    }
}

/// How a request shows whose it is.
#[derive(Debug, Clone, PartialEq)]
pub enum AuthMethod {
    /// A proxy in front of us says so.
    Header {
        /// The header's name, e.g. `X-Remote-User`.
        name: String,
        /// The networks of the proxies: peers from anywhere else are refused.
        trusted: Vec<IpNet>,
        /// Whether peers on a unix socket are believed too.
        trust_unix: bool,
    },
    /// The peer's address is its name: as text, an IPv4-mapped IPv6 address as IPv4.
    Address {
        /// Whether the DNS is asked for the host's name, which becomes the attribute `host-name`.
        host_name: Option<HostNames>,
    },
    /// A name and a password, by Basic (RFC 7617).
    Password {
        /// Lines `user:hash` as `htpasswd -B` writes them, by bcrypt or argon2id. Only root, the server's user and those whom
        /// its group lets read it may have access.
        file: PathBuf,
        /// What clients show to people who shall give their password.
        realm: String,
    },
    /// The certificate that the client proved to hold the key of.
    Certificate {
        /// What of it is the name.
        name: CertificateName,
    },
    /// A signed token, as `Authorization: Bearer`, of one of these issuers.
    Jwt(Vec<JwtOptions>),
}

impl AuthMethod {
    /// Passwords from `file`, for the realm `portcullis`.
    pub fn password(file: impl Into<PathBuf>) -> Self {
        Self::Password { file: file.into(), realm: "portcullis".into() }
    }
}

/// What of a certificate is the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CertificateName {
    /// The subject's common name; of several the last, as Go reads it.
    #[default]
    CommonName,
    /// The first e-mail address among the alternative names.
    Email,
    /// The first DNS name.
    Dns,
    /// The first URI.
    Uri,
    /// The SPIFFE ID of an X.509-SVID.
    Spiffe {
        /// Whose IDs are accepted: one CA may sign for several trust domains.
        trust_domains: Vec<String>,
    },
}

/// How the DNS is asked for the name of a host. The name counts only if its own addresses have the peer's among
/// them, for the owner of an address can have it point to any name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNames {
    /// Who is asked, by UDP and TCP; as the system is configured (`/etc/resolv.conf`, `/etc/hosts`) where none are
    /// named.
    pub servers: Vec<SocketAddr>,
    /// How long all the questions about one peer may take together.
    pub timeout: Duration,
}

impl Default for HostNames {
    fn default() -> Self {
        Self { servers: Vec::new(), timeout: Duration::from_secs(1) }
    }
}

/// Whose tokens are believed, and what of them. `exp` must be there and is looked at, and so is `nbf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtOptions {
    /// Exactly what `iss` must be.
    pub issuer: String,
    /// `aud` must name at least one of these.
    pub audiences: Vec<String>,
    /// Whose signatures are believed.
    pub keys: JwtKeys,
    /// The claim that is the user's name, as a name or a path like [`Groups::Claim`].
    pub user_claim: String,
    /// How wrong the clocks may be, in whole seconds and at most five minutes.
    pub leeway: Duration,
    /// Whether what the token was shown for ends with it: [`Authenticated::until`](super::Authenticated::until).
    pub session_ends_with_token: bool,
    /// What stands before each user name of this issuer. Of several issuers no two have the same, and a token whose name
    /// begins with the longer prefix of another issuer is refused: a name tells its issuer.
    pub user_prefix: String,
    /// Attributes of the principal by name, each with the claim that it is, as a name or a path like [`Groups::Claim`].
    pub attributes: Vec<(String, String)>,
    /// Attributes that go into what is handed out: [`Authenticated::session_tags`](super::Authenticated::session_tags).
    pub session_tags: Vec<String>,
}

impl JwtOptions {
    /// The user is `sub`; clocks may be wrong by 30 seconds.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: JwtKeys) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            keys,
            user_claim: "sub".into(),
            leeway: Duration::from_secs(30),
            session_ends_with_token: true,
            user_prefix: String::new(),
            attributes: Vec::new(),
            session_tags: Vec::new(),
        }
    }
}

/// Where the provider's keys are: a JWK set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwtKeys {
    /// In a file, which is read again when it changes.
    File(PathBuf),
    /// At the provider (`jwks_uri`): asked every five minutes, and for a key that is not cached.
    Url {
        /// `https`, or `http` on this machine.
        url: String,
        /// Who may vouch for the provider's certificate, PEM; the system's CAs by default.
        ca: Option<PathBuf>,
    },
}

/// Where groups come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Groups {
    /// A header of the proxy that is believed about the user too: names, with commas between them. Only with
    /// [`AuthMethod::Header`].
    Header {
        /// Its name, e.g. `X-Remote-Groups`. It must be there, empty for a user without groups.
        name: String,
    },
    /// A claim: an array of texts, or one text. Only with [`AuthMethod::Jwt`].
    Claim {
        /// Its name; or a path to it, `realm_access.roles`; or a JSON pointer (RFC 6901), `/realm_access/roles`.
        name: String,
        /// Whose tokens it is looked for in; none for those of every issuer.
        issuer: Option<String>,
        /// What stands before each group.
        prefix: String,
    },
    /// A field of the certificate's subject, which its issuer vouches for.
    Certificate(CertificateGroups),
    /// A file of lines `group: user, user`, which is read again when it changes.
    File(PathBuf),
    /// A directory.
    Ldap(Box<LdapOptions>),
}

/// Which field of a certificate's subject names groups. Several of them are several groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateGroups {
    /// `O`
    Organization,
    /// `OU`
    OrganizationalUnit,
}

/// Where the groups of principals come from whom an API authenticates itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupOptions {
    /// Several add up, in this order; neither [`Groups::Header`] nor [`Groups::Claim`].
    pub sources: Vec<Groups>,
    /// As [`AuthenticatorOptions::max_stale`].
    pub max_stale: Option<Duration>,
}

impl Groups {
    /// The claim `groups`.
    pub fn claim() -> Self {
        Self::Claim { name: "groups".into(), issuer: None, prefix: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_compared_with_their_secrets_and_shown_without() {
        let options = |password: &str| {
            let bind = Some(LdapBind { dn: "cn=portcullis".into(), password: password.into() });
            let ldap = LdapOptions { bind, ..LdapOptions::group_of_names("ldap://d", "ou=u", "ou=g") };
            let proof = AuthMethod::password("/etc/portcullis/passwords");
            let groups = vec![Groups::claim(), Groups::Ldap(Box::new(ldap))];
            AuthenticatorOptions { proof, groups, max_stale: None }
        };
        assert_eq!(options("hunter2"), options("hunter2"));
        assert_ne!(options("hunter2"), options("hunter3"));
        let shown = format!("{:?}", options("hunter2"));
        assert!(shown.contains("cn=portcullis") && !shown.contains("hunter2"), "{shown}");
    }
}
