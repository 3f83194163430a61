//! Sign-ins whose code was exchanged: their state is not good again, so that one sign-in that was begun leads to one exchange
//! at the provider.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// States that are kept. In a full set the one that ends first is forgotten; the limit of failures holds without it.
const MAX: usize = 10_000;

/// When each state ends, in seconds since 1970, by state.
#[derive(Default)]
pub(super) struct UsedStates(Mutex<HashMap<String, u64>>);

impl UsedStates {
    /// Marks a state as used. False if it was before.
    pub(super) fn take(&self, state: &str, until: u64, now: u64) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.contains_key(state) {
            return false;
        }
        if used.len() >= MAX {
            used.retain(|_, until| *until > now);
        }
        if used.len() >= MAX {
            let first = used.iter().min_by_key(|(_, until)| **until).map(|(state, _)| state.clone());
            first.map(|first| used.remove(&first));
        }
        used.insert(state.to_owned(), until);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_once_and_the_set_is_bounded() {
        let used = UsedStates::default();
        assert!(used.take("a", 1000, 0) && !used.take("a", 1000, 0) && used.take("b", 1, 0));
        for one in 0..MAX {
            assert!(used.take(&one.to_string(), 500, 2));
        }
        assert_eq!(used.0.lock().unwrap().len(), MAX);
        assert!(!used.take("a", 1000, 2), "the last one to end is kept");
    }
}
