//! `portcullis check`: everything that a start does, short of starting.

use portcullis_server::{Config, ServeError};
use serde_json::json;
use std::path::Path;

use super::{print, runtime};

pub(super) fn run(file: &Path, as_json: bool) -> Result<(), ServeError> {
    let config = Config::load(file)?;
    let cases: usize = config.policies.iter().map(|policy| policy.cases.len()).sum();
    let candidate = runtime()?.block_on(portcullis_server::check(&config))?;
    if as_json {
        let policies: Vec<_> = candidate.status().map(|status| json!(status)).collect();
        print(format_args!("{:#}", json!({ "policies": policies, "cases": cases })));
        return Ok(());
    }
    for policy in candidate.status() {
        let hooks: Vec<_> = policy.hooks.iter().map(ToString::to_string).collect();
        let state = policy
            .not_preinitialized_because
            .as_ref()
            .map_or("pre-initialized".to_owned(), |why| format!("not pre-initialized: {why}"));
        let (mode, hooks) = (policy.mode.as_str(), hooks.join(", "));
        print(format_args!(
            "{}: {mode} on {hooks}, revision {}, {state}",
            policy.name,
            &policy.revision[..12]
        ));
    }
    print(format_args!("{} holds; {cases} cases passed", file.display()));
    Ok(())
}
