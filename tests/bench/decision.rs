//! What one decision costs, without sockets: `cargo bench --bench decision`.
//!
//! * `decide/...`: the recorded container create, asked of docker-baseline in a new instance: pre-initialized with no
//!   settings, pre-initialized with a table of 20,000 users, and with that table configured anew for every decision
//! * `whole/...`: message, canonical form, the same decision, and the record made and handed to the log; once more
//!   at the end as processor time, which counts the thread that writes the record
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "this is a tool")]

mod processor;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_audit::{Log, Record, Sink, Target};
use portcullis_authorization::Authorizer;
use portcullis_contract::hook::DockerRequest;
use portcullis_contract::types::Context;
use portcullis_docker_plugin::message::Message;
use portcullis_docker_plugin::read;
use portcullis_engine::build::{Builder, ChildProgram, Confinement};
use portcullis_engine::source::Source;
use portcullis_engine::{Caller, Host, HostOptions, Limits, Mode, PolicySpec};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Calls over which processor time is taken, since its steps are coarse.
const ROUNDS: u32 = 50_000;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MODULE: &[u8] = include_bytes!("../../policies/prebuilt/docker-baseline.wasm");

fn recorded_create() -> Vec<u8> {
    let recording = include_str!("../data/docker/authz-recorded.jsonl");
    let rows = recording.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let is_create = |row: &serde_json::Value| {
        row["label"].as_str().is_some_and(|label| label.starts_with("010 create"))
            && row["body"]["RequestUri"].as_str().is_some_and(|uri| uri.contains("/containers/create"))
    };
    rows.into_iter().find(is_create).unwrap()["body"].to_string().into_bytes()
}

fn users(count: usize) -> String {
    let users: Vec<_> = (0..count).map(|user| format!(r#""user{user}":["privileged"]"#)).collect();
    format!(r#"{{"allow":{{{}}}}}"#, users.join(","))
}

fn host(runtime: &Runtime, settings: String, preinitialize: bool) -> Arc<Host> {
    let program = env!("CARGO_BIN_EXE_portcullis").into();
    let program = ChildProgram { program, arguments: vec!["build-policy".into()] };
    let builder = Builder::new(program, Confinement::Required);
    let host = Arc::new(
        Host::new(HostOptions { builder, cache: None, time_budget: HostOptions::TIME_BUDGET }).unwrap(),
    );
    let spec = PolicySpec {
        name: "docker-baseline".into(),
        source: Source::Builtin("docker-baseline".into(), MODULE.into()),
        sha256: None,
        hooks: portcullis_engine::Hooks::Exported,
        mode: Mode::Enforce,
        settings,
        limits: Limits { deadline: Duration::from_secs(10), ..Limits::default() },
        wasi: Vec::new(),
        cases: Vec::new(),
        record_inputs: false,
        preinitialize,
    };
    runtime.block_on(host.load(vec![spec])).unwrap();
    host
}

fn benches(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let text = recorded_create();
    let context = || Context { now: 1, decision: "d".repeat(32), api: "docker-plugin".into(), peer: None };
    let request =
        read::request(&Message::parse(&text).unwrap(), context(), "docker", &BTreeSet::new()).unwrap();
    let request = Arc::new(request);
    let caller = Caller::new(None, None, Instant::now() + Duration::from_hours(1));
    let small = host(&runtime, "{}".into(), true);
    let large = host(&runtime, users(20_000), true);
    let configured = host(&runtime, users(20_000), false);

    let mut group = criterion.benchmark_group("decide");
    for (name, host) in [("pre-initialized, no settings", &small), ("pre-initialized, 20,000 users", &large)]
    {
        let generation = host.generation();
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(generation.decide::<DockerRequest>(&request, &caller)));
        });
    }
    group.sample_size(20);
    let generation = configured.generation();
    group.bench_function("configured each time, 20,000 users", |bencher| {
        bencher.iter(|| runtime.block_on(generation.decide::<DockerRequest>(&request, &caller)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("whole");
    let log = Log::open(
        Sink::Writer(Box::new(std::io::sink())),
        portcullis_audit::Options { recent: 1000, ..portcullis_audit::Options::default() },
    )
    .unwrap();
    for (name, host) in [("no settings", &small), ("20,000 users", &large)] {
        let authorizer = Authorizer::new(Arc::clone(host), log.clone());
        let one = async || {
            let message = Message::parse(&text).unwrap();
            let request = read::request(&message, context(), "docker", &BTreeSet::new()).unwrap();
            let describe = |request: &portcullis_contract::docker::Request, record: &mut Record| {
                record.principal = Some((&request.principal).into());
                record.operation = request.operation.clone().map(Into::into);
                record.method = Some(request.method.clone());
                record.uri = Some(request.uri.clone());
                record.targets = request
                    .targets
                    .iter()
                    .map(|target| Target {
                        kind: target.kind.clone().into(),
                        as_sent: target.as_sent.clone(),
                    })
                    .collect();
            };
            let _ = authorizer
                .policies()
                .decide::<DockerRequest>(Arc::new(request), Instant::now(), describe)
                .await;
        };
        group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(one())));
        let before = processor::time("self");
        (0..ROUNDS).for_each(|_| runtime.block_on(one()));
        let taken = processor::time("self").saturating_sub(before);
        println!("whole/{name}: {:.1} us of processor time", taken.as_secs_f64() * 1e6 / f64::from(ROUNDS));
    }
    group.bench_function("message and canonical form alone", |bencher| {
        bencher.iter(|| {
            read::request(&Message::parse(&text).unwrap(), context(), "docker", &BTreeSet::new()).unwrap()
        });
    });
    group.finish();
}

criterion_group!(decision, benches);
criterion_main!(decision);
