//! Groups of a principal.
//!
//! Every source that is configured is asked, and one that cannot answer is a refusal: a policy that forbids something
//! to a group must not be got around by keeping the directory busy.
//!
//! * [`GroupSources`]: for principals whom an API authenticates itself
//! * `file`: lines `group: user, user`
//! * `ldap`: a directory

mod file;
mod ldap;
#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName};
use portcullis_contract::types::{Certificate, Principal};
use portcullis_files::{Access, FileSet, FileWatcher, Watched};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Once};
use std::time::{Duration, Instant};

use super::header::header_name;
use super::{AuthMethod, CertificateGroups, Claims, GroupOptions, Groups, claim, name};
use crate::{AuthError, IdentityError};
use file::Members;
use ldap::Ldap;

/// Of one user, from all sources together.
const MAX_GROUPS: usize = 4096;

/// One place that groups come from.
pub(super) enum GroupSource {
    Header(HeaderName),
    Claim(ClaimGroups),
    Certificate(CertificateGroups),
    File(Watched<Members>),
    Ldap(Arc<Ldap>),
}

/// A claim that names groups.
pub(super) struct ClaimGroups {
    name: String,
    issuer: Option<String>,
    prefix: String,
    warned: Once,
}

impl ClaimGroups {
    /// Whether the token is of the issuer whose claim it is.
    fn is_about(&self, claims: &Claims) -> bool {
        self.issuer.as_deref().is_none_or(|issuer| claims.get("iss").and_then(Value::as_str) == Some(issuer))
    }
}

impl GroupSource {
    /// `proof` is how an [`Authenticator`](super::Authenticator) proves who a user is; none where an API does that itself.
    pub(super) fn open(
        groups: &Groups,
        proof: Option<&AuthMethod>,
        max_stale: Option<Duration>,
        watcher: &FileWatcher,
    ) -> Result<Self, IdentityError> {
        let wrong = |reason| IdentityError::Value { key: "groups", reason };
        match groups {
            // From a peer that is not believed about its name, no groups are taken either.
            Groups::Header { name } if matches!(proof, Some(AuthMethod::Header { .. })) => {
                Ok(Self::Header(header_name("groups header", name)?))
            }
            Groups::Header { .. } => Err(wrong("can come from a header only where the user does")),
            Groups::Claim { name, issuer, prefix }
                if matches!(proof, Some(AuthMethod::Jwt(_))) && !name.is_empty() =>
            {
                let (name, issuer, prefix) = (name.clone(), issuer.clone(), prefix.clone());
                Ok(Self::Claim(ClaimGroups { name, issuer, prefix, warned: Once::new() }))
            }
            Groups::Claim { .. } => Err(wrong(
                "can come from a claim only where the user comes from a token, and the claim needs a name",
            )),
            Groups::Certificate(field) if matches!(proof, None | Some(AuthMethod::Certificate { .. })) => {
                Ok(Self::Certificate(*field))
            }
            Groups::Certificate(_) => Err(wrong("can come from a certificate only where the user does")),
            Groups::File(path) => {
                let set = FileSet { max_stale, ..FileSet::file("groups", path.clone(), Access::Public) };
                let path = path.clone();
                let parse = move |contents: &[&[u8]]| {
                    Members::parse(&path, contents.first().copied().unwrap_or_default())
                };
                Ok(Self::File(Watched::open(set, watcher, parse)?))
            }
            Groups::Ldap(options) => Ok(Self::Ldap(Arc::new(Ldap::new((**options).clone())?))),
        }
    }

    pub(super) fn recheck(&self) -> Result<(), IdentityError> {
        match self {
            Self::File(file) => Ok(file.reload().map(drop)?),
            Self::Header(_) | Self::Claim(_) | Self::Certificate(_) | Self::Ldap(_) => Ok(()),
        }
    }
}

/// Sources of groups of principals whom an API authenticates itself. Clones share it, with its connections and caches.
#[derive(Clone)]
pub struct GroupSources(Arc<[GroupSource]>);

impl GroupSources {
    /// Reads the files, and has `watcher` read them again when they change. No server is asked yet.
    ///
    /// # Errors
    /// The option or the file that cannot be worked with, and why.
    pub async fn open(options: GroupOptions, watcher: &FileWatcher) -> Result<Self, IdentityError> {
        let watcher = watcher.clone();
        let opening = tokio::task::spawn_blocking(move || {
            let GroupOptions { sources, max_stale } = options;
            let open = |groups| GroupSource::open(groups, None, max_stale, &watcher);
            sources.iter().map(open).collect::<Result<_, _>>().map(Self)
        });
        opening.await.unwrap_or_else(|error| Err(IdentityError::Interrupted(error.to_string())))
    }

    /// The groups of all sources, in their order, each once. Without a name, only those of the certificate.
    ///
    /// # Errors
    /// A source cannot answer, or not for certain.
    pub async fn of(&self, principal: &Principal) -> Result<Vec<String>, AuthError> {
        of(&self.0, Known::of(principal), Instant::now()).await
    }
}

/// What is known of a user before the groups are.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) certificate: Option<&'a Certificate>,
    pub(super) headers: &'a HeaderMap,
    pub(super) claims: &'a Claims,
}

static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
static NO_CLAIMS: LazyLock<Claims> = LazyLock::new(Claims::new);

impl<'a> Known<'a> {
    pub(super) fn of(principal: &'a Principal) -> Self {
        Self {
            user: principal.name.as_deref(),
            certificate: principal.certificate.as_ref(),
            headers: &NO_HEADERS,
            claims: &NO_CLAIMS,
        }
    }
}

/// The groups of all sources, in their order, each once.
pub(super) async fn of(
    sources: &[GroupSource],
    known: Known<'_>,
    now: Instant,
) -> Result<Vec<String>, AuthError> {
    let Known { user, certificate, headers, claims } = known;
    let mut found = Vec::new();
    for source in sources {
        match source {
            GroupSource::Header(name) => found.extend(from_header(headers, name)?),
            GroupSource::Claim(source) if source.is_about(claims) => {
                let name = &source.name;
                if claim::find(claims, name).is_none() {
                    source.warned.call_once(|| warn_of_absence(claims, name));
                }
                found.extend(
                    from_claim(claims, name)?.iter().map(|group| format!("{}{group}", source.prefix)),
                );
            }
            GroupSource::Claim(_) => {}
            GroupSource::Certificate(field) => {
                let named = certificate.map_or(&[][..], |certificate| match field {
                    CertificateGroups::Organization => &certificate.organizations,
                    CertificateGroups::OrganizationalUnit => &certificate.organizational_units,
                });
                found.extend(named.iter().filter(|name| !name.is_empty()).cloned());
            }
            GroupSource::File(file) => {
                let members = file.current(now)?;
                found.extend_from_slice(user.map_or(&[][..], |user| members.of(user)));
            }
            GroupSource::Ldap(ldap) => {
                if let Some(user) = user {
                    found.extend_from_slice(&ldap.groups(user, now).await?);
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|group| seen.insert(group.clone()));
    if found.len() > MAX_GROUPS {
        return Err(AuthError::unauthorized("the user is in more than 4096 groups"));
    }
    for group in &found {
        name::check(group).map_err(|reason| AuthError::unauthorized(format!("a group's name {reason}")))?;
    }
    Ok(found)
}

/// No header is no answer: a client can have a proxy drop it, by naming it in `Connection` (RFC 9110, 7.6.1).
fn from_header(headers: &HeaderMap, name: &HeaderName) -> Result<Vec<String>, AuthError> {
    let text = name::header(headers, name)?.ok_or_else(|| {
        AuthError::unauthorized(format!(
            "the request has no header `{name}`, so nobody knows the user's groups; the proxy must send it, empty \
             where there are none"
        ))
    })?;
    let groups = text.split(',').map(|group| group.trim_matches([' ', '\t']));
    Ok(groups.filter(|group| !group.is_empty()).map(String::from).collect())
}

/// Says once that a configured claim is not there, with the claims that are: a name that is written wrong would only ever
/// mean users without groups. Values stay away.
fn warn_of_absence(claims: &Claims, name: &str) {
    const NAMED: usize = 30;
    let names: Vec<_> = claims.keys().take(NAMED).map(|name| format!("`{}`", name.escape_debug())).collect();
    tracing::warn!(
        "a token has no claim `{name}`, so its user is in no groups by it; it has {}. `groups_claim` is the name of a \
         claim, or a path like `realm_access.roles`. This is said once",
        names.join(", ")
    );
}

/// A token without the claim is one of a user without groups, unless it says that the claim is elsewhere: providers do
/// so for users in very many groups (OpenID Connect Core, 5.6.2).
fn from_claim(claims: &Claims, name: &str) -> Result<Vec<String>, AuthError> {
    let is_elsewhere =
        |elsewhere: &Value| claim::holders(name).iter().any(|name| elsewhere.get(name).is_some());
    if claims.get("_claim_names").is_some_and(is_elsewhere) {
        return Err(AuthError::unauthorized(format!(
            "the user is in more groups than the token holds: its claim `{name}` is elsewhere"
        )));
    }
    let groups = match claim::find(claims, name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(group)) => Some(vec![group.clone()]),
        Some(Value::Array(groups)) => groups.iter().map(|group| group.as_str().map(String::from)).collect(),
        Some(_) => None,
    };
    groups.ok_or_else(|| {
        AuthError::unauthorized(format!("the token's claim `{name}` is neither a text nor a list of texts"))
    })
}
