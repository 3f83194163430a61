//! `portcullis policy test`: a file of cases asked of a module, without a configuration.

use portcullis_engine::case::{CaseFile, CaseResult, CaseRun};
use portcullis_engine::{LoadError, PolicyError, PolicySpec};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::trial::{candidate, host, no_settings, printable, settings, source, spec};
use super::{print, runtime};
use portcullis_server::{Config, ServeError};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A module, or `builtin:NAME`
    module: String,
    /// The cases: `.json`, `.jsonl`, `.yaml` or `.yml`
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// The settings, as JSON [default: those of the cases]
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    settings: Option<PathBuf>,
    /// A configuration that has the settings, limits and hooks
    #[arg(long, value_name = "FILE", requires = "policy")]
    config: Option<PathBuf>,
    /// The policy's name in the configuration
    #[arg(long, value_name = "NAME", requires = "config")]
    policy: Option<String>,
    /// A WASI interface that it may import
    #[arg(long, value_name = "INTERFACE")]
    wasi: Vec<String>,
    /// Rules of the policy; those that no case reaches are listed
    #[arg(long, value_name = "RULE,...", value_delimiter = ',')]
    rules: Vec<String>,
    /// Folder where compiled policies are kept [default: none are kept]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let file = CaseFile::read(&arguments.cases).map_err(ServeError::Usage)?;
    let spec = tested(arguments, &file)?;
    let runs = runtime()?.block_on(ask(arguments, spec, &file))?;
    let rules = reached(&runs);
    let unreached: Vec<_> =
        arguments.rules.iter().filter(|rule| !rules.contains_key(rule.as_str())).collect();
    let failed = runs.iter().filter(|run| run.difference.is_some()).count();
    if arguments.json {
        print_json(&runs, &rules, &unreached);
    } else {
        runs.iter().for_each(print_run);
        let reached: Vec<_> = rules.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        print(format_args!(
            "rules reached: {}",
            if reached.is_empty() { "none".into() } else { reached.join(", ") }
        ));
        if !unreached.is_empty() {
            let unreached: Vec<_> = unreached.iter().map(|rule| rule.as_str()).collect();
            print(format_args!("rules that no case reaches: {}", unreached.join(", ")));
        }
        print(format_args!("{} cases, {failed} failed", runs.len()));
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(ServeError::Usage(format!("{failed} of {} cases failed", runs.len())))
    }
}

/// The policy, with the settings that the command line names, or those of the cases.
fn tested(arguments: &Arguments, file: &CaseFile) -> Result<PolicySpec, ServeError> {
    let (Some(config), Some(name)) = (&arguments.config, &arguments.policy) else {
        let settings = match (&arguments.settings, &file.settings) {
            (Some(file), _) => settings(file)?,
            (None, Some(settings)) => settings.clone(),
            (None, None) => no_settings(),
        };
        return spec(&arguments.module, &settings, &arguments.wasi);
    };
    let policies = Config::load(config)?.policies;
    let names: Vec<_> = policies.iter().map(|policy| format!("`{}`", policy.name)).collect();
    let found = policies.into_iter().find(|policy| policy.name == *name);
    let found = found.ok_or_else(|| {
        let names = names.join(", ");
        ServeError::Usage(format!("`{}` has no policy `{name}`; it has {names}", config.display()))
    })?;
    Ok(PolicySpec { source: source(&arguments.module)?, sha256: None, cases: Vec::new(), ..found })
}

/// Every case with what came of it. They run as at a load: a policy that answers them differently once it is
/// pre-initialized is not pre-initialized.
async fn ask(arguments: &Arguments, spec: PolicySpec, file: &CaseFile) -> Result<Vec<CaseRun>, ServeError> {
    let host = host(arguments.state.as_deref())?;
    let spec = PolicySpec { cases: file.cases.clone(), ..spec };
    match candidate(&host, spec).await {
        Ok(candidate) => Ok(candidate.run_cases(&file.cases).await),
        Err(ServeError::Load(LoadError::Policy { error: PolicyError::Cases(report), .. })) => Ok(report.0),
        Err(error) => Err(error),
    }
}

/// How many answers name each rule.
fn reached(runs: &[CaseRun]) -> BTreeMap<&str, usize> {
    let mut rules = BTreeMap::new();
    for run in runs {
        let named: Vec<&str> = match &run.said {
            CaseResult::Opinion(opinion) => vec![&opinion.rule],
            CaseResult::Roles(answer) => answer.denials.iter().map(|denial| denial.rule.as_str()).collect(),
            CaseResult::Edits(_) | CaseResult::Fault(_) => vec![],
        };
        for rule in named.into_iter().filter(|rule| !rule.is_empty()) {
            *rules.entry(rule).or_default() += 1;
        }
    }
    rules
}

fn print_run(run: &CaseRun) {
    if run.difference.is_none() {
        print(format_args!("ok    {}", printable(&run.name)));
        return;
    }
    print(format_args!("FAIL  {} ({})", printable(&run.name), run.hook));
    print(format_args!("      expected: {}", printable(&run.expect.to_string())));
    print(format_args!("      said:     {}", printable(&run.said.to_string())));
}

fn print_json(runs: &[CaseRun], rules: &BTreeMap<&str, usize>, unreached: &[&String]) {
    let cases: Vec<_> = runs
        .iter()
        .map(|run| {
            json!({
                "name": run.name, "hook": run.hook, "passed": run.difference.is_none(),
                "expected": run.expect, "said": run.said, "difference": run.difference,
            })
        })
        .collect();
    print(format_args!("{:#}", json!({ "cases": cases, "rules": rules, "rules_not_reached": unreached })));
}
