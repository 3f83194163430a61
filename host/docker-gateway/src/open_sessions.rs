//! The sessions that are in use in this process, so that they can be ended at once: streams of a user are cut when the
//! token is revoked, the user is changed, or the grant of the endpoint is withdrawn.
//!
//! A session is registered before the database is read, and ended after it was written. So a session either reads the
//! change or is here when it is ended.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What a session was authenticated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A token, by its `jti`.
    Token(String),
    /// An API key, by its id.
    ApiKey(i64),
    /// A client certificate or a peer: the user's name alone.
    Name,
}

/// Sessions in use, by user. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenSessions(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: AtomicU64,
    users: Mutex<HashMap<i64, HashMap<u64, Arc<Entry>>>>,
}

#[derive(Debug)]
struct Entry {
    credential: Credential,
    /// The endpoint in use; 0 before one was asked for.
    endpoint: AtomicI64,
    ended: watch::Sender<bool>,
}

/// Keeps a session registered until it is dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    sessions: OpenSessions,
    user: i64,
    number: u64,
    entry: Arc<Entry>,
}

impl OpenSessions {
    pub(crate) fn register(&self, user: i64, credential: Credential) -> Registration {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (ended, _) = watch::channel(false);
        let entry = Arc::new(Entry { credential, endpoint: AtomicI64::new(0), ended });
        self.users().entry(user).or_default().insert(number, Arc::clone(&entry));
        Registration { sessions: self.clone(), user, number, entry }
    }

    /// Ends all sessions of a user.
    pub(crate) fn end_user(&self, user: i64) {
        self.end(user, |_| true);
    }

    /// Ends the sessions of a user that began with this credential.
    pub(crate) fn end_credential(&self, user: i64, credential: &Credential) {
        self.end(user, |entry| entry.credential == *credential);
    }

    /// Ends the sessions of a user that use this endpoint.
    pub(crate) fn end_user_of_endpoint(&self, user: i64, endpoint: i64) {
        self.end(user, |entry| entry.endpoint.load(Ordering::SeqCst) == endpoint);
    }

    /// Ends all sessions that use this endpoint.
    pub(crate) fn end_endpoint(&self, endpoint: i64) {
        for entry in self.users().values().flat_map(HashMap::values) {
            if entry.endpoint.load(Ordering::SeqCst) == endpoint {
                entry.ended.send_replace(true);
            }
        }
    }

    fn end(&self, user: i64, ends: impl Fn(&Entry) -> bool) {
        for entry in self.users().get(&user).into_iter().flat_map(HashMap::values) {
            if ends(entry) {
                entry.ended.send_replace(true);
            }
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<i64, HashMap<u64, Arc<Entry>>>> {
        self.0.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registration {
    pub(crate) fn credential(&self) -> &Credential {
        &self.entry.credential
    }

    /// Notes the endpoint in use, before its grant is read.
    pub(crate) fn set_endpoint(&self, endpoint: i64) {
        self.entry.endpoint.store(endpoint, Ordering::SeqCst);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.entry.ended.subscribe()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut users = self.sessions.users();
        if let Some(sessions) = users.get_mut(&self.user) {
            sessions.remove(&self.number);
            if sessions.is_empty() {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_ended_by_user_credential_and_endpoint() {
        let sessions = OpenSessions::default();
        let token = |jti: &str| Credential::Token(jti.into());
        let all = [
            sessions.register(1, token("a")),
            sessions.register(1, token("b")),
            sessions.register(1, Credential::ApiKey(7)),
            sessions.register(2, token("c")),
            sessions.register(2, Credential::Name),
        ];
        all[2].set_endpoint(5);
        all[3].set_endpoint(5);
        let ended = || all.each_ref().map(|session| *session.subscribe().borrow());
        sessions.end_credential(1, &token("c"));
        assert_eq!(ended(), [false; 5]);
        sessions.end_credential(1, &token("a"));
        assert_eq!(ended(), [true, false, false, false, false]);
        sessions.end_user_of_endpoint(1, 5);
        assert_eq!(ended(), [true, false, true, false, false]);
        sessions.end_endpoint(5);
        assert_eq!(ended(), [true, false, true, true, false]);
        sessions.end_user(2);
        assert_eq!(ended(), [true, false, true, true, true]);
        drop(all);
        assert!(sessions.users().is_empty());
    }
}
