//! The tokens of IMDSv2: nothing is kept for one, since it says itself until when it is good, and a code over that
//! and over who got it proves that we made it. They grant nothing; they only prove that a client can send `PUT`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of a token before its code: until when, and something that makes it unlike others.
const BODY: usize = 16;
/// The longest life that AWS allows, seconds: six hours.
const LONGEST: u64 = 21_600;

/// How long a token shall live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ttl(u64);

impl Ttl {
    /// As `X-aws-ec2-metadata-token-ttl-seconds` says it; `None` where the real service says 400.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|seconds| digits && (1..=LONGEST).contains(seconds))?;
        Some(Self(seconds))
    }

    pub(crate) fn seconds(self) -> u64 {
        self.0
    }
}

/// Makes tokens and knows them again.
pub(crate) struct Tokens {
    key: hmac::Key,
    random: SystemRandom,
}

impl Tokens {
    /// With a new key, which is lost with the process; `None` if the system has no random numbers.
    pub(crate) fn new() -> Option<Self> {
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok()?;
        Some(Self { key, random })
    }

    /// With a key that others have too: the tokens of each are good for all.
    pub(crate) fn with_key(key: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), random: SystemRandom::new() }
    }

    /// A token for `holder`, from `now` (seconds since 1970) on.
    pub(crate) fn issue(&self, holder: &str, now: u64, ttl: Ttl) -> Option<String> {
        let mut token = [0; BODY];
        token[..8].copy_from_slice(&now.saturating_add(ttl.0).to_be_bytes());
        self.random.fill(&mut token[8..]).ok()?;
        let code = hmac::sign(&self.key, &signed(&token, holder));
        Some(BASE64_URL_SAFE_NO_PAD.encode([token.as_slice(), code.as_ref()].concat()))
    }

    /// Whether `token` is `holder`'s and still good.
    pub(crate) fn is_good(&self, token: &[u8], holder: &str, now: u64) -> bool {
        let Ok(token) = BASE64_URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((body, code)) = token.split_at_checked(BODY) else { return false };
        let Some(until) = body.first_chunk::<8>() else { return false };
        hmac::verify(&self.key, &signed(body, holder), code).is_ok() && now < u64::from_be_bytes(*until)
    }
}

fn signed(body: &[u8], holder: &str) -> Vec<u8> {
    [body, holder.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_between_one_second_and_six_hours() {
        for (text, seconds) in [("1", Some(1)), ("21600", Some(21_600)), ("060", Some(60))] {
            assert_eq!(Ttl::parse(text).map(Ttl::seconds), seconds, "{text}");
        }
        for text in ["", "0", "21601", "-1", "+1", " 1", "1.5", "99999999999999999999"] {
            assert_eq!(Ttl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn replicas_with_one_key_know_each_others_tokens() {
        let [one, two, other] = [b"a", b"a", b"b"].map(|key| Tokens::with_key(key));
        let token = one.issue("192.0.2.1", 1000, Ttl(60)).unwrap();
        assert!(two.is_good(token.as_bytes(), "192.0.2.1", 1059));
        assert!(!two.is_good(token.as_bytes(), "192.0.2.1", 1060));
        assert!(!two.is_good(token.as_bytes(), "192.0.2.2", 1000));
        assert!(!other.is_good(token.as_bytes(), "192.0.2.1", 1000));
    }

    #[test]
    fn a_token_is_good_for_its_holder_until_it_is_not() {
        let tokens = Tokens::new().unwrap();
        let token = tokens.issue("192.0.2.1", 1000, Ttl(60)).unwrap();
        assert!(tokens.is_good(token.as_bytes(), "192.0.2.1", 1000));
        assert!(tokens.is_good(token.as_bytes(), "192.0.2.1", 1059));
        assert!(!tokens.is_good(token.as_bytes(), "192.0.2.1", 1060));
        assert!(!tokens.is_good(token.as_bytes(), "192.0.2.2", 1000));
        assert!(!Tokens::new().unwrap().is_good(token.as_bytes(), "192.0.2.1", 1000));
        assert_ne!(tokens.issue("192.0.2.1", 1000, Ttl(60)).unwrap(), token);
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert!(!tokens.is_good(&forged, "192.0.2.1", 1000), "changed at {at}");
        }
        for broken in ["", "A", &token[..20], "not base64!"] {
            assert!(!tokens.is_good(broken.as_bytes(), "192.0.2.1", 1000), "{broken}");
        }
    }
}
