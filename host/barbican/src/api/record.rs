//! What this API adds to the record of a decision. Neither tokens nor payloads ever come here.

use portcullis_audit::{Record, Target};
use portcullis_contract::secrets::{Access, Acl};
use std::borrow::Cow;

/// Adds who asked for what.
pub(super) fn describe(access: &Access, method: &str, uri: &str, record: &mut Record) {
    record.principal = Some((&access.principal).into());
    record.operation = Some(access.operation.clone()).filter(|name| !name.is_empty()).map(Into::into);
    record.method = Some(method.into());
    record.uri = Some(uri.into());
    if let Some(entity) = &access.entity {
        record.targets.push(Target { kind: entity.kind.clone().into(), as_sent: entity.id.clone() });
    }
    let mut say = |name: &'static str, value: Option<String>| {
        record.extra.extend(value.map(|value| (Cow::Borrowed(name), value)));
    };
    say("project", access.principal.project.clone());
    say("roles", Some(access.principal.roles.join(",")).filter(|roles| !roles.is_empty()));
    say("application_credential", access.principal.application_credential.clone());
    say("owner", access.entity.as_ref().map(|entity| entity.project.clone()));
    say("acl", access.acl.as_ref().map(shown));
    say("proposed", access.proposed.as_ref().map(shown));
    for (name, value) in &access.extra {
        record.extra.push((name.clone().into(), value.clone()));
    }
}

fn shown(acl: &Acl) -> String {
    let access = if acl.project_access { "project" } else { "private" };
    format!("{access}, users: {}", acl.users.join(","))
}
