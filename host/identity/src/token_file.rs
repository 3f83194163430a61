//! A file says whom a token stands for, where there is no Keystone.
//!
//! It holds the SHA-256 of each token and never the token itself. An operator makes one, and its entry, with
//!
//! ```text
//! openssl rand -hex 32 | tee alice.token | tr -d '\n' | sha256sum
//! ```
//!
//! and gives `alice.token` to alice, who sends what it holds as `X-Auth-Token`:
//!
//! ```toml
//! [[tokens]]
//! sha256  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! user    = "alice"                   # the user's id: what ACLs list
//! project = "11111111111111111111111111111111"
//! roles   = ["member"]
//! groups  = ["ops"]
//! expires = 2027-01-31T00:00:00Z      # in UTC
//! ```
//!
//! `sha256` and `user` must be there. The other keys are `user_name`, `user_domain`, `project_name` and
//! `project_domain`. Without `project` the token is unscoped; without `expires` it never expires. A token that has
//! the role `service` may be shown as `X-Service-Token`, but makes no expired token good again.
//!
//! The tokens must be random: who holds the file can try out guesses as fast as a hash is computed. So the file
//! belongs to root or to the user that we run as, others can neither read nor write it, and its group cannot write
//! it. It is read again when it changes; while it cannot be used, what it said before holds.

mod parse;

#[cfg(test)]
mod tests;

use portcullis_contract::secrets::Requester;
use portcullis_files::{Access, FileSet, FileWatcher, ReloadError, Watched};
use ring::digest;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::clock::Clock;
use crate::request_credentials::{RequestCredentials, Token};
use crate::{AuthError, IdentityError};

/// What a service's token must have.
const SERVICE: &str = "service";

/// A file of tokens.
pub(crate) struct TokenFile(Watched<Vec<Entry>>);

/// One token.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    sha256: [u8; 32],
    requester: Requester,
    expires: Option<SystemTime>,
}

impl TokenFile {
    pub(crate) fn open(
        path: PathBuf,
        max_stale: Option<Duration>,
        watcher: &FileWatcher,
    ) -> Result<Self, IdentityError> {
        let set = FileSet { max_stale, ..FileSet::file("tokens", path.clone(), Access::Secret) };
        let parse =
            move |contents: &[&[u8]]| parse::entries(&path, contents.first().copied().unwrap_or_default());
        Watched::open(set, watcher, parse).map(Self)
    }

    pub(crate) fn reload(&self) -> Result<bool, ReloadError> {
        self.0.reload()
    }

    pub(crate) fn identify(&self, presented: RequestCredentials, now: Clock) -> Result<Requester, AuthError> {
        let entries = self.0.current(now.tick)?;
        let service = match presented.service {
            Some(token) => {
                let service = find(&entries, &token, now).map_err(|error| error.of("service token"))?;
                if !service.requester.roles.iter().any(|role| role == SERVICE) {
                    return Err(AuthError::unauthorized("service token: it has not the role `service`"));
                }
                Some(service)
            }
            None => None,
        };
        let Some(token) = presented.user else { return Err(AuthError::unauthorized("no token")) };
        let mut requester = find(&entries, &token, now)?.requester.clone();
        if let Some(service) = service {
            requester.service_roles.clone_from(&service.requester.roles);
            let user = service.requester.user.clone();
            requester.attributes.extend(user.map(|user| ("service-user".to_owned(), user)));
        }
        Ok(requester)
    }
}

/// All entries are compared, each to its end, so that the time it takes says nothing.
fn find<'a>(entries: &'a [Entry], token: &Token, now: Clock) -> Result<&'a Entry, AuthError> {
    let sha256 = digest::digest(&digest::SHA256, token.as_bytes());
    let mut found = u32::MAX;
    for (at, entry) in (0_u32..).zip(entries) {
        let same: Choice = entry.sha256.ct_eq(sha256.as_ref());
        found.conditional_assign(&at, same);
    }
    let entry = usize::try_from(found).ok().and_then(|at| entries.get(at));
    let entry = entry.ok_or_else(|| AuthError::unauthorized("the file of tokens does not know the token"))?;
    if entry.expires.is_some_and(|expires| expires <= now.time) {
        return Err(AuthError::unauthorized("the token has expired"));
    }
    Ok(entry)
}
