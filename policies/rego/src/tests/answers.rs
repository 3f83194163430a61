//! What values of rules come to.

use super::*;

/// Verdict, rule and reason of a text in the package `portcullis.docker_request`.
fn said(rules: &str) -> (Verdict, String, String) {
    let policy = text(&format!("package portcullis.docker_request\n{rules}"));
    let opinion = ask(&policy, &docker::Request::default()).unwrap();
    (opinion.verdict, opinion.rule, opinion.reason)
}

fn fault(rules: &str) -> String {
    ask(&text(&format!("package portcullis.docker_request\n{rules}")), &docker::Request::default())
        .unwrap_err()
}

#[test]
fn a_package_denies_before_it_allows_and_else_has_no_opinion() {
    use Verdict::{Abstain, Allow, Deny};
    for (rules, verdict, rule, reason) in [
        ("allow if true", Allow, "allow", ""),
        ("allow if input.x", Abstain, "", ""),
        ("default allow := false", Abstain, "", ""),
        ("deny contains \"no\" if false", Abstain, "", ""),
        ("deny contains \"no\"\nallow if true", Deny, "deny", "no"),
        ("deny contains \"b\"\ndeny contains \"a\"", Deny, "deny", "a; b"),
        ("deny contains {\"rule\": \"r\", \"reason\": \"why\"}", Deny, "r", "why"),
        ("deny contains {\"msg\": \"why\"}", Deny, "deny", "why"),
        ("deny := [\"why\"]", Deny, "deny", "why"),
        ("deny if true", Deny, "deny", "request rejected by administrative policy"),
        ("deny := \"why\"", Deny, "deny", "why"),
        ("deny if input.x\nallow if true", Allow, "allow", ""),
    ] {
        assert_eq!(said(rules), (verdict, rule.to_owned(), reason.to_owned()), "{rules}");
    }
}

#[test]
fn one_rule_is_the_whole_answer() {
    use Verdict::{Abstain, Allow, Deny};
    let denied = "request rejected by administrative policy";
    for (rule, verdict, name, reason) in [
        ("x if true", Allow, "allow", ""),
        ("x := false", Deny, "not-allowed", denied),
        ("x if input.nothing", Deny, "undefined", denied),
        ("x contains \"no\"", Deny, "deny", "no"),
        ("x contains \"no\" if false", Abstain, "", ""),
        ("x := {\"verdict\": \"abstain\"}", Abstain, "", ""),
        ("x := {\"verdict\": \"deny\", \"rule\": \"r\", \"reason\": \"why\"}", Deny, "r", "why"),
        ("x.verdict := \"allow\"", Allow, "", ""),
    ] {
        let policy = configured(&json!({"rego": format!("package a\n{rule}"), "query": "data.a.x"})).unwrap();
        let opinion = ask(&policy, &docker::Request::default()).unwrap();
        assert_eq!(
            (opinion.verdict, opinion.rule.as_str(), opinion.reason.as_str()),
            (verdict, name, reason),
            "{rule}"
        );
    }
    for (rule, expected) in [
        ("x := 1", "the rule is 1, and not a boolean, a set or an object"),
        ("x := {\"verdict\": \"maybe\"}", "the rule: unknown variant `maybe`"),
        ("x := {\"verdict\": \"allow\", \"reson\": \"\"}", "the rule: unknown field `reson`"),
    ] {
        let policy = configured(&json!({"rego": format!("package a\n{rule}"), "query": "data.a.x"})).unwrap();
        let error = ask(&policy, &docker::Request::default()).unwrap_err();
        assert!(error.starts_with(expected), "{rule}: {error}");
    }
}

#[test]
fn what_is_no_answer_is_a_fault() {
    for (rules, expected) in [
        ("allow := 1", "`allow` is 1, and not a boolean"),
        ("deny := 1", "`deny` is 1, and not a set of refusals"),
        ("deny contains 1", "`deny` has 1, and not a text"),
        ("deny contains {\"rule\": \"r\"}", "an entry of `deny`: missing field `reason`"),
        ("deny contains {\"reason\": \"r\", \"x\": 1}", "an entry of `deny`: unknown field `x`"),
        (
            "allow := 1 if input.method\nallow := 2 if input.uri",
            "rule conflicts with rule at policy.rego:2:1",
        ),
    ] {
        let error = fault(rules);
        assert!(error.contains(expected), "{rules}: {error}");
    }
}

#[test]
fn functions_that_cannot_take_their_arguments_are_faults_unless_they_are_to_be_undefined() {
    let rego = "package portcullis.docker_request\nallow if to_number(input.method) == 1\ndeny contains \"no\" if \
                to_number(input.method) == 2";
    let request = docker::Request { method: "GET".into(), ..docker::Request::default() };
    let error = ask(&text(rego), &request).unwrap_err();
    assert!(error.contains("policy.rego:"), "{error}");
    let policy = configured(&json!({"rego": rego, "builtin_errors": "undefined"})).unwrap();
    assert_eq!(ask(&policy, &request).unwrap().verdict, Verdict::Abstain);
}

/// Each would be a panic of regorus 0.14.1, or endless.
#[test]
fn no_argument_makes_a_function_panic() {
    for (expression, expected) in [
        ("strings.count(\"abc\", input.method) == 4", Ok(true)),
        ("strings.count(\"cheese\", \"e\") == 3", Ok(true)),
        ("strings.count(\"aaa\", \"aa\") == 1", Ok(true)),
        ("count(numbers.range(0, 4)) == 5", Ok(true)),
        ("numbers.range(3, 1) == [3, 2, 1]", Ok(true)),
        ("numbers.range_step(1, 6, 2) == [1, 3, 5]", Ok(true)),
        ("numbers.range_step(6, 1, 2) == [6, 4, 2]", Ok(true)),
        ("count(numbers.range(0, 9223372036854775807)) == 1", Err("more than 100000 numbers")),
        ("count(numbers.range(0, 99999999999999999999999)) == 1", Err("expects whole numbers")),
        ("count(numbers.range_step(0, 10, 0)) == 1", Err("must be 1 or more")),
        ("count(numbers.range_step(0, 10, -1)) == 1", Err("must be 1 or more")),
        (
            "count(numbers.range_step(-9223372036854775808, 9223372036854775807, 1)) == 1",
            Err("more than 100000"),
        ),
        ("rand.intn(\"x\", 5) == 1", Err("no randomness")),
    ] {
        let policy = text(&format!("package portcullis.docker_request\nallow if {expression}"));
        let opinion = ask(&policy, &docker::Request::default());
        match (opinion, expected) {
            (Ok(opinion), Ok(allowed)) => {
                assert_eq!(opinion.verdict == Verdict::Allow, allowed, "{expression}");
            }
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{expression}: {error}"),
            (said, expected) => panic!("{expression}: {said:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn edits_hide_what_a_rule_does_not_show() {
    let policy = text(
        "package portcullis.docker_edit\nlabels := {\"owner\": input.principal.name}\nvisible := {\"kinds\": [\"container\"], \
         \"labels\": labels, \"names\": [[\"network\", \"none\"]]} if input.principal.name != \"root\"\nhidden_environment := [\"TOKEN\"]",
    );
    let mut request = docker::Request::default();
    request.principal.name = Some("alice".into());
    let edits = policy.edit(&request).unwrap();
    let owner = vec![("owner".to_owned(), "alice".to_owned())];
    let visible = edits.visible.unwrap();
    assert_eq!((&edits.labels, &visible.labels), (&owner, &owner));
    assert_eq!(
        (visible.names.as_slice(), edits.hidden_environment.as_slice()),
        (&[("network".into(), "none".into())][..], &["TOKEN".to_owned()][..])
    );
    // Undefined, it would show everything.
    request.principal.name = Some("root".into());
    assert_eq!(
        policy.edit(&request).unwrap_err(),
        "`visible` is undefined for this request: give it a default"
    );
}

#[test]
fn roles_are_granted_and_denied_with_all_their_fields() {
    let policy = text(
        "package portcullis.aws_roles\ngrants contains {\"account\": name, \"role\": \"reader\", \"reason\": \"r\", \
         \"duration_seconds\": 900, \"tags\": {\"team\": \"web\"}} if some name, _ in data.accounts\ndenials contains {\"role\": \
         \"admin\", \"reason\": \"no\", \"rule\": \"admin\"}",
    );
    assert_eq!(policy.grants(&aws::Request::default()).unwrap().grants, []);
    let accounts = json!({"dev": {"id": "111111111111", "partition": "aws"}});
    let rego = "package portcullis.aws_roles\ngrants contains {\"account\": name, \"role\": \"reader\", \"reason\": \"r\", \
                \"duration_seconds\": 900, \"tags\": {\"team\": \"web\"}} if some name, _ in data.accounts\ndenials contains \
                {\"role\": \"admin\", \"reason\": \"no\", \"rule\": \"admin\"}";
    let policy = configured(&json!({"rego": rego, "accounts": accounts})).unwrap();
    let answer = policy.grants(&aws::Request::default()).unwrap();
    assert_eq!(answer.grants[0].tags, [("team".to_owned(), "web".to_owned())]);
    assert_eq!((answer.grants[0].duration_seconds, answer.grants[0].account.as_str()), (Some(900), "dev"));
    assert_eq!(
        (answer.denials[0].role.as_deref(), answer.denials[0].account.as_deref()),
        (Some("admin"), None)
    );

    let policy = text("package portcullis.aws_roles\ngrants contains {\"acount\": \"dev\"}");
    let error = policy.grants(&aws::Request::default()).unwrap_err();
    assert!(error.starts_with("`grants`: unknown field `acount`"), "{error}");
}

/// The language of OPA 1.12, and functions that regorus does not have.
#[test]
fn newer_spellings_and_more_functions_decide_as_in_opa() {
    let mut monday = docker::Request::default();
    monday.context.now = 1_795_417_200_000;
    for condition in [
        "$\"{input.method}{input.nope} {[1, \"a\"]} {set()} {{\"k\": {1}}}\" == \"<undefined> [1, \\\"a\\\"] set() {\\\"k\\\": {1}}\"",
        "x := \"a\"; $`{x}\\d` == `a\\d`",
        "data.lists.in == [1] with data.lists as {\"in\": [1]}",
        "f.if.not == {1}",
        "f.default(2) == 3",
        "time.now_ns() == 1795417200000000000",
        "time.weekday(time.now_ns()) == \"Monday\"",
        "time.clock([time.now_ns(), \"Europe/Berlin\"]) == [8, 0, 0]",
        "crypto.sha256(\"\") == \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "crypto.hmac.equal(crypto.hmac.md5(\"a\", \"k\"), crypto.hmac.md5(\"a\", \"k\"))",
        "not crypto.hmac.equal(\"a\", \"ab\")",
        "net.cidr_merge([\"10.0.0.0/9\", \"10.128.0.0/9\"]) == {\"10.0.0.0/8\"}",
        "net.cidr_intersects(\"10.0.0.0/8\", \"10.1.0.0/16\")",
        "not net.cidr_intersects(\"10.0.0.0/8\", \"::/0\")",
        "net.cidr_contains_matches({\"k\": \"1.1.1.0/24\"}, [\"1.1.2.1\", \"1.1.1.9\"]) == {[\"k\", 1]}",
        "urlquery.decode_object(\"a=1&a=2\").a == [\"1\", \"2\"]",
        "yaml.unmarshal(\"a: [1]\") == {\"a\": [1]}",
        "array.flatten([[1], 2, [[3]]]) == [1, 2, [3]]",
        "not json.is_valid(1)",
        "numbers.range_step(0, 10, 99999999999999999999) == [0]",
    ] {
        let policy = text(&format!(
            "package portcullis.docker_request\nf.if.not contains 1\nf.default(x) := x + 1\nallow if {{ {condition} }}"
        ));
        let opinion = ask(&policy, &monday).unwrap();
        assert_eq!(opinion.verdict, Verdict::Allow, "{condition}");
    }
}

#[test]
fn a_function_that_cannot_take_its_arguments_is_a_fault_or_undefined_as_the_settings_say() {
    let rego = "package portcullis.docker_request\nallow if not net.cidr_intersects(\"x\", \"10.0.0.0/8\")";
    let policy = |errors: &str| configured(&json!({"rego": rego, "builtin_errors": errors})).unwrap();
    let asked = ask(&policy("undefined"), &docker::Request::default()).unwrap();
    assert_eq!(asked.verdict, Verdict::Allow);
    assert!(ask(&policy("fault"), &docker::Request::default()).unwrap_err().contains("`x` is no network"));
    // OPA stops here in any case.
    let several = "package portcullis.docker_request\nallow if $\"{[1, 2][_]}\" == \"1\"";
    let policy = configured(&json!({"rego": several, "builtin_errors": "undefined"})).unwrap();
    assert!(ask(&policy, &docker::Request::default()).unwrap_err().contains("several values"));
}
