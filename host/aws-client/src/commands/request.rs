//! `portcullis aws request`: asks for a role for a time, which others approve.

use std::time::Duration;

use super::{block_on, print};
use crate::access::request_line;
use crate::api::Api;
use crate::connection::Connection;
use crate::error::AwsClientError;
use crate::role::RoleName;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The account and the role
    #[arg(value_name = "ACCOUNT/ROLE")]
    role: RoleName,
    /// For how long, from the approval on: 15 minutes or more
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// Why you need it; those who approve and the records see it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let Arguments { role, duration, reason, .. } = arguments;
    let request = block_on(async { Api::new(&connection).await?.request(role, *duration, reason).await })?;
    if arguments.json {
        return print(&format!("{request:#}\n"));
    }
    print(&format!("{}\n", request_line(&request)))
}
