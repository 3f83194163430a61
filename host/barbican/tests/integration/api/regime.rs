//! Barbican 23's default rules ("barbican/common/policies"), and who is who in the recordings.

use axum::http::{HeaderMap, HeaderValue, Method};
use portcullis_authorization::{NotReady, Refused};
use portcullis_barbican::decide::{Decider, Deciding, Question};
use portcullis_barbican::identify::{Identify, Identifying};
use portcullis_contract::secrets::{Access, Requester};
use portcullis_identity::AuthError;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Says what Barbican 23 says.
pub struct Barbican23;

impl Decider for Barbican23 {
    fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        let allowed = allows(&question.access);
        let refused = Refused {
            policy: Some("regime".into()),
            ..Refused::by_host("test:no", "nobody let you", &question.access.context.decision)
        };
        Box::pin(std::future::ready(if allowed { Ok(()) } else { Err(refused) }))
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        refused(question, rule, reason)
    }
}

/// What the host refuses by itself.
pub fn refused<'a>(question: Question, rule: &'static str, reason: String) -> Deciding<'a> {
    Box::pin(std::future::ready(Err(Refused::by_host(rule, reason, &question.access.context.decision))))
}

fn allows(access: &Access) -> bool {
    let has = |role| access.principal.roles.iter().any(|given| given == role);
    let user = access.principal.user.as_ref();
    let entity = access.entity.as_ref();
    let own_project = entity.is_some_and(|entity| Some(&entity.project) == access.principal.project.as_ref());
    let creator = entity.is_some_and(|entity| entity.creator.as_ref() == user);
    let private = access.acl.as_ref().is_some_and(|acl| !acl.project_access);
    let listed = access.acl.as_ref().is_some_and(|acl| user.is_some_and(|user| acl.users.contains(user)));
    let usual = own_project && (has("admin") || has("member") && (creator || !private));
    match access.operation.as_str() {
        "secret-create" | "container-create" | "order-create" | "secret-list" | "container-list"
        | "order-list" => has("member"),
        "order-get" | "order-delete" => own_project && has("member"),
        "secret-get" => usual || listed || has("admin"),
        "payload-get" | "container-get" | "secret-meta-get" => usual || listed,
        "consumer-list" | "consumer-create" | "consumer-delete" => usual || listed,
        "quota-get" => has("reader"),
        "project-quota-get" | "project-quota-put" | "project-quota-delete" => has("admin"),
        "secret-delete" => usual || has("admin"),
        _ => usual,
    }
}

/// Knows the tokens `token-of-NAME`.
pub struct Actors {
    users: BTreeMap<String, String>,
    projects: BTreeMap<String, String>,
}

/// A file of `tests/data/barbican`.
pub fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/barbican").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Actors {
    pub fn read() -> Self {
        let data: serde_json::Value = serde_json::from_str(&data("actors.json")).unwrap();
        let names = |key: &str| serde_json::from_value(data[key].clone()).unwrap();
        Self { users: names("users"), projects: names("projects") }
    }

    pub fn id(&self, user: &str) -> &str {
        &self.users[user]
    }

    pub fn project(&self, name: &str) -> &str {
        &self.projects[name]
    }

    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.users.iter().map(|(name, id)| (name.as_str(), id.as_str()))
    }

    fn requester(&self, actor: &str) -> Result<Requester, AuthError> {
        let unscoped = |scope: &str| {
            Ok(Requester { user: Some("u".into()), scope: scope.into(), ..Requester::default() })
        };
        let roles: &[&str] = match actor {
            "unscoped" | "domain" | "system" => return unscoped(actor),
            "owner_a" => &["member", "creator", "reader"],
            "member_a" | "member_b" | "both" => &["member", "reader"],
            "admin_a" | "admin_b" => &["admin", "manager", "member", "reader"],
            "creator_a" => &["creator"],
            "reader_a" | "reader_b" => &["reader"],
            "observer_a" | "observer_b" => &["observer"],
            "audit_a" => &["audit"],
            _ => {
                return Err(AuthError::Unauthorized { reason: "the token is not known".into(), login: None });
            }
        };
        let project = if actor.ends_with("_b") { "project_b" } else { "project_a" };
        Ok(Requester {
            user: Some(self.users[actor].clone()),
            user_name: Some(actor.into()),
            project: Some(self.projects[project].clone()),
            project_name: Some(project.into()),
            scope: "project".into(),
            roles: roles.iter().copied().map(String::from).collect(),
            ..Requester::default()
        })
    }
}

impl Identify for Actors {
    fn identify<'a>(&'a self, headers: &'a HeaderMap, _: &'a Method, _: &'a str) -> Identifying<'a> {
        let token = headers.get("x-auth-token").or_else(|| headers.get("x-storage-token"));
        let token = token.and_then(|token| token.to_str().ok()).unwrap_or_default();
        let answer = match token.trim().strip_prefix("token-of-") {
            Some("nobody-knows") => Err(AuthError::Unavailable { reason: "keystone is away".into() }),
            Some(actor) => self.requester(actor),
            None => Err(AuthError::Unauthorized { reason: "there is no token".into(), login: None }),
        };
        Box::pin(std::future::ready(answer))
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("Keystone uri=\"http://127.0.0.1:5000/v3\""))
    }
}
