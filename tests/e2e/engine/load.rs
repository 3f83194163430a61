//! Many misbehaving decisions, one after another and at once: nothing is used up, and nobody else waits.
//!
//! Times are printed and not judged: a machine that is busy elsewhere would fail a good host.

use serde_json::{Value, json};
use std::fs;
use std::process::{Child, Command};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::asking::{Answer, Asked, Door, bystander, eventually, hostile};

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
                    assert!(!answer.text.contains("host:queue"), "{act} left something behind: {answer:?}");
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
    let limits = format!(
        "deadline = \"100ms\"\nmemory = \"16MiB\"\nconcurrency = {CONCURRENCY}\nqueue_timeout = \"1m\""
    );
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

/// Refusals by `rule` among `answers`; each of the others has ended at its deadline.
fn refused_by<'a>(rule: &str, answers: &'a [Answer]) -> Vec<&'a Answer> {
    let (by_rule, others): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.text.contains(&format!("rule {rule},")));
    for answer in others {
        answer.refused("host:deadline");
    }
    by_rule
}

#[test]
fn what_is_more_than_its_concurrency_waits() {
    let asked = Asked::start(
        &(hostile("deadline = \"300ms\"\nconcurrency = 3\nqueue_timeout = \"1m\"") + &bystander()),
    );
    let door = asked.door.clone();
    let others = thread::spawn(move || {
        for _ in 0..200 {
            door.show("/containers/json").allowed();
        }
    });
    let answers = at_once(&asked.door, 3 + 5, "/hostile/spin");
    others.join().unwrap();
    for answer in &answers {
        answer.refused("host:deadline");
    }
    let waits = answers.iter().map(|answer| asked.record_of(answer)["outcomes"][0]["queue_micros"].as_u64());
    assert_eq!(waits.filter(|wait| wait.is_some_and(|micros| micros > 10_000)).count(), 5, "{answers:#?}");
    let (_, metrics) = asked.door.admin("/metrics");
    assert!(
        metrics.contains("portcullis_policy_queue_wait_seconds_count{policy=\"hostile\"} 5"),
        "{metrics}"
    );
    assert!(metrics.contains("portcullis_policy_queue_depth{policy=\"hostile\"} 0"), "{metrics}");
}

#[test]
fn a_full_queue_refuses_says_so_and_recovers() {
    let limits = "deadline = \"2s\"\nconcurrency = 1\nqueue_length = 2\nqueue_timeout = \"1m\"";
    let asked = Asked::start(&hostile(limits));
    let answers = at_once(&asked.door, 1 + 2 + 5, "/hostile/spin");
    let full = refused_by("host:queue-full", &answers);
    assert_eq!(full.len(), 5, "{answers:#?}");
    for answer in full {
        answer.refused("host:queue-full");
        assert!(answer.text.contains("too many decisions are waiting for it; try again"), "{answer:?}");
        assert_eq!(asked.record_of(answer)["outcomes"][0]["outcome"], "queue-full");
    }
    asked.door.get("/hostile/ok").allowed();
    let (_, metrics) = asked.door.admin("/metrics");
    assert!(metrics.contains("outcome=\"queue-full\",verdict=\"none\"} 5"), "{metrics}");
}

#[test]
fn waiting_has_an_end() {
    let asked = Asked::start(&hostile("deadline = \"2s\"\nconcurrency = 1\nqueue_timeout = \"50ms\""));
    let answers = at_once(&asked.door, 3, "/hostile/spin");
    let timed_out = refused_by("host:queue-timeout", &answers);
    assert_eq!(timed_out.len(), 2, "{answers:#?}");
    assert!(timed_out[0].text.contains("busy with other decisions for 50 ms; try again"), "{timed_out:?}");
    asked.door.get("/hostile/ok").allowed();
}

#[test]
fn a_request_has_one_time_budget_for_all_that_it_waits_for() {
    let budget = "[decisions]\ntimeout = \"300ms\"\n".to_owned();
    let asked = Asked::start(&(budget + &hostile("deadline = \"20s\"\nconcurrency = 1")));
    for answer in at_once(&asked.door, 3, "/hostile/spin") {
        answer.refused("host:time-budget");
        assert!(answer.text.contains("the request took longer than 300 ms; try again"), "{answer:?}");
    }
    asked.door.get("/hostile/ok").allowed();
}

#[test]
fn a_client_that_leaves_frees_its_place_and_leaves_a_record() {
    let asked = Asked::start(&hostile("deadline = \"30s\"\nconcurrency = 1"));
    let connections = ["first", "second"].map(|user| {
        asked.door.send(&json!({ "User": user, "RequestMethod": "GET", "RequestUri": "/hostile/spin" }))
    });
    eventually("one of them to wait for the other", || {
        let (_, metrics) = asked.door.admin("/metrics");
        metrics.contains("portcullis_policy_queue_depth{policy=\"hostile\"} 1").then_some(())
    });
    drop(connections);
    asked.door.get("/hostile/ok").allowed();
    let gone = eventually("two records of clients that left", || {
        let records = asked.records();
        let gone: Vec<_> =
            records.into_iter().filter(|record| record["rule"] == "host:client-gone").collect();
        (gone.len() == 2).then_some(gone)
    });
    for record in gone {
        assert_eq!((&record["verdict"], &record["uri"]), (&"deny".into(), &"/hostile/spin".into()));
        assert!(record["principal"]["name"].is_string(), "{record:#}");
    }
}

/// Processes that keep the cores busy until they are dropped.
struct Burners(Vec<Child>);

impl Burners {
    fn start(count: usize) -> Self {
        Self(
            (0..count)
                .map(|_| Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
                .collect(),
        )
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        for burner in &mut self.0 {
            let _ = burner.kill();
            let _ = burner.wait();
        }
    }
}

/// How long one user's requests take, each of them allowed, while `connections` of another user ask for long decisions.
fn times_beside_a_big_user(asked: &Asked, connections: usize, requests: usize) -> Vec<Duration> {
    let message = |user, act| json!({ "User": user, "RequestMethod": "GET", "RequestUri": act });
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    asked.door.ask(&message("big", "/hostile/work")).allowed();
                }
            });
        }
        let small = message("small", "/hostile/ok");
        let times = times(|| asked.door.ask(&small).allowed(), |count| count < requests);
        is_over.store(true, Ordering::Relaxed);
        times
    })
}

#[test]
fn sixty_four_connections_beside_sixteen_busy_processes_are_all_answered() {
    let _burners = Burners::start(16);
    for concurrency in [64, 4] {
        let asked = Asked::start(&hostile(&format!("concurrency = {concurrency}")));
        let alone = times_beside_a_big_user(&asked, 0, 100);
        let beside = times_beside_a_big_user(&asked, 64, 100);
        eprintln!("concurrency {concurrency}, 16 busy processes: a small user alone: {}", figures(alone));
        eprintln!(
            "concurrency {concurrency}, 16 busy processes: beside 64 of a big one: {}",
            figures(beside)
        );
        let faults = asked.records().iter().filter(|record| record["error"] != Value::Null).count();
        assert_eq!(faults, 0);
    }
}

#[test]
fn two_thousand_at_once_are_all_answered() {
    // Other tests keep this machine busy.
    let asked = Asked::start(&hostile("queue_timeout = \"1m\""));
    for answer in at_once(&asked.door, 2000, "/hostile/work") {
        answer.allowed();
    }
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
    let asked = Asked::start(
        &(hostile("deadline = \"100ms\"\nconcurrency = 16\nqueue_timeout = \"1m\"") + &bystander()),
    );
    let quiet = times(|| asked.door.show("/containers/json").allowed(), |count| count < 200);
    eprintln!("another policy, nobody spinning: {}", figures(quiet));
    thread::scope(|scope| {
        let door = &asked.door;
        let spinning: Vec<_> = (0..SPINNING)
            .map(|_| {
                scope.spawn(move || {
                    for _ in 0..4 {
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
    assert_eq!(faults, 4 * SPINNING);
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
