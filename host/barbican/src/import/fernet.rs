//! Fernet, by which Barbican's plugin `simple_crypto` encrypts: opening alone. Specification:
//! <https://github.com/fernet/spec/blob/master/Spec.md>.
//!
//! The crates that do the work (AES, CBC, HMAC) are in the program already, for private keys with a passphrase. A crate for
//! Fernet would bring OpenSSL, or the same crates once more in other versions.

use aes::Aes128;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const VERSION: u8 = 0x80;
/// Version, time, and the initialization vector of CBC.
const HEAD: usize = 1 + 8 + IV;
const IV: usize = 16;
const TAG: usize = 32;

/// A key: 16 bytes sign, 16 bytes encrypt.
pub(super) struct FernetKey(Zeroizing<[u8; 32]>);

impl FernetKey {
    /// From base64. Python takes both alphabets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = Zeroizing::new(text.trim().replace('+', "-").replace('/', "_"));
        let bytes = Zeroizing::new(BASE64_URL_SAFE.decode(&*text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Opens a token, however old it is; `None` where another key made it, or it was changed.
    pub(super) fn open(&self, token: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = BASE64_URL_SAFE.decode(token).ok()?;
        let (signed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        let (head, encrypted) = signed.split_at_checked(HEAD)?;
        let (signing, encryption) = self.0.split_at(16);
        let mut mac = Hmac::<Sha256>::new_from_slice(signing).ok()?;
        mac.update(signed);
        mac.verify_slice(tag).ok()?;
        if head.first() != Some(&VERSION) {
            return None;
        }
        let cipher = Decryptor::<Aes128>::new_from_slices(encryption, head.get(HEAD - IV..)?).ok()?;
        let mut plain = Zeroizing::new(encrypted.to_vec());
        let length = cipher.decrypt_padded::<Pkcs7>(&mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `generate.json` of the specification.
    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const TOKEN: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

    #[test]
    fn the_specifications_token_is_opened() {
        let key = FernetKey::parse(KEY).unwrap();
        assert_eq!(key.open(TOKEN).unwrap().as_slice(), b"hello");
        assert!(FernetKey::parse(&KEY.replace('_', "/").replace('-', "+")).is_some());
    }

    #[test]
    fn what_was_changed_is_not_opened() {
        let key = FernetKey::parse(KEY).unwrap();
        let other = FernetKey::parse(&BASE64_URL_SAFE.encode([7; 32])).unwrap();
        assert!(other.open(TOKEN).is_none());
        let bytes = BASE64_URL_SAFE.decode(TOKEN).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(key.open(&BASE64_URL_SAFE.encode(&changed)).is_none(), "byte {at}");
            assert!(key.open(&BASE64_URL_SAFE.encode(&bytes[..at])).is_none(), "{at} bytes");
        }
        // Rightly signed, by Python's `cryptography`: wrong padding, a part of a block, no block, another version.
        for token in [
            "gAAAAAAAAAAAAAECAwQFBgcICQoLDA0OD3BF0C8m07H9vhOEAnW54dBkJU8ki-TPDnB3n6aqHxbX8TWBQHA0LC1uzZwsUiJsUg==",
            "gAAAAAAAAAAAAAECAwQFBgcICQoLDA0OD9O-hSSAA1cDYH_uVfvb_j0Lo0-X8Ot6wUX335bIpLdQKPS59TA6mOpTawgjFCD9a8gQim4yQWfct__tTWJU9w==",
            "gAAAAAAAAAAAAAECAwQFBgcICQoLDA0OD4V8VL_RiCYfTOlX_BniXrMmJvZWCkiRNGriEl3nV-5P",
            "gQAAAAAAAAAAAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLI6l-JFbMql6Ea3MDg3oqCEpS2jug7SFqBHW5m3v45Qww==",
            "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
            "",
        ] {
            assert!(key.open(token).is_none(), "{token}");
        }
    }

    #[test]
    fn a_key_is_32_bytes() {
        for text in ["", "x", &BASE64_URL_SAFE.encode([7; 31]), &BASE64_URL_SAFE.encode([7; 33]), "ü"] {
            assert!(FernetKey::parse(text).is_none(), "{text}");
        }
    }
}
