//! What Cedar's decisions come to.

use super::*;

/// Verdict, rule and reason for an empty request of the operation.
fn said(cedar: &str, no_permit: &str) -> (Verdict, String, String) {
    let policy = configured(&json!({"cedar": cedar, "no_permit": no_permit})).unwrap();
    let opinion = ask(&policy, &operation("ContainerCreate")).unwrap();
    (opinion.verdict, opinion.rule, opinion.reason)
}

#[test]
fn a_forbid_denies_a_permit_allows_and_without_both_there_is_no_opinion() {
    use Verdict::{Abstain, Allow, Deny};
    let create = "action == Docker::Action::\"ContainerCreate\"";
    for (cedar, no_permit, verdict, rule, reason) in [
        ("@id(\"all\") permit (principal, action, resource);", "abstain", Allow, "all", ""),
        ("\npermit (principal, action, resource);", "abstain", Allow, "policy.cedar:2", ""),
        (
            "permit (principal, action == Docker::Action::\"ContainerKill\", resource);",
            "abstain",
            Abstain,
            "",
            "",
        ),
        (
            "permit (principal, action == Docker::Action::\"ContainerKill\", resource);",
            "deny",
            Deny,
            "no-permit",
            "no policy permits ContainerCreate on `container/web`",
        ),
        (
            "@id(\"n\") @reason(\"not here\") forbid (principal, action, resource); permit (principal, action, resource);",
            "abstain",
            Deny,
            "n",
            "not here",
        ),
        (
            "@id(\"b\") @reason(\"first\") forbid (principal, CREATE, resource);\n@id(\"a\") forbid (principal, CREATE, resource);",
            "abstain",
            Deny,
            "b",
            "first; forbidden by the rule `a`",
        ),
        (
            "permit (principal, action in Docker::Action::\"AnyOperation\", resource);",
            "abstain",
            Allow,
            "policy.cedar:1",
            "",
        ),
    ] {
        let cedar = cedar.replace("CREATE", create);
        assert_eq!(said(&cedar, no_permit), (verdict, rule.to_owned(), reason.to_owned()), "{cedar}");
    }
}

/// Cedar itself would skip the policy that fails, and permit.
#[test]
fn a_forbid_that_fails_is_a_fault_and_a_permit_that_fails_permits_nothing() {
    let fails = "when { context has workload && context.workload has memoryLimit && \
                 context.workload.memoryLimit * 9223372036854775807 > 0 }";
    let ask = |cedar: String| {
        let mut request = operation("ContainerCreate");
        request.workload = Some(docker::Workload { memory_limit: Some(2), ..Default::default() });
        super::ask(&text(&cedar), &request)
    };
    let permit = "@id(\"p\") permit (principal, action, resource)";
    let forbid = "@id(\"f\") forbid (principal, action, resource)";
    let error = ask(format!("{forbid} {fails};\n{permit};")).unwrap_err();
    assert!(error.starts_with("policy `f`: integer overflow"), "{error}");
    // Nothing else permits: another policy could allow what this one was to decide.
    let error = ask(format!("{permit} {fails};")).unwrap_err();
    assert!(error.starts_with("policy `p`: integer overflow"), "{error}");
    let opinion =
        ask(format!("{permit} {fails};\n@id(\"q\") permit (principal, action, resource);")).unwrap();
    assert_eq!((opinion.verdict, opinion.rule.as_str()), (Verdict::Allow, "q"));
    // What forbids, forbids.
    let opinion =
        ask(format!("{forbid};\n@id(\"g\") forbid (principal, action, resource) {fails};\n{permit};"))
            .unwrap();
    assert_eq!((opinion.verdict, opinion.rule.as_str()), (Verdict::Deny, "f"));
}

#[test]
fn each_thing_that_a_request_names_must_be_permitted_and_none_forbidden() {
    let policy = text(
        "@id(\"own\") permit (principal, action == Docker::Action::\"ImageTag\", resource)
         when { resource has image && resource.image.path like \"own/*\" };
         @id(\"prod\") forbid (principal, action, resource is Docker::Target)
         when { resource.hasTag(\"stage\") && resource.getTag(\"stage\") == \"prod\" };",
    );
    let target = |path: &str, stage: &str| docker::Target {
        kind: "image".into(),
        as_sent: path.into(),
        labels: vec![("stage".into(), stage.into())],
        image: Some(docker::Image { path: path.into(), ..Default::default() }),
        ..Default::default()
    };
    for (targets, verdict) in [
        (vec![target("own/a", "dev"), target("own/b", "dev")], Verdict::Allow),
        (vec![target("own/a", "dev"), target("theirs/b", "dev")], Verdict::Abstain),
        (vec![target("theirs/a", "dev"), target("own/b", "dev")], Verdict::Abstain),
        (vec![target("own/a", "dev"), target("own/b", "prod")], Verdict::Deny),
        (vec![target("own/a", "prod"), target("own/b", "dev")], Verdict::Deny),
    ] {
        let request = docker::Request { targets: targets.clone(), ..operation("ImageTag") };
        assert_eq!(ask(&policy, &request).unwrap().verdict, verdict, "{targets:?}");
    }
}

#[test]
fn an_operation_that_the_schema_does_not_have_is_unknown() {
    let policy = text(
        "@id(\"unknown\") permit (principal, action == Docker::Action::\"Unknown\", resource);
         @id(\"future\") forbid (principal, action, resource) when { context has operation && context.operation == \"PodKill\" };",
    );
    let verdict = |operation: Option<&str>| {
        let request = docker::Request { operation: operation.map(str::to_owned), ..Default::default() };
        ask(&policy, &request).unwrap().verdict
    };
    assert_eq!(verdict(None), Verdict::Allow);
    assert_eq!(verdict(Some("PodKill")), Verdict::Deny);
    // Names of the schema that are no operations.
    assert_eq!(verdict(Some("Response")), Verdict::Allow);
    assert_eq!(verdict(Some("AnyOperation")), Verdict::Allow);
    assert_eq!(verdict(Some("ContainerCreate")), Verdict::Abstain);

    let policy = text("permit (principal, action == Secrets::Action::\"Unknown\", resource);");
    let access = |operation: &str| {
        let access = secrets::Access { operation: operation.into(), ..Default::default() };
        SecretAccess::authorize(&policy, &access).unwrap().verdict
    };
    assert_eq!(
        ["secret-melt", "AnyOperation", "secret-get"].map(access),
        [Verdict::Allow, Verdict::Allow, Verdict::Abstain]
    );
}

#[test]
fn a_response_is_withheld_where_it_is_forbidden_and_needs_no_permit() {
    let cedar = "@id(\"secret\") @reason(\"inspect shows secrets\") forbid (principal, action == Docker::Action::\"Response\", resource)
        when { context has operation && context.operation == \"ContainerInspect\" && context has status && context.status == 200
            && context.responseHeaders.hasTag(\"Api-Version\") && context.responseBody.kind == \"json\" };";
    let policy = configured(&json!({"cedar": cedar, "no_permit": "deny"})).unwrap();
    let mut response = docker::Response {
        request: operation("ContainerInspect"),
        status: Some(200),
        headers: vec![("Api-Version".into(), "1.47".into())],
        body: docker::Body::Json("{}".into()),
        ..Default::default()
    };
    let opinion = DockerResponse::authorize(&policy, &response).unwrap();
    assert_eq!((opinion.verdict, opinion.reason.as_str()), (Verdict::Deny, "inspect shows secrets"));
    response.status = Some(404);
    assert_eq!(DockerResponse::authorize(&policy, &response).unwrap().verdict, Verdict::Abstain);
}

#[test]
fn roles_of_the_entities_are_granted_with_their_session_and_others_can_be_forbidden() {
    let role =
        |id: &str, attributes: Value| json!({"uid": {"type": "Aws::Role", "id": id}, "attrs": attributes});
    let mut reader = role(
        "production/team/reader",
        json!({"durationSeconds": 900, "sessionName": "s", "sourceIdentity": "i", "sessionPolicy": "{}", "externalId": "e"}),
    );
    reader["tags"] = json!({"team": "web"});
    let settings = json!({
        "cedar": "@id(\"ops\") permit (principal in Group::\"ops\", action == Aws::Action::\"assume\", resource);
                  @id(\"no-admin\") @reason(\"admins are granted by tickets\") forbid (principal, action, resource is Aws::Role)
                  when { resource.name == \"admin\" && resource in Aws::Account::\"production\" };",
        "entities": [reader, role("production/admin", json!({})), role("staging/admin", json!({}))],
        "accounts": {"production": {"id": "111111111111", "partition": "aws"}, "staging": {"id": "222222222222", "partition": "aws"}},
    });
    let policy = configured(&settings).unwrap();
    let mut request = aws::Request { purpose: "list".into(), ..Default::default() };
    let denied = |answer: &aws::Answer| {
        answer
            .denials
            .iter()
            .map(|one| format!("{}/{}", one.account.as_deref().unwrap(), one.role.as_deref().unwrap()))
            .collect::<Vec<_>>()
    };
    let granted = |answer: &aws::Answer| {
        answer.grants.iter().map(|one| format!("{}/{}", one.account, one.role)).collect::<Vec<_>>()
    };
    let answer = policy.grants(&request).unwrap();
    assert_eq!((granted(&answer), denied(&answer)), (vec![], vec!["production/admin".to_owned()]));
    request.principal.name = Some("olga".into());
    request.principal.groups = vec!["ops".into()];
    let answer = policy.grants(&request).unwrap();
    assert_eq!(granted(&answer), ["production/team/reader", "staging/admin"]);
    assert_eq!(answer.denials[0].reason, "admins are granted by tickets");
    let grant = &answer.grants[0];
    assert_eq!((grant.reason.as_str(), grant.duration_seconds, grant.tags.len()), ("ops", Some(900), 1));
    let texts = [&grant.session_name, &grant.source_identity, &grant.session_policy, &grant.external_id];
    assert_eq!(texts.map(|text| text.as_deref().unwrap()), ["s", "i", "{}", "e"]);
    // One role of one account. A role that is in no entity is not granted, and can be forbidden.
    request.account = Some("production".into());
    request.role = Some("team/reader".into());
    assert_eq!(granted(&policy.grants(&request).unwrap()), ["production/team/reader"]);
    request.role = Some("writer".into());
    let answer = policy.grants(&request).unwrap();
    assert_eq!((granted(&answer), denied(&answer)), (vec![], vec![]));
    let mut without = settings.clone();
    without["entities"] = json!([]);
    request.role = Some("admin".into());
    let answer = configured(&without).unwrap().grants(&request).unwrap();
    assert_eq!((granted(&answer), denied(&answer)), (vec![], vec!["production/admin".to_owned()]));
}

/// Networks may share a name. With either order the labels of both count, so neither may hide the other.
#[test]
fn two_things_of_one_name_are_never_taken_for_one() {
    let policy = text(
        "permit (principal, action, resource);
         forbid (principal is User, action, resource is Docker::Target)
         when { resource.hasTag(\"owner\") && resource.getTag(\"owner\") != principal.id };",
    );
    let network = |id: &str, owner: &str| docker::Target {
        kind: "network".into(),
        as_sent: id.into(),
        name: Some("shared".into()),
        id: Some(id.into()),
        labels: vec![("owner".into(), owner.into())],
        ..Default::default()
    };
    let (alice, bob) = (network("aaa", "alice"), network("bbb", "bob"));
    for targets in [[alice.clone(), bob.clone()], [bob.clone(), alice]] {
        let mut request = operation("ContainerCreate");
        request.principal.name = Some("bob".into());
        request.targets.extend(targets);
        let error = ask(&policy, &request).unwrap_err();
        assert!(error.contains("`Docker::Target::\"network/shared\"`"), "{error}");
    }
    let mut request = operation("ContainerCreate");
    request.principal.name = Some("bob".into());
    request.targets.extend([bob.clone(), bob]);
    assert_eq!(ask(&policy, &request).unwrap().verdict, Verdict::Allow, "the same thing, named twice");
}

#[test]
fn a_duration_that_no_session_can_have_is_refused_at_load() {
    for seconds in [json!(-1), json!(0), json!(899), json!(43_201), json!(4_294_967_296_u64)] {
        let role =
            json!({"uid": {"type": "Aws::Role", "id": "prod/b"}, "attrs": {"durationSeconds": seconds}});
        let settings =
            json!({"cedar": "permit (principal, action, resource is Aws::Role);", "entities": [role]});
        let error = configured(&settings).err().unwrap();
        assert!(
            error.contains("`Aws::Role::\"prod/b\"`: `durationSeconds` is between 900 and 43200"),
            "{error}"
        );
    }
}
