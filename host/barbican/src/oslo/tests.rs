//! Questions that are read.

mod refusals;

use super::*;
use portcullis_contract::secrets::{Acl, Entity, Requester};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What Barbican 23.0.0 with oslo.policy 6.0.1 posted, in both encodings.
fn recorded() -> impl Iterator<Item = (String, String)> {
    include_str!("recorded.jsonl").lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        (text("content_type"), text("body"))
    })
}

fn base() -> Value {
    json!({
        "rule": "secret:get",
        "target": {
            "enforce_new_defaults": true,
            "target.secret.read": "read",
            "target.secret.read_project_access": false,
            "target.secret.project_id": "p1",
            "target.secret.creator_id": "u1",
        },
        "credentials": {
            "user_id": "u2", "user_domain_id": "default", "system_scope": null, "domain_id": null,
            "project_id": "p2", "project_domain_id": "default", "roles": ["reader", "member"],
            "is_admin_project": true, "service_user_id": null, "service_user_domain_id": null,
            "service_project_id": null, "service_project_domain_id": null, "service_roles": [],
        },
    })
}

fn ask(body: &Value) -> Result<Question, OsloRefusal> {
    question("barbican", Release::From23, JSON, body.to_string().as_bytes())
}

/// `base` with `part.key` set, or taken away.
fn changed(part: &str, key: &str, value: Option<Value>) -> Result<Question, OsloRefusal> {
    let mut body = base();
    let part = body[part].as_object_mut().unwrap();
    match value {
        Some(value) => part.insert(key.into(), value),
        None => part.remove(key),
    };
    ask(&body)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[test]
fn every_recorded_question_is_read() {
    let mut operations: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    for (content_type, body) in recorded() {
        match question("barbican", Release::From23, &content_type, body.as_bytes()) {
            Ok(Question { rule, access }) => {
                assert_eq!(access.principal.scope, "project");
                assert_eq!(access.extra, [("enforce-new-defaults".to_owned(), "true".to_owned())]);
                let has_entity = !rule.starts_with("secrets:") && !rule.starts_with("containers:");
                assert_eq!(access.entity.is_some(), has_entity);
                operations.entry((rule, content_type == FORM)).or_default().push(access.operation);
            }
            Err(refusal) => panic!("{refusal}"),
        }
    }
    for (rule, operation) in [
        ("secrets:get", "secret-list"),
        ("secrets:post", "secret-create"),
        ("secret:get", "secret-get"),
        ("secret:decrypt", "payload-get"),
        ("secret:put", "payload-put"),
        ("secret:delete", "secret-delete"),
        ("secret_acls:get", "acl-get"),
        ("secret_acls:put_patch", "acl-put"),
        ("secret_acls:delete", "acl-delete"),
        ("containers:get", "container-list"),
        ("containers:post", "container-create"),
        ("container:get", "container-get"),
        ("container:delete", "container-delete"),
        ("container_acls:get", "acl-get"),
        ("container_acls:put_patch", "acl-put"),
        ("container_acls:delete", "acl-delete"),
        ("secret_meta:get", "secret-meta-get"),
    ] {
        for form in [false, true] {
            let asked = operations.remove(&(rule.to_owned(), form)).expect(rule);
            assert!(asked.iter().all(|asked| asked == operation), "{rule} {asked:?}");
        }
    }
    assert!(operations.is_empty(), "{operations:?}");
}

#[test]
fn a_question_is_what_barbican_said() {
    let text = |text: &str| Some(text.to_owned());
    let expected = Access {
        operation: "secret-get".into(),
        principal: Requester {
            user: text("u2"),
            user_domain: text("default"),
            project: text("p2"),
            project_domain: text("default"),
            scope: "project".into(),
            roles: vec!["reader".into(), "member".into()],
            attributes: vec![("is-admin-project".into(), "true".into())],
            ..Requester::default()
        },
        entity: Some(Entity {
            kind: "secret".into(),
            project: "p1".into(),
            creator: text("u1"),
            ..Entity::default()
        }),
        acl: Some(Acl {
            users: vec!["u2".into()],
            project_access: false,
            extra: vec![("users".into(), "requester-only".into())],
            ..Acl::default()
        }),
        extra: vec![("enforce-new-defaults".into(), "true".into())],
        ..Access::default()
    };
    let asked = ask(&base()).unwrap();
    assert_eq!(asked, Question { rule: "secret:get".into(), access: expected.clone() });

    // The same in every encoding.
    let (rule, target, credentials) =
        (base()["rule"].to_string(), base()["target"].to_string(), base()["credentials"].to_string());
    let fields = [("rule", &*rule), ("target", &*target), ("credentials", &*credentials)];
    for (content_type, body) in [
        (FORM, form(&fields)),
        ("Application/X-WWW-Form-URLencoded; charset=utf-8", form(&fields)),
        (" application/json ;charset=utf-8", base().to_string()),
        (JSON, json!({ "rule": rule, "target": target, "credentials": credentials }).to_string()),
    ] {
        for service in ["barbican", "key-manager"] {
            let asked = question(service, Release::From23, content_type, body.as_bytes()).unwrap();
            assert_eq!(asked.access, expected, "{content_type} {body}");
        }
    }
}

#[test]
fn what_is_known_of_the_acl() {
    let cases = [
        (Some("read"), true, Some((vec!["u2"], true))),
        (Some("read"), false, Some((vec!["u2"], false))),
        (None, false, Some((vec![], false))),
        // An open ACL or none: the request does not tell.
        (None, true, None),
    ];
    for (read, project_access, expected) in cases {
        let mut body = base();
        let target = body["target"].as_object_mut().unwrap();
        target.remove("target.secret.read");
        target.extend(read.map(|read| ("target.secret.read".to_owned(), json!(read))));
        target.insert("target.secret.read_project_access".into(), json!(project_access));
        let acl = ask(&body).unwrap().access.acl;
        let expected =
            expected.map(|(users, access)| (users.into_iter().map(String::from).collect(), access));
        assert_eq!(acl.map(|acl| (acl.users, acl.project_access)), expected, "{read:?} {project_access}");
    }
}

#[test]
fn every_rule_that_is_decided_is_one_operation() {
    for (rule, operation, kind) in [
        ("secret_meta:put", "secret-meta-put", "secret"),
        ("secret_meta:post", "secret-meta-create", "secret"),
        ("secret_meta:delete", "secret-meta-delete", "secret"),
        ("container_secret:post", "container-secret-create", "container"),
        ("container_secret:delete", "container-secret-delete", "container"),
        ("secret_consumers:get", "consumer-list", "secret"),
        ("secret_consumers:post", "consumer-create", "secret"),
        ("secret_consumers:delete", "consumer-delete", "secret"),
        ("container_consumers:get", "consumer-list", "container"),
        ("container_consumers:post", "consumer-create", "container"),
        ("container_consumers:delete", "consumer-delete", "container"),
        ("order:get", "order-get", "order"),
        ("order:delete", "order-delete", "order"),
        ("orders:get", "order-list", ""),
        ("orders:post", "order-create", ""),
        ("orders:put", "order-create", ""),
        ("quotas:get", "quota-get", ""),
        ("project_quotas:get", "project-quota-get", ""),
        ("project_quotas:put", "project-quota-put", ""),
        ("project_quotas:delete", "project-quota-delete", ""),
    ] {
        let mut body = base();
        body["rule"] = json!(rule);
        body["target"] = json!({ "enforce_new_defaults": true });
        if !kind.is_empty() {
            body["target"][format!("target.{kind}.project_id")] = json!("p1");
            body["target"][format!("target.{kind}.creator_id")] = json!("u1");
        }
        if !["", "order"].contains(&kind) {
            body["target"][format!("target.{kind}.read_project_access")] = json!(true);
        }
        let access = ask(&body).unwrap_or_else(|refusal| panic!("{rule}: {refusal}")).access;
        let entity = access.entity.map(|entity| (entity.kind, entity.project));
        let expected = (!kind.is_empty()).then(|| (kind.to_owned(), "p1".to_owned()));
        assert_eq!((access.operation.as_str(), entity), (operation, expected), "{rule}");
    }
    for rule in ["transport_keys:get", "secretstores:get", "order:put", "consumer:get"] {
        let mut body = base();
        body["rule"] = json!(rule);
        assert_eq!(ask(&body), Err(OsloRefusal::Rule(rule.into())), "{rule}");
    }
}

/// What Barbican 22.0.0 says of an ACL's entity.
fn of_acl(rule: &str, kind: &str) -> Value {
    let mut body = base();
    body["rule"] = json!(rule);
    body["target"] = json!({
        "enforce_new_defaults": false,
        (format!("target.{kind}.project_id")): "p1",
        (format!("target.{kind}.creator_id")): "u1",
    });
    body
}

#[test]
fn of_an_older_barbican_an_acls_entity_is_taken_for_private() {
    for kind in ["secret", "container"] {
        for (rule, operation) in [("get", "acl-get"), ("put_patch", "acl-put"), ("delete", "acl-delete")] {
            let body = of_acl(&format!("{kind}_acls:{rule}"), kind).to_string();
            let asked = question("barbican", Release::UpTo22, JSON, body.as_bytes()).unwrap().access;
            assert_eq!((asked.operation.as_str(), asked.entity.unwrap().kind.as_str()), (operation, kind));
            let acl = asked.acl.unwrap();
            assert_eq!((acl.users, acl.project_access), (vec![], false));
            assert!(acl.extra.contains(&("project-access".into(), "not-said".into())));
            let refused = question("barbican", Release::From23, JSON, body.as_bytes()).unwrap_err();
            let advice = "as of a Barbican up to 22: set `oslo_release` to its release, e.g. 22";
            assert!(refused.to_string().ends_with(advice), "{refused}");
        }
        // Only ACLs are asked about in this way.
        let body = of_acl(&format!("{kind}:get"), kind).to_string();
        assert!(question("barbican", Release::UpTo22, JSON, body.as_bytes()).is_err());
    }
    // What is said counts, whichever release it is.
    let asked = question("barbican", Release::UpTo22, JSON, base().to_string().as_bytes()).unwrap();
    assert_eq!(asked, ask(&base()).unwrap());
    assert_eq!(
        (Release::of(15), Release::of(22), Release::of(23)),
        (Release::UpTo22, Release::UpTo22, Release::From23)
    );
}

#[test]
fn what_may_be_missing() {
    for (part, key) in [
        ("target", "enforce_new_defaults"),
        ("target", "target.secret.read"),
        ("credentials", "user_domain_id"),
        ("credentials", "project_domain_id"),
        ("credentials", "system_scope"),
        ("credentials", "domain_id"),
        ("credentials", "is_admin_project"),
        ("credentials", "service_roles"),
        ("credentials", "service_user_id"),
    ] {
        assert!(changed(part, key, None).is_ok(), "{part} {key}");
    }
    // A legacy entity without a creator.
    for creator in [None, Some(Value::Null)] {
        let entity = changed("target", "target.secret.creator_id", creator).unwrap().access.entity;
        assert_eq!(entity.unwrap().creator, None);
    }
    // A row of another operation in Barbican's database.
    assert!(changed("target", "target.secret.list", Some(json!("list"))).is_ok());
    let service = changed("credentials", "service_roles", Some(json!(["service"]))).unwrap();
    assert_eq!(service.access.principal.service_roles, ["service"]);
}

proptest! {
    #[test]
    fn no_body_breaks_the_reader(body in prop::collection::vec(any::<u8>(), 0..300), form in any::<bool>()) {
        let content_type = if form { FORM } else { JSON };
        prop_assert!(question("barbican", Release::From23, content_type, &body).is_err());
    }

    #[test]
    fn a_damaged_question_is_refused_or_says_what_it_said(at in 0_usize..480, byte in any::<u8>()) {
        let mut body = base().to_string().into_bytes();
        let at = at % body.len();
        body[at] = byte;
        if let Ok(asked) = question("barbican", Release::From23, JSON, &body) {
            prop_assert_eq!(asked.access.principal.scope, "project");
            prop_assert!(asked.access.principal.user.is_some_and(|user| !user.is_empty()));
            prop_assert!(asked.access.entity.is_some_and(|entity| !entity.project.is_empty()));
        }
    }

    #[test]
    fn nobody_but_the_one_who_asks_is_ever_listed(user in "[a-z0-9]{1,40}", listed in any::<bool>()) {
        let mut body = base();
        body["credentials"]["user_id"] = json!(user);
        if !listed {
            body["target"].as_object_mut().unwrap().remove("target.secret.read");
        }
        let acl = ask(&body).unwrap().access.acl.unwrap();
        prop_assert_eq!(acl.users, if listed { vec![user] } else { vec![] });
    }
}
