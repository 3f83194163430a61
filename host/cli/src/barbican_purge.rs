//! `portcullis barbican purge`: deletes what a project that is gone from Keystone has left behind.

use clap::Args;
use portcullis_server::{Config, ServeError};
use std::path::PathBuf;

use super::{print, runtime};

/// What the command takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration, in TOML: its `[store]` is the database
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The id of the project
    #[arg(long, value_name = "ID")]
    project: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let Arguments { config, project } = arguments;
    let config = Config::load(config)?;
    let (database, purged) = runtime()?.block_on(portcullis_server::purge_barbican(&config, project))?;
    let portcullis_server::Purged { secrets, containers, orders, consumers, quotas } = purged;
    let quotas = if quotas { "its quotas" } else { "no quotas" };
    print(format_args!(
        "deleted of project `{project}` in `{database}`: {secrets} secrets, {containers} containers, {orders} orders, {consumers} consumers, \
         {quotas}"
    ));
    Ok(())
}
