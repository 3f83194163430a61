//! One hash of a password, and whether a password is its.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordVerifier as _};
use bcrypt::HashParts;
use std::fmt;

/// Some two seconds of one core; `htpasswd -B` writes 5 unless it is told otherwise.
const MAX_BCRYPT_COST: u32 = 15;
/// 256 MiB in KiB, for two at once. OWASP advises 19 MiB, RFC 9106 64 MiB where memory is scarce.
const MAX_ARGON2_MEMORY: u32 = 256 << 10;
const MAX_ARGON2_PASSES: u32 = 16;
const MAX_ARGON2_LANES: u32 = 16;

/// What a password is held against.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Hash {
    /// Of a password longer than 72 bytes it knows the first 72, as bcrypt everywhere.
    Bcrypt(String),
    Argon2id(Box<PasswordHash>, String),
}

impl Hash {
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.starts_with("$argon2id$") {
            return Self::argon2id(text);
        }
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            let parts: HashParts = text.parse().map_err(|_| "the bcrypt hash is malformed")?;
            return match parts.get_cost() {
                4..=MAX_BCRYPT_COST => Ok(Self::Bcrypt(text.into())),
                _ => Err("the cost of a bcrypt hash must be 4 to 15"),
            };
        }
        Err("the hash is neither bcrypt's (`$2y$`) nor argon2id's (`$argon2id$`)")
    }

    fn argon2id(text: &str) -> Result<Self, &'static str> {
        let malformed = "the argon2id hash is malformed";
        let hash = PasswordHash::new(text).map_err(|_| malformed)?;
        // Without one the specification means 16, and the library 19.
        if !matches!(hash.version, Some(16 | 19)) {
            return Err("the argon2id hash must say `v=19` or `v=16`");
        }
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(malformed);
        }
        let params = Params::try_from(&hash).map_err(|_| malformed)?;
        if params.m_cost() > MAX_ARGON2_MEMORY
            || params.t_cost() > MAX_ARGON2_PASSES
            || params.p_cost() > MAX_ARGON2_LANES
        {
            return Err("an argon2id hash may ask for m=262144, t=16 and p=16 at most");
        }
        Ok(Self::Argon2id(Box::new(hash), text.into()))
    }

    /// As it stands in the file.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Bcrypt(text) | Self::Argon2id(_, text) => text,
        }
    }

    /// Slow on purpose.
    pub(super) fn matches(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(text) => bcrypt::verify(password, text).unwrap_or(false),
            Self::Argon2id(hash, _) => {
                Argon2::default().verify_password(password.as_bytes(), hash.as_ref()).is_ok()
            }
        }
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bcrypt(_) => "Bcrypt(..)",
            Self::Argon2id(..) => "Argon2id(..)",
        })
    }
}
