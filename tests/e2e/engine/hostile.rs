//! Each way of misbehaving has its own reason and outcome, and spoils nothing but its own decision.

use super::asking::{Asked, bystander, hostile};

/// What it is told to do, the outcome in the record, and what the operator reads there.
const FAULTS: [(&str, &str, &str); 15] = [
    ("spin", "deadline", "it used more than 2000 ms of processor time"),
    ("grow", "out-of-memory", "it wanted more than 32 MiB of memory"),
    ("trap", "trap", "it panicked or aborted < "),
    ("panic", "trap", "it panicked or aborted < portcullis_hostile::acts::panic < "),
    ("overflow", "trap", "a stack that ran over < portcullis_hostile::acts::overflow::deeper < "),
    ("recursion", "trap", "call stack exhausted < portcullis_hostile::acts::recursion::deeper < "),
    ("log-flood", "log-flood", "it logged more than it may"),
    ("log-drip", "log-flood", "it logged more than it may"),
    ("big-reason", "oversized-answer", "its answer was larger than 65536 bytes"),
    ("big-rule", "oversized-answer", "its answer was larger than 65536 bytes"),
    ("big-extra", "oversized-answer", "its answer was larger than 65536 bytes"),
    ("utf8", "malformed-answer", "its answer cannot be read: invalid utf-8"),
    ("error", "policy-error", "it reported an error: the decision was told to fail"),
    // What a fault before it may have left behind would show here.
    ("spin", "deadline", "it used more than 2000 ms of processor time"),
    ("grow", "out-of-memory", "it wanted more than 32 MiB of memory"),
];

fn start() -> Asked {
    Asked::start(&(hostile("deadline = \"2s\"\nmemory = \"32MiB\"") + &bystander()))
}

#[test]
fn each_fault_is_refused_with_its_own_reason_and_spoils_no_other_decision() {
    let asked = start();
    for (act, outcome, detail) in FAULTS {
        let answer = asked.door.get(&format!("/hostile/{act}"));
        answer.refused(&format!("host:{outcome}"));
        assert!(answer.text.starts_with("policy `hostile` could not decide: it"), "{act}: {answer:?}");
        // How a policy is made is for the operator alone.
        assert!(!answer.text.contains(" < ") && !answer.text.contains("told to"), "{act}: {answer:?}");
        let record = asked.record_of(&answer);
        assert_eq!(record["verdict"], "deny", "{act}");
        assert_eq!(record["policy"], "hostile", "{act}");
        assert_eq!(record["rule"], format!("host:{outcome}"), "{act}");
        assert_eq!(record["outcomes"][0]["outcome"], outcome, "{act}");
        assert!(record["outcomes"][0]["detail"].as_str().unwrap().contains(detail), "{act}: {record:#}");
        assert!(record["error"].as_str().unwrap().starts_with("policy `hostile` could not"), "{act}");
        // A new instance: it has been asked once.
        let next = asked.record_of_allowed("/hostile/count");
        assert_eq!((&next["rule"], &next["outcomes"][0]["reason"]), (&"count".into(), &"1".into()), "{act}");
        assert_eq!(asked.record_of_shown("/containers/json")["outcomes"][0]["rule"], "every", "{act}");
    }
    let log = asked.portcullis.log();
    assert!(
        log.contains("the decision was told to panic"),
        "a panic's own words are for the operator\n{log}"
    );
    assert!(!log.lines().any(|line| line.len() > 5000), "a megabyte was logged");
}

#[test]
fn what_a_policy_says_is_harmless_on_a_terminal() {
    let asked = start();
    let answer = asked.door.get("/hostile/escapes");
    answer.refused("escapes");
    assert!(answer.text.contains("[31mred") && answer.text.contains("all is well"), "{answer:?}");
    let rule = "_ad__ule__31m____ad__ule__31m____ad__ule__31m____ad__ule__31m___";
    let bad_rule = asked.door.get("/hostile/bad-rule");
    bad_rule.refused(rule);
    asked.door.get("/hostile/panic").refused("host:trap");
    assert_eq!(asked.record_of(&bad_rule)["rule"], rule);
    let record = asked.record_of(&answer);
    let texts = [
        &answer.text,
        record["reason"].as_str().unwrap(),
        record["outcomes"][0]["reason"].as_str().unwrap(),
        &asked.portcullis.log().replace('\n', ""),
    ];
    for text in texts {
        let harmful = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                    | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
        };
        assert_eq!(text.chars().find(|c| harmful(*c)), None, "{text:?}");
    }
}

#[test]
fn a_willing_refusal_is_the_policys_own() {
    let asked = start();
    let answer = asked.door.get("/hostile/deny");
    assert!(answer.refused("deny").text.starts_with("denied as told (policy hostile, rule deny, decision "));
    let record = asked.record_of(&answer);
    assert_eq!(record["outcomes"][0]["outcome"], "opinion");
    assert_eq!(record["outcomes"][0]["verdict"], "deny");
    assert_eq!(record["error"], serde_json::Value::Null);
}
