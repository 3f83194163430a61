//! `portcullis aws credentials`: prints credentials for a program that reads them.

use super::{block_on, print};
use crate::api::Api;
use crate::connection::Connection;
use crate::error::AwsClientError;
use crate::format::Format;
use crate::role::RoleName;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The account and the role
    #[arg(value_name = "ACCOUNT/ROLE")]
    role: RoleName,
    /// What reads the credentials
    #[arg(long, default_value = "process")]
    format: Format,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let credentials = block_on(async { Api::new(&connection).await?.credentials(&arguments.role).await })?;
    print(&arguments.format.write(&credentials))
}
