//! `portcullis aws logout`: forgets the login, and tells the provider.

use super::{block_on, note, print};
use crate::connection::Connection;
use crate::error::AwsClientError;
use crate::login::{self, Login};
use crate::oidc::Provider;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    // A process that refreshes the login would store it again.
    let _one_at_a_time = login::lock()?;
    let login = Login::load()?;
    Login::remove()?;
    let Some(login) = login else { return print("there was no login\n") };
    if let Err(error) = revoke(arguments, &login) {
        note(&format!("the provider was not told: {}", portcullis_errors::chain(&error)));
    }
    print("signed out; credentials that were handed out work until they expire\n")
}

fn revoke(arguments: &Arguments, login: &Login) -> Result<(), AwsClientError> {
    let Some(token) = &login.refresh_token else { return Ok(()) };
    let settings = Settings::load()?;
    let ca = settings.issuer_ca.or_else(|| arguments.connection.ca.clone()).or(settings.ca);
    let provider = Provider::known(login, ca.as_deref(), arguments.connection.timeout)?;
    block_on(provider.revoke(token))
}
