//! Mounts: the same API under several prefixes, each with its own accounts, policies and source of identity.

use portcullis_identity::source::Authenticator;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::aws::{Account, Aws};
use crate::metadata::Metadata;
use crate::path::beneath;
use crate::route::is_version;
use crate::sign_in::BrowserSignIn;

/// One mount.
#[derive(Clone)]
pub struct Mount {
    /// What policies, records and the log call it: its prefix, and where several have that, more. No two mounts have the
    /// same, since a user of one is not the user of that name of another.
    pub name: String,
    /// What stands before its routes: empty, or with a slash at its beginning and none at its end.
    pub prefix: String,
    /// The listeners that it is served at, by the names that the server gives them.
    pub listeners: Arc<[Arc<str>]>,
    /// Names by which it may be called, beside addresses and `localhost`; of mounts with the same prefix at one listener
    /// the one whose name was called is meant. Where there are none, any name will do, but
    /// for mounts that serve metadata or know who asks by the address: those believe a browser that another
    /// site's page makes ask (DNS rebinding).
    pub hosts: Vec<String>,
    /// Who says who asks.
    pub source: Authenticator,
    /// The accounts that there are, by the name that people use.
    pub accounts: BTreeMap<String, Account>,
    /// The policies that are asked, by name, in this order.
    pub policies: Arc<[Arc<str>]>,
    /// Where its credentials come from.
    pub aws: Aws,
    /// How it serves SDKs as the instance metadata service does; absent if it does not.
    pub metadata: Option<Metadata>,
    /// How its users may request roles for a time; absent if they may not.
    pub requests: Option<RequestLimits>,
    /// How people sign in on its page; absent if they do not.
    pub sign_in: Option<BrowserSignIn>,
}

/// Limits of requests for access, for all policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLimits {
    /// For how long a role may be requested at most.
    pub longest: Duration,
}

/// All mounts, the longest prefix first.
#[derive(Clone, Default)]
pub struct Mounts(Vec<Mount>);

impl Mounts {
    /// These mounts. Of those at one listener prefixes or `hosts` must differ, which the configuration sees to.
    pub fn new(mut mounts: Vec<Mount>) -> Self {
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.prefix.len()));
        Self(mounts)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mount> {
        self.0.iter()
    }

    /// Those that are served at `listener`; all without one.
    pub(crate) fn at(&self, listener: Option<&str>) -> impl Iterator<Item = &Mount> {
        self.0.iter().filter(move |mount| {
            listener.is_none_or(|listener| mount.listeners.iter().any(|name| **name == *listener))
        })
    }

    /// The mount at `listener` that a path lies beneath, and the rest of the path. Of several with one prefix it is the one
    /// that has `host`, and else the first.
    pub(crate) fn find<'a>(
        &self,
        listener: Option<&str>,
        host: Option<&str>,
        path: &'a str,
    ) -> Option<(&Mount, &'a str)> {
        let (first, rest) =
            self.at(listener).find_map(|mount| Some((mount, beneath(&mount.prefix, path)?)))?;
        let is_meant = |mount: &&Mount| {
            mount.prefix == first.prefix && host.is_some_and(|host| has_host(&mount.hosts, host))
        };
        Some((self.at(listener).find(is_meant).unwrap_or(first), rest))
    }
}

/// Whether a name is among those of a mount. Names of hosts have no case.
pub(crate) fn has_host(hosts: &[String], name: &str) -> bool {
    hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// First segments of a mount's routes.
pub(crate) const OWN_SEGMENTS: [&str; 6] = ["account", "status", "console", "meta-data", "requests", "sso"];

/// Whether a mount with this prefix answers at `path` itself, so that nothing else may stand there: another mount, or
/// another API of the same listener.
pub fn claims(prefix: &str, metadata: bool, path: &str) -> bool {
    let Some(rest) = beneath(prefix, path) else { return false };
    let first = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
    rest.is_empty() || OWN_SEGMENTS.contains(&first) || (metadata && (first == "api" || is_version(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mount_claims() {
        for (prefix, metadata, path, claimed) in [
            ("", false, "/account/x", true),
            ("", false, "/latest", false),
            ("", true, "/latest", true),
            ("", true, "/api", true),
            ("", true, "/2016-09-02/x", true),
            ("", false, "/v1", false),
            ("/a", false, "/a", true),
            ("/a", false, "/a/console", true),
            ("/a", false, "/a/b", false),
            ("/a", false, "/ab", false),
        ] {
            assert_eq!(claims(prefix, metadata, path), claimed, "{prefix} {path}");
        }
    }
}
