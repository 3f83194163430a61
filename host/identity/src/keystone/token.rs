//! What Keystone says of a token (keystone `common/render_token.py`).

use portcullis_contract::secrets::Requester;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use super::client::KeystoneError;
use crate::AuthError;
use crate::clock::Clock;

/// Whom a token stands for, as Keystone said when it was asked.
#[derive(Debug)]
pub(super) struct ValidatedToken {
    pub(super) requester: Requester,
    pub(super) expires: SystemTime,
    /// When Keystone was asked.
    pub(super) asked: Instant,
    /// What the application credential is restricted to.
    pub(super) access_rules: Option<Vec<AccessRule>>,
    /// Whether the token's catalog lists our service type.
    pub(super) in_catalog: bool,
}

impl ValidatedToken {
    pub(super) fn unexpired(&self, now: Clock) -> Result<(), AuthError> {
        if self.expires > now.time { Ok(()) } else { Err(AuthError::unauthorized("the token has expired")) }
    }
}

/// A request that an application credential may send (see `access_rules`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct AccessRule {
    pub(super) service: String,
    pub(super) method: String,
    pub(super) path: String,
}

#[derive(Deserialize)]
struct Envelope<T> {
    token: T,
}

#[derive(Deserialize)]
struct Expiry {
    expires_at: String,
}

#[derive(Deserialize)]
struct Body {
    expires_at: String,
    user: User,
    #[serde(default)]
    methods: Vec<String>,
    project: Option<Project>,
    domain: Option<Domain>,
    system: Option<BTreeMap<String, bool>>,
    #[serde(default)]
    roles: Vec<Named>,
    is_admin_project: Option<bool>,
    catalog: Option<Vec<CatalogEntry>>,
    application_credential: Option<ApplicationCredential>,
    #[serde(rename = "OS-TRUST:trust")]
    trust: Option<Id>,
    bind: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    domain: Option<Domain>,
    #[serde(rename = "OS-FEDERATION")]
    federation: Option<Federation>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: Option<String>,
    domain: Option<Domain>,
}

#[derive(Deserialize)]
struct Domain {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Federation {
    #[serde(default)]
    groups: Vec<Id>,
    identity_provider: Option<Id>,
    protocol: Option<Id>,
}

#[derive(Deserialize)]
struct CatalogEntry {
    #[serde(rename = "type")]
    service_type: Option<String>,
}

#[derive(Deserialize)]
struct ApplicationCredential {
    id: String,
    access_rules: Option<Vec<AccessRule>>,
}

/// Reads the answer to `GET /v3/auth/tokens`.
pub(super) fn read(body: &[u8], service_type: Option<&str>, now: Clock) -> Result<ValidatedToken, AuthError> {
    let Envelope { token } = serde_json::from_slice::<Envelope<Body>>(body).map_err(invalid_response)?;
    if token.bind.as_ref().is_some_and(|bind| !bind.is_empty()) {
        return Err(AuthError::unauthorized("the token is bound to something that we cannot check"));
    }
    let expires = instant(&token.expires_at)?;
    let (application_credential, access_rules) =
        token.application_credential.map(|credential| (credential.id, credential.access_rules)).unzip();
    let in_catalog = token.catalog.is_some_and(|catalog| {
        catalog.iter().any(|entry| service_type.is_some() && entry.service_type.as_deref() == service_type)
    });
    let scope = match (&token.project, &token.domain, &token.system) {
        (Some(_), None, None) => "project",
        (None, Some(_), None) => "domain",
        (None, None, Some(_)) => "system",
        (None, None, None) => "unscoped",
        _ => return Err(KeystoneError::InvalidResponse("the token is for two scopes at once".into()).into()),
    };
    let federation = token.user.federation;
    let user_domain = token.user.domain.unwrap_or(Domain { id: None, name: None });
    let mut attributes = vec![("auth-methods".to_owned(), token.methods.join(","))];
    let mut add = |name: &str, value: Option<String>| {
        attributes.extend(value.map(|value| (name.to_owned(), value)));
    };
    add("user-domain-name", user_domain.name);
    let (project, project_name, project_domain) = match token.project {
        Some(project) => (Some(project.id), project.name, project.domain),
        None => (None, None, None),
    };
    let (project_domain, project_domain_name) =
        project_domain.map_or((None, None), |domain| (domain.id, domain.name));
    add("project-domain-name", project_domain_name);
    add("domain", token.domain.and_then(|domain| domain.id));
    add("is-admin-project", token.is_admin_project.map(|is| is.to_string()));
    add("trust", token.trust.map(|trust| trust.id));
    let groups = federation.map_or_else(Vec::new, |federation| {
        add("identity-provider", federation.identity_provider.map(|provider| provider.id));
        add("protocol", federation.protocol.map(|protocol| protocol.id));
        federation.groups.into_iter().map(|group| group.id).collect()
    });
    let requester = Requester {
        user: Some(token.user.id).filter(|id| !id.is_empty()),
        user_name: token.user.name,
        user_domain: user_domain.id,
        project: project.filter(|id| !id.is_empty()),
        project_name,
        project_domain,
        scope: scope.into(),
        roles: token.roles.into_iter().map(|role| role.name).collect(),
        groups,
        application_credential,
        service_roles: Vec::new(),
        attributes,
    };
    if requester.user.is_none() || (scope == "project" && requester.project.is_none()) {
        return Err(KeystoneError::InvalidResponse("the token's user or project has no id".into()).into());
    }
    Ok(ValidatedToken {
        requester,
        expires,
        asked: now.tick,
        access_rules: access_rules.flatten(),
        in_catalog,
    })
}

/// When the token expires that was got with a password.
pub(super) fn expiry(body: &[u8]) -> Result<SystemTime, KeystoneError> {
    let Envelope { token } = serde_json::from_slice::<Envelope<Expiry>>(body).map_err(invalid_response)?;
    instant(&token.expires_at)
}

fn instant(text: &str) -> Result<SystemTime, KeystoneError> {
    humantime::parse_rfc3339(text)
        .map_err(|_| KeystoneError::InvalidResponse("`expires_at` is no time".into()))
}

/// Says where it is wrong, and quotes nothing.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn invalid_response(error: serde_json::Error) -> KeystoneError {
    let what = if error.is_data() { "it does not describe a token" } else { "it is not JSON" };
    KeystoneError::InvalidResponse(format!("{what} (line {}, column {})", error.line(), error.column()))
}
