//! Nonces of the host's own look-ups, which dockerd shows to all its authorization plugins, this one among them.
//!
//! A nonce is for one GET of one target, and dies with its first use, right or wrong, or after a second. Another plugin sees
//! it on the way; so does the log of a daemon in debug mode. What is left to them is to use it first, for the same response;
//! the look-up then fails, and what it was for is refused.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The header that carries a nonce.
pub(crate) const HEADER: &str = "X-Portcullis-Look-Up";

/// How long a nonce waits for the question about its request.
const LIFE: Duration = Duration::from_secs(1);

/// How long a nonce that was used waits for the question about its response, once the response has come or was given up.
const RESPONSE: Duration = Duration::from_mins(1);

/// Nonces at once.
const MAX: usize = 4096;

#[derive(Debug)]
struct Nonce {
    target: String,
    issued: Instant,
    /// Whether the question about the request has come.
    used: bool,
    /// When the look-up ended.
    ended: Option<Instant>,
}

/// The nonces of look-ups under way.
#[derive(Debug, Default)]
pub(super) struct Nonces(Mutex<HashMap<String, Nonce>>);

/// A nonce, for as long as its look-up lasts.
#[derive(Debug)]
pub(super) struct IssuedNonce<'n> {
    nonces: &'n Nonces,
    text: String,
}

impl Nonces {
    fn open(&self) -> MutexGuard<'_, HashMap<String, Nonce>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A nonce for a GET of this target. None where too many are under way.
    pub(super) fn issue(&self, target: &str, now: Instant) -> Option<IssuedNonce<'_>> {
        let mut open = self.open();
        open.retain(|_, nonce| nonce.ended.is_none_or(|ended| now.duration_since(ended) < RESPONSE));
        if open.len() >= MAX {
            return None;
        }
        let text = Uuid::new_v4().simple().to_string();
        let nonce = Nonce { target: target.to_owned(), issued: now, used: false, ended: None };
        open.insert(text.clone(), nonce);
        Some(IssuedNonce { nonces: self, text })
    }

    /// Uses a nonce for a request, and says whether it is for this one.
    pub(super) fn use_for_request(&self, text: &str, (method, target): (&str, &str), now: Instant) -> bool {
        let mut open = self.open();
        let Some(nonce) = open.get_mut(text).filter(|nonce| !nonce.used) else { return false };
        nonce.used = true;
        method == "GET" && nonce.target == target && now.duration_since(nonce.issued) < LIFE
    }

    /// Whether a response belongs to a request that [`Nonces::use_for_request`] let pass. It does once.
    pub(super) fn use_for_response(&self, text: &str, (method, target): (&str, &str)) -> bool {
        let mut open = self.open();
        let known = open.get(text).is_some_and(|nonce| nonce.used && nonce.target == target);
        if known {
            open.remove(text);
        }
        known && method == "GET"
    }
}

impl IssuedNonce<'_> {
    /// The value of the header.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Drop for IssuedNonce<'_> {
    fn drop(&mut self) {
        let mut open = self.nonces.open();
        match open.get_mut(&self.text) {
            Some(nonce) if nonce.used => nonce.ended = Some(Instant::now()),
            _ => drop(open.remove(&self.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: (&str, &str) = ("GET", "/containers/a/json");

    #[test]
    fn a_nonce_is_for_one_request_and_its_response() {
        let (nonces, now) = (Nonces::default(), Instant::now());
        let issued = nonces.issue(GET.1, now).unwrap();
        let text = issued.text().to_owned();
        assert!(!nonces.use_for_response(&text, GET), "a response before its request");
        assert!(nonces.use_for_request(&text, GET, now));
        assert!(!nonces.use_for_request(&text, GET, now), "a second request");
        drop(issued);
        assert!(!nonces.use_for_request(&text, GET, now), "a second request after the look-up");
        assert!(nonces.use_for_response(&text, GET));
        assert!(!nonces.use_for_response(&text, GET), "a second response");
    }

    #[test]
    fn a_nonce_that_is_used_wrongly_is_dead() {
        let now = Instant::now();
        let late = now + LIFE;
        for (request, at) in [
            (("GET", "/containers/b/json"), now),
            (("GET", "/containers/a/json?size=1"), now),
            (("GET", "/v1.41/containers/a/json"), now),
            (("HEAD", GET.1), now),
            (("POST", GET.1), now),
            (("get", GET.1), now),
            (GET, late),
        ] {
            let nonces = Nonces::default();
            let issued = nonces.issue(GET.1, now).unwrap();
            assert!(!nonces.use_for_request(issued.text(), request, at), "{request:?}");
            assert!(!nonces.use_for_request(issued.text(), GET, now), "again after {request:?}");
        }
    }

    #[test]
    fn what_was_not_used_is_gone_with_its_look_up() {
        let (nonces, now) = (Nonces::default(), Instant::now());
        let text = nonces.issue(GET.1, now).unwrap().text().to_owned();
        assert!(!nonces.use_for_request(&text, GET, now));
        assert!(nonces.open().is_empty());
        let many: Vec<_> = (0..MAX).map_while(|_| nonces.issue(GET.1, now)).collect();
        assert!(many.len() == MAX && nonces.issue(GET.1, now).is_none());
    }
}
