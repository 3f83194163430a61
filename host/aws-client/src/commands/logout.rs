//! `portcullis aws logout`: forgets the login, and tells the provider.

use super::{block_on, note, print};
use crate::connection::Connection;
use crate::error::AwsClientError;
use crate::login::Login;
use crate::oidc::Provider;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let login = Login::load()?;
    Login::remove()?;
    let Some(login) = login else { return print("there was no login\n") };
    let ca = arguments.connection.ca.clone().or(Settings::load()?.ca);
    if let Some(token) = &login.refresh_token {
        let provider = Provider::known(&login, ca.as_deref(), arguments.connection.timeout)?;
        if let Err(error) = block_on(provider.revoke(token)) {
            note(&format!("the provider was not told: {}", portcullis_errors::chain(&error)));
        }
    }
    print("signed out; credentials that were handed out work until they expire\n")
}
