//! `[barbican]` and `[store]` as serde reads them.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::Endpoint;

/// `[store]`: the database of the APIs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Store {
    /// Text, or a table as for a secret: there may be a password in it.
    pub(in crate::config) url: Option<Spanned<Value>>,
    pub(in crate::config) key: Option<Spanned<Value>>,
    pub(in crate::config) read_timeout: Option<Spanned<String>>,
}

/// `[barbican]`: the API.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Barbican {
    pub(in crate::config) listen: Option<Vec<Spanned<Endpoint>>>,
    pub(in crate::config) host_href: Option<Spanned<String>>,
    pub(in crate::config) oslo_services: Vec<Spanned<String>>,
    pub(in crate::config) oslo_clients: Vec<String>,
    pub(in crate::config) oslo_release: Option<u32>,
    pub(in crate::config) tokens: Option<Spanned<String>>,
    pub(in crate::config) tokens_max_stale: Option<Spanned<String>>,
    pub(in crate::config) keystone: Option<Spanned<Keystone>>,
}

/// `[barbican.keystone]`: who tells us whose a token is. Keys are those of keystonemiddleware where it has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Keystone {
    pub(in crate::config) url: Spanned<String>,
    pub(in crate::config) www_authenticate_uri: Option<String>,
    pub(in crate::config) username: Option<String>,
    pub(in crate::config) password: Option<Spanned<Value>>,
    pub(in crate::config) user_domain_name: Option<String>,
    pub(in crate::config) project_name: Option<String>,
    pub(in crate::config) project_domain_name: Option<String>,
    pub(in crate::config) service_type: Option<String>,
    pub(in crate::config) service_token_roles: Option<Vec<String>>,
    pub(in crate::config) cache_time: Option<Spanned<String>>,
    pub(in crate::config) timeout: Option<Spanned<String>>,
    pub(in crate::config) ca: Option<String>,
}
