//! Rows that oslo.policy itself answered under Barbican 23.0.0's rules, as questions of the hook `secret-access`.
//!
//! Columns: `regime` (`b23-default`, `b23-legacy`); `action`, Barbican's name of the rule; `roles`, joined by `+`;
//! `same_project`, the token's project owns the entity; `is_creator`, its user made it; `listed`, its user is in the
//! ACL; `project_access`, `unset` where there is no ACL; `allow`. In `policy-sample.csv` are the rules of secrets,
//! containers and their ACLs; in `policy-rest.csv` those of lists, creations and consumers.

use super::secrets::{Access, Acl, Entity, Requester};

/// All rows.
pub(crate) const FILES: [&str; 2] = [
    include_str!("../../data/barbican/policy-sample.csv"),
    include_str!("../../data/barbican/policy-rest.csv"),
];

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// As written.
    pub(crate) line: &'static str,
    /// The setting: `default` or `legacy`.
    pub(crate) regime: &'static str,
    /// The questions: a rule of Barbican's may guard several operations.
    pub(crate) questions: Vec<Access>,
    /// Barbican's answer.
    pub(crate) allow: bool,
}

/// The rows of one file.
pub(crate) fn rows(file: &'static str) -> Vec<Row> {
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("regime,action,roles,same_project,is_creator,listed,project_access,allow"));
    lines.map(row).collect()
}

fn row(line: &'static str) -> Row {
    let columns: Vec<&'static str> = line.split(',').collect();
    let [regime, action, roles, same_project, is_creator, listed, project_access, allow] = columns[..] else {
        panic!("{line}")
    };
    let truth = |column: &str| match column {
        "1" => true,
        "0" => false,
        _ => panic!("{line}"),
    };
    let requester = Requester {
        user: Some("u1".into()),
        project: Some("p1".into()),
        scope: "project".into(),
        roles: roles.split('+').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        ..Requester::default()
    };
    let (kind, operations) = operations(action);
    let entity = Entity {
        kind: kind.into(),
        id: "e1".into(),
        project: if truth(same_project) { "p1" } else { "p2" }.into(),
        creator: Some(if truth(is_creator) { "u1" } else { "u2" }.into()),
        ..Entity::default()
    };
    let users = if truth(listed) { vec!["u3".to_owned(), "u1".to_owned()] } else { vec!["u3".to_owned()] };
    let acl = match project_access {
        "unset" if !truth(listed) => None,
        "true" => Some(Acl { users, project_access: true, ..Acl::default() }),
        "false" => Some(Acl { users, project_access: false, ..Acl::default() }),
        _ => panic!("{line}"),
    };
    let question = |operation: &&str| Access {
        operation: (*operation).to_owned(),
        principal: requester.clone(),
        entity: (!kind.is_empty()).then(|| entity.clone()),
        acl: acl.clone(),
        ..Access::default()
    };
    Row {
        line,
        regime: regime.strip_prefix("b23-").unwrap_or_else(|| panic!("{line}")),
        questions: operations.iter().map(question).collect(),
        allow: truth(allow),
    }
}

/// The kind of entity that a rule is about, and the operations it guards.
fn operations(action: &str) -> (&'static str, &'static [&'static str]) {
    match action {
        "secret:get" => ("secret", &["secret-get"]),
        "secret:decrypt" => ("secret", &["payload-get"]),
        "secret:put" => ("secret", &["payload-put"]),
        "secret:delete" => ("secret", &["secret-delete"]),
        "secret_acls:get" => ("secret", &["acl-get"]),
        "secret_acls:put_patch" => ("secret", &["acl-put", "acl-patch"]),
        "secret_acls:delete" => ("secret", &["acl-delete"]),
        "secret_consumers:get" => ("secret", &["consumer-list"]),
        "secret_consumers:post" => ("secret", &["consumer-create"]),
        "secret_consumers:delete" => ("secret", &["consumer-delete"]),
        "container:get" => ("container", &["container-get"]),
        "container:delete" => ("container", &["container-delete"]),
        "container_acls:get" => ("container", &["acl-get"]),
        "container_acls:put_patch" => ("container", &["acl-put", "acl-patch"]),
        "container_acls:delete" => ("container", &["acl-delete"]),
        "container_secret:post" => ("container", &["container-secret-create"]),
        "container_secret:delete" => ("container", &["container-secret-delete"]),
        "container_consumers:get" => ("container", &["consumer-list"]),
        "container_consumers:post" => ("container", &["consumer-create"]),
        "container_consumers:delete" => ("container", &["consumer-delete"]),
        "secrets:get" => ("", &["secret-list"]),
        "secrets:post" => ("", &["secret-create"]),
        "containers:get" => ("", &["container-list"]),
        "containers:post" => ("", &["container-create"]),
        _ => panic!("{action}"),
    }
}
