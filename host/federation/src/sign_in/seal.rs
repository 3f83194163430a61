//! Seals what a client keeps for us: in a cookie, or in a device code. Anonymous requests take no memory of ours then, and no
//! client can change or make one.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Seals with a key that is lost with the process.
pub(super) struct Sealer {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Sealer {
    /// None if the system has no random numbers.
    pub(super) fn new() -> Option<Self> {
        let random = SystemRandom::new();
        let mut key = Zeroizing::new([0; 32]);
        random.fill(&mut *key).ok()?;
        let key = UnboundKey::new(&AES_256_GCM, &*key).ok()?;
        Some(Self { key: LessSafeKey::new(key), random })
    }

    /// Base64url, good for this purpose alone.
    pub(super) fn seal(&self, purpose: &'static str, what: &impl Serialize) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut text = serde_json::to_vec(what).ok()?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(unique, Aad::from(purpose), &mut text).ok()?;
        Some(BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat()))
    }

    /// None if it was not sealed here, for this purpose, or was changed.
    pub(super) fn open<T: DeserializeOwned>(&self, purpose: &'static str, sealed: &str) -> Option<T> {
        let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = self.key.open_in_place(nonce, Aad::from(purpose), text).ok()?;
        serde_json::from_slice(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_its_key_for_its_purpose_and_unchanged() {
        let ours = Sealer::new().unwrap();
        let open = |sealed: &str| ours.open::<String>("a", sealed);
        let sealed = ours.seal("a", &"text").unwrap();
        assert_eq!(open(&sealed).as_deref(), Some("text"));
        assert!(ours.open::<String>("b", &sealed).is_none(), "another purpose");
        assert!(Sealer::new().unwrap().open::<String>("a", &sealed).is_none(), "another key");
        assert_ne!(ours.seal("a", &"text").unwrap(), sealed);
        for at in 0..sealed.len() {
            let mut forged = sealed.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert!(open(&String::from_utf8(forged).unwrap()).is_none(), "changed at {at}");
        }
        for broken in ["", "A", "not base64!"] {
            assert!(open(broken).is_none());
        }
    }
}
