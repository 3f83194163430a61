//! Many misbehaving decisions, one after another and at once: nothing is used up, and nobody else waits.
//!
//! Times are printed and not judged: a machine that is busy elsewhere would fail a good host.

use serde_json::Value;
use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::asking::{Answer, Asked, Door, bystander, hostile};

const ACTS: [&str; 16] = [
    "spin",
    "grow",
    "trap",
    "panic",
    "overflow",
    "recursion",
    "log-flood",
    "log-drip",
    "big-reason",
    "big-rule",
    "big-extra",
    "escapes",
    "bad-rule",
    "utf8",
    "error",
    "deny",
];

/// Asks for every act in turn, by a few clients, until there were `count` decisions.
fn misbehave(door: &Door, clients: usize, count: usize) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let act = ACTS[number % ACTS.len()];
                    let answer = door.get(&format!("/hostile/{act}"));
                    assert!(!answer.allow, "{act}: {answer:?}");
                    assert!(
                        !answer.text.contains("host:overloaded"),
                        "{act} left something behind: {answer:?}"
                    );
                }
            });
        }
    });
}

/// KiB of memory that are in use.
fn resident(asked: &Asked) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", asked.portcullis.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// What is in use at the least while it goes on misbehaving: an allocator gives back late what it was given, and how
/// late is chance. What has leaked is never given back.
fn resident_under(asked: &Asked, decisions: usize) -> u64 {
    const READINGS: usize = 10;
    let reading = |_| {
        misbehave(&asked.door, 4, decisions / READINGS);
        resident(asked)
    };
    (0..READINGS).map(reading).min().unwrap()
}

/// What `count` clients are told that ask at once.
fn at_once(door: &Door, count: usize, uri: &str) -> Vec<Answer> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    door.get(uri)
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

#[test]
fn a_thousand_hostile_decisions_use_nothing_up() {
    const CONCURRENCY: usize = 6;
    let limits = format!("deadline = \"100ms\"\nmemory = \"16MiB\"\nconcurrency = {CONCURRENCY}");
    // The bystander's slots are in the same pool: one, so that it can lend none.
    let asked =
        Asked::start(&(hostile(&limits) + &bystander().replace("deadline", "concurrency = 1\ndeadline")));
    // Every slot has been used, and used badly.
    for _ in 0..3 {
        at_once(&asked.door, CONCURRENCY, "/hostile/grow");
        at_once(&asked.door, CONCURRENCY, "/hostile/spin");
    }
    misbehave(&asked.door, 4, 500);
    let before = resident_under(&asked, 500);
    let begun = Instant::now();
    misbehave(&asked.door, 4, 500);
    let after = resident_under(&asked, 500);
    let seconds = begun.elapsed().as_secs_f64();
    let text =
        format!("1000 hostile decisions in {seconds:.1} s; resident: {before} KiB before, {after} KiB after");
    eprintln!("{text}");
    assert!(after * 100 < before * 105, "{text}");
    for _ in 0..3 {
        for answer in at_once(&asked.door, CONCURRENCY, "/hostile/spin") {
            answer.refused("host:deadline");
        }
        for answer in at_once(&asked.door, CONCURRENCY, "/hostile/ok") {
            answer.allowed();
        }
    }
    asked.door.show("/containers/json").allowed();
}

#[test]
fn what_is_more_than_its_concurrency_is_refused_as_overloaded() {
    const CONCURRENCY: usize = 3;
    let asked = Asked::start(&(hostile("deadline = \"4s\"\nconcurrency = 3") + &bystander()));
    let door = asked.door.clone();
    let others = thread::spawn(move || {
        for _ in 0..200 {
            door.show("/containers/json").allowed();
        }
    });
    let answers = at_once(&asked.door, CONCURRENCY + 5, "/hostile/spin");
    others.join().unwrap();
    let overloaded: Vec<_> =
        answers.iter().filter(|answer| answer.text.contains("host:overloaded")).collect();
    assert_eq!(overloaded.len(), 5, "{answers:#?}");
    for answer in &overloaded {
        answer.refused("host:overloaded");
        assert!(answer.text.contains("could not decide: too many decisions are under way"), "{answer:?}");
        assert_eq!(asked.record_of(answer)["outcomes"][0]["outcome"], "overloaded");
    }
    for answer in answers.iter().filter(|answer| !answer.text.contains("host:overloaded")) {
        answer.refused("host:deadline");
    }
    asked.door.get("/hostile/ok").allowed();
}

/// `p50` and `p99` of some times, for a person.
fn figures(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    format!("{} answers, p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms", times.len(), at(50), at(99), at(100))
}

#[test]
fn sixteen_spinning_guests_hold_up_nobody() {
    const SPINNING: usize = 16;
    let asked = Asked::start(&(hostile("deadline = \"1s\"\nconcurrency = 16") + &bystander()));
    let quiet = times(|| asked.door.show("/containers/json").allowed(), |count| count < 200);
    eprintln!("another policy, nobody spinning: {}", figures(quiet));
    thread::scope(|scope| {
        let door = &asked.door;
        let spinning: Vec<_> = (0..SPINNING)
            .map(|_| {
                scope.spawn(move || {
                    for _ in 0..2 {
                        door.get("/hostile/spin").refused("host:deadline");
                    }
                })
            })
            .collect();
        let under_way = || spinning.iter().any(|guest| !guest.is_finished());
        let (decided, healthy) = thread::scope(|inner| {
            let decided = inner.spawn(|| times(|| door.show("/containers/json").allowed(), |_| under_way()));
            let healthy = inner.spawn(|| {
                times(|| assert_eq!(door.admin("/healthz"), (200, "ok\n".to_owned())), |_| under_way())
            });
            (decided.join().unwrap(), healthy.join().unwrap())
        });
        eprintln!("another policy, {SPINNING} guests spinning: {}", figures(decided));
        eprintln!("/healthz, {SPINNING} guests spinning: {}", figures(healthy));
    });
    let faults = asked.records().iter().filter(|record| record["error"] != Value::Null).count();
    assert_eq!(faults, 2 * SPINNING);
}

/// How long each took, as long as it is to go on.
fn times(mut act: impl FnMut(), mut goes_on: impl FnMut(usize) -> bool) -> Vec<Duration> {
    let mut times = Vec::new();
    while goes_on(times.len()) {
        let begun = Instant::now();
        act();
        times.push(begun.elapsed());
    }
    times
}
