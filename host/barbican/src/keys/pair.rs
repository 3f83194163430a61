//! One key pair of RSA, as Barbican writes it: PEM, the private key as PKCS #8, encrypted where there is a passphrase.

use getrandom::SysRng;
use rsa::PrivateKey;
use rsa::pkcs8::pkcs5::pbes2::Parameters;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding, PrivateKeyInfoRef};
use zeroize::Zeroizing;

/// A key pair. There is no `Debug`: it is secret.
pub(crate) struct KeyPair {
    /// `-----BEGIN PRIVATE KEY-----`, or `-----BEGIN ENCRYPTED PRIVATE KEY-----`.
    pub(crate) private: Zeroizing<String>,
    /// `-----BEGIN PUBLIC KEY-----`
    pub(crate) public: String,
}

/// Makes one. That takes a processor for seconds; `None` where the system has no randomness.
pub(super) fn generate(bits: u32, passphrase: Option<&str>) -> Option<KeyPair> {
    let key = PrivateKey::new(&mut SysRng, usize::try_from(bits).ok()?).ok()?;
    let private = match passphrase {
        None => key.to_pkcs8_pem(LineEnding::LF).ok()?,
        Some(passphrase) => {
            let der = key.to_pkcs8_der().ok()?;
            // PBKDF2 and not scrypt: every reader of PKCS #8 knows it.
            let parameters = Parameters::generate_pbkdf2(&mut SysRng).ok()?;
            let info = PrivateKeyInfoRef::try_from(der.as_bytes()).ok()?;
            let sealed = info.encrypt_with_params(parameters, passphrase).ok()?;
            sealed.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).ok()?
        }
    };
    let public = key.to_public_key().to_public_key_pem(LineEnding::LF).ok()?;
    Some(KeyPair { private, public })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::pkcs8::{DecodePrivateKey as _, Document, EncryptedPrivateKeyInfoRef};

    #[test]
    fn the_private_key_is_that_of_the_public_one() {
        let pair = generate(1024, None).unwrap();
        let key = PrivateKey::from_pkcs8_pem(&pair.private).unwrap();
        assert_eq!(key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(), pair.public);
        assert!(pair.private.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(pair.public.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert_ne!(generate(1024, None).unwrap().public, pair.public);
    }

    #[test]
    fn only_the_passphrase_opens_an_encrypted_key() {
        let pair = generate(1024, Some("grün")).unwrap();
        let (label, document) = Document::from_pem(&pair.private).unwrap();
        assert_eq!(label, "ENCRYPTED PRIVATE KEY");
        let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).unwrap();
        let key = PrivateKey::from_pkcs8_der(sealed.decrypt("grün").unwrap().as_bytes()).unwrap();
        assert_eq!(key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(), pair.public);
        assert!(sealed.decrypt("grun").is_err());
    }
}
