//! `portcullis replay`: recorded inputs are asked again, and what would change is printed.
//!
//! What the policy answers now is compared with what the one that made the records answers when it is asked again, or with
//! what is recorded: `before` has it.

mod answer;
mod before;
mod report;

use indicatif::{ProgressBar, ProgressStyle};
use portcullis_engine::Candidate;
use portcullis_engine::case::CaseInput;
use std::io::{BufRead, IsTerminal as _};
use std::path::PathBuf;

use self::answer::Answered;
use self::before::{Before, Revisions};
use self::report::Report;
use super::records::{Recorded, RecordedOutcome, Records, open};
use super::runtime;
use super::trial::{candidate, host, no_settings, settings, spec};
use portcullis_server::ServeError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The log of decisions, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// The policy to try: a module, or `builtin:NAME`
    #[arg(long, value_name = "MODULE")]
    policy: String,
    /// Its settings, as JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The policy that made the records: decisions that it does not make again are not compared
    #[arg(long, value_name = "MODULE")]
    recorded_policy: Option<String>,
    /// The settings of that policy, as JSON
    #[arg(long, value_name = "FILE", requires = "recorded_policy")]
    recorded_settings: Option<PathBuf>,
    /// The state directory of the host that made the records: its revisions are asked again
    #[arg(long, value_name = "DIR", conflicts_with = "recorded_policy")]
    recorded_state: Option<PathBuf>,
    /// The policy's name in the records [default: the only one that was asked]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Folder where compiled policies are kept [default: none are kept]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let settings_of = |file: &Option<PathBuf>| file.as_deref().map_or_else(|| Ok(no_settings()), settings);
    let recorded = match &arguments.recorded_policy {
        None => None,
        Some(module) => Some(spec(module, &settings_of(&arguments.recorded_settings)?, &[])?),
    };
    let policy = spec(&arguments.policy, &settings_of(&arguments.settings)?, &[])?;
    let host = host(arguments.state.as_deref())?;
    let (records, size) = open(&arguments.records)?;
    let bar = progress(size);
    let report = runtime()?.block_on(async {
        let before = match (recorded, &arguments.recorded_state) {
            (Some(recorded), _) => Before::Policy(candidate(&host, recorded).await?),
            (None, Some(state)) => Before::Revisions(Revisions::new(&host, state.clone())),
            (None, None) => Before::Recorded,
        };
        let policy = candidate(&host, policy).await?;
        let replay = Replay { before, policy, name: arguments.name.clone() };
        replay.run(Records::new(records), |bytes| bar.inc(bytes)).await
    })?;
    bar.finish_and_clear();
    report.print(arguments.json);
    match report.changes.len() {
        0 => Ok(()),
        changed => Err(ServeError::Usage(format!("{changed} decisions would change"))),
    }
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(size: u64) -> ProgressBar {
    if size == 0 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {percent}% {bytes}/{total_bytes}, {eta} left");
    ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// What is asked again.
struct Replay<'h> {
    /// What the policy's answers are compared with.
    before: Before<'h>,
    /// The policy to try.
    policy: Candidate,
    /// The policy's name in the records; without one it is the only one that was asked.
    name: Option<String>,
}

impl Replay<'_> {
    /// Asks every recorded input again. `progress` is told how many bytes were read.
    async fn run<R: BufRead>(
        mut self,
        mut records: Records<R>,
        progress: impl Fn(u64),
    ) -> Result<Report, ServeError> {
        let mut report = Report::new(self.before.is_asked());
        while let Some((record, bytes)) = records.next()? {
            progress(bytes);
            report.summary.records += 1;
            let Some(outcome) = outcome(&record, self.name.as_deref())? else {
                report.summary.not_asked += 1;
                continue;
            };
            let Some(input) = record.input.clone() else {
                report.summary.without_input += 1;
                continue;
            };
            let (before, after) = match ask(&record, outcome, input, &mut self.before, &self.policy).await? {
                Ok(answers) => answers,
                Err(why) => {
                    report.not_comparable(&record, why);
                    continue;
                }
            };
            report.compare(&record, &before, &after);
        }
        report.summary.other_kinds = records.other_kinds;
        report.summary.unreadable = records.unreadable;
        Ok(report)
    }
}

/// What the policy of that name had answered; `None` where it was not asked.
fn outcome<'a>(record: &'a Recorded, name: Option<&str>) -> Result<Option<&'a RecordedOutcome>, ServeError> {
    let asked: Vec<_> = record.asked().collect();
    if let Some(name) = name {
        return Ok(asked.into_iter().find(|outcome| outcome.policy == name));
    }
    match asked.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let names: Vec<_> = several.iter().map(|outcome| format!("`{}`", outcome.policy)).collect();
            let names = names.join(", ");
            Err(ServeError::Usage(format!(
                "decision `{}` asked {names}: say by `--name` which of them is tried anew",
                record.id
            )))
        }
    }
}

/// What was answered and what is answered now; the inner error is why they cannot be compared.
async fn ask(
    record: &Recorded,
    outcome: &RecordedOutcome,
    input: serde_json::Value,
    before: &mut Before<'_>,
    policy: &Candidate,
) -> Result<Result<(Answered, Answered), String>, ServeError> {
    let Some(hook) = record.hook else { return Ok(Err("it has no hook".into())) };
    if !policy.status().any(|status| status.hooks.contains(&hook)) {
        return Err(ServeError::Usage(format!(
            "the policy has no hook `{hook}`, on which decision `{}` was made",
            record.id
        )));
    }
    let input = match CaseInput::read(hook, input) {
        Ok(input) => input,
        Err(error) => return Ok(Err(error)),
    };
    let before = match before.answered(outcome, &input).await {
        Ok(before) => before,
        Err(why) => return Ok(Err(why)),
    };
    Ok(Ok((before, Answered::of(policy.ask(&input).await, &input))))
}

#[cfg(test)]
mod tests;
