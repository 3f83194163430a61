//! Master keys and their ids.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::str::FromStr;
use zeroize::{Zeroize as _, Zeroizing};

use super::{KEY_ID, SealError};

/// A key's bytes.
const LENGTH: usize = 32;

/// The key that seals what is secret at rest.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; LENGTH]>);

impl MasterKey {
    /// A new one.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; LENGTH]);
        SystemRandom::new().fill(&mut *key).map_err(|_| SealError::Random)?;
        Ok(Self(key))
    }

    /// From 32 bytes, or their base64 with or without a line's end.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; LENGTH]);
        if bytes.len() == LENGTH {
            key.copy_from_slice(bytes);
            return Ok(Self(key));
        }
        let mut decoded = BASE64_STANDARD.decode(bytes.trim_ascii()).map_err(|_| SealError::KeyLength)?;
        let fits = decoded.len() == LENGTH;
        if fits {
            key.copy_from_slice(&decoded);
        }
        decoded.zeroize();
        if fits { Ok(Self(key)) } else { Err(SealError::KeyLength) }
    }

    /// In base64, as a key file has it.
    pub(super) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_STANDARD.encode(self.0.as_slice()))
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// What tells it from other keys; it says nothing about the key.
    pub fn id(&self) -> KeyId {
        let mut input = Zeroizing::new(b"portcullis key id".to_vec());
        input.reserve_exact(LENGTH);
        input.extend_from_slice(self.0.as_slice());
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest(&SHA256, &input).as_ref()[..KEY_ID]);
        KeyId(id)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

/// A key's id: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KEY_ID]);

impl KeyId {
    pub(super) fn from_bytes(bytes: [u8; KEY_ID]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_ID] {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let fits =
            text.len() == 2 * KEY_ID && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let id = u64::from_str_radix(text, 16).ok().filter(|_| fits).ok_or(SealError::Broken)?;
        Ok(Self(id.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
