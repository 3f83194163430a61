//! What each setting changes when it alone is on, and that the others change nothing then.

use super::policy;
use portcullis_policy_sdk::SecretAccess as _;
use portcullis_policy_sdk::secrets::{Access, Acl, Entity, Holder, Requester};
use portcullis_policy_sdk::types::Context;

/// 2026-11-22T00:00:00Z
const NOW: u64 = 1_795_305_600_000;

fn entity(kind: &str, creator: &str) -> Entity {
    Entity { kind: kind.into(), project: "p1".into(), creator: Some(creator.into()), ..Entity::default() }
}

/// A private secret of another user, asked for by a member of its project.
fn private(users: &[&str]) -> Access {
    let users = users.iter().map(ToString::to_string).collect();
    Access {
        context: Context { now: NOW, ..Context::default() },
        operation: "payload-get".into(),
        principal: Requester {
            user: Some("u1".into()),
            project: Some("p1".into()),
            scope: "project".into(),
            roles: vec!["member".into()],
            groups: vec!["g1".into()],
            ..Requester::default()
        },
        entity: Some(entity("secret", "u2")),
        acl: Some(Acl { users, project_access: false, ..Acl::default() }),
        ..Access::default()
    }
}

#[test]
fn each_setting_alone_does_what_it_says() {
    let holder = |creator: &str| Holder {
        entity: entity("container", creator),
        acl: Some(Acl { users: vec!["u1".into()], project_access: false, ..Acl::default() }),
    };
    let covered = Access { holders: vec![holder("u2")], ..private(&[]) };
    let covered_by_a_colleague = Access { holders: vec![holder("u1")], ..private(&[]) };
    let without_acl = Access { acl: None, ..private(&[]) };
    let covered_without_acl = Access { acl: None, ..covered.clone() };
    let mut admin = private(&[]);
    admin.principal.roles = vec!["admin".into()];
    let later = "u1@2026-12-31T00:00:00Z";
    let table = vec![
        ("{}", private(&["u1"]), "acl-user"),
        ("{}", private(&["group:g1"]), "entry-not-honoured"),
        (r#"{"principals":["group"]}"#, private(&["group:g1"]), "acl-group"),
        (r#"{"principals":["group"]}"#, private(&["role:member"]), "entry-not-honoured"),
        (r#"{"principals":["group"]}"#, private(&["project:p1"]), "entry-not-honoured"),
        (r#"{"principals":["role"]}"#, private(&["role:member"]), "acl-role"),
        (r#"{"principals":["role"]}"#, private(&["group:g1"]), "entry-not-honoured"),
        (r#"{"principals":["project"]}"#, private(&["project:p1"]), "acl-project"),
        (r#"{"principals":["project","role"]}"#, private(&["role:member"]), "acl-role"),
        ("{}", private(&[later]), "entry-not-honoured"),
        (r#"{"expiry":true}"#, private(&[later]), "acl-user"),
        (r#"{"expiry":true}"#, private(&["u1@2026-11-21T23:59:59Z"]), "expired"),
        (r#"{"expiry":true}"#, private(&["group:g1@2026-12-31T00:00:00Z"]), "entry-not-honoured"),
        ("{}", without_acl.clone(), "project-access"),
        (r#"{"private_by_default":true}"#, without_acl.clone(), "private"),
        (r#"{"private_by_default":true,"regime":"legacy"}"#, without_acl.clone(), "private"),
        ("{}", covered.clone(), "private"),
        (r#"{"containers_cover_secrets":true}"#, covered, "acl-container"),
        (r#"{"containers_cover_secrets":true}"#, covered_by_a_colleague, "private"),
        ("{}", covered_without_acl.clone(), "project-access"),
        (r#"{"containers_cover_secrets":true}"#, covered_without_acl, "acl-container"),
        ("{}", admin.clone(), "project-admin"),
        (r#"{"shut_out_admins":true}"#, admin.clone(), "admin-shut-out"),
        (r#"{"shut_out_admins":true,"regime":"legacy"}"#, admin.clone(), "admin-shut-out"),
        (r#"{"shut_out_admins":true}"#, Access { acl: None, ..admin }, "project-admin"),
        (r#"{"allow":["u1"]}"#, private(&[]), "allow"),
        (r#"{"allow":["group:g1"]}"#, private(&[]), "allow"),
        (r#"{"allow":["u1@2026-11-21T23:59:59Z"]}"#, private(&[]), "private"),
        (r#"{"deny":["project:p1"]}"#, without_acl.clone(), "deny"),
        (r#"{"deny":["role:MEMBER"],"allow":["u1"]}"#, without_acl, "deny"),
    ];
    for (settings, access, rule) in table {
        let opinion = policy(settings).authorize(&access).unwrap();
        assert_eq!(opinion.rule, rule, "{settings}: {}", opinion.reason);
    }
}

#[test]
fn a_reason_names_the_caller_and_nobody_else() {
    let secrets = ["u2", "u3", "p2"];
    for settings in ["{}", r#"{"regime":"legacy"}"#] {
        for operation in ["secret-get", "payload-get", "payload-put", "acl-get", "acl-put", "secret-delete"] {
            for project in ["p1", "p2"] {
                let mut access = private(&["u3"]);
                access.operation = operation.into();
                access.principal.roles = vec!["reader".into()];
                access.entity.as_mut().unwrap().project = project.into();
                let reason = policy(settings).authorize(&access).unwrap().reason;
                for secret in secrets {
                    assert!(!reason.contains(secret), "{operation}: {reason}");
                }
            }
        }
    }
}
