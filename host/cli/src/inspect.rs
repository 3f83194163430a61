//! `portcullis policy inspect`: what a module is, before it is trusted with anything.

use portcullis_engine::HostOptions;
use portcullis_engine::build::Confinement;
use serde_json::{Value, json};

use super::trial::spec;
use super::{print, runtime};
use portcullis_server::{ServeError, engine};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A module, or `builtin:NAME`
    module: String,
    /// The settings to configure it with, as JSON
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = settings)]
    settings: Value,
    /// A WASI interface that it may import
    #[arg(long, value_name = "INTERFACE")]
    wasi: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn settings(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.is_object() { Ok(value) } else { Err("settings are a JSON object".into()) }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    // Nothing is kept: this is a look, perhaps at a stranger.
    let host = engine(None, HostOptions::TIME_BUDGET, Confinement::Required)?;
    let spec = spec(&arguments.module, &arguments.settings, &arguments.wasi)?;
    let candidate = runtime()?.block_on(host.candidate(vec![spec].into()))?;
    for status in candidate.status() {
        if arguments.json {
            print(format_args!("{:#}", json!(status)));
            continue;
        }
        let hooks: Vec<_> = status.hooks.iter().map(ToString::to_string).collect();
        print(format_args!("module   {}", status.source));
        print(format_args!("sha256   {}", status.module_sha256));
        print(format_args!("hooks    {}", hooks.join(", ")));
        print(format_args!(
            "imports  {}",
            if status.imports.is_empty() { "nothing".into() } else { status.imports.join(", ") }
        ));
        print(format_args!(
            "state    {}",
            status.not_preinitialized_because.as_ref().map_or_else(
                || "pre-initialized with these settings".to_owned(),
                |why| format!("not pre-initialized: {why}")
            )
        ));
    }
    Ok(())
}
