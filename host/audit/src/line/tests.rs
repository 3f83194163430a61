use portcullis_contract::HookName;
use portcullis_contract::types::Verdict;
use proptest::prelude::*;
use serde_json::Value;

use super::of;
use crate::{PolicyRecord, Principal, Record, Target};

pub(crate) fn full() -> Record {
    Record {
        generation: 3,
        rule: "privileged".into(),
        reason: "privileged containers are not allowed".into(),
        policy: Some("docker-baseline".into()),
        outcomes: vec![PolicyRecord {
            policy: "docker-baseline".into(),
            revision: "5f1c".into(),
            module_sha256: "ab".into(),
            settings_sha256: "cd".into(),
            mode: "enforce".into(),
            outcome: "opinion".into(),
            verdict: Some(Verdict::Deny),
            rule: "privileged".into(),
            reason: Some("privileged containers are not allowed".into()),
            detail: None,
            queue_micros: 0,
            micros: 26,
        }],
        micros: 31,
        total_micros: 58,
        principal: Some(Principal {
            name: Some("alice".into()),
            authentication: "certificate".into(),
            groups: vec!["ops".into()],
            certificate: Some("CN=alice,O=Example".into()),
        }),
        peer: Some("unix".into()),
        daemon: Some("build-7".into()),
        operation: Some("ContainerCreate".into()),
        method: Some("POST".into()),
        uri: Some("/v1.41/containers/create?name=x".into()),
        targets: vec![Target { kind: "image".into(), as_sent: "busybox:1".into() }],
        api_version: Some((1, 41)),
        ..Record::new("0197f3", 1_700_000_000_123, "docker-plugin", HookName::DockerRequest, Verdict::Deny)
    }
}

#[test]
fn a_whole_record() {
    let line = of(&full());
    let expected = [
        r#"{"time":"2023-11-14T22:13:20.123Z","kind":"decision","id":"0197f3","api":"docker-plugin","hook":"docker-request","generation":3,"#,
        r#""verdict":"deny","rule":"privileged","reason":"privileged containers are not allowed","policy":"docker-baseline","#,
        r#""principal":{"name":"alice","authentication":"certificate","groups":["ops"],"certificate":"CN=alice,O=Example"},"#,
        r#""peer":"unix","daemon":"build-7","operation":"ContainerCreate","method":"POST","uri":"/v1.41/containers/create?name=x","#,
        r#""api_version":"1.41","targets":[{"kind":"image","as_sent":"busybox:1"}],"outcomes":[{"policy":"docker-baseline","revision":"5f1c","#,
        r#""module_sha256":"ab","settings_sha256":"cd","#,
        r#""mode":"enforce","outcome":"opinion","verdict":"deny","rule":"privileged","reason":"privileged containers are not allowed","#,
        r#""micros":26}],"micros":31,"total_micros":58}"#,
    ];
    assert_eq!(line, expected.concat() + "\n");
}

#[test]
fn everything_has_a_greatest_length() {
    let long = "ä".repeat(100_000);
    let mut record = full();
    record.id.clone_from(&long);
    record.rule.clone_from(&long);
    record.reason.clone_from(&long);
    record.uri = Some(long.clone());
    record.error = Some(long.clone());
    record.targets = vec![Target { kind: long.clone().into(), as_sent: long.clone() }; 1000];
    record.outcomes = vec![PolicyRecord { detail: Some(long.clone()), ..record.outcomes[0].clone() }; 1000];
    record.extra = vec![(long.clone().into(), long.clone()); 1000];
    record.principal = Some(Principal {
        name: Some(long.clone()),
        authentication: long.clone().into(),
        groups: vec![long.clone(); 1000],
        certificate: Some(long),
    });
    let line = of(&record);
    assert!(line.len() < 256 * 1024, "{}", line.len());
    let value: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["targets"].as_array().unwrap().len(), 32);
    assert_eq!(value["targets_left_out"], 968);
    assert_eq!(value["principal"]["groups_left_out"], 968);
    assert!(value["uri"].as_str().unwrap().ends_with('…'));
}

#[test]
fn it_is_harmless_on_a_terminal() {
    for reason in ["\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\r\nforged ä\0", "\u{7f}", "plain, but for the end\u{7f}"]
    {
        let record = Record { reason: reason.into(), ..full() };
        let line = of(&record);
        assert!(line.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["reason"], reason, "and nothing is lost");
    }
}

#[test]
fn no_time_is_too_late() {
    for now in [0, u64::MAX] {
        let line = of(&Record { now, ..full() });
        assert!(
            serde_json::from_str::<Value>(&line).unwrap()["time"].as_str().unwrap().ends_with('Z'),
            "{line}"
        );
    }
}

#[test]
fn debug_shows_the_line() {
    let record = Record { uri: Some("/x?token=abcdef".into()), ..full() };
    assert!(!format!("{record:?}").contains("abcdef"));
}

proptest! {
    #[test]
    fn a_secret_is_nowhere_in_the_line(secret in "[a-zA-Z0-9]{14}") {
        let url = format!("https://user:{secret}@git.example/x?access_token={secret}");
        let mut record = full();
        record.uri = Some(format!("/build?remote={url}&buildargs={{\"A\":\"{secret}\"}}"));
        record.reason = format!("the build context {url} is not allowed");
        record.error = Some(format!("cannot fetch {url}"));
        record.outcomes[0].reason = Some(format!("{url} is not allowed"));
        record.outcomes[0].detail = Some(url.clone());
        record.targets = vec![Target { kind: "build".into(), as_sent: url.clone() }];
        record.extra = vec![("X-Registry-Auth".into(), secret.clone()), ("context".into(), url)];
        let line = of(&record);
        prop_assert!(!line.contains(&secret), "{}", line);
    }

    #[test]
    fn any_text_gives_one_line_of_json(text in "\\PC{0,40}[\\x00-\\x9f]{0,8}") {
        let mut record = full();
        record.uri = Some(text.clone());
        record.reason.clone_from(&text);
        record.extra = vec![(text.clone().into(), text)];
        let line = of(&record);
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert!(serde_json::from_str::<Value>(&line).is_ok());
    }
}
