//! `portcullis aws requests`: lists requests for access, one's own and those that one may decide about.

use super::{block_on, note, print};
use crate::access::request_line;
use crate::api::Api;
use crate::connection::Connection;
use crate::error::{AwsClientError, sanitize};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let found = block_on(async { Api::new(&connection).await?.requests().await })?;
    if arguments.json {
        return print(&format!("{found:#}\n"));
    }
    let requests = found["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    for request in requests {
        let mark = if request["may_decide"] == true && request["state"] == "open" {
            "  <- yours to decide"
        } else {
            ""
        };
        print(&format!("{}{mark}\n", request_line(request)))?;
    }
    let roles: Vec<_> =
        found["requestable"].as_array().into_iter().flatten().filter_map(|role| role.as_str()).collect();
    let roles = if roles.is_empty() { "no role".into() } else { sanitize(&roles.join(", ")) };
    note(&format!("{} requests; you may request {roles}", requests.len()));
    Ok(())
}
