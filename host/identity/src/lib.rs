//! Authentication: from the credentials of a request to a principal.
//!
//! Nothing that a client says of itself is believed: of its headers only those that hold a token or a password are
//! read, and `X-User-Id`, `X-Roles` and the like never, unless a proxy that is named in the configuration vouches
//! for them. No token and no password is kept, logged or shown.
//!
//! * [`certificate`]: what a client certificate says
//!
//! and, with the feature `tokens`:
//!
//! * [`Tokens`]: validates tokens, and [`AuthError`]: why authentication failed
//! * [`keystone`]: Keystone says so, as keystonemiddleware's `auth_token` asks it
//! * [`token_file`]: a file does, where there is no Keystone
//! * [`IdentityError`]: why a source cannot be used at all
//!
//! and, with the feature `sources`:
//!
//! * [`source`]: a principal, and its groups, by header, address, password, certificate or JWT
//!
//! and for APIs that have users of their own:
//!
//! * [`attempts`]: limits failed logins per name and per address
//! * [`SigningKey`]: signs and verifies tokens of our own (HS256)
//!
//! This crate knows no API and no policy.

pub mod attempts;
mod auth_error;
pub mod certificate;
mod clock;
mod error;
mod jwt_crypto;
pub mod keystone;
mod request_credentials;
mod signing_key;
pub mod source;
pub mod token_file;
mod tokens;

pub use auth_error::{AuthError, FailedLogin};
pub use error::IdentityError;
/// A password: never shown by `Debug`, and wiped from memory when it is dropped.
pub use secrecy::SecretString;
pub use signing_key::{SigningKey, TokenError};
pub use tokens::Tokens;
