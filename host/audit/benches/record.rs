//! What a record costs: the caller's part, and the line.

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_audit::{Commit, Log, Options, PolicyRecord, Principal, Record, Sink, Target, line};
use portcullis_contract::HookName;
use portcullis_contract::types::Verdict;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn record(texts: &[Arc<str>; 4]) -> Record {
    let outcome = PolicyRecord {
        policy: texts[0].clone(),
        revision: texts[1].clone(),
        module_sha256: texts[2].clone(),
        settings_sha256: texts[3].clone(),
        mode: "enforce".into(),
        outcome: "opinion".into(),
        verdict: Some(Verdict::Abstain),
        rule: String::new(),
        reason: None,
        detail: None,
        micros: 26,
        queue_micros: 0,
    };
    Record {
        generation: 3,
        rule: "allow".into(),
        policy: Some(texts[0].clone()),
        outcomes: vec![outcome.clone(), outcome],
        micros: 31,
        total_micros: 58,
        principal: Some(Principal {
            name: Some("alice".into()),
            authentication: "certificate".into(),
            groups: vec!["ops".into()],
            certificate: Some("CN=alice,O=Example".into()),
        }),
        peer: Some("unix".into()),
        daemon: Some(texts[1].clone()),
        operation: Some("ContainerCreate".into()),
        method: Some("POST".into()),
        uri: Some("/v1.41/containers/create?name=web&platform=linux%2Famd64".into()),
        targets: vec![Target { kind: "image".into(), as_sent: "busybox:1".into() }],
        api_version: Some((1, 41)),
        ..Record::new(
            "01k9z3v8s4m2",
            1_700_000_000_123,
            "docker-plugin",
            HookName::DockerRequest,
            Verdict::Allow,
        )
    }
}

fn all(criterion: &mut Criterion) {
    let texts = ["docker-baseline".into(), "5f1c".into(), "ab".repeat(32).into(), "cd".repeat(32).into()];
    criterion.bench_function("make a record", |bencher| bencher.iter(|| black_box(record(&texts))));
    let whole = record(&texts);
    criterion.bench_function("a record's line", |bencher| bencher.iter(|| black_box(line::of(&whole))));
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let writes = [
        ("written, one after the other", Commit::Written, 0),
        ("queued, one after the other", Commit::Queued, 0),
        ("queued, every 50 us", Commit::Queued, 50),
    ];
    for (name, commit, pause) in writes {
        let options = Options { commit, recent: 1000, ..Options::default() };
        let Ok(log) = Log::open(Sink::Writer(Box::new(std::io::sink())), options) else { return };
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let mut taken = std::time::Duration::ZERO;
                for _ in 0..count {
                    let until = std::time::Instant::now() + std::time::Duration::from_micros(pause);
                    while std::time::Instant::now() < until {
                        std::hint::spin_loop();
                    }
                    let record = record(&texts);
                    let started = std::time::Instant::now();
                    let _ = runtime.block_on(log.write(record, Instant::now() + Duration::from_secs(10)));
                    taken += started.elapsed();
                }
                taken
            });
        });
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
