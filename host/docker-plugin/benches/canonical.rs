//! What a whole reading costs: the message that dockerd posts for a recorded `docker create`, to the canonical
//! request.

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_contract::types::Context;
use portcullis_docker_plugin::message::Message;
use portcullis_docker_plugin::read;

fn canonical_request(criterion: &mut Criterion) {
    let text = include_bytes!("../src/message/tests/container-create.json");
    let Ok(message) = Message::parse(text) else { return };
    let read =
        |message: &Message| read::request(message, Context::default(), "here", &BTreeSet::new()).is_ok();
    criterion.bench_function("canonical request", |bencher| bencher.iter(|| read(black_box(&message))));
    criterion.bench_function("message and canonical request", |bencher| {
        bencher.iter(|| Message::parse(black_box(text)).is_ok_and(|message| read(&message)));
    });
    let ping = br#"{"RequestMethod":"HEAD","RequestUri":"/_ping","RequestHeaders":{"User-Agent":"Docker-Client/20.10.24"}}"#;
    criterion.bench_function("ping", |bencher| {
        bencher.iter(|| Message::parse(black_box(ping)).is_ok_and(|message| read(&message)));
    });
    // As large as any that dockerd shows: environment variables, as people write them.
    let variables: Vec<_> = (0..18_000).map(|number| format!("\"VARIABLE_{number}={number:040}\"")).collect();
    let body =
        format!("{{\"Image\":\"bb:1\",\"Env\":[{}],\"HostConfig\":{{\"Memory\":1}}}}", variables.join(","));
    let large = Message { body: Some(body.into_bytes()), ..message };
    criterion.bench_function("canonical request, 1 MiB", |bencher| bencher.iter(|| read(black_box(&large))));
}

criterion_group!(benches, canonical_request);
criterion_main!(benches);
