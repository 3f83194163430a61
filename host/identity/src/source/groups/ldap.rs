//! Groups of a user from a directory (LDAP, RFC 4511).
//!
//! The user's entry is looked for first, then the groups that have it as a member. A user without an entry has no
//! groups; of one with several it is not known which is meant, and the request is refused. Groups come in the order
//! of the alphabet. Search references are not followed.
//!
//! A directory knows users without regard to case, and policies do not: another spelling than the directory's own
//! is refused.
//!
//! * `connection`: one connection, kept and made anew when it breaks
//! * `filter`: filters with places for names
//! * `spelling`: whether the directory spells the user so

mod connection;
mod filter;
mod spelling;

use ldap3::{Scope, SearchEntry, SearchOptions};
use moka::future::Cache;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::LdapOptions;
use crate::{AuthError, IdentityError};
use connection::{Connection, Connections};
use filter::Filter;
use spelling::Spelling;

const MAX_CACHE_TIME: Duration = Duration::from_mins(1);
const MAX_CACHED: u64 = 10_000;
/// More are refused by most directories anyway.
const MAX_FOUND: i32 = 4096;
/// `sizeLimitExceeded` (RFC 4511, 4.1.9).
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// A directory, and what it told us lately.
pub(in super::super) struct Ldap {
    options: LdapOptions,
    users: Filter,
    spelling: Spelling,
    groups: Filter,
    connections: Connections,
    known: Cache<String, (Instant, Arc<[String]>)>,
}

/// Why the groups of a user cannot be read from the directory.
#[derive(Debug, thiserror::Error)]
enum DirectoryError {
    /// A new connection may help.
    #[error("{0}")]
    Broken(String),
    /// Nothing will help but the operator.
    #[error("{0}")]
    Wrong(String),
    #[error("it has several entries for the user")]
    Ambiguous,
    #[error("it spells the user in another way")]
    Spelling,
}

impl From<ldap3::LdapError> for DirectoryError {
    fn from(error: ldap3::LdapError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Ldap {
    pub(in super::super) fn new(options: LdapOptions) -> Result<Self, IdentityError> {
        if options.timeout.is_zero() {
            return Err(IdentityError::Value { key: "timeout", reason: "must not be zero" });
        }
        if options.cache_time > MAX_CACHE_TIME {
            let reason =
                "must be a minute at most, or whoever is taken out of a group stays in it for too long";
            return Err(IdentityError::Value { key: "cache_time", reason });
        }
        if options.group_name.is_empty() {
            return Err(IdentityError::Value { key: "group_name", reason: "must not be empty" });
        }
        Ok(Self {
            spelling: Spelling::of(&options.users.filter),
            users: Filter::parse("users filter", &options.users.filter, &["{user}"])?,
            groups: Filter::parse("groups filter", &options.groups.filter, &["{dn}", "{user}"])?,
            connections: Connections::new(&options)?,
            known: Cache::builder().max_capacity(MAX_CACHED).time_to_live(MAX_CACHE_TIME).build(),
            options,
        })
    }

    pub(in super::super) async fn groups(
        self: &Arc<Self>,
        user: &str,
        now: Instant,
    ) -> Result<Arc<[String]>, AuthError> {
        let remembers = !self.options.cache_time.is_zero();
        if remembers
            && let Some((at, groups)) = self.known.get(user).await
            && now.saturating_duration_since(at) < self.options.cache_time
        {
            return Ok(groups);
        }
        let groups: Arc<[String]> = self.ask(user).await?.into();
        if remembers {
            self.known.insert(user.to_owned(), (now, Arc::clone(&groups))).await;
        }
        Ok(groups)
    }

    async fn ask(self: &Arc<Self>, user: &str) -> Result<Vec<String>, AuthError> {
        let (ldap, name) = (Arc::clone(self), user.to_owned());
        // A task of its own: the library panics over answers that are no LDAP.
        let asking = tokio::spawn(async move { ldap.search(&name).await });
        let stop = asking.abort_handle();
        let found = match tokio::time::timeout(self.options.timeout, asking).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(DirectoryError::Broken("its answer cannot be read".into())),
            Err(_) => {
                stop.abort();
                let limit = humantime::format_duration(self.options.timeout);
                Err(DirectoryError::Broken(format!("there was no answer within {limit}")))
            }
        };
        match found {
            Ok(groups) => Ok(groups),
            Err(DirectoryError::Ambiguous) => {
                Err(AuthError::unauthorized(format!("the directory has several entries for `{user}`")))
            }
            Err(DirectoryError::Spelling) => Err(AuthError::unauthorized(format!(
                "the directory spells `{user}` in another way, and policies tell the two apart"
            ))),
            Err(trouble) => {
                self.connections.forget().await;
                Err(AuthError::unavailable(format!("the directory cannot be asked for groups: {trouble}")))
            }
        }
    }

    /// A connection that was kept may have been closed at the other end since; then a new one is tried.
    async fn search(&self, user: &str) -> Result<Vec<String>, DirectoryError> {
        let (connection, kept) = self.connections.get().await?;
        match self.search_by(&connection, user).await {
            Err(DirectoryError::Broken(_)) if kept => {
                self.connections.forget().await;
                let (connection, _) = self.connections.get().await?;
                self.search_by(&connection, user).await
            }
            result => result,
        }
    }

    async fn search_by(&self, connection: &Connection, user: &str) -> Result<Vec<String>, DirectoryError> {
        let filter = self.users.fill(user, "");
        // Two suffice to see that there are several.
        let names = self.spelling.attributes();
        let mut users = find(connection, &self.options.users.base, &filter, &names, 2).await?;
        let Some(found) = users.pop() else { return Ok(Vec::new()) };
        if !users.is_empty() {
            return Err(DirectoryError::Ambiguous);
        }
        if !self.spelling.is_of(&found, user) {
            return Err(DirectoryError::Spelling);
        }
        let filter = self.groups.fill(user, &found.dn);
        let name = &self.options.group_name;
        let groups = find(connection, &self.options.groups.base, &filter, &[name], MAX_FOUND).await?;
        let mut names = Vec::with_capacity(groups.len());
        for mut group in groups {
            // The directory writes the attribute's name as its schema does, not as the request did.
            let key = group.attrs.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
            let Some(values) = key.and_then(|key| group.attrs.remove(&key)) else {
                return Err(DirectoryError::Wrong(format!(
                    "the group `{}` has no `{name}` that is a text",
                    group.dn
                )));
            };
            names.extend(values);
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// The entries that are like `filter` anywhere below `base`. An answer that is cut off is none, but for the two that
/// are too many.
async fn find(
    connection: &Connection,
    base: &str,
    filter: &str,
    attributes: &[&str],
    limit: i32,
) -> Result<Vec<SearchEntry>, DirectoryError> {
    let mut ldap = connection.handle();
    ldap.with_search_options(SearchOptions::new().sizelimit(limit));
    let found = ldap.search(base, Scope::Subtree, filter, attributes).await?;
    let entries: Vec<_> =
        found.0.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate()).collect();
    match found.1.rc {
        0 => {}
        SIZE_LIMIT_EXCEEDED if limit == 2 && entries.len() == 2 => {}
        _ => return Err(DirectoryError::Broken(found.1.to_string())),
    }
    Ok(entries.into_iter().map(SearchEntry::construct).collect())
}
