//! Who is asking: from what a request carries to a principal.
//!
//! Nothing that a client says of itself is believed: of its headers only those that hold a token are read, and
//! `X-User-Id`, `X-Roles` and the like never. No token is kept, logged or shown.
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
//! This crate knows no door and no policy.

pub mod certificate;
#[cfg(feature = "tokens")]
mod error;
#[cfg(feature = "tokens")]
pub mod keystone;
#[cfg(feature = "tokens")]
mod presented;
#[cfg(feature = "tokens")]
mod rejection;
#[cfg(feature = "tokens")]
pub mod token_file;
#[cfg(feature = "tokens")]
mod tokens;

#[cfg(feature = "tokens")]
pub use error::IdentityError;
#[cfg(feature = "tokens")]
pub use rejection::Rejection;
#[cfg(feature = "tokens")]
/// A password: never shown by `Debug`, and wiped from memory when it is dropped.
pub use secrecy::SecretString;
#[cfg(feature = "tokens")]
pub use tokens::Tokens;
