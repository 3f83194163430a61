//! What is asked of AWS: sessions, credentials, console URLs.
//!
//! * [`Account`], [`AccountId`], [`Partition`]: whose role it is
//! * [`Session`]: one session to be had, every field within the limits of STS; [`SessionError`], why not
//! * [`Aws`]: AWS itself, and what it gave us lately; [`AwsOptions`], how it is asked; [`AwsError`], why it gave
//!   nothing
//! * [`Credentials`]: what a session gives
//! * `own_keys`: whose keys the calls are signed with
//! * `sts`: `AssumeRole`, through AWS's own SDK; `bounded`: no response of it is read without end
//! * `cache`: what was got already, and who waits for what
//! * `sign_in`, `console`: from credentials to a URL that a browser can open
//! * `quiet`: no library writes into the log what it sends or gets
//!
//! It knows no request, no policy's answer but the grant, and nothing of who is asking but a name.

mod account;
mod bounded;
mod cache;
mod client;
mod console;
mod credentials;
mod error;
mod options;
mod own_keys;
mod quiet;
mod session;
mod sign_in;
mod stats;
mod sts;

pub use account::{Account, AccountId, AccountIdError, Partition, UnknownPartition};
pub use client::Aws;
pub use console::ConsolePage;
pub use credentials::Credentials;
pub use error::AwsError;
pub(crate) use error::excerpt;
pub use options::{AwsOptions, Keys};
pub use session::{Session, SessionError};
pub use stats::Stats;
