//! What is learned of calls, with a policy whose rules stand in the calls.

use super::calls::Calls;
use super::line::{Line, inline, read};
use super::search::{grow, shrink};
use super::settings::Settings;
use super::trial::Builds;
use super::*;
use portcullis_contract::docker::Request;
use serde_json::{Value, json};
use std::sync::Arc;

/// A call passes once its settings have each `need` of its query; a refusal asks for the first that is missing.
struct Needs;

struct Configured(Settings);

impl Builds for Needs {
    type Built = Configured;

    async fn build(&self, settings: &Settings) -> Result<Result<Configured, String>, ServeError> {
        let json = settings.json().unwrap();
        if json["bad"] == json!(true) {
            return Ok(Err("`bad` cannot be".into()));
        }
        if json["socket"] == json!(["/run"]) && json["switch"] != json!(true) {
            return Ok(Err("`socket` needs `switch`".into()));
        }
        Ok(Ok(Configured(settings.clone())))
    }
}

impl Asks for Configured {
    fn has(&self, hook: HookName) -> bool {
        hook == HookName::DockerRequest
    }

    async fn ask(&self, input: &CaseInput) -> Answer {
        let CaseInput::DockerRequest(request) = input else { return Answer::Fault("no such hook".into()) };
        for (key, value) in &request.query {
            let settings: Vec<_> = value.split(" and ").map(str::to_owned).collect();
            let is_missing = read(&settings).iter().any(|line| !has(&self.0, line));
            match key.as_str() {
                "need" if is_missing => {
                    return Answer::Refused { rule: "need".into(), reason: "no".into(), settings };
                }
                // A client's words are no advice.
                "never" => {
                    let reason = "never; or ask for `allow = { '*' = ['never'] }`".into();
                    return Answer::Refused { rule: "never".into(), reason, settings: Vec::new() };
                }
                "fault" => return Answer::Fault("trap".into()),
                _ => {}
            }
        }
        Answer::Passes
    }
}

/// Whether the settings say it, or more: `["*"]` of a list is every entry of it.
fn has(settings: &Settings, line: &Line) -> bool {
    let json = settings.json().unwrap();
    let mut value = &json;
    for name in &line.key {
        value = &value[name];
    }
    let wanted = serde_json::to_value(&line.value).unwrap();
    match value {
        Value::Array(entries) if line.entry => entries.contains(&wanted) || entries.contains(&json!("*")),
        value => *value == wanted,
    }
}

fn call(needs: &[(&str, &str)]) -> calls::Call {
    let query = needs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let input = CaseInput::DockerRequest(Arc::new(Request { query, ..Request::default() }));
    calls::Call::new(input, calls::Example::default())
}

fn learn(base: &Value, calls: &[calls::Call]) -> (Value, Vec<Vec<usize>>, Vec<usize>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let learned = runtime.block_on(async {
        let grown = grow(&Needs, Settings::of(base).unwrap(), calls).await.unwrap();
        shrink(&Needs, grown, calls, || ()).await.unwrap()
    });
    let settings = learned.grown.settings.json().unwrap();
    (settings, learned.needed_by, learned.grown.not_learned.into_keys().collect())
}

#[test]
fn advice_is_followed_until_all_passes() {
    let calls = [
        call(&[("need", r#"mounts = [{ path = "/a", access = "rw" }]"#), ("need", "on = true")]),
        call(&[("need", r#"allow = { "al ice" = ["x"] }"#)]),
        call(&[]),
    ];
    let (settings, needed_by, left) =
        learn(&json!({ "mounts": ["/old"], "allow": { "bob": ["y"] } }), &calls);
    assert_eq!(
        settings,
        json!({
            "mounts": ["/old", { "path": "/a", "access": "rw" }], "on": true,
            "allow": { "bob": ["y"], "al ice": ["x"] },
        })
    );
    assert_eq!((needed_by, left), (vec![vec![0], vec![1], vec![0]], vec![]));
}

#[test]
fn a_call_that_needs_many_lines_is_learned() {
    let needs: Vec<_> = (0..100).map(|at| format!("list = [{at}]")).collect();
    let needs: Vec<_> = needs.iter().map(|need| ("need", need.as_str())).collect();
    let (settings, needed_by, left) = learn(&json!({}), &[call(&needs)]);
    assert_eq!((settings["list"].as_array().unwrap().len(), needed_by.len(), left), (100, 100, vec![]));
}

#[test]
fn a_line_that_no_call_needs_is_left_out() {
    let one = || call(&[("need", r#"list = ["a"]"#)]);
    let (settings, needed_by, _) = learn(&json!({}), &[one(), one(), call(&[("need", r#"list = ["*"]"#)])]);
    assert_eq!((settings, needed_by), (json!({ "list": ["*"] }), vec![vec![0, 1, 2]]));
}

#[test]
fn what_no_settings_allow_is_named_and_leaves_no_line() {
    let (settings, _, left) = learn(
        &json!({ "mode": "x" }),
        &[
            call(&[("need", "on = true"), ("never", "")]),
            call(&[("fault", "")]),
            call(&[("need", "bad = true")]),
            call(&[("need", r#"list = ["a***"]"#)]),
            call(&[("need", r#"mode = "y""#)]),
            call(&[("need", "mode.deeper = 1")]),
            call(&[("need", r#"list = ["b"]"#)]),
        ],
    );
    assert_eq!((settings, left), (json!({ "mode": "x", "list": ["b"] }), vec![0, 1, 2, 3, 4, 5]));
}

#[test]
fn a_switch_that_an_entry_needs_stays() {
    let calls = [call(&[("need", r#"socket = ["/run"] and switch = true"#)])];
    let (settings, needed_by, _) = learn(&json!({}), &calls);
    assert_eq!(settings, json!({ "socket": ["/run"], "switch": true }));
    assert_eq!(needed_by.len(), 2);
}

#[test]
fn advice_is_read_whole_or_not_at_all() {
    let texts = |lines: &[&str]| {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        read(&lines).iter().map(|line| inline(&line.value)).collect::<Vec<_>>()
    };
    assert_eq!(texts(&["a = [\"x\", \"y\"]", "b = true"]), ["\"x\"", "\"y\"", "true"]);
    assert!(texts(&["a = [\"x\"]", "b = \"cut…"]).is_empty() && texts(&["no advice"]).is_empty());
}

#[test]
fn the_toml_is_read_back_for_any_names_that_clients_chose() {
    let base = json!({ "list": [], "deep": { "er": { "x": 1 } }, "text": "a\n\"b\" \u{202e}", "other": [] });
    let mut settings = Settings::of(&base).unwrap();
    for advice in [r#"list = ["a\u0007"]"#, r#"allow = { "O=x, CN=\"y\"" = ["r", "s"], "" = ["t"] }"#] {
        for line in read(&[advice.to_owned()]) {
            assert!(settings.takes(&line));
            settings.add(line);
        }
    }
    let comments: Vec<_> = (0..settings.learned().len()).map(|at| format!("call {at}")).collect();
    let text = settings.toml(&comments);
    let read: toml::Table = text.replace("policies.settings", "s").parse().unwrap();
    assert_eq!(serde_json::to_value(&read["s"]).unwrap(), settings.json().unwrap(), "{text}");
    for at in 0..comments.len() {
        assert!(text.lines().any(|line| line.ends_with(&format!(" # call {at}"))), "{text}");
    }
    assert!(!text.contains('\u{202e}') && text.starts_with("[policies.settings]\n"), "{text}");
}

#[test]
fn refused_calls_and_those_without_input_are_counted() {
    let input = |need: &str, now: u64| json!({ "context": { "now": now }, "query": [["need", need]] });
    let record = |kind: &str, id: &str, verdict: &str, input: Option<Value>| {
        let mut record = json!({
            "kind": kind, "id": id, "hook": "docker-request", "verdict": verdict, "operation": "ContainerCreate",
            "facts": { "image": "bb:1" }, "principal": { "name": "alice" },
        });
        if let Some(input) = input {
            record["input"] = input;
        }
        record.to_string()
    };
    let log = [
        record("decision", "1", "allow", None),
        record("monitor", "1", "abstain", Some(input("a = 1", 1))),
        record("monitor", "2", "abstain", Some(input("a = 1", 2))),
        record("decision", "3", "deny", None),
        record("monitor", "3", "abstain", Some(input("b = 1", 3))),
        record("monitor", "4", "abstain", Some(json!({}))),
        record("monitor", "5", "abstain", Some(json!({ "nope": 1 }))),
        json!({ "kind": "decision", "id": "6", "hook": "docker-response" }).to_string(),
        record("decision", "9", "allow", None),
        // Refused by a policy, and let through by break-glass; and refused when dockerd had answered.
        json!({ "kind": "decision", "id": "7", "verdict": "allow", "rule": "host:break-glass" }).to_string(),
        record("monitor", "7", "abstain", Some(input("c = 1", 7))),
        record("monitor", "8", "abstain", Some(input("d = 1", 8))),
        json!({ "kind": "decision", "id": "8", "hook": "docker-response", "verdict": "deny" }).to_string(),
        "{".into(),
    ]
    .join("\n");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let read = |with_refused| {
        let policy = Configured(Settings::default());
        runtime.block_on(Calls::read(Records::new(log.as_bytes()), &policy, with_refused, |_| ())).unwrap()
    };
    let calls = read(false);
    let summary = &calls.summary;
    assert_eq!((summary.asked, summary.passed, summary.refused_before, summary.without_input), (4, 1, 3, 1));
    assert_eq!((summary.other_hooks, summary.unreadable), (2, 2));
    assert_eq!((calls.refused.len(), calls.refused[0].count), (1, 2));
    let example = &calls.refused[0].example;
    assert_eq!((&*example.target, example.user.as_deref()), ("bb:1", Some("alice")));
    assert_eq!(read(true).refused.len(), 4);
}
