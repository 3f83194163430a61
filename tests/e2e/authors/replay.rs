//! Inputs of recorded Docker traffic, asked again of policies with one rule changed.
//!
//! What a change does is known from the program itself: each changed policy monitors the same traffic, and its
//! records stand under the ids of the decisions.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::engine::asking::{Asked, PROGRAM, eventually};
use portcullis_testing::Portcullis;

const RECORDING: &str = include_str!("../../data/docker/authz-recorded.jsonl");
const SEEDS: u64 = 20;

/// The next number of a generator that is good enough to choose by (SplitMix64).
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as usize
}

/// Settings of docker-baseline in which one rule is changed.
fn settings(seed: u64) -> Value {
    let mut state = seed;
    let mut pick = |of: &[&str]| of[next(&mut state) % of.len()].to_owned();
    match pick(&["exception", "exception", "exception", "mount", "switch", "archive", "form", "otherwise"])
        .as_str()
    {
        "exception" => {
            let rule =
                pick(&["privileged", "buildkit", "host-mount", "host-network", "host-pid", "host-ipc"]);
            json!({ "allow": { pick(&["*", "alice"]): [rule] } })
        }
        "mount" => {
            let path = pick(&["/", "/etc", "/tmp", "/srv", "/var"]);
            json!({ "allowed_mounts": [{ "path": path, "access": "rw" }] })
        }
        "switch" => json!({ pick(&["allow_buildkit", "allow_swarm_inspect", "allow_debug"]): true }),
        "archive" => json!({ "container_archive": "refuse" }),
        "form" => json!({ "assume_no_form": ["ImageBuild"] }),
        _ => json!({ "otherwise": "allow" }),
    }
}

/// The value as TOML has it, on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{key:?} = {}", toml(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Asks everything that dockerd asked in the recording, and waits for what the changed policies say.
fn recorded() -> Asked {
    let mut policies = "[[policies]]\nname = \"docker-baseline\"\nmodule = \"builtin:docker-baseline\"\n\
                        record_inputs = true\ndeadline = \"20s\"\n[[policies]]\nname = \"allow\"\nmodule = \"builtin:allow\"\n"
        .to_owned();
    for seed in 0..SEEDS {
        policies += &format!(
            "[[policies]]\nname = \"changed-{seed}\"\nmodule = \"builtin:docker-baseline\"\nmode = \"monitor\"\n\
             deadline = \"20s\"\nsettings = {}\n",
            toml(&settings(seed))
        );
    }
    let asked = Asked::start(&policies);
    for row in RECORDING.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if row["path"] == "/AuthZPlugin.AuthZReq" {
            asked.door.ask(&row["body"]);
        }
    }
    eventually("what the changed policies say of every decision", || {
        let of_kind = |kind: &str| {
            let records = asked.records().into_iter().filter(|record| record["kind"] == kind);
            records.filter(|record| kind == "monitor" || record["input"].is_object()).count()
        };
        (of_kind("monitor") >= of_kind("decision") && of_kind("decision") > 200).then_some(())
    });
    asked
}

fn verdict_of<'a>(record: &'a Value, policy: &str) -> &'a str {
    let outcomes = record["outcomes"].as_array().unwrap();
    let outcome = outcomes.iter().find(|outcome| outcome["policy"] == policy).unwrap();
    assert_eq!(outcome["outcome"], "opinion", "{outcome}");
    outcome["verdict"].as_str().unwrap()
}

/// Decisions by id, with what a changed policy makes of them.
fn expected(records: &[Value], changed: &str) -> BTreeMap<String, &'static str> {
    let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    let of_kind = |kind: &'static str| records.iter().filter(move |record| record["kind"] == kind);
    let before: BTreeMap<_, _> = of_kind("decision")
        .filter(|record| record["input"].is_object())
        .map(|record| (id(record), verdict_of(record, "docker-baseline")))
        .collect();
    let mut changes = BTreeMap::new();
    for record in of_kind("monitor") {
        let change = match (before[&id(record)], verdict_of(record, changed)) {
            (before, after) if before == after => continue,
            (_, "deny") => "allow-to-deny",
            ("deny", _) => "deny-to-allow",
            _ => "other",
        };
        changes.insert(id(record), change);
    }
    changes
}

#[test]
fn a_replay_lists_exactly_the_decisions_that_a_changed_rule_changes() {
    let asked = recorded();
    let (folder, records) = (asked.portcullis.folder(), asked.records());
    let mut seen = BTreeSet::new();
    for seed in 0..SEEDS {
        fs::write(folder.join("changed.json"), settings(seed).to_string()).unwrap();
        let replay = |more: &[&str]| {
            let arguments = [
                "replay",
                "--records",
                "decisions.jsonl",
                "--policy",
                "builtin:docker-baseline",
                "--settings",
                "changed.json",
                "--name",
                "docker-baseline",
                "--state",
                "state",
                "--json",
            ];
            let run = Portcullis::run(PROGRAM, folder, &[&arguments[..], more].concat());
            let report: Value =
                serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
            (run.status.code(), report)
        };
        let (status, report) = replay(&["--recorded-policy", "builtin:docker-baseline"]);
        let changes = report["changes"].as_array().unwrap();
        let found: BTreeMap<_, _> = changes
            .iter()
            .map(|row| (row["decision"].as_str().unwrap().to_owned(), row["change"].as_str().unwrap()))
            .collect();
        let expected = expected(&records, &format!("changed-{seed}"));
        assert_eq!(found, expected, "seed {seed}: {}", settings(seed));
        assert_eq!(found.len(), changes.len(), "no decision is listed twice");
        assert_eq!(report["not_comparable"], json!([]), "seed {seed}");
        assert_eq!(status, Some(i32::from(!expected.is_empty())), "seed {seed}");
        if seed == 0 {
            // The host keeps the revision that decided, so the operator need not say which it was.
            let (_, kept) = replay(&["--recorded-state", "state"]);
            assert_eq!(kept["changes"], report["changes"]);
            assert_eq!(kept["summary"]["compared"], report["summary"]["compared"]);
            assert_eq!(kept["summary"]["compared_with"], "the recorded policy, asked again");
            fs::create_dir_all(folder.join("empty/policies")).unwrap();
            let (status, forgotten) = replay(&["--recorded-state", "empty"]);
            assert_eq!((status, &forgotten["summary"]["compared"]), (Some(0), &json!(0)));
            let why = forgotten["not_comparable"][0]["why"].as_str().unwrap();
            assert!(why.ends_with("is not kept in `empty`"), "{why}");
        }
        seen.extend(expected.into_values());
    }
    // No setting of docker-baseline refuses what is in this traffic and was allowed.
    assert_eq!(seen, BTreeSet::from(["deny-to-allow", "other"]), "the seeds show both kinds of change");
}
