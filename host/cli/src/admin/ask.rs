//! `portcullis ask HOOK FILE`: what the policies of the running host would decide.

use portcullis_contract::HookName;
use portcullis_server::ServeError;
use serde_json::Value;
use std::io::Read as _;
use std::path::PathBuf;

use super::decisions::explained;
use super::{Ask, Target};
use crate::{print, runtime};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The hook
    #[arg(value_parser = crate::hook_parser())]
    hook: HookName,
    /// The facts as JSON, as in the input of a case; `-` reads standard input
    file: PathBuf,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let mut facts = Vec::new();
    let read = if arguments.file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut facts).map(|_| ())
    } else {
        std::fs::read(&arguments.file).map(|bytes| facts = bytes)
    };
    read.map_err(|error| ServeError::Usage(format!("`{}`: {error}", arguments.file.display())))?;
    let path = format!("/ask/{}", arguments.hook);
    let ask = Ask { method: "POST", path, media_type: "application/json", body: facts };
    let answer = runtime()?.block_on(arguments.target.json(ask))?;
    if arguments.target.json {
        print(format_args!("{answer:#}"));
    } else {
        // Not recorded: an id that `explain` does not know would mislead.
        let text = explained(&answer);
        print(text.split_once('\n').map_or(text.as_str(), |(_, rest)| rest));
        listed(&answer);
    }
    Ok(())
}

/// What was granted, denied or edited.
fn listed(answer: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("every one").to_owned();
    for (list, name) in [("grants", "grant"), ("denials", "denial")] {
        for item in answer[list].as_array().into_iter().flatten() {
            let of = &item[name];
            print(format_args!(
                "{name:9} account {}, role {}, by {}: {}",
                text(&of["account"]),
                text(&of["role"]),
                text(&item["policy"]),
                of["reason"].as_str().unwrap_or_default()
            ));
        }
    }
    for edits in answer["edits"].as_array().into_iter().flatten() {
        print(format_args!("edits     {edits}"));
    }
}
