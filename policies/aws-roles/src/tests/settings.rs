//! What settings are refused, and with what words.

use super::*;

fn refused(json: &str) -> String {
    portcullis_policy_sdk::parse(json).and_then(Checked::new).err().unwrap_or_default()
}

fn all_refused<const N: usize>(cases: [(String, &str); N]) {
    for (json, expected) in cases {
        let error = refused(&json);
        assert!(error.contains(expected), "{json}:\n{error}");
    }
}

#[test]
fn what_is_wrong_in_a_value_is_said_by_its_place() {
    let group = r#""pattern":"(?P<account>.*)-(?P<role>.*)""#;
    all_refused([
        (r#"{"acounts":{}}"#.to_owned(), "unknown key: `acounts`"),
        (
            r#"{"accounts":{"a":{"id":"123","name":"x"}}}"#.to_owned(),
            "`accounts.a.id`: `123` is not 12 digits",
        ),
        (r#"{"accounts":{"a":{"id":123456789012}}}"#.to_owned(), "`accounts.a.id`: invalid type: integer"),
        (
            r#"{"accounts":{"a":{"id":"123456789012","partition":"aws-eu"}}}"#.to_owned(),
            "`accounts.a.partition`: unknown variant `aws-eu`, expected one of `aws`, `aws-cn`, `aws-us-gov`",
        ),
        (
            r#"{"accounts":{"a":{"id":"123456789012","alias":"x"}}}"#.to_owned(),
            "unknown key: `accounts.a.alias`",
        ),
        (
            r#"{"groups":[{"pattern":"(?P<account>.)(?!x)"}]}"#.to_owned(),
            "`groups[0].pattern`: `(?P<account>.)(?!x)` uses look-around",
        ),
        (r#"{"groups":[{"regex":"x"}]}"#.to_owned(), "`groups[0]`: missing field `pattern`"),
        (format!(r#"{{"groups":[{{{group},"duraton":1}}]}}"#), "unknown key: `groups.0.duraton`"),
        (
            format!(r#"{{"groups":[{{{group},"duration":60}}]}}"#),
            "`groups[0].duration`: `60` is not from 15 minutes",
        ),
        (r#"{"durations":{"admin":"13h"}}"#.to_owned(), "`durations.admin`: `13h` is not from"),
        (r#"{"session_name":"{group}"}"#.to_owned(), "`session_name`: `{group}` has its place in"),
        (r#"{"source_identity":"{group}"}"#.to_owned(), "`source_identity`: `{group}` has its place in"),
        (r#"{"tags":{"team":"{group}"}}"#.to_owned(), "`tags.team`: `{group}` has its place in"),
        (r#"{"tags":{"team":"{callback}"}}"#.to_owned(), "`tags.team`: `{callback}` is no fact"),
    ]);
}

#[test]
fn what_is_wrong_in_a_rule_is_said_by_its_place() {
    all_refused([
        (with(r#""single":{"account":"prd","role":"r"}"#), "`single`: there is no account `prd`"),
        (with(r#""single":{"account":"prod","role":"a b"}"#), "`single`: `a b` is no name of a role"),
        (
            with(r#""networks":[{"networks":"10.0.0.0/8","account":"x","role":"r"}]"#),
            "`networks[0]`: there is no account `x`",
        ),
        (
            with(r#""networks":[{"networks":"10.0.0.1/8","account":"dev","role":"r"}]"#),
            "`networks[0].networks`: `10.0.0.1/8` has bits",
        ),
        (
            with(r#""networks":[{"networks":"::/0","account":"dev","role":"r","tags":{"g":"{group}"}}]"#),
            "`networks[0]`: `{group}` is known only",
        ),
        (
            with(r#""hosts":[{"domains":["a"],"account":"prod"}]"#),
            "`hosts[0]` takes either `pattern` or `preset`",
        ),
        (
            with(
                r#""hosts":[{"domains":["a"],"account":"prod","preset":"loctyp","pattern":"(?P<role>.*)"}]"#,
            ),
            "`hosts[0]` takes either",
        ),
        (
            with(r#""hosts":[{"domains":["a"],"account":"prod","preset":"typloc"}]"#),
            "`hosts[0].preset`: unknown variant `typloc`",
        ),
        (
            with(r#""hosts":[{"domains":["a"],"account":"x","preset":"loctyp"}]"#),
            "`hosts[0]`: there is no account `x`",
        ),
        (
            with(r#""hosts":[{"domains":["a"],"account":"prod","preset":"loctyp","role_prefix":"a b"}]"#),
            "`hosts[0]`: no role begins with `a b`",
        ),
        (
            with(r#""hosts":[{"domains":[],"account":"prod","preset":"loctyp"}]"#),
            "`hosts[0].domains`: the list is empty",
        ),
    ]);
}

#[test]
fn what_is_wrong_in_a_list_is_said_by_its_place() {
    all_refused([
        (
            with(r#""grants":[{"accounts":"*","roles":"r"}]"#),
            "`grants[0]` names nobody; write `users = \"*\"`",
        ),
        (
            with(r#""grants":[{"users":[],"accounts":"*","roles":"r"}]"#),
            "`grants[0].users`: the list is empty",
        ),
        (with(r#""grants":[{"users":"*","roles":"r"}]"#), "`grants[0]`: missing field `accounts`"),
        (
            with(r#""grants":[{"users":"*","accounts":"*","roles":"*"}]"#),
            "`grants[0]`: `roles` of a grant are named one by one",
        ),
        (
            with(r#""grants":[{"users":"*","accounts":"*","roles":"adm*"}]"#),
            "`grants[0]`: `adm*` is no name of a role",
        ),
        (
            with(
                r#""grants":[{"users":"a","accounts":["prod"],"roles":"r"},{"users":"*","accounts":["x","prod"],"roles":"r"}]"#,
            ),
            "`grants[1]`: there is no account `x`",
        ),
        (
            with(r#""grants":[{"groups":"*","accounts":"*","roles":"r"}]"#),
            "`grants[0]`: `groups` are named one by one",
        ),
        (
            with(
                r#""grants":[{"users":"a","groups":"b","accounts":"*","roles":"r","tags":{"g":"{group}"}}]"#,
            ),
            "`grants[0]`: `{group}` is known only where a group finds the rule",
        ),
        (
            with(r#""grants":[{"users":"a","accounts":"*","roles":"r","tags":{"aws:x":"y"}}]"#),
            "`grants[0]`: `aws:x` is no key of a tag",
        ),
        (
            with(r#""grants":[{"users":"a","accounts":"*","roles":"r","tags":{"Team":"x","team":"y"}}]"#),
            "`grants[0]`: the tag `team` is there twice",
        ),
        (
            with(r#""grants":[{"users":"a","accounts":"*","roles":"r","when":{"from":"25:00"}}]"#),
            "`grants[0].when`: `25:00` is no time",
        ),
        (
            with(
                r#""grants":[{"users":"a","accounts":"*","roles":"r","when":{"from":"08:00","until":"25:00"}}]"#,
            ),
            "unknown key: `grants.0.when.?.until`",
        ),
        (
            with(r#""grants":[{"users":"a","accounts":"*","roles":"r","external_id":"s3cr3t!"}]"#),
            "`grants[0].external_id`: an external id is",
        ),
        (
            with(r#""grants":[{"users":"a","accounts":"*","roles":"r","session_policy":"x"}]"#),
            "`grants[0].session_policy`: a session policy is",
        ),
        (with(r#""denials":[{"accounts":["x"]}]"#), "`denials[0]`: there is no account `x`"),
        (with(r#""denials":[{"rule":"No Way"}]"#), "`denials[0]`: `No Way` is no name of a rule"),
        (with(r#""denials":[{"rule":""}]"#), "`denials[0]`: `` is no name of a rule"),
        (with(r#""denials":[{"roles":["admin*"]}]"#), "`denials[0]`: `admin*` is no name of a role"),
        (
            with(r#""denials":[{"roles":["a","arn:aws:iam::1:role/a"]}]"#),
            "`arn:aws:iam::1:role/a` is no name of a role",
        ),
        (with(r#""denials":[{"groups":"*"}]"#), "`denials[0]`: `groups` are named one by one"),
        (with(r#""denials":[{"duration":900}]"#), "unknown key: `denials.0.duration`"),
    ]);
}

#[test]
fn an_external_id_is_not_repeated() {
    let rule = r#""grants":[{"users":"a","accounts":"*","roles":"r","external_id":"s3cr3t!"}]"#;
    assert!(!refused(&with(rule)).contains("s3cr3t"));
}

#[test]
fn fifty_tags_and_no_more() {
    let tags = |count: usize| (0..count).map(|n| format!(r#""t{n}":"v""#)).collect::<Vec<_>>().join(",");
    let rule = |count| {
        with(&format!(
            r#""single":{{"account":"dev","role":"r","tags":{{{}}}}},"tags":{{"more":"v"}}"#,
            tags(count)
        ))
    };
    assert_eq!(refused(&rule(49)), "");
    assert!(refused(&rule(50)).contains("`single`: 51 tags, and a session has at most 50"));
}

/// What the host makes of TOML.
fn json(toml: &str) -> serde_json::Value {
    serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn the_example_in_the_documentation_of_the_settings_is_good() {
    let lines = include_str!("../settings.rs").lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.skip_while(|line| *line != " ```toml").skip(1).take_while(|line| *line != " ```");
    let example = json(&lines.collect::<Vec<_>>().join("\n"));
    let settings = &example["policies"]["settings"];
    assert_eq!(settings.as_object().unwrap().len(), 13, "every setting is in it");
    // What the mount has to say.
    assert!(refused(&settings.to_string()).contains("there is no account `sandbox`"));
    let mut settings = settings.clone();
    settings["accounts"]["sandbox"] = serde_json::json!({ "id": "000000000001" });
    assert_eq!(refused(&settings.to_string()), "");
}

#[test]
fn the_examples_in_the_readme_are_good() {
    let lines = include_str!("../../README.md").lines().filter_map(|line| line.strip_prefix("    "));
    let example = json(&lines.collect::<Vec<_>>().join("\n"));
    let mut settings = example["policies"][0]["settings"].clone();
    assert_eq!(settings.as_object().unwrap().len(), 8, "all but the defaults");
    let accounts = example["federation"]["mounts"][0]["accounts"].as_object().unwrap();
    for (alias, id) in accounts {
        settings["accounts"][alias] = serde_json::json!({ "id": id });
    }
    assert_eq!(refused(&settings.to_string()), "");
}
