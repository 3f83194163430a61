//! `portcullis check`: everything that a start does, short of starting.

use portcullis_files::FileWatcher;
use serde_json::json;
use std::path::Path;

use super::{print, runtime};
use crate::config::Config;
use crate::federation::InUse;
use crate::open;
use crate::serve::{self, ServeError};

pub(super) fn run(file: &Path, as_json: bool) -> Result<(), ServeError> {
    let config = Config::load(file)?;
    let cases: usize = config.policies.iter().map(|policy| policy.cases.len()).sum();
    let host = serve::host(config.state.as_deref())?;
    let candidate = runtime()?.block_on(host.candidate(config.policies.clone()));
    let candidate = candidate.map_err(|error| ServeError::Policies(config.blame(&error)))?;
    open::with_tls(&config, &FileWatcher::idle())?;
    if let Some(federation) = &config.federation {
        runtime()?.block_on(InUse::new(FileWatcher::idle()).mounts(federation))?;
    }
    if as_json {
        let policies: Vec<_> = candidate.status().map(|status| json!(status)).collect();
        print(format_args!(
            "{:#}",
            json!({ "policies": policies, "cases": cases, "not_used": config.dormant })
        ));
        return Ok(());
    }
    for policy in candidate.status() {
        let hooks: Vec<_> = policy.hooks.iter().map(ToString::to_string).collect();
        let state = policy.unfrozen.as_ref().map_or("frozen".to_owned(), |why| format!("not frozen: {why}"));
        let (mode, hooks) = (policy.mode.as_str(), hooks.join(", "));
        print(format_args!("{}: {mode} on {hooks}, revision {}, {state}", policy.name, policy.revision));
    }
    for section in config.dormant {
        print(format_args!("[{section}] is for a part that this version does not have yet; it is not used"));
    }
    print(format_args!("{} holds; {cases} cases passed", file.display()));
    Ok(())
}
