//! Requests of one user at once, streams among them: one user cannot take every connection of a listener and of an engine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests in flight, by user.
#[derive(Clone)]
pub(super) struct PerUser {
    limit: usize,
    /// A user without requests has no entry.
    open: Arc<Mutex<HashMap<i64, usize>>>,
}

/// One request in flight, until it is dropped.
pub(super) struct UserPermit {
    counts: PerUser,
    user: i64,
}

impl PerUser {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, open: Arc::default() }
    }

    /// Counts a request. None if the user has as many as one may have.
    pub(super) fn admit(&self, user: i64) -> Option<UserPermit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_insert(0);
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(UserPermit { counts: self.clone(), user })
    }
}

impl Drop for UserPermit {
    fn drop(&mut self) {
        let mut open = self.counts.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_at_the_limit_leaves_the_others_alone() {
        let counts = PerUser::new(2);
        let (one, two) = (counts.admit(1), counts.admit(1));
        assert!(one.is_some() && two.is_some() && counts.admit(1).is_none());
        assert!(counts.admit(2).is_some());
        drop(one);
        assert!(counts.admit(1).is_some());
        drop(two);
        assert!(counts.open.lock().unwrap().is_empty());
    }
}
