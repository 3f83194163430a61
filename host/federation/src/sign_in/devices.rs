//! The device flow (RFC 8628) of `aws sso login`: a program gets a code to poll with, and a user code that a signed-in user
//! allows on the page. The program then gets the token of that user's session.
//!
//! A code that was issued is kept for 10 minutes, with the address of the program: 100 codes for each address and 10,000 in
//! all at most. What a user allows is bounded by 5 codes, and is handed out once. The first user who allows a code has it.

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::sessions::Session;

const MAX_OF_USER: usize = 5;
const MAX_OF_ADDRESS: usize = 100;
const MAX: usize = 10_000;
/// What a program is told to wait between two polls, and what it is held to: networks do not keep time.
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1500);
/// Letters that make no words, and that no reader takes for others (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const CODE: usize = 8;

/// What a device code says.
#[derive(Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) user_code: String,
    /// In seconds since 1970.
    pub(super) until: u64,
}

/// Codes that were issued, by user code. Times are since 1970.
#[derive(Default)]
pub(super) struct Devices(Mutex<HashMap<String, Issued>>);

struct Issued {
    until: Duration,
    /// Of the program that began the flow; none where many programs have the same one.
    address: Option<IpAddr>,
    /// The last poll that was not too early.
    polled: Option<Duration>,
    state: State,
}

enum State {
    Waiting,
    Allowed(Arc<Session>),
    /// The token was handed out to the program that this user allowed.
    Used(String),
}

/// Why no code is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IssueError {
    #[error("the system has no random numbers")]
    NoRandomness,
    #[error("too many programs sign in from this address; the codes end after 10 minutes")]
    OfAddress,
    #[error("too many programs sign in at the moment")]
    Full,
}

/// Why a code cannot be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AllowError {
    #[error(
        "this host has issued no such code, or it has ended: write it as the program shows it, e.g. BCDF-GHJK"
    )]
    Unknown,
    #[error("another user has used this code already: begin again with the program")]
    Used,
}

/// What a poll comes to.
pub(super) enum Polled {
    Allowed(Arc<Session>),
    Waiting,
    TooEarly,
    /// It has ended, was handed out, or is none of this host.
    Over,
}

impl Devices {
    /// Issues a user code for a program at this address.
    pub(super) fn issue(
        &self,
        address: Option<IpAddr>,
        until: Duration,
        now: Duration,
    ) -> Result<String, IssueError> {
        let address = address.map(|address| address.to_canonical());
        let mut issued = self.lock();
        issued.retain(|_, one| one.until > now);
        let of_network = |one: &Issued| one.address.map(network) == address.map(network);
        if address.is_some() && issued.values().filter(|one| of_network(one)).count() >= MAX_OF_ADDRESS {
            return Err(IssueError::OfAddress);
        }
        if issued.len() >= MAX {
            return Err(IssueError::Full);
        }
        let mut code = new_user_code().ok_or(IssueError::NoRandomness)?;
        while issued.contains_key(&code) {
            code = new_user_code().ok_or(IssueError::NoRandomness)?;
        }
        issued.insert(code.clone(), Issued { until, address, polled: None, state: State::Waiting });
        Ok(code)
    }

    /// Allows the program that has this code. Of one user the oldest of five ends. Returns the address of the program.
    pub(super) fn allow(
        &self,
        user_code: &str,
        session: Arc<Session>,
        now: Duration,
    ) -> Result<Option<IpAddr>, AllowError> {
        let mut issued = self.lock();
        issued.retain(|_, one| one.until > now);
        let found = issued.get(user_code).ok_or(AllowError::Unknown)?;
        let address = found.address;
        match &found.state {
            State::Waiting => {}
            State::Allowed(by) if by.user() == session.user() => {}
            State::Used(by) if by == session.user() => return Ok(address),
            State::Allowed(_) | State::Used(_) => return Err(AllowError::Used),
        }
        let of_user = |code: &str, one: &Issued| {
            code != user_code
                && matches!(&one.state, State::Allowed(allowed) if allowed.user() == session.user())
        };
        while issued.iter().filter(|(code, one)| of_user(code, one)).count() >= MAX_OF_USER {
            let oldest = issued.iter().filter(|(code, one)| of_user(code, one));
            let oldest = oldest.min_by_key(|(_, one)| one.until).map(|(code, _)| code.clone());
            let Some(oldest) = oldest else { break };
            issued.remove(&oldest);
        }
        let found = issued.get_mut(user_code).ok_or(AllowError::Unknown)?;
        found.state = State::Allowed(session);
        Ok(address)
    }

    /// The session that a user has allowed for this code, once.
    pub(super) fn poll(&self, user_code: &str, now: Duration) -> Polled {
        let mut issued = self.lock();
        let Some(one) = issued.get_mut(user_code).filter(|one| one.until > now) else { return Polled::Over };
        match &one.state {
            State::Allowed(session) => {
                let session = Arc::clone(session);
                one.state = State::Used(session.user().to_owned());
                Polled::Allowed(session)
            }
            State::Used(_) => Polled::Over,
            State::Waiting => {
                if one.polled.is_some_and(|at| now.saturating_sub(at) < SHORTEST_INTERVAL) {
                    return Polled::TooEarly;
                }
                one.polled = Some(now);
                Polled::Waiting
            }
        }
    }

    /// Takes back what this user has allowed and no program has taken yet.
    pub(super) fn end_of(&self, user: &str) {
        self.lock().retain(|_, one| !matches!(&one.state, State::Allowed(by) if by.user() == user));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Issued>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One host usually has a whole /64 of IPv6 to choose from (RFC 7421).
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// A new user code, e.g. `BCDF-GHJK`: one of 20^8. None if the system has no random numbers.
pub(super) fn new_user_code() -> Option<String> {
    let random = SystemRandom::new();
    let mut code = String::with_capacity(CODE + 1);
    while code.len() <= CODE {
        let mut byte = [0];
        random.fill(&mut byte).ok()?;
        // 240 is a multiple of 20: each letter is as likely as another.
        let Some(letter) = (byte[0] < 240).then(|| LETTERS[usize::from(byte[0]) % LETTERS.len()]) else {
            continue;
        };
        code.push(char::from(letter));
        if code.len() == CODE / 2 {
            code.push('-');
        }
    }
    Some(code)
}

/// A user code as people type it, in the spelling of [`new_user_code`].
pub(super) fn user_code(text: &str) -> Option<String> {
    let letters: String = text.chars().filter(|one| !matches!(one, ' ' | '-')).collect();
    let letters = letters.to_ascii_uppercase();
    let is_code = letters.len() == CODE && letters.bytes().all(|letter| LETTERS.contains(&letter));
    is_code.then(|| format!("{}-{}", &letters[..CODE / 2], &letters[CODE / 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn session(user: &str) -> Arc<Session> {
        let sessions = super::super::sessions::Sessions::default();
        let ends = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        let until = super::super::sessions::Until { ends, expires: ends };
        let secret = sessions.start(user, "token".into(), until, SystemTime::UNIX_EPOCH).unwrap();
        sessions.find(secrecy::ExposeSecret::expose_secret(&secret), SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_user_code_is_read_as_people_type_it() {
        for (text, code) in [
            ("BCDF-GHJK", Some("BCDF-GHJK")),
            (" bcdf ghjk", Some("BCDF-GHJK")),
            ("bcdfghjk", Some("BCDF-GHJK")),
            ("BCDF-GHJ", None),
            ("BCDF-GHJA", None),
            ("BCDF-GHJKL", None),
            ("<script>", None),
            ("", None),
        ] {
            assert_eq!(user_code(text).as_deref(), code, "{text}");
        }
        let codes: std::collections::BTreeSet<_> = (0..100).map(|_| new_user_code().unwrap()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| user_code(code).as_ref() == Some(code)), "{codes:?}");
    }

    const START: Duration = Duration::ZERO;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn issue(devices: &Devices, until: u64) -> String {
        devices.issue(None, at(until), START).unwrap()
    }

    fn taken(devices: &Devices, code: &str, seconds: u64) -> Option<String> {
        match devices.poll(code, at(seconds)) {
            Polled::Allowed(session) => Some(session.user().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn what_is_allowed_is_handed_out_once_and_in_time() {
        let devices = Devices::default();
        assert!(matches!(devices.poll("BCDF-GHJK", START), Polled::Over));
        let [a, b] = [issue(&devices, 10), issue(&devices, 10)];
        assert_eq!(devices.allow(&a, session("alice"), START), Ok(None));
        assert_eq!(devices.allow(&b, session("bob"), START), Ok(None));
        assert_eq!(taken(&devices, &a, 9).as_deref(), Some("alice"));
        assert!(matches!(devices.poll(&a, at(9)), Polled::Over), "once");
        assert!(matches!(devices.poll(&b, at(10)), Polled::Over), "too late");
        assert_eq!(devices.allow(&b, session("bob"), at(10)), Err(AllowError::Unknown));
    }

    #[test]
    fn a_user_has_five_and_takes_none_of_others() {
        let devices = Devices::default();
        let of_bob = issue(&devices, 10);
        devices.allow(&of_bob, session("bob"), START).unwrap();
        let codes: Vec<_> = (0..7).map(|one| issue(&devices, 20 + one)).collect();
        for code in &codes {
            devices.allow(code, session("alice"), START).unwrap();
        }
        // Again, which needs no more room.
        devices.allow(&codes[6], session("alice"), START).unwrap();
        let open: Vec<_> = codes.iter().map(|code| taken(&devices, code, 1).is_some()).collect();
        assert_eq!(open, [[false; 2].as_slice(), &[true; 5]].concat());
        assert!(taken(&devices, &of_bob, 1).is_some());
    }

    #[test]
    fn the_first_user_who_allows_a_code_has_it() {
        let devices = Devices::default();
        assert_eq!(devices.allow("BCDF-GHJK", session("alice"), START), Err(AllowError::Unknown));
        let address = "192.0.2.1".parse().ok();
        let code = devices.issue(address, at(10), START).unwrap();
        for _ in 0..2 {
            assert_eq!(devices.allow(&code, session("alice"), START), Ok(address));
            assert_eq!(devices.allow(&code, session("mallory"), START), Err(AllowError::Used));
        }
        assert_eq!(taken(&devices, &code, 1).as_deref(), Some("alice"));
        // Also after the program has the token.
        assert_eq!(devices.allow(&code, session("mallory"), START), Err(AllowError::Used));
        assert_eq!(devices.allow(&code, session("alice"), START), Ok(address));
        assert!(taken(&devices, &code, 1).is_none());
    }

    #[test]
    fn what_a_user_has_allowed_is_taken_back() {
        let devices = Devices::default();
        let [a, b] = [issue(&devices, 10), issue(&devices, 10)];
        devices.allow(&a, session("alice"), START).unwrap();
        devices.allow(&b, session("bob"), START).unwrap();
        devices.end_of("alice");
        assert!(taken(&devices, &a, 1).is_none() && taken(&devices, &b, 1).is_some());
    }

    #[test]
    fn a_program_that_polls_too_fast_is_told() {
        let devices = Devices::default();
        let code = issue(&devices, 60);
        let poll = |millis| devices.poll(&code, Duration::from_millis(millis));
        assert!(matches!(poll(0), Polled::Waiting));
        assert!(matches!(poll(1400), Polled::TooEarly));
        assert!(matches!(poll(2000), Polled::Waiting));
        assert!(matches!(poll(2001), Polled::TooEarly));
        devices.allow(&code, session("alice"), START).unwrap();
        assert!(matches!(poll(2002), Polled::Allowed(_)));
    }

    #[test]
    fn an_address_and_all_together_have_a_limit() {
        let devices = Devices::default();
        let issue = |address: &str, now| devices.issue(address.parse().ok(), at(10 + now), at(now));
        for _ in 0..MAX_OF_ADDRESS {
            issue("2001:db8::1", 0).unwrap();
        }
        assert_eq!(issue("2001:db8::2", 0), Err(IssueError::OfAddress), "the same /64");
        issue("2001:db8:0:1::1", 0).unwrap();
        issue("2001:db8::2", 10).unwrap();
        // Without an address there is the limit of all alone.
        for _ in 1..MAX {
            devices.issue(None, at(20), at(10)).unwrap();
        }
        assert_eq!(issue("192.0.2.1", 10), Err(IssueError::Full));
    }
}
