//! Where groups come from, as serde reads it.

use serde::Deserialize;
use toml::{Spanned, Value};

/// Sources of groups that several APIs have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Groups {
    /// `organization` or `organizational-unit`.
    pub(in crate::config) certificate: Option<Spanned<String>>,
    pub(in crate::config) file: Option<Spanned<String>>,
    pub(in crate::config) ldap: Option<Spanned<Ldap>>,
}

/// A directory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Ldap {
    pub(in crate::config) url: Spanned<String>,
    /// `active-directory` or `group-of-names`, which say what the filters are by default.
    pub(in crate::config) schema: Option<Spanned<String>>,
    pub(in crate::config) start_tls: Option<bool>,
    pub(in crate::config) user_base: String,
    pub(in crate::config) user_filter: Option<String>,
    pub(in crate::config) group_base: String,
    pub(in crate::config) group_filter: Option<String>,
    pub(in crate::config) group_attribute: Option<String>,
    pub(in crate::config) bind_dn: Option<String>,
    pub(in crate::config) bind_password: Option<Spanned<Value>>,
    pub(in crate::config) ca: Option<String>,
    pub(in crate::config) timeout: Option<Spanned<String>>,
    pub(in crate::config) cache_time: Option<Spanned<String>>,
}
