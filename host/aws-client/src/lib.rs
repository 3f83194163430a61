//! `portcullis aws`: the client of the federation API, for people and for programs that run on their machines.
//!
//! It asks one mount over HTTPS for accounts, roles, credentials and console URLs, and knows no policy and no AWS.
//!
//! * `mount_url`, `role`: what is asked for
//! * `error`: why a command failed, and what to do next
//! * `files`, `settings`: what is kept in the user's folder
//! * `http_client`: the HTTP client of all requests
//! * `login`, `oidc`: the login at an OpenID provider, and its token
//! * `connection`: the options that all commands have, and how the client authenticates
//! * `api`: requests and responses of the federation API
//! * `access`: how requests for access are printed
//! * `format`: how credentials are printed
//! * `profiles`: the part of `~/.aws/config` that is written
//! * `commands`: one file for each command
//!
//! A new command is a file in `commands/` with a variant of [`Command`].

mod access;
mod api;
mod commands;
mod connection;
mod error;
mod files;
mod format;
mod http_client;
mod login;
mod mount_url;
mod oidc;
mod profiles;
mod role;
mod settings;

pub use error::AwsClientError;

/// Commands for people who get AWS credentials from a federation mount.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print credentials for a role, e.g. for `credential_process`
    Credentials(commands::credentials::Arguments),
    /// Run a command with a role's credentials in its environment
    Exec(commands::exec::Arguments),
    /// Write a profile for each role into `~/.aws/config`
    Config(commands::config::Arguments),
    /// Sign in at an OpenID provider, and remember the mount
    Login(commands::login::Arguments),
    /// Forget the login
    Logout(commands::logout::Arguments),
    /// Print a URL that opens the AWS console with a role
    Console(commands::console::Arguments),
    /// Request a role for a time, which others approve
    Request(commands::request::Arguments),
    /// List requests: your own, and those that you may decide about
    Requests(commands::requests::Arguments),
    /// Approve a request
    Approve(commands::decide::Arguments),
    /// Deny a request, revoke an approved one, or take back your own
    Deny(commands::decide::Arguments),
}

/// Runs a command. [`Command::Exec`] does not return if it succeeds.
///
/// # Errors
/// Why the command failed, with what to do next.
pub fn run(command: &Command) -> Result<(), AwsClientError> {
    match command {
        Command::Credentials(arguments) => commands::credentials::run(arguments),
        Command::Exec(arguments) => commands::exec::run(arguments),
        Command::Config(arguments) => commands::config::run(arguments),
        Command::Login(arguments) => commands::login::run(arguments),
        Command::Logout(arguments) => commands::logout::run(arguments),
        Command::Console(arguments) => commands::console::run(arguments),
        Command::Request(arguments) => commands::request::run(arguments),
        Command::Requests(arguments) => commands::requests::run(arguments),
        Command::Approve(arguments) => commands::decide::run(arguments, "approve"),
        Command::Deny(arguments) => commands::decide::run(arguments, "deny"),
    }
}
