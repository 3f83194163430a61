//! `portcullis aws console`: a URL that opens the console.

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::{block_on, print};
use crate::api::Api;
use crate::connection::Connection;
use crate::error::AwsClientError;
use crate::role::RoleName;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The account and the role
    #[arg(value_name = "ACCOUNT/ROLE")]
    role: RoleName,
    /// The page of the console to begin with, e.g. `https://eu-central-1.console.aws.amazon.com/s3/`
    #[arg(long, value_name = "URL")]
    destination: Option<String>,
    /// The region in which the console is opened, e.g. `eu-central-1`
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Open the URL with the program that the desktop has for them, instead of printing it
    #[arg(long, conflicts_with = "json")]
    open: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let url = block_on(async {
        let (destination, region) = (arguments.destination.as_deref(), arguments.region.as_deref());
        Api::new(&connection).await?.console(&arguments.role, destination, region).await
    })?;
    let url = url.expose_secret();
    if arguments.open {
        return open::that_detached(url).map_err(AwsClientError::Open);
    }
    let text =
        if arguments.json { format!("{}\n", serde_json::json!({ "url": url })) } else { format!("{url}\n") };
    print(&Zeroizing::new(text))
}
