//! `portcullis federation import`: AFP's own configuration, printed as ours.

use serde_json::json;
use std::path::PathBuf;

use super::{note, print};
use portcullis_server::ServeError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What AFP has as `CONFIG_PATH`: a directory of YAML, a file or a pattern
    #[arg(value_name = "CONFIG_PATH")]
    config: PathBuf,
    /// What AFP has as `ACCOUNT_CONFIG_PATH`
    #[arg(value_name = "ACCOUNT_CONFIG_PATH")]
    accounts: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let imported = portcullis_federation::import::import(&arguments.config, &arguments.accounts)
        .map_err(|error| ServeError::Usage(error.to_string()))?;
    if arguments.json {
        print(format_args!("{:#}", json!({ "toml": imported.toml, "warnings": imported.warnings })));
        return Ok(());
    }
    print(format_args!("{}", imported.toml.trim_end()));
    for warning in &imported.warnings {
        note(format_args!("warning: {warning}"));
    }
    note(format_args!("write this to a file, and `portcullis check --config FILE` tells whether it holds"));
    Ok(())
}
