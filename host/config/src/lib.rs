//! What every section of the configuration is parsed with.
//!
//! The whole configuration is put together in the server, which knows the APIs. Here is what their sections share:
//!
//! * [`SourceFile`], [`Location`], [`ConfigError`]: every error names the file and line it is about
//! * [`mod@environment`] reads `PORTCULLIS__SECTION__KEY`
//! * [`secret()`], [`text_or_secret`]: values that must not be in the file itself
//! * [`duration`], [`max_stale`], [`network`], [`is_http`]: values with a form of their own
//! * [`to_json`]: a policy's settings, from TOML to the JSON that policies read

pub mod environment;
mod error;
mod json;
mod location;
mod secret;
mod values;

pub use error::ConfigError;
pub use json::to_json;
pub use location::{Location, SourceFile};
pub use secret::{SecretText, secret, secret_file, text_or_secret};
pub use values::{duration, is_http, max_stale, network};
