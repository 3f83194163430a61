//! The commands, one file each, and what they share.

pub(crate) mod config;
pub(crate) mod console;
pub(crate) mod credentials;
pub(crate) mod decide;
pub(crate) mod exec;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod request;
pub(crate) mod requests;

use std::io::Write as _;

use crate::error::AwsClientError;

/// Runs a command's requests to their end.
fn block_on<T>(work: impl Future<Output = Result<T, AwsClientError>>) -> Result<T, AwsClientError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Says something beside the output. A terminal that is gone is no reason to fail.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes the output of a command.
fn print(text: &str) -> Result<(), AwsClientError> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}
