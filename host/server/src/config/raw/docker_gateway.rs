//! `[docker_gateway]` as serde reads it.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{Endpoint, Groups};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct DockerGateway {
    pub(in crate::config) listen: Option<Vec<Spanned<Endpoint>>>,
    pub(in crate::config) admin_password: Option<Spanned<Value>>,
    pub(in crate::config) session_lifetime: Option<Spanned<String>>,
    pub(in crate::config) engines: Vec<Spanned<String>>,
    pub(in crate::config) always_allow: Option<Vec<Spanned<String>>>,
    pub(in crate::config) max_body: Option<Spanned<String>>,
    pub(in crate::config) max_requests_per_user: Option<Spanned<usize>>,
    pub(in crate::config) look_up: Option<bool>,
    pub(in crate::config) host_root: Option<Spanned<String>>,
    pub(in crate::config) endpoints: Vec<Spanned<EndpointListener>>,
    pub(in crate::config) socket: Option<Spanned<Endpoint>>,
    pub(in crate::config) engine: Option<Spanned<String>>,
    pub(in crate::config) daemon: Option<String>,
    pub(in crate::config) groups: Option<Spanned<Groups>>,
    pub(in crate::config) max_stale: Option<Spanned<String>>,
}

/// An endpoint with addresses of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct EndpointListener {
    pub(in crate::config) name: Spanned<String>,
    pub(in crate::config) listen: Vec<Spanned<Endpoint>>,
}
