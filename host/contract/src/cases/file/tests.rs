//! The three formats hold the same cases, and an error says where to look.

use super::*;
use crate::types::Verdict;

const JSON: &str = r#"{
  "settings": {"allowed": ["no", "1.44"]},
  "cases": [
    {"name": "privileged", "hook": "docker-request",
     "input": {"operation": "ContainerCreate", "api_version": [1, 44], "workload": {"privileged": true}},
     "expect": {"verdict": "deny", "rule": "privileged", "reason_pattern": "^leave out"}},
    {"name": "roles", "hook": "aws-roles", "input": {"principal": {"name": "no"}}, "expect": {"grants": [["a", "r"]]}}
  ]
}"#;
const LINES: &str = r#"{"settings": {"allowed": ["no", "1.44"]}}

{"name": "privileged", "hook": "docker-request", "input": {"operation": "ContainerCreate", "api_version": [1, 44], "workload": {"privileged": true}}, "expect": {"verdict": "deny", "rule": "privileged", "reason_pattern": "^leave out"}}
{"name": "roles", "hook": "aws-roles", "input": {"principal": {"name": "no"}}, "expect": {"grants": [["a", "r"]]}}
"#;
const YAML: &str = r#"
settings:
  allowed: [no, "1.44"]
cases:
  # Comments are what YAML is for.
  - name: privileged
    hook: docker-request
    input:
      operation: ContainerCreate
      api_version: [1, 44]
      workload: {privileged: true}
    expect: {verdict: deny, rule: privileged, reason_pattern: ^leave out}
  - name: roles
    hook: aws-roles
    input: {principal: {name: no}}
    expect:
      grants: [[a, r]]
"#;
const TEXTS: [(Format, &str); 3] = [(Format::Json, JSON), (Format::JsonLines, LINES), (Format::Yaml, YAML)];

#[test]
fn the_three_formats_hold_the_same_cases() {
    let read =
        |(format, text)| CaseFile::parse(format, text).unwrap_or_else(|error| panic!("{format:?}: {error}"));
    let files = TEXTS.map(read);
    let value = |file: &CaseFile| serde_json::to_value((&file.settings, &file.cases)).unwrap();
    assert_eq!(value(&files[0]), value(&files[1]));
    assert_eq!(value(&files[0]), value(&files[2]));
    assert_eq!(files[2].cases[0].expect.verdict, Some(Verdict::Deny));
    // As cases travel to the process that builds a policy.
    let again: Vec<Case> = serde_json::from_value(value(&files[0])[1].clone()).unwrap();
    assert_eq!(again.len(), 2);
}

#[test]
fn an_error_says_where_to_look_and_what_to_write() {
    let rows: [(Format, &str, &str, &str); 15] = [
        (
            Format::Json,
            r#""workload": {"#,
            r#""workloat": {"#,
            "line 4, case `privileged`: `input.workloat`: unknown field `workloat`, expected one of `context`",
        ),
        (
            Format::JsonLines,
            r#""workload": {"#,
            r#""workloat": {"#,
            "line 3, case `privileged`: `input.workloat`: unknown field",
        ),
        (
            Format::Yaml,
            "workload: {",
            "workloat: {",
            "line 6, case `privileged`: `input.workloat`: unknown field",
        ),
        (
            Format::Json,
            "aws-roles",
            "aws-role",
            "line 7, case `roles`: there is no hook `aws-role`; there are `docker-request`",
        ),
        (Format::Json, r#""roles", "#, r#""roles" "#, "line 7: expected `,` or `}`"),
        (Format::JsonLines, r#""roles", "#, r#""roles" "#, "line 4: expected `,` or `}`"),
        (Format::Yaml, "expect:\n", "expect\n", "line 1"),
        (Format::Json, r#""name": "privileged", "#, "", "line 4, case 1: missing field `name`"),
        (
            Format::JsonLines,
            r#", "expect": {"grants": [["a", "r"]]}"#,
            "",
            "line 4, case `roles`: missing field `expect`",
        ),
        (
            Format::Yaml,
            "verdict: deny",
            "verdict: denied",
            "`expect.verdict`: unknown variant `denied`, expected one of `allow`, `deny`, `abstain`",
        ),
        (
            Format::Yaml,
            "grants: [[a, r]]",
            "grants: [[a, 1.5]]",
            "`expect.grants[0][1]`: invalid type: floating point `1.5`, expected a string; write it in quotes",
        ),
        (
            Format::Json,
            r#"{"grants": [["a", "r"]]}"#,
            r#"{"verdict": "deny"}"#,
            "line 7, case `roles`: `expect.verdict`: an answer of `aws-roles` has none",
        ),
        (
            Format::Json,
            "^leave out",
            "(leave",
            "`expect.reason_pattern`: `(leave` is no regular expression: unclosed group",
        ),
        (
            Format::Json,
            r#""settings": {"allowed": ["no", "1.44"]}"#,
            r#""settings": 5"#,
            "line 2: invalid type: integer `5`, expected a map",
        ),
        (
            Format::JsonLines,
            r#"{"settings": {"#,
            r#"{"more": 1, "settings": {"#,
            "line 1: unknown field `more`",
        ),
    ];
    for (format, from, to, wanted) in rows {
        let (_, text) = TEXTS.into_iter().find(|(of, _)| *of == format).unwrap();
        assert!(text.contains(from), "{from}");
        let error = CaseFile::parse(format, &text.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(wanted), "{format:?} {to}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn size_and_number_are_bounded() {
    let line = "{\"name\": \"n\", \"hook\": \"docker-edit\", \"input\": {}, \"expect\": {\"edits\": {}}}\n";
    assert_eq!(
        CaseFile::parse(Format::JsonLines, &line.repeat(CaseFile::MAX_CASES)).unwrap().cases.len(),
        10_000
    );
    let error = CaseFile::parse(Format::JsonLines, &line.repeat(CaseFile::MAX_CASES + 1)).unwrap_err();
    assert_eq!(error.to_string(), "it has 10001 cases: leave out all but 10000");
    let error = CaseFile::parse(Format::JsonLines, &" ".repeat(CaseFile::MAX_BYTES + 1)).unwrap_err();
    assert_eq!(error.to_string(), "it has more than 8 MiB: leave out cases");
    // An alias within an alias within an alias.
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &('b'..'j').fold(String::new(), |text, name| {
            let before = char::from(name as u8 - 1);
            format!("{text}{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", "))
        });
    let error = CaseFile::parse(
        Format::Yaml,
        &format!("settings:\n  {}cases: []\n", bomb.replace('\n', "\n  ").trim_end_matches(' ')),
    );
    assert!(error.is_err());
}

#[test]
fn a_file_is_read_by_its_ending() {
    let folder = std::env::temp_dir().join(format!("portcullis-cases-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (ending, text) in [("json", JSON), ("jsonl", LINES), ("yaml", YAML), ("yml", YAML)] {
        let path = folder.join(format!("cases.{ending}"));
        std::fs::write(&path, text).unwrap();
        assert_eq!(CaseFile::read(&path).unwrap().cases.len(), 2, "{ending}");
    }
    let path = folder.join("cases.jsonl");
    std::fs::write(&path, "{\"name\": \"n\"}").unwrap();
    let error = CaseFile::read(&path).unwrap_err();
    assert_eq!(error, format!("`{}`, line 1, case `n`: missing field `hook`", path.display()));
    let error = CaseFile::read(&folder.join("cases.txt")).unwrap_err();
    assert!(error.ends_with("a file of cases ends in `.json`, `.jsonl`, `.yaml` or `.yml`"), "{error}");
    std::fs::write(&path, [0xff]).unwrap();
    assert!(CaseFile::read(&path).unwrap_err().ends_with("byte 0 is not UTF-8"));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(CaseFile::read(&path).unwrap_err().starts_with("cannot read `"));
}
