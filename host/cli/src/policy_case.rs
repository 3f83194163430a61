//! `portcullis policy case`: a recorded decision as a case, `>> cases.jsonl`.

use portcullis_engine::case::{Case, CaseInput, Expectation};
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::PathBuf;

use super::admin::Target;
use super::records::{Recorded, Records};
use super::{note, print};
use portcullis_server::ServeError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The decision's id, from its record or the end of a refusal
    id: String,
    /// The log of decisions, or `-` for standard input, instead of the running host
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "admin", "token"])]
    records: Option<PathBuf>,
    /// The policy whose answer is expected [default: the one that decided]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let record = match &arguments.records {
        None => arguments.target.record(&arguments.id)?,
        Some(file) if file.as_os_str() == "-" => find(Records::new(stdin().lock()), &arguments.id)?,
        Some(file) => {
            let named = |error| ServeError::Usage(format!("cannot read `{}`: {error}", file.display()));
            find(Records::new(BufReader::new(File::open(file).map_err(named)?)), &arguments.id)?
        }
    };
    let case = case(&record, arguments.name.as_deref()).map_err(ServeError::Usage)?;
    if case.expect == Expectation::default() {
        note(
            "note: a record does not hold what was granted or edited: write `expect` before the case is used",
        );
    }
    print(json!(case));
    Ok(())
}

fn find<R: std::io::BufRead>(mut records: Records<R>, id: &str) -> Result<Recorded, ServeError> {
    while let Some((record, _)) = records.next()? {
        if record.id == id && record.kind == "decision" {
            return Ok(record);
        }
    }
    Err(ServeError::Usage(format!("there is no record of a decision `{id}`")))
}

/// The case that a policy's recorded answer makes. `name` is the policy's name; without one it is that of the policy which
/// decided, or the only one that was asked.
///
/// # Errors
/// The record has no input, or the policy gave no answer.
pub(super) fn case(record: &Recorded, name: Option<&str>) -> Result<Case, String> {
    let id = &record.id;
    let hook = record.hook.ok_or_else(|| format!("decision `{id}` has no hook"))?;
    let input = record.input.clone().ok_or_else(|| match &record.input_left_out {
        Some(why) => format!("decision `{id}` was recorded without its input: {why}"),
        None => format!(
            "decision `{id}` was recorded without its input: set `record_inputs = true` for the policy"
        ),
    })?;
    let input = CaseInput::read(hook, input).map_err(|error| format!("decision `{id}`: {error}"))?;
    let asked: Vec<_> = record.asked().collect();
    let name = name.or(record.policy.as_deref());
    let outcome = match (name, asked.as_slice()) {
        (Some(name), asked) => asked.iter().find(|outcome| outcome.policy == name).copied(),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let outcome = outcome.ok_or_else(|| {
        let names: Vec<_> = asked.iter().map(|outcome| format!("`{}`", outcome.policy)).collect();
        format!("say by `--name` whose answer is expected: decision `{id}` asked {}", names.join(", "))
    })?;
    if outcome.outcome != "opinion" {
        return Err(format!("`{}` gave no answer to decision `{id}`: {}", outcome.policy, outcome.outcome));
    }
    let rule = outcome.verdict.map(|_| outcome.rule.clone());
    let expect = Expectation { verdict: outcome.verdict, rule, ..Expectation::default() };
    let what = [id.clone(), record.operation.clone().unwrap_or_default(), record.target()];
    let name = what.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Ok(Case { name, input, expect })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(change: impl FnOnce(&mut serde_json::Value)) -> Recorded {
        let mut record = json!({
            "kind": "decision", "id": "01", "hook": "docker-request", "verdict": "deny", "policy": "guard",
            "operation": "ContainerCreate", "targets": [{"kind": "container", "as_sent": "web"}],
            "input": {"operation": "ContainerCreate", "workload": {"privileged": true}},
            "outcomes": [
                {"policy": "first", "outcome": "opinion", "verdict": "abstain", "rule": ""},
                {"policy": "guard", "outcome": "opinion", "verdict": "deny", "rule": "privileged"},
                {"policy": "allow", "outcome": "not-asked", "rule": ""},
            ],
        });
        change(&mut record);
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_decision_becomes_a_case_of_the_policy_that_made_it() {
        let case = super::case(&record(|_| ()), None).unwrap();
        let line = json!(case);
        assert_eq!(line["name"], "01 ContainerCreate web");
        assert_eq!(line["expect"], json!({"verdict": "deny", "rule": "privileged"}));
        assert_eq!(line["input"]["workload"]["privileged"], true);
        let again = portcullis_engine::case::CaseFile::parse(
            portcullis_engine::case::Format::JsonLines,
            &line.to_string(),
        );
        assert_eq!(again.unwrap().cases.len(), 1);
        let other = super::case(&record(|_| ()), Some("first")).unwrap();
        assert_eq!(json!(other)["expect"], json!({"verdict": "abstain", "rule": ""}));
    }

    #[test]
    fn what_makes_no_case_says_why() {
        let wrong =
            |change: fn(&mut serde_json::Value), name| super::case(&record(change), name).unwrap_err();
        let without = |record: &mut serde_json::Value| record["input"] = json!(null);
        assert!(wrong(without, None).contains("set `record_inputs = true`"));
        let left_out = |record: &mut serde_json::Value| {
            record["input"] = json!(null);
            record["input_left_out"] = json!("it has 40000 bytes");
        };
        assert!(wrong(left_out, None).ends_with("it has 40000 bytes"));
        let by_host = |record: &mut serde_json::Value| record["policy"] = json!(null);
        assert!(wrong(by_host, None).ends_with("decision `01` asked `first`, `guard`"));
        assert!(wrong(|_| (), Some("allow")).starts_with("say by `--name`"));
        let failed = |record: &mut serde_json::Value| record["outcomes"][1]["outcome"] = json!("trap");
        assert_eq!(wrong(failed, None), "`guard` gave no answer to decision `01`: trap");
    }
}
