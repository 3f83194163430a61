//! `portcullis policy bench`: what a policy costs, measured with the engine as the server uses it.

use portcullis_contract::HookName;
use portcullis_contract::hook::{DockerRequest, DockerResponse, SecretAccess};
use portcullis_engine::case::{CaseFile, CaseInput};
use portcullis_engine::{Caller, Generation, HostOptions};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::print;
use super::trial::{candidate, host, no_settings, settings, spec};
use portcullis_server::ServeError;

/// Decisions before the first that is measured.
const WARM_UP: usize = 200;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A module, or `builtin:NAME`
    module: String,
    /// The settings, as JSON [default: those of the cases]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Cases whose inputs are asked in turns [default: an empty input of each hook]
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// How long decisions are measured
    #[arg(long = "for", value_name = "DURATION", default_value = "5s", value_parser = duration)]
    duration: Duration,
    /// A WASI interface that it may import
    #[arg(long, value_name = "INTERFACE")]
    wasi: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let bounds = Duration::from_millis(1)..=Duration::from_mins(10);
    if bounds.contains(&duration) { Ok(duration) } else { Err("it is between 1ms and 10m".into()) }
}

/// What was measured.
struct Measured {
    module_bytes: usize,
    instance_bytes: u64,
    preinitialized: bool,
    build: Duration,
    load: Duration,
    inputs: usize,
    faults: usize,
    elapsed: Duration,
    /// Of each decision, sorted.
    times: Vec<Duration>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    // One thread, as a connection to the Docker plugin has.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(measure(arguments))?;
    if arguments.json {
        print(format_args!("{:#}", measured.as_json()));
    } else {
        measured.print();
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<Measured, ServeError> {
    let file = match &arguments.cases {
        Some(file) => CaseFile::read(file).map_err(ServeError::Usage)?,
        None => CaseFile::default(),
    };
    let settings = match (&arguments.settings, file.settings) {
        (Some(file), _) => settings(file)?,
        (None, Some(settings)) => settings,
        (None, None) => no_settings(),
    };
    let spec = spec(&arguments.module, &settings, &arguments.wasi)?;
    let (module, _) = spec.source.read(None).map_err(|error| ServeError::Usage(error.to_string()))?;
    let state = tempfile::tempdir()?;
    let host = host(Some(state.path()))?;
    let begun = Instant::now();
    let candidate = candidate(&host, spec.clone()).await?;
    let build = begun.elapsed();
    let instance_bytes = candidate.instance_memory().await.map_err(ServeError::Usage)?;
    let hooks = candidate.status().flat_map(|policy| policy.hooks.clone()).collect::<Vec<_>>();
    let preinitialized = candidate.status().all(|policy| policy.not_preinitialized_because.is_none());
    drop(candidate);
    let begun = Instant::now();
    let generation = host.load(vec![spec]).await?;
    let load = begun.elapsed();
    let inputs: Vec<_> = if file.cases.is_empty() {
        hooks.into_iter().map(CaseInput::empty).collect()
    } else {
        file.cases.into_iter().map(|case| case.input).filter(|input| hooks.contains(&input.hook())).collect()
    };
    if inputs.is_empty() {
        return Err(ServeError::Usage("no case is for a hook that the policy has".into()));
    }
    for input in inputs.iter().cycle().take(WARM_UP) {
        ask(&generation, input, &arguments.module).await;
    }
    let (mut times, mut faults) = (Vec::new(), 0);
    let begun = Instant::now();
    for input in inputs.iter().cycle() {
        let asked = Instant::now();
        faults += usize::from(ask(&generation, input, &arguments.module).await);
        times.push(asked.elapsed());
        if begun.elapsed() >= arguments.duration {
            break;
        }
    }
    let elapsed = begun.elapsed();
    times.sort_unstable();
    let (inputs, module_bytes) = (inputs.len(), module.len());
    Ok(Measured { module_bytes, instance_bytes, preinitialized, build, load, inputs, faults, elapsed, times })
}

/// Makes one decision, as an API does. True if a fault refused it.
async fn ask(generation: &Generation, input: &CaseInput, name: &str) -> bool {
    let caller = Caller::new(Some("bench"), None, Instant::now() + HostOptions::TIME_BUDGET);
    match input {
        CaseInput::DockerRequest(input) => generation.decide::<DockerRequest>(input, &caller).await.fault,
        CaseInput::DockerResponse(input) => generation.decide::<DockerResponse>(input, &caller).await.fault,
        CaseInput::SecretAccess(input) => generation.decide::<SecretAccess>(input, &caller).await.fault,
        CaseInput::DockerEdit(input) => generation.edits(input, &caller).await.decision.fault,
        CaseInput::AwsRoles(input) => {
            let of: [Arc<str>; 1] = [name.into()];
            generation.grants(input, &of, &caller).await.decision.fault
        }
    }
}

impl Measured {
    /// The time that this share of the decisions does not exceed, in thousandths.
    fn percentile(&self, thousandths: usize) -> Duration {
        let at = (self.times.len() * thousandths / 1000).min(self.times.len().saturating_sub(1));
        self.times.get(at).copied().unwrap_or_default()
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for a person"
    )]
    fn per_second(&self) -> u64 {
        (self.times.len() as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)).round() as u64
    }

    fn as_json(&self) -> Value {
        json!({
            "module_bytes": self.module_bytes,
            "instance_bytes": self.instance_bytes,
            "preinitialized": self.preinitialized,
            "build_ms": millis(self.build),
            "load_ms": millis(self.load),
            "inputs": self.inputs,
            "decisions": self.times.len(),
            "faults": self.faults,
            "decisions_per_second": self.per_second(),
            "p50_us": micros(self.percentile(500)),
            "p99_us": micros(self.percentile(990)),
            "p999_us": micros(self.percentile(999)),
            "max_us": micros(self.percentile(1000)),
        })
    }

    fn print(&self) {
        let row = |name: &str, value: String| print(format_args!("{name:<12}{value}"));
        let preinitialized = if self.preinitialized { "" } else { ", not pre-initialized" };
        row("module", format!("{} KiB{preinitialized}", self.module_bytes >> 10));
        row("instance", format!("{} KiB of memory", self.instance_bytes >> 10));
        row(
            "build",
            format!(
                "{:.0} ms: checked, configured, pre-initialized and compiled in a process",
                millis(self.build)
            ),
        );
        row("load", format!("{:.0} ms from the cache", millis(self.load)));
        row(
            "decisions",
            format!(
                "{} a second on one thread; {} of {} inputs",
                self.per_second(),
                self.times.len(),
                self.inputs
            ),
        );
        for (name, thousandths) in [("p50", 500), ("p99", 990), ("p99.9", 999), ("max", 1000)] {
            row(name, format!("{:.1} us", micros(self.percentile(thousandths))));
        }
        if self.faults > 0 {
            row("faults", format!("{}: `portcullis policy test` shows them", self.faults));
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

// Every hook is measured: a new one needs a row in `ask`.
const _: [HookName; 5] = HookName::ALL;
