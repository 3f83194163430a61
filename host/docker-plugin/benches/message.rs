//! What reading one recorded `docker create` costs: the outer message, its body, and the body's keys.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_docker_api::{Operation, json, schema};
use portcullis_docker_plugin::message::Message;

fn message(criterion: &mut Criterion) {
    let text = include_bytes!("../src/message/tests/container-create.json");
    let Ok(message) = Message::parse(text) else { return };
    let body = message.body.unwrap_or_default();
    let Ok(value) = json::parse(&body) else { return };
    let Some(table) = Operation::ContainerCreate.schema() else { return };
    criterion.bench_function("message", |bencher| bencher.iter(|| Message::parse(black_box(text))));
    criterion.bench_function("body", |bencher| bencher.iter(|| json::parse(black_box(&body)).is_ok()));
    let read =
        |text: &[u8]| json::parse(text).and_then(|mut value| schema::canonicalise(&mut value, table)).is_ok();
    criterion.bench_function("body and keys", |bencher| {
        bencher.iter(|| read(black_box(&body)));
    });
    criterion.bench_function("write", |bencher| bencher.iter(|| black_box(&value).write()));

    let labels: Vec<String> = (0..100_000).map(|number| format!("\"k{number}\":0")).collect();
    let many = format!("{{\"Labels\":{{{}}}}}", labels.join(","));
    criterion.bench_function("100,000 labels", |bencher| {
        bencher.iter(|| json::parse(black_box(many.as_bytes())).is_ok());
    });
    let unknown = format!("{{{}}}", labels.join(","));
    criterion.bench_function("100,000 unknown keys", |bencher| {
        bencher.iter(|| read(black_box(unknown.as_bytes())));
    });
    let long = format!(
        "{{\"RequestMethod\":\"GET\",\"RequestUri\":\"/\",\"RequestBody\":\"{}\"}}",
        "A".repeat(4 << 20)
    );
    criterion.bench_function("4 MiB of base64", |bencher| {
        bencher.iter(|| Message::parse(black_box(long.as_bytes())).is_ok());
    });
}

criterion_group!(benches, message);
criterion_main!(benches);
