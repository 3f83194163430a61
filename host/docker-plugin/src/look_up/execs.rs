//! Execs that are being made: what a request asked for, until the response says which id it became.

use portcullis_docker_api::inspect::Exec;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Execs at once. Those that find no room are looked up when they are started.
const MAX: usize = 1024;

/// How long the response may take.
const WAIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Making {
    exec: Arc<Exec>,
    since: Instant,
    /// Equal requests under way: their responses cannot be told apart.
    count: usize,
}

/// Execs that are being made, by the key of their request.
#[derive(Debug, Default)]
pub(super) struct Execs(Mutex<HashMap<u64, Making>>);

impl Execs {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, Making>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request that is about to go on.
    pub(super) fn begin(&self, key: u64, exec: Exec, now: Instant) {
        let mut making = self.open();
        making.retain(|_, other| now.duration_since(other.since) < WAIT);
        if making.len() >= MAX && !making.contains_key(&key) {
            return;
        }
        let entry =
            making.entry(key).or_insert_with(|| Making { exec: Arc::default(), since: now, count: 0 });
        // A name that meanwhile stands for another container: which of the two a response belongs to is not known.
        if entry.count == 0 {
            entry.exec = Arc::new(exec);
        } else if *entry.exec != exec {
            making.remove(&key);
            return;
        }
        entry.count += 1;
    }

    /// The exec that a response is about.
    pub(super) fn end(&self, key: u64) -> Option<Arc<Exec>> {
        let mut making = self.open();
        let entry = making.get_mut(&key)?;
        let exec = Arc::clone(&entry.exec);
        entry.count -= 1;
        if entry.count == 0 {
            making.remove(&key);
        }
        Some(exec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_gives_what_its_request_asked_for() {
        let (execs, now) = (Execs::default(), Instant::now());
        let exec = |container: &str| Exec { container: container.to_owned(), ..Exec::default() };
        execs.begin(1, exec("a"), now);
        execs.begin(1, exec("a"), now);
        assert_eq!(execs.end(2), None);
        assert_eq!(execs.end(1).as_deref(), Some(&exec("a")));
        assert_eq!(execs.end(1).as_deref(), Some(&exec("a")));
        assert_eq!(execs.end(1), None);
        execs.begin(3, exec("a"), now);
        execs.begin(3, exec("b"), now);
        assert_eq!(execs.end(3), None, "either of two");
        execs.begin(4, exec("a"), now);
        execs.begin(5, exec("a"), now + WAIT);
        assert_eq!(execs.end(4), None, "too old");
    }
}
