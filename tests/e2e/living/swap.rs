//! Swaps under load: no request fails, and no decision is made by anything but the generation in its record.

use super::super::program::place::{Connection, until};
use super::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn percentile(sorted: &[Duration], of: f64) -> Duration {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
    sorted.get((sorted.len() as f64 * of) as usize).or(sorted.last()).copied().unwrap_or_default()
}

#[test]
fn swaps_by_file_api_and_rollback_lose_no_request() {
    let swaps: usize = std::env::var("PORTCULLIS_SOAK").map_or(40, |_| 1000);
    let host = Host::start(ALLOWS);
    let body = message("GET", "/containers/json", None).to_string();
    let request = format!(
        "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (stop, swapping) = (AtomicBool::new(false), AtomicBool::new(false));
    let (asked, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut verdicts: BTreeMap<String, bool> = BTreeMap::new();
    let remember = |verdicts: &mut BTreeMap<String, bool>| {
        let policy = host.policy();
        let allows = policy["settings"]["otherwise"] == "allow";
        verdicts.insert(policy["revision"].as_str().unwrap().to_owned(), allows);
    };
    remember(&mut verdicts);
    let latencies = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(&host.place.door());
                    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
                    while !stop.load(Ordering::Relaxed) {
                        let begun = Instant::now();
                        let is_busy = swapping.load(Ordering::Relaxed);
                        connection.send(request.as_bytes());
                        let answer = connection.answer();
                        let good = answer.is_some_and(|answer| {
                            answer.status == 200
                                && answer.json()["Err"].as_str().unwrap_or_default().is_empty()
                        });
                        asked.fetch_add(1, Ordering::Relaxed);
                        if !good {
                            failed.fetch_add(1, Ordering::Relaxed);
                            connection = Connection::open(&host.place.door());
                        }
                        if is_busy { &mut busy } else { &mut quiet }.push(begun.elapsed());
                    }
                    (quiet, busy)
                })
            })
            .collect();
        let swapped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until("the clients are under way", || asked.load(Ordering::Relaxed) > 2000);
            swapping.store(true, Ordering::Relaxed);
            let mut allows = true;
            for swap in 0..swaps {
                allows = !allows;
                let settings = if allows { ALLOWS } else { DENIES };
                match swap % 4 {
                    // Two by the API, so that there is something to roll back to.
                    0 | 1 => drop(host.put_settings(settings)),
                    2 => {
                        let path = "/policies/docker-baseline/rollback";
                        // The revision before has the other verdict; it was not withdrawn, or its digest is named.
                        let wanted = host.policy()["revisions"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .find(|revision| (revision["settings"]["otherwise"] == "allow") == allows)
                            .unwrap()["revision"]
                            .clone();
                        let path = format!("{path}?revision={}", wanted.as_str().unwrap());
                        host.accepted("POST", &path, &Value::Null);
                    }
                    _ => {
                        let generation = host.policies()["generation"].clone();
                        // Each entry is another one, so that it is taken.
                        host.configure(settings, &format!("deadline = \"{}ms\"\n", 200 + swap % 1000));
                        until("the file is in force", || host.policies()["generation"] != generation);
                    }
                }
                remember(&mut verdicts);
            }
            swapping.store(false, Ordering::Relaxed);
        }));
        stop.store(true, Ordering::Relaxed);
        let latencies: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        if let Err(panic) = swapped {
            std::panic::resume_unwind(panic);
        }
        latencies
    });
    assert_eq!(failed.load(Ordering::Relaxed), 0, "requests failed");
    let mut by_generation: BTreeMap<u64, String> = BTreeMap::new();
    let (mut decisions, mut published) = (0, 0);
    host.each_record(|record| match record["kind"].as_str() {
        Some("decision") => {
            decisions += 1;
            let revision = record["outcomes"][0]["revision"].as_str().unwrap();
            let generation = record["generation"].as_u64().unwrap();
            let known = by_generation.entry(generation).or_insert_with(|| revision.to_owned());
            assert_eq!(known, revision, "one generation has one revision: {record}");
            let allows = verdicts.get(revision).unwrap_or_else(|| panic!("{record}"));
            assert_eq!(record["verdict"] == "allow", *allows, "{record}");
        }
        Some("change") => published += usize::from(record["verdict"] == "allow"),
        _ => {}
    });
    assert!(published >= swaps, "{published} of {swaps}");
    let (mut quiet, mut busy): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    for (before, during) in latencies {
        quiet.extend(before);
        busy.extend(during);
    }
    quiet.sort_unstable();
    busy.sort_unstable();
    println!(
        "{swaps} swaps, {decisions} decisions in {} generations, none failed; p99 {:?} before and {:?} while swapping",
        by_generation.len(),
        percentile(&quiet, 0.99),
        percentile(&busy, 0.99)
    );
}

#[test]
fn the_time_from_a_write_to_the_first_decision_is_reported() {
    let host = Host::start(ALLOWS);
    let mut times = BTreeMap::from([("not cached", Vec::new()), ("cached", Vec::new())]);
    for round in 0..6 {
        // The first two are built; the others are in the cache.
        let settings = if round % 2 == 0 { DENIES } else { ALLOWS };
        let begun = Instant::now();
        host.configure(settings, "");
        let wanted = round % 2 == 1;
        while host.allows() != wanted {
            assert!(begun.elapsed() < super::super::program::place::PATIENCE, "it did not come into force");
        }
        times.get_mut(if round == 0 { "not cached" } else { "cached" }).unwrap().push(begun.elapsed());
    }
    println!("from the write of a file to the first decision: {times:?}");
}
