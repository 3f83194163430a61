//! Native tests of both hooks.

use super::*;
use portcullis_policy_sdk::docker::{Body, Mount, Target, Workload};
use portcullis_policy_sdk::types::{Context, Principal};

fn policy(settings: &str) -> Ownership {
    Ownership::configure(portcullis_policy_sdk::parse(settings).unwrap()).unwrap()
}

fn request(name: &str, operation: &str) -> docker::Request {
    docker::Request {
        context: Context { api: "docker-gateway".into(), ..Context::default() },
        principal: Principal { name: Some(name.into()), ..Principal::default() },
        operation: Some(operation.into()),
        ..docker::Request::default()
    }
}

fn rule(policy: &Ownership, request: &docker::Request) -> String {
    policy.authorize(request).unwrap().rule
}

#[test]
fn a_user_sees_what_is_theirs_their_teams_and_shared() {
    let policy = policy(r#"{"teams":{"web":["alice"],"db":["bob"]},"shared":["network/proxy"]}"#);
    let edits = policy.edit(&request("alice", "ContainerList")).unwrap();
    let visible = edits.visible.unwrap();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(visible.labels, [pair("io.portcullis.owner", "alice"), pair("io.portcullis.team", "web")]);
    assert_eq!(visible.names, [pair("network", "proxy")]);
    assert_eq!(edits.labels, [pair("io.portcullis.owner", "alice")]);
    let mut grouped = request("carol", "ContainerList");
    grouped.principal.groups = vec!["db".into()];
    let visible = policy.edit(&grouped).unwrap().visible.unwrap();
    assert_eq!(visible.labels[1], pair("io.portcullis.team", "db"));
}

#[test]
fn administrators_see_everything_and_own_what_they_make() {
    let policy = policy(r#"{"administrators":["root"],"administrator_groups":["ops"]}"#);
    let mut by_role = request("erin", "SwarmInit");
    by_role.principal.attributes = vec![("role".into(), "administrator".into())];
    let mut by_group = request("dan", "SwarmInit");
    by_group.principal.groups = vec!["ops".into()];
    for request in [request("root", "SwarmInit"), by_role.clone(), by_group] {
        let edits = policy.edit(&request).unwrap();
        assert_eq!((edits.visible, edits.labels.len()), (None, 1));
        assert_eq!(policy.authorize(&request).unwrap().verdict, Verdict::Abstain);
    }
    let policy = super::tests::policy(r#"{"trust_role":false}"#);
    assert!(policy.edit(&by_role).unwrap().visible.is_some());
}

#[test]
fn what_labels_cannot_decide_is_refused() {
    let policy = policy("{}");
    for (operation, expected) in [
        ("SwarmInspect", "engine"),
        ("Grpc", "engine"),
        ("ImageDelete", "shared-images"),
        ("ImageTag", "shared-images"),
        ("SecretCreate", "owner"),
        ("ContainerList", ""),
        ("ContainerStart", ""),
        ("ImageCreate", ""),
        ("ContainerPrune", ""),
    ] {
        assert_eq!(rule(&policy, &request("alice", operation)), expected, "{operation}");
    }
    let own = super::tests::policy(r#"{"change_images":true}"#);
    assert_eq!(rule(&own, &request("alice", "ImageDelete")), "");
    let mut secret = request("alice", "SecretCreate");
    for (body, expected) in [
        (r#"{"Labels":{"io.portcullis.owner":"alice"},"Name":"s"}"#, ""),
        (r#"{"Labels":{"a":"b","io.portcullis.owner":"alice"},"Name":"s"}"#, ""),
        (r#"{"Labels":{"io.portcullis.owner":"bob"},"Name":"s"}"#, "owner"),
        (r#"{"Labels":{},"Name":"\"io.portcullis.owner\":\"alice\""}"#, "owner"),
        (r#"{"Name":"s"}"#, "owner"),
    ] {
        secret.body = Body::Json(body.into());
        assert_eq!(rule(&policy, &secret), expected, "{body}");
    }
    let mut anonymous = request("", "ContainerList");
    anonymous.principal.name = None;
    assert_eq!(rule(&policy, &anonymous), "anonymous");
    assert_eq!(policy.edit(&anonymous).unwrap().visible.unwrap().labels, []);
    let mut plugin = request("alice", "ContainerList");
    plugin.context.api = "docker-plugin".into();
    assert_eq!(rule(&policy, &plugin), "gateway-only");
}

#[test]
fn a_volume_is_made_before_it_is_used() {
    let policy = policy("{}");
    let mut create = request("alice", "ContainerCreate");
    let volume = |name: &str| Mount { kind: "volume".into(), source: Some(name.into()), ..Mount::default() };
    create.workload = Some(Workload { mounts: vec![volume("data"), volume("")], ..Workload::default() });
    assert_eq!(rule(&policy, &create), "unowned-volume");
    create.targets = vec![Target { kind: "volume".into(), as_sent: "data".into(), ..Target::default() }];
    assert_eq!(rule(&policy, &create), "");
}

#[test]
fn what_others_own_is_not_borrowed() {
    let policy = policy("{}");
    for (operation, body, expected) in [
        ("ContainerCreate", r#"{"HostConfig":{"Links":["db:db"]}}"#, "link"),
        ("ContainerCreate", r#"{"HostConfig":{"Links":[]}}"#, ""),
        ("ContainerCreate", r#"{"HostConfig":{"Links":null}}"#, ""),
        (
            "ServiceCreate",
            r#"{"TaskTemplate":{"ContainerSpec":{"Secrets":[{"SecretID":"x"}]}}}"#,
            "service-secrets",
        ),
        (
            "ServiceUpdate",
            r#"{"TaskTemplate":{"ContainerSpec":{"Configs":[{"ConfigID":"x"}]}}}"#,
            "service-secrets",
        ),
        ("ServiceCreate", r#"{"TaskTemplate":{"ContainerSpec":{"Image":"a"}}}"#, ""),
    ] {
        let request = docker::Request { body: Body::Json(body.into()), ..request("alice", operation) };
        assert_eq!(rule(&policy, &request), expected, "{operation} {body}");
    }
}

#[test]
fn settings_that_undo_the_policy_are_refused() {
    for settings in [
        r#"{"label":""}"#,
        r#"{"label":"a","team_label":"a"}"#,
        r#"{"shared":["network/host"]}"#,
        r#"{"shared":["proxy"]}"#,
        r#"{"shared":["image/x"]}"#,
    ] {
        let parsed = portcullis_policy_sdk::parse(settings).unwrap();
        assert!(Ownership::configure(parsed).is_err(), "{settings}");
    }
}
