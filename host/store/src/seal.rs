//! What is secret at rest: AES-256-GCM under one master key.
//!
//! What is sealed can be opened only at the place it was sealed for, a table and a row of it, so that an attacker who can
//! write to the database but has no key cannot give one row's secret to another. A [`Sealer`] seals with one key
//! and opens with several: a new key is put in front, the old ones stay until nothing is left that they sealed
//! ([`key_of`] says which).
//!
//! The form, version 1: one byte `1`, 8 bytes of the key's id, 12 bytes of nonce, then the text and its tag. The
//! associated data are the form's version, the key's id, the table's name and the row's id. Nonces are random: one
//! key is good for some four thousand million seals (NIST SP 800-38D, 8.3).
//!
//! `ring` does it: it is in the program already, for TLS, takes the processor's own AES, and runs in constant time.

mod key;
mod key_file;

use portcullis_files::FileError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

pub use key::{KeyId, MasterKey};
pub use key_file::KeyFile;

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const TAG: usize = 16;
const HEAD: usize = 1 + KEY_ID + NONCE_LEN;

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A key is 32 bytes.
    #[error("the master key must be 32 bytes, as they are or in base64 (`openssl rand -base64 32`)")]
    KeyLength,
    /// The key file's mode lets others at it.
    #[error("others may read the key file `{path}` (mode {mode:o}); make it yours alone (chmod 600)", path = path.display())]
    OpenKeyFile {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file cannot be read or made.
    #[error("cannot use the key file `{path}`: cannot {step}: {source}", path = path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file is no file, or belongs to another user.
    #[error(transparent)]
    KeyFileAccess(FileError),
    /// The key file holds no key.
    #[error("the key file `{path}` holds no key: it must be 32 bytes, as they are or in base64", path = .0.display())]
    KeyFileLength(PathBuf),
    /// Something was sealed with a key that is not there.
    #[error(
        "there are secrets sealed with the key {0}, which this program does not have; bring the key back that was in use before"
    )]
    UnknownKey(KeyId),
    /// What is to be opened is not what was sealed, or not where it was.
    #[error("a sealed value cannot be opened: it was changed, cut short, or moved from another place")]
    Broken,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// Where a sealed value is kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table's name.
    pub table: &'a str,
    /// What tells the row from all others.
    pub row: &'a str,
}

/// The keys at work. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    /// The first one seals.
    keys: Arc<[(KeyId, LessSafeKey)]>,
    random: SystemRandom,
}

impl Sealer {
    /// One key seals; it and the older ones open.
    pub fn new(key: &MasterKey, older: &[MasterKey]) -> Self {
        let keys = std::iter::once(key).chain(older).map(|key| (key.id(), cipher(key))).collect();
        Self { keys, random: SystemRandom::new() }
    }

    /// The key that seals.
    pub fn sealing_key(&self) -> KeyId {
        self.keys[0].0
    }

    /// Whether what this key sealed can be opened.
    pub fn has(&self, id: KeyId) -> bool {
        self.keys.iter().any(|(key, _)| *key == id)
    }

    /// Seals a value for that place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, cipher) = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| SealError::Random)?;
        // As large as it becomes: it is never moved, and leaves no copy behind.
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(id.bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated(*id, place)),
                &mut sealed[HEAD..],
            )
            .map_err(|_| SealError::Broken)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for that place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let id = key_of(sealed)?;
        let (_, cipher) = self.keys.iter().find(|(key, _)| *key == id).ok_or(SealError::UnknownKey(id))?;
        let (head, text) = sealed.split_at_checked(HEAD).ok_or(SealError::Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(&head[1 + KEY_ID..]).map_err(|_| SealError::Broken)?;
        let mut plain = Zeroizing::new(text.to_vec());
        let length = cipher
            .open_in_place(nonce, Aad::from(associated(id, place)), &mut plain)
            .map_err(|_| SealError::Broken)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// The key that sealed it, as it says itself.
pub fn key_of(sealed: &[u8]) -> Result<KeyId, SealError> {
    match sealed.split_first_chunk::<{ 1 + KEY_ID }>() {
        Some(([VERSION, id @ ..], _)) => Ok(KeyId::from_bytes(*id)),
        _ => Err(SealError::Broken),
    }
}

fn cipher(key: &MasterKey) -> LessSafeKey {
    #[expect(clippy::unwrap_used, reason = "INVARIANT: a master key has the length that the algorithm wants")]
    let unbound = UnboundKey::new(&AES_256_GCM, key.bytes()).unwrap();
    LessSafeKey::new(unbound)
}

/// Each part with its length before it, so that no two places come to the same bytes.
fn associated(id: KeyId, place: Place<'_>) -> Vec<u8> {
    let mut bytes = b"portcullis sealed value".to_vec();
    bytes.push(VERSION);
    bytes.extend_from_slice(id.bytes());
    for part in [place.table, place.row] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

#[cfg(test)]
mod tests;
