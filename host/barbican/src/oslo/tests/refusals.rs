//! Questions that are answered with no, unread.

use super::*;

#[test]
fn what_is_missing_or_odd_is_refused() {
    for (part, key, value) in [
        ("target", "target.secret.project_id", None),
        ("target", "target.secret.project_id", Some(json!(null))),
        ("target", "target.secret.project_id", Some(json!(""))),
        ("target", "target.secret.project_id", Some(json!(7))),
        ("target", "target.secret.creator_id", Some(json!(["u2"]))),
        ("target", "target.secret.creator_id", Some(json!(""))),
        // Barbican up to 22 does not say so for ACLs (bug 2069378).
        ("target", "target.secret.read_project_access", None),
        ("target", "target.secret.read_project_access", Some(json!("True"))),
        ("target", "target.secret.read_project_access", Some(json!(null))),
        ("target", "target.secret.read_project_access", Some(json!(1))),
        ("target", "target.secret.read", Some(json!(true))),
        ("target", "target.secret.read", Some(json!("Read"))),
        ("target", "target.secret.read", Some(json!(null))),
        ("target", "target.container.project_id", Some(json!("p2"))),
        ("target", "target.secretx.project_id", Some(json!("p2"))),
        ("target", "enforce_new_defaults", Some(json!("yes"))),
        ("credentials", "user_id", None),
        ("credentials", "user_id", Some(json!(null))),
        ("credentials", "user_id", Some(json!(""))),
        ("credentials", "project_id", None),
        ("credentials", "project_id", Some(json!(null))),
        ("credentials", "roles", None),
        ("credentials", "roles", Some(json!("admin"))),
        ("credentials", "roles", Some(json!(["admin", 1]))),
        ("credentials", "roles", Some(json!({ "admin": true }))),
        ("credentials", "system_scope", Some(json!("all"))),
        ("credentials", "domain_id", Some(json!("default"))),
        ("credentials", "service_roles", Some(json!("service"))),
        ("credentials", "is_admin_project", Some(json!("True"))),
    ] {
        let refusal = changed(part, key, value.clone()).unwrap_err();
        assert!(
            matches!(&refusal, OsloRefusal::Fact { part: of, key: which, .. } if *of == part && which == key),
            "{part} {key} {value:?} {refusal:?}"
        );
    }
    assert_eq!(
        changed("credentials", "user_id", None).unwrap_err().to_string(),
        "the credentials do not say `user_id`"
    );
    assert_eq!(
        changed("target", "target.secret.read_project_access", None).unwrap_err().to_string(),
        "the target does not say `target.secret.read_project_access`"
    );
}

#[test]
fn lists_are_about_no_entity() {
    let mut body = base();
    body["rule"] = json!("secrets:get");
    assert!(matches!(ask(&body), Err(OsloRefusal::Fact { part: "target", .. })));
    body["target"] = json!({});
    assert_eq!(ask(&body).unwrap().access.entity, None);
    body["rule"] = json!("secret:get");
    assert!(ask(&body).is_err());
}

#[test]
fn rules_that_are_not_decided_here() {
    for rule in [
        "",
        "default",
        "secret",
        "secret:",
        "Secret:Get",
        "secret:get ",
        "secretstores:get",
        "consumer:get",
        "order:put",
        "transport_key:get",
        "secret:get\nx",
        "\"\"secret:get\"\"",
    ] {
        let mut body = base();
        body["rule"] = json!(rule);
        let refusal = ask(&body).unwrap_err();
        assert!(!refusal.to_string().contains('\n'), "{refusal}");
    }
    let mut body = base();
    body["rule"] = json!("x".repeat(10_000));
    assert!(ask(&body).unwrap_err().to_string().len() < 200);
    // A check without a name has no rule.
    body["rule"] = Value::Null;
    assert!(matches!(ask(&body), Err(OsloRefusal::Malformed(_))));
    assert_eq!(
        question("nova", Release::From23, JSON, base().to_string().as_bytes()),
        Err(OsloRefusal::Service("nova".into()))
    );
}

#[test]
fn bodies_that_are_no_question() {
    let good = base().to_string();
    let twice = |text: &str, key: &str| good.replacen(text, &format!("{key}{text}"), 1);
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let table = [
        (JSON, String::new()),
        (JSON, "null".into()),
        (JSON, "[]".into()),
        (JSON, "{}".into()),
        (JSON, format!("{good} x")),
        (JSON, format!("\u{feff}{good}")),
        (JSON, good.replace("\"u2\"", "NaN")),
        (JSON, good.replace("\"u2\"", "\"\\ud800\"")),
        (JSON, good.replace("\"reader\"", &deep)),
        (JSON, twice("\"user_id\"", "\"user_id\":\"root\",")),
        (JSON, twice("\"target.secret.read\"", "\"target.secret.read\":\"read\",")),
        (JSON, twice("\"rule\"", "\"rule\":\"secret:get\",")),
        (JSON, twice("\"rule\"", "\"more\":1,")),
        (JSON, json!({ "rule": "secret:get", "target": "x", "credentials": {} }).to_string()),
        (JSON, json!({ "rule": "secret:get", "target": "\"{}\"", "credentials": {} }).to_string()),
        (JSON, json!({ "rule": ["secret:get"], "target": {}, "credentials": {} }).to_string()),
        (FORM, good.clone()),
        (FORM, String::new()),
        (FORM, form(&[("rule", "secret:get"), ("target", "{}"), ("credentials", "{}")])),
        (FORM, form(&[("rule", "\"secret:get\""), ("target", "{}")])),
        (FORM, form(&[("rule", "\"secret:get\""), ("target", "[]"), ("credentials", "{}")])),
        (FORM, form(&[("rule", "\"a\""), ("rule", "\"a\""), ("target", "{}"), ("credentials", "{}")])),
        (FORM, form(&[("rule", "\"a\""), ("target", "{}"), ("credentials", "{}"), ("x", "")])),
        (FORM, "rule=%22secret%3Aget%22&target=%7B%22%ff%22%3A1%7D&credentials=%7B%7D".into()),
        ("", good.clone()),
        ("text/plain", good.clone()),
        ("application/jsonx", good.clone()),
        ("multipart/form-data", good.clone()),
    ];
    for (content_type, body) in table {
        let refusal = question("barbican", Release::From23, content_type, body.as_bytes()).unwrap_err();
        let fits = match content_type {
            JSON | FORM => matches!(refusal, OsloRefusal::Malformed(_)),
            _ => matches!(refusal, OsloRefusal::ContentType(_)),
        };
        assert!(fits, "{content_type} {body} {refusal:?}");
    }
    let long = format!("{good}{}", " ".repeat(MAX_BODY));
    assert_eq!(question("barbican", Release::From23, JSON, long.as_bytes()), Err(OsloRefusal::TooLong));
    assert!(question("barbican", Release::From23, JSON, format!("{good}\n\n").as_bytes()).is_ok());
}
