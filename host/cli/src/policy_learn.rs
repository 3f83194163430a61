//! `portcullis policy learn`: the settings that recorded calls need, as TOML.
//!
//! A refusal of docker-baseline names the settings that would allow the call: to a person in its text, and to this command
//! in `extra`. The command asks the policy what was recorded, follows that advice until everything passes, and then leaves
//! out each line that no call needs. It knows no rule of any policy.
//!
//! * `line`: one line of settings
//! * `settings`: lines put together, as JSON for the policy and as TOML for a person
//! * `calls`: what of the log is asked again
//! * `trial`: the policy with some settings
//! * `search`: which lines are needed
//! * `proposal`: what is printed

mod calls;
mod line;
mod proposal;
mod search;
mod settings;
#[cfg(test)]
mod tests;
mod trial;

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{BufRead, IsTerminal as _};
use std::path::PathBuf;

use self::calls::Calls;
use self::proposal::Proposal;
use self::settings::Settings;
use self::trial::Builds as _;
use super::records::{Records, open};
use super::trial::{host, no_settings, settings as settings_file, source};
use super::{note, runtime};
use portcullis_contract::HookName;
use portcullis_engine::case::CaseInput;
use portcullis_server::ServeError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The log of decisions, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// The policy to configure: a module, or `builtin:NAME`
    #[arg(long, value_name = "MODULE", default_value = "builtin:docker-baseline")]
    policy: String,
    /// Settings that it has already, as JSON: they stay
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Learn from calls that were refused too
    #[arg(long)]
    with_refused: bool,
    /// Folder where compiled policies are kept [default: none are kept]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let base = match &arguments.settings {
        None => no_settings(),
        Some(file) => settings_file(file)?,
    };
    let base = Settings::of(&base).map_err(ServeError::Usage)?;
    // Dozens of settings are built: what is compiled for one serves the next.
    let kept = tempfile::tempdir()?;
    let state = arguments.state.as_deref().unwrap_or(kept.path());
    let host = host(Some(state))?;
    let policy = trial::Policy::new(&host, &arguments.policy, source(&arguments.policy)?);
    let (log, size) = open(&arguments.records)?;
    let proposal = runtime()?.block_on(learn(&policy, base, Records::new(log), arguments, size))?;
    proposal.print(arguments.json);
    match proposal.not_learned() {
        0 => Ok(()),
        left => Err(ServeError::Usage(format!("no settings allow {left} of the calls"))),
    }
}

async fn learn<R: BufRead>(
    policy: &trial::Policy<'_>,
    base: Settings,
    records: Records<R>,
    arguments: &Arguments,
    size: u64,
) -> Result<Proposal, ServeError> {
    let built = policy.build(&base).await?.map_err(|refusal| {
        ServeError::Usage(format!("the policy refuses the settings that it is given first: {refusal}"))
    })?;
    let bar = progress(size, "{wide_bar} {percent}% of the records");
    let calls = Calls::read(records, &built, arguments.with_refused, |bytes| bar.inc(bytes)).await?;
    bar.finish_and_clear();
    if calls.summary.refused_before > 0 && !arguments.with_refused {
        note(format_args!(
            "{} refused calls are left out; `--with-refused` learns from them too",
            calls.summary.refused_before
        ));
    }
    let grown = search::grow(policy, base, &calls.refused).await?;
    let lines = u64::try_from(grown.settings.learned().len()).unwrap_or_default();
    let bar = progress(lines, "{wide_bar} {pos} of {len} lines tried, {eta} left");
    let shrunk = search::shrink(policy, grown, &calls.refused, || bar.inc(1)).await?;
    bar.finish_and_clear();
    Ok(Proposal::new(shrunk, calls))
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(size: u64, template: &str) -> ProgressBar {
    if size == 0 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// What a policy answers, as far as learning needs it.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Passes,
    /// It is refused, by a rule and with a reason; `settings` would allow it.
    Refused {
        rule: String,
        reason: String,
        settings: Vec<String>,
    },
    /// The policy failed.
    Fault(String),
}

/// The policy with some settings.
trait Asks {
    /// Whether it can be asked this.
    fn has(&self, hook: HookName) -> bool;

    async fn ask(&self, input: &CaseInput) -> Answer;
}
