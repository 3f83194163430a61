//! A reload changes everything or nothing.

use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::asking::{Asked, Door, allow, guest, hostile, policy};

const PATIENT: &str = "deadline = \"20s\"";

#[test]
fn a_bad_set_leaves_the_old_one_in_force_and_says_why() {
    let mut asked = Asked::start(&hostile(PATIENT));
    let text = asked.portcullis.folder().join("text.wasm");
    fs::write(&text, "not a module").unwrap();
    let bad = [
        (policy("hostile", &text, ""), "policy `hostile`: not a usable module: this is not WebAssembly"),
        (policy("hostile", Path::new("/nowhere.wasm"), ""), "there is no file `/nowhere.wasm`"),
        (
            hostile("settings = { configure = \"error\" }"),
            "the policy refuses them: configure was told to fail",
        ),
        (hostile("settings = { configure = \"trap\" }"), "`configure` failed: it broke off"),
        (
            hostile(PATIENT) + &policy("greedy", &guest("greedy"), ""),
            "policy `greedy`: refused: it imports `wasi:",
        ),
        (hostile("deadlin = \"20s\""), "deadlin"),
        (hostile(PATIENT) + &hostile(PATIENT), "has the name `hostile` already"),
        ("[[policies".to_owned(), "portcullis.toml:"),
        (String::new(), "no policy of the new set serves `docker-request`, which the set in force does"),
        (
            policy("every", &guest("every-hook"), "hooks = [\"docker-response\"]"),
            "no policy of the new set serves `docker-request`",
        ),
        (hostile("mode = \"monitor\""), "no policy of the new set serves `docker-request`"),
    ];
    for (policies, why) in bad {
        asked.reload(&policies);
        let status = asked.policies();
        assert_eq!(status["generation"], 1, "{why}");
        let refused = status["last_reload_error"].as_str().unwrap_or_else(|| panic!("taken: {policies}"));
        assert!(refused.contains(why), "{refused}");
        let log = asked.portcullis.log();
        let line = log.lines().rfind(|line| line.contains("the old ones stay in force")).unwrap();
        assert!(line.contains(refused), "{line}");
        assert_eq!(asked.record_of_allowed("/containers/json")["generation"], 1);
        asked.door.get("/hostile/deny").refused("deny");
    }
    asked.reload(&(hostile(PATIENT) + &allow()));
    let status = asked.policies();
    assert_eq!((&status["generation"], &status["last_reload_error"]), (&2.into(), &Value::Null));
    assert_eq!(asked.record_of_allowed("/hostile/abstain")["generation"], 2);
}

/// Two sets whose policies differ in their settings, so that a record shows which set each was of.
fn set(strict: bool) -> String {
    let denied = if strict { "ImageList" } else { "VolumeList" };
    let every = format!("hooks = [\"docker-request\"]\nsettings = {{ denied = [\"{denied}\"] }}\n{PATIENT}");
    policy("every", &guest("every-hook"), &every)
        + &hostile(&format!("settings = {{ require_user = {strict} }}\n{PATIENT}"))
}

/// Asks until it is told to end; gives how often.
fn keep_asking(door: &Door, ended: &AtomicBool) -> usize {
    let mut count = 0;
    while !ended.load(Ordering::Relaxed) {
        let answer = door.get("/containers/json");
        if !answer.allow {
            answer.refused("unknown-user");
        }
        count += 1;
    }
    count
}

#[test]
fn under_load_every_decision_is_made_by_one_whole_generation() {
    const SWAPS: u64 = 50;
    let mut asked = Asked::start(&set(false));
    let (ended, door) = (AtomicBool::new(false), asked.door.clone());
    let count: usize = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(|| keep_asking(&door, &ended))).collect();
        for swap in 0..SWAPS {
            asked.reload(&set(swap % 2 == 0));
        }
        ended.store(true, Ordering::Relaxed);
        asking.into_iter().map(|asking| asking.join().unwrap()).sum()
    });
    assert_eq!(asked.policies()["generation"], SWAPS + 1);
    let records = super::asking::eventually("every record", || {
        let mut records = asked.records();
        records.retain(|record| record["kind"] == "decision");
        Some(records).filter(|records| records.len() >= count)
    });
    assert_eq!(records.len(), count);
    let mut settings: HashMap<bool, Vec<[Value; 2]>> = HashMap::new();
    let mut generations: Vec<u64> = Vec::new();
    for record in &records {
        let generation = record["generation"].as_u64().unwrap();
        let strict = generation % 2 == 0;
        let rule = if strict { "unknown-user" } else { "every" };
        assert_eq!(record["rule"], rule, "{record:#}");
        assert_eq!(record["error"], Value::Null);
        let [every, hostile] = [0, 1].map(|at| &record["outcomes"][at]);
        assert_eq!([&every["outcome"], &hostile["outcome"]], ["opinion", "opinion"]);
        settings
            .entry(strict)
            .or_default()
            .push([every["settings_sha256"].clone(), hostile["settings_sha256"].clone()]);
        generations.push(generation);
    }
    for digests in settings.values_mut() {
        digests.dedup();
        assert_eq!(digests.len(), 1, "a decision was made by two generations: {digests:?}");
    }
    assert_eq!(settings.len(), 2);
    assert_ne!(settings[&true], settings[&false]);
    generations.sort_unstable();
    generations.dedup();
    eprintln!("{count} decisions, none failed, by {} of {} generations", generations.len(), SWAPS + 1);
    assert!(generations.len() > 2, "{generations:?}");
}

#[test]
fn a_decision_under_way_ends_in_the_generation_it_began_in() {
    let mut asked = Asked::start(&hostile("deadline = \"3s\""));
    let door = asked.door.clone();
    std::thread::scope(|scope| {
        let spinning = scope.spawn(move || door.get("/hostile/spin"));
        // It is not said from outside when a guest has begun, so both ways are right: what counts is that
        // deadline and generation are of one set.
        asked.reload(&hostile("deadline = \"2s\""));
        let answer = spinning.join().unwrap();
        answer.refused("host:deadline");
        let record = asked.record_of(&answer);
        let wanted = if record["generation"] == 1 { "3000 ms" } else { "2000 ms" };
        assert!(answer.text.contains(wanted), "{record:#}");
    });
}
