//! The page for browsers, as HTML: pure rendering, which knows no request.
//!
//! * `roles`: the accounts and roles of the user
//! * `requests`: requests for access
//! * `keys`: credentials to be copied; `format`, in which words
//! * `opening`: on the way to a console
//! * `refused`: why not
//! * `session`: sign-in, sign-out, and what forms of a session say
//! * `frame`: what all of them have around them, and what a browser is told about them
//! * `words`: times, durations and counts

mod format;
mod frame;
mod keys;
mod opening;
mod refused;
mod requests;
mod roles;
mod session;
mod words;

pub(crate) use format::{Format, Secret, profile_name};
pub(crate) use frame::content_security_policy;
pub(crate) use keys::Keys;
pub(crate) use opening::Opening;
pub(crate) use refused::Refused;
pub(crate) use requests::{RequestRow, Requests, Standing};
pub(crate) use roles::{Accounts, Roles};
pub(crate) use session::{Allow, Allowed, SignIn, SignedOut};

#[cfg(test)]
mod tests;
