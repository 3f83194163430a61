//! Services: what they are given, which network they join, and what they are rolled back to.

use super::*;

fn service(json: &str) -> Request {
    Request { body: Body::Json(json.into()), ..on("alice", "ServiceCreate", target("service", "ci-1")) }
}

#[test]
fn files_that_a_service_is_given_are_refused_where_a_rule_narrows_them() {
    let secrets = r#"{"TaskTemplate":{"ContainerSpec":{"Image":"b","Secrets":[{"SecretID":"x1"}]}}}"#;
    let configs = r#"{"TaskTemplate":{"ContainerSpec":{"Configs":[{"ConfigID":"x1"}]}}}"#;
    let credential =
        r#"{"TaskTemplate":{"ContainerSpec":{"Privileges":{"CredentialSpec":{"Config":"x1"}}}}}"#;
    let plain = r#"{"TaskTemplate":{"ContainerSpec":{"Image":"b","Secrets":[],"Configs":null}}}"#;
    for (narrows, json, expected) in [
        (r#"secrets = ["ci-*"]"#, secrets, "name"),
        (r#"secrets = ["*"]"#, secrets, ""),
        (r#"secrets = ["ci-*"]"#, configs, ""),
        (r#"configs = ["ci-*"]"#, configs, "name"),
        (r#"configs = ["ci-*"]"#, credential, "name"),
        (r#"secrets = ["ci-*"]"#, plain, ""),
        ("", secrets, ""),
    ] {
        let policy =
            rule(&format!("operations = [\"ServiceCreate\", \"SecretCreate\", \"ConfigCreate\"]\n{narrows}"));
        assert_eq!(refused(&policy, &service(json)), expected, "{narrows} {json}");
    }
}

#[test]
fn logs_of_a_task_are_those_of_a_service_that_is_not_named() {
    let policy = rule("operations = [\"read\"]\nservices = [\"ci-*\"]");
    let id = "0123456789abcdefghijklmno";
    assert_eq!(refused(&policy, &on("alice", "TaskLogs", target("task", id))), "id");
    assert_eq!(refused(&policy, &on("alice", "TaskInspect", target("task", "ci-1"))), "id");
    assert_eq!(refused(&rule("operations = [\"read\"]"), &on("alice", "TaskLogs", target("task", id))), "");
}

#[test]
fn a_network_by_its_id_may_be_the_hosts() {
    let policy = rule("operations = [\"ServiceCreate\"]");
    let open = rule("operations = [\"ServiceCreate\"]\nhost_options = \"allow\"");
    for (network, expected) in [
        ("web", ""),
        ("host", "host-options"),
        ("0123456789abcdefghijklmno", "host-options"),
        ("0a1f", "host-options"),
    ] {
        let workload = Workload { networks: vec![network.into()], ..Workload::default() };
        let request = Request { workload: Some(workload), ..service("{}") };
        assert_eq!(refused(&policy, &request), expected, "{network}");
        assert_eq!(refused(&open, &request), "", "{network}");
    }
}

#[test]
fn a_rollback_is_not_judged_by_the_body() {
    let mut request = on("alice", "ServiceUpdate", target("service", "ci-1"));
    request.query = vec![("rollback".into(), "previous".into())];
    assert_eq!(refused(&rule("operations = [\"ServiceUpdate\"]"), &request), "rollback");
    let open = "operations = [\"ServiceUpdate\"]\nhost_options = \"allow\"";
    assert_eq!(refused(&rule(open), &request), "");
    assert_eq!(refused(&rule(&format!("{open}\nimages = [\"docker.io/library/*\"]")), &request), "rollback");
}

#[test]
fn an_image_that_is_mounted_or_has_no_tag_is_not_judged_by_another() {
    let policy = rule("operations = [\"ContainerCreate\"]\nimages = [\"docker.io/library/*\"]");
    let mount =
        docker::Mount { kind: "image".into(), source: Some("r/secret".into()), ..docker::Mount::default() };
    let image_of = |path: &str| Some(image(path, None));
    let workload = Workload { image: image_of("library/b"), mounts: vec![mount], ..Workload::default() };
    assert_eq!(refused(&policy, &create("alice", "web", workload)), "image");

    let narrow = rule("operations = [\"push\", \"pull\"]\nimages = [\"docker.io/team/*:latest\"]");
    let all = rule("operations = [\"push\", \"pull\"]\nimages = [\"docker.io/team/*\"]");
    for (operation, tag, expected) in [
        ("ImagePush", None, "image"),
        ("ImagePush", Some("latest"), ""),
        ("ImagePush", Some("1"), "image"),
        ("ImageInspect", None, ""),
    ] {
        let target = Target { image: Some(image("team/app", tag)), ..target("image", "team/app") };
        assert_eq!(refused(&narrow, &on("alice", operation, target)), expected, "{operation} {tag:?}");
    }
    let target = Target { image: image_of("team/app"), ..target("image", "team/app") };
    assert_eq!(refused(&all, &on("alice", "ImagePush", target)), "");
}
