//! Who is asking: from what a request carries to a principal.
//!
//! Nothing that a client says of itself is believed: of its headers only those that hold a token or a password are
//! read, and `X-User-Id`, `X-Roles` and the like never, unless a proxy that is named in the configuration vouches
//! for them. No token and no password is kept, logged or shown.
//!
//! * [`certificate`]: what a client certificate says
//!
//! and, with the feature `tokens`:
//!
//! * [`Tokens`]: whoever can say whom a token stands for, and [`Rejection`], why nobody could be made of it
//! * [`keystone`]: Keystone says so, as keystonemiddleware's `auth_token` asks it
//! * [`token_file`]: a file does, where there is no Keystone
//! * [`IdentityError`]: why a source cannot be used at all
//!
//! and, with the feature `sources`:
//!
//! * [`source`]: a principal, and its groups, by header, address, password, certificate or JWT
//!
//! This crate knows no door and no policy.

pub mod certificate;
#[cfg(feature = "tokens")]
mod error;
#[cfg(feature = "tokens")]
mod file;
#[cfg(feature = "tokens")]
pub mod keystone;
#[cfg(feature = "tokens")]
mod presented;
#[cfg(feature = "tokens")]
mod rejection;
#[cfg(feature = "sources")]
pub mod source;
#[cfg(feature = "tokens")]
pub mod token_file;
#[cfg(feature = "tokens")]
mod tokens;
#[cfg(feature = "tokens")]
mod web;

#[cfg(feature = "tokens")]
pub use error::IdentityError;
#[cfg(feature = "tokens")]
pub use rejection::Rejection;
#[cfg(feature = "tokens")]
/// A password: never shown by `Debug`, and wiped from memory when it is dropped.
pub use secrecy::SecretString;
#[cfg(feature = "tokens")]
pub use tokens::Tokens;
