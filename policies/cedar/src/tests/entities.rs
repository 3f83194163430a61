//! The operator's entities and schema, beside those of Portcullis.

use super::*;

fn with(cedar: &str, schema: &str, entities: &Value) -> Result<Cedar, String> {
    configured(&json!({"cedar": cedar, "schema": schema, "entities": entities}))
}

fn by_bob(operation: &str) -> docker::Request {
    let mut request = super::operation(operation);
    request.principal.name = Some("bob".into());
    request.principal.groups = vec!["staff".into()];
    request
}

#[test]
fn a_users_own_facts_are_joined_with_those_of_the_request() {
    let policy = with(
        "permit (principal in Team::\"web\", action in Docker::Action::\"Watch\", resource in Docker::Zone::\"front\")
         when { principal in Group::\"company\" && principal has level && principal.level >= 3
             && principal.hasTag(\"site\") && principal.getTag(\"site\").contains(\"bonn\") && User::\"boss\".id == \"boss\" };",
        "entity Team;
         entity User in [Team] = { level?: Long };
         namespace Docker { entity Zone; entity Target in [Zone]; action Watch; action ContainerLogs, ContainerTop in [Watch]; }",
        &json!([
            {"uid": {"type": "User", "id": "bob"}, "attrs": {"level": 3}, "parents": [{"type": "Team", "id": "web"}], "tags": {"site": ["bonn"]}},
            {"uid": {"type": "User", "id": "boss"}},
            {"uid": {"type": "Group", "id": "staff"}, "parents": [{"type": "Group", "id": "company"}]},
            {"uid": {"type": "Docker::Target", "id": "container/web"}, "parents": [{"type": "Docker::Zone", "id": "front"}]},
        ]),
    )
    .unwrap();
    let verdict = |request: &docker::Request| ask(&policy, request).unwrap().verdict;
    assert_eq!(verdict(&by_bob("ContainerLogs")), Verdict::Allow);
    assert_eq!(verdict(&by_bob("ContainerKill")), Verdict::Abstain);
    let mut other = by_bob("ContainerLogs");
    other.principal.name = Some("eve".into());
    assert_eq!(verdict(&other), Verdict::Abstain);
    let mut outside = by_bob("ContainerLogs");
    outside.principal.groups.clear();
    assert_eq!(verdict(&outside), Verdict::Abstain);
    // A tag that both have.
    let mut clash = by_bob("ContainerLogs");
    clash.principal.attributes = vec![("site".into(), "rome".into())];
    assert_eq!(
        ask(&policy, &clash).unwrap_err(),
        "`entities`: `User::\"bob\"` has the tag `site`, and the request has it too"
    );
}

/// They are found by what the request names, and not gone through.
#[test]
fn many_users_cost_a_decision_nothing() {
    let user = |number: u32| json!({"uid": {"type": "User", "id": format!("u{number}")}, "parents": [{"type": "Group", "id": "all"}]});
    let users: Vec<_> = (0..20_000).map(user).collect();
    let policy = with("permit (principal in Group::\"all\", action, resource);", "", &users.into()).unwrap();
    let mut request = operation("ContainerKill");
    request.principal.name = Some("u19999".into());
    assert_eq!(ask(&policy, &request).unwrap().verdict, Verdict::Allow);
    let question = crate::request::docker::request(&policy.0.names, &request).unwrap();
    let entities = policy.0.store.joined(question.drafts, [question.action]).unwrap();
    assert!(entities.len() < 10, "{}", entities.len());
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let cedar = "permit (principal, action, resource);";
    let user = |attrs: Value| json!([{"uid": {"type": "User", "id": "bob"}, "attrs": attrs, "parents": []}]);
    let role = |id: &str, attrs: Value| json!([{"uid": {"type": "Aws::Role", "id": id}, "attrs": attrs, "parents": []}]);
    for (entities, expected) in [
        (json!([1]), "`entities[0]`: expected `{\"uid\""),
        (json!({"a.json": {}}), "`entities` of `a.json`: expected a list of entities"),
        (json!("x"), "`entities`: expected a list of entities"),
        (
            user(json!({"roles": ["reader"]})),
            "`entities[0]`: `User::\"bob\"`: `roles` comes from the request",
        ),
        (user(json!({"id": "eve"})), "`entities[0]`: `User::\"bob\"`: `id` comes from the request"),
        (
            user(json!({"level": 3})),
            "attribute `level` on `User::\"bob\"` should not exist according to the schema",
        ),
        (
            json!([{"uid": {"type": "Usr", "id": "bob"}}]),
            "has type `Usr` which is not declared in the schema",
        ),
        (
            json!([{"uid": {"type": "Map", "id": "labels"}}]),
            "`Map::\"labels\"`: entities of this type are made by Portcullis",
        ),
        (
            json!([{"uid": {"type": "Docker::Action", "id": "X"}}]),
            "entities of this type are made by Portcullis",
        ),
        (role("reader", json!({})), "the id of a role is `ACCOUNT/ROLE`"),
        (role("a/r", json!({"name": "x"})), "`name` follows from the id"),
        (role("a/r", json!({"durationSeconds": "1h"})), "durationSeconds"),
        (
            json!([{"uid": {"type": "Group", "id": "a"}, "parents": [{"type": "Group", "id": "b"}]},
                   {"uid": {"type": "Group", "id": "b"}, "parents": [{"type": "Group", "id": "a"}]}]),
            "cycle",
        ),
        (
            json!([{"uid": {"type": "Group", "id": "a"}, "parents": [{"type": "Aws::Role", "id": "a/b"}]}]),
            "not allowed to have an ancestor of type `Aws::Role`",
        ),
    ] {
        let error = with(cedar, "", &entities).err().unwrap_or_default();
        assert!(error.contains(expected), "{entities}: {error}");
    }
    let accounts = json!({"cedar": cedar, "entities": role("b/r", json!({})), "accounts": {"a": {"id": "1", "partition": "aws"}}});
    let error = configured(&accounts).err().unwrap();
    assert!(error.contains("the mount has no account `b`; it has `a`"), "{error}");
    for (schema, expected) in [
        ("entity User = { level: Long };", "the attribute `level` of `User` must be optional, `level?: ...`"),
        ("entity User = { roles?: Long };", "the attribute `roles` of `User` is declared by Portcullis"),
        ("entity User tags Long;", "`User` is declared by Portcullis: only parents and optional attributes"),
        ("type Time = Long;", "the type `Time` is declared by Portcullis"),
        ("entity User enum [\"a\"];", "`User` is declared by Portcullis"),
        (
            "action Read appliesTo { principal: [User], resource: [Group] };",
            "the action `Read` has `appliesTo`",
        ),
        ("entity Team in [Company];", "Company"),
        ("entity Team {", "\n --> schema:1:14\n  |\n1 | entity Team {\n  |              ^"),
    ] {
        let error = with(cedar, schema, &json!([])).err().unwrap_or_default();
        assert!(error.contains(expected), "{schema}: {error}");
    }
}
