//! What an operator may say about Keystone.

use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::time::Duration;

/// How Keystone is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeystoneOptions {
    /// Where it is, e.g. `https://keystone.example:5000/v3`; `/v3` may be left out. Requests go to this URL,
    /// regardless of the service catalog.
    pub url: String,
    /// Where clients are sent for a token (`www_authenticate_uri`); [`url`](Self::url) by default.
    pub www_authenticate_uri: Option<String>,
    /// Whose token is shown to Keystone to look at others. Without one, each token is shown for itself.
    pub service: Option<ServiceUser>,
    /// Our type in the service catalog (`service_type`), e.g. `key-manager`. Without one, a token that is
    /// restricted by access rules is refused.
    pub service_type: Option<String>,
    /// What a service must be to call on a user's behalf (`service_token_roles`): it has at least one of these.
    pub service_token_roles: Vec<String>,
    /// How long an answer is believed (`token_cache_time`), and so how long a revoked token may go on working; zero
    /// means that Keystone is asked each time. A token's own expiry is looked at on every use.
    pub cache_time: Duration,
    /// How many answers are kept.
    pub cache_entries: usize,
    /// How long Keystone may take, a new token of our own and a second attempt included.
    pub timeout: Duration,
    /// Who may vouch for Keystone's certificate, PEM (`cafile`); the system's CAs by default.
    pub ca: Option<PathBuf>,
}

impl KeystoneOptions {
    /// Everything but the URL as `auth_token` has it by default: an answer is believed for 300 seconds, a service
    /// must have the role `service`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            www_authenticate_uri: None,
            service: None,
            service_type: None,
            service_token_roles: vec!["service".into()],
            cache_time: Duration::from_mins(5),
            cache_entries: 10_000,
            timeout: Duration::from_secs(10),
            ca: None,
        }
    }
}

/// A user of ours, who may look at other users' tokens: one with the role `admin` or `service`.
#[derive(Debug, Clone)]
pub struct ServiceUser {
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// The name of its domain.
    pub user_domain_name: String,
    /// The name of the project that its token is for.
    pub project_name: String,
    /// The name of that project's domain.
    pub project_domain_name: String,
}

/// By value, so that a new password in the configuration is noticed. Both are the operator's own: how long the
/// comparison takes reveals nothing to a client.
impl PartialEq for ServiceUser {
    fn eq(&self, other: &Self) -> bool {
        let Self { username, password, user_domain_name, project_name, project_domain_name } = self;
        *username == other.username
            && password.expose_secret() == other.password.expose_secret()
            && *user_domain_name == other.user_domain_name
            && *project_name == other.project_name
            && *project_domain_name == other.project_domain_name
    }
}

impl Eq for ServiceUser {}
