//! What an operator may say about a directory.

use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::time::Duration;

/// How a directory is asked for a user's groups: first for the user's entry, then for the groups that have it as a
/// member.
#[derive(Debug, Clone, PartialEq)]
pub struct LdapOptions {
    /// `ldaps://HOST[:PORT]`, `ldap://HOST[:PORT]`, or `ldapi://PATH` with each `/` of the socket's path as `%2F`.
    pub url: String,
    /// Whether `ldap://` turns to TLS before anything is sent (RFC 4511, 4.14).
    pub start_tls: bool,
    /// Who may vouch for the directory's certificate, PEM; the system's CAs by default.
    pub ca: Option<PathBuf>,
    /// As whom; anonymous without.
    pub bind: Option<LdapBind>,
    /// Where the user is. `{user}` stands for the name, escaped (RFC 4515).
    pub users: LdapSearch,
    /// Where the groups are. `{dn}` stands for the user's distinguished name, `{user}` for the name, both escaped.
    pub groups: LdapSearch,
    /// The attribute of a group that is its name.
    pub group_name: String,
    /// How long all the questions about one user may take together.
    pub timeout: Duration,
    /// How long a user's groups are believed, at most a minute. Zero means that the directory is asked each time: a
    /// group that a user was removed from stops counting at once.
    pub cache_time: Duration,
}

/// One search: the whole tree below `base`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapSearch {
    /// Where it begins.
    pub base: String,
    /// What entries must be like.
    pub filter: String,
}

/// As whom a directory is asked.
#[derive(Debug, Clone)]
pub struct LdapBind {
    /// Its distinguished name.
    pub dn: String,
    /// Its password. Never empty: to a directory that would mean an anonymous bind (RFC 4513, 5.1.2).
    pub password: SecretString,
}

impl PartialEq for LdapBind {
    fn eq(&self, other: &Self) -> bool {
        self.dn == other.dn && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl LdapOptions {
    /// Active Directory: users by `sAMAccountName`, groups of groups included (`LDAP_MATCHING_RULE_IN_CHAIN`).
    pub fn active_directory(
        url: impl Into<String>,
        users_base: impl Into<String>,
        groups_base: impl Into<String>,
    ) -> Self {
        let users = "(&(objectClass=user)(sAMAccountName={user}))";
        let groups = "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))";
        Self::with(url.into(), (users_base.into(), users), (groups_base.into(), groups), "name")
    }

    /// Others, such as OpenLDAP: users by `uid`, groups of the class `groupOfNames` (RFC 4519).
    pub fn group_of_names(
        url: impl Into<String>,
        users_base: impl Into<String>,
        groups_base: impl Into<String>,
    ) -> Self {
        let users = "(&(objectClass=person)(uid={user}))";
        let groups = "(&(objectClass=groupOfNames)(member={dn}))";
        Self::with(url.into(), (users_base.into(), users), (groups_base.into(), groups), "cn")
    }

    fn with(url: String, users: (String, &str), groups: (String, &str), group_name: &str) -> Self {
        let search = |(base, filter): (String, &str)| LdapSearch { base, filter: filter.into() };
        Self {
            url,
            start_tls: false,
            ca: None,
            bind: None,
            users: search(users),
            groups: search(groups),
            group_name: group_name.into(),
            timeout: Duration::from_secs(5),
            cache_time: Duration::ZERO,
        }
    }
}
