//! `portcullis aws exec`: another program with a role's credentials in its environment. The program takes the place of
//! this one, so that signals and the exit status are its own.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::block_on;
use crate::api::Api;
use crate::connection::{Connection, TOKEN};
use crate::error::AwsClientError;
use crate::format::variables;
use crate::role::RoleName;

/// Variables by which SDKs find other credentials, or another profile. Some SDKs prefer these.
const OTHER_CREDENTIALS: [&str; 15] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
];
/// The same with any end.
const OTHER_PREFIXES: [&str; 2] = ["AWS_BEARER_TOKEN_", "AWS_WEB_IDENTITY_TOKEN_"];

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The account and the role
    #[arg(value_name = "ACCOUNT/ROLE")]
    role: RoleName,
    /// The AWS region [default: that of the environment, or of the login]
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    connection: Connection,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let connection = arguments.connection.resolve()?;
    let credentials = block_on(async { Api::new(&connection).await?.credentials(&arguments.role).await })?;
    let Some((program, rest)) = arguments.command.split_first() else { return Ok(()) };
    let mut command = Command::new(program);
    command.args(rest);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_other(name)) {
        command.env_remove(name);
    }
    command.envs(variables(&credentials));
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let of_login =
        connection.region.as_ref().filter(|_| !is_set("AWS_REGION") && !is_set("AWS_DEFAULT_REGION"));
    if let Some(region) = arguments.region.as_ref().or(of_login) {
        command.env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    }
    // The program's setting is inherited over execve(2), and is none of the other program.
    let _ = rustix::thread::disable_transparent_huge_pages(false);
    let source = command.exec();
    Err(AwsClientError::Exec { program: program.to_string_lossy().into_owned(), source })
}

/// Whether a variable leads to other credentials, or is what this client authenticates with.
fn is_other(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name == TOKEN
        || OTHER_CREDENTIALS.contains(&&*name)
        || OTHER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
