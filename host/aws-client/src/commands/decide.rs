//! `portcullis aws approve` and `portcullis aws deny`: decides about a request for access. Denying an approved one revokes it,
//! and denying one's own takes it back.

use super::{block_on, print};
use crate::access::request_line;
use crate::api::Api;
use crate::connection::Connection;
use crate::error::AwsClientError;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The request, as `portcullis aws requests` lists it
    #[arg(value_name = "ID")]
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments, step: &'static str) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let request = block_on(async { Api::new(&connection).await?.decide(&arguments.id, step).await })?;
    if arguments.json {
        return print(&format!("{request:#}\n"));
    }
    print(&format!("{}\n", request_line(&request)))
}
