//! The calls without a body that Docker's clients make, each as it was recorded, and what is decided about it.

use std::collections::BTreeMap;
use std::fmt::Write;

use portcullis_docker_api::canonical;

use super::*;

/// Client, method, target, Content-Type, Content-Length, body; `-` where there is none.
const RECORDED: &str = include_str!("clients.tsv");

struct Call<'c> {
    client: &'c str,
    operation: Operation,
    message: Message,
}

/// What dockerd posts about the call: it shows a body that is JSON and has a length (moby `pkg/authorization/authz.go`).
fn calls() -> impl Iterator<Item = Call<'static>> {
    RECORDED.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_else(|| panic!("{line}"));
        let (client, method, target, kind, length, body) = (next(), next(), next(), next(), next(), next());
        let all = [("Content-Type", kind), ("Content-Length", length)];
        let headers: Vec<_> =
            all.into_iter().filter(|(_, value)| !matches!(*value, "-" | "chunked")).collect();
        let shown = kind.starts_with("application/json") && body != "-";
        let (operation, _) = canonical::body_kind(method, target).unwrap();
        let operation = operation.unwrap_or_else(|| panic!("dockerd has no such route: {line}"));
        Call {
            client,
            operation,
            message: message(method, target, &headers, shown.then_some(body.as_bytes())),
        }
    })
}

#[test]
fn what_every_client_sends_is_decided() {
    let mut refused = BTreeMap::<&str, Vec<_>>::new();
    let mut passes = BTreeMap::<&str, usize>::new();
    for call in calls() {
        match read(&call.message) {
            Ok(_) => *passes.entry(call.client).or_default() += 1,
            Err(refusal) => {
                assert_eq!(refusal.rule, rule::BODY_NOT_SHOWN, "{}: {}", call.client, refusal.reason);
                refused.entry(call.client).or_default().push(call.operation);
                // What the refusal asks for opens it.
                let assumed = BTreeSet::from([call.operation]);
                request(&call.message, Context::default(), "here", &assumed).unwrap();
            }
        }
    }
    let mut said = String::new();
    for (client, passes) in passes {
        let refused = refused.remove(client).unwrap_or_default();
        writeln!(said, "{client}: {passes} pass, refused {refused:?}").unwrap();
    }
    assert_eq!(said, include_str!("clients.txt"), "\n{said}");
}

/// A start is an everyday call of all of them.
#[test]
fn every_client_starts_a_container() {
    let clients: BTreeSet<_> = calls().map(|call| call.client).collect();
    let start: BTreeSet<_> = calls()
        .filter(|call| call.operation == Operation::ContainerStart && read(&call.message).is_ok())
        .map(|call| call.client)
        .collect();
    assert_eq!(clients, start);
}
