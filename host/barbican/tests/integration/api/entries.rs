//! Entries of ACLs that are more than the id of a user: which are refused, and what `?acl_only=true` lists.

use portcullis_authorization::{NotReady, Refused};
use portcullis_barbican::decide::{Decider, Deciding, Question};
use portcullis_contract::secrets::Access;
use std::sync::Arc;

use super::regime::refused;
use super::world::{World, ok};

/// Lets the entries of ACLs count, as `builtin:barbican-acl` does with `principals` and `expiry`, and all else through.
struct Entries;

/// The principals of an ACL's entry.
fn is_named(access: &Access, entry: &str) -> bool {
    let named = |entry: &str| {
        let principal = &access.principal;
        let roles = principal.roles.iter().any(|role| format!("role:{role}").eq_ignore_ascii_case(entry));
        let same_project =
            access.entity.as_ref().is_some_and(|entity| Some(&entity.project) == principal.project.as_ref());
        principal.user.as_deref() == Some(entry)
            || (roles && same_project)
            || principal.project.as_ref().is_some_and(|project| format!("project:{project}") == entry)
    };
    match entry.split_once('@') {
        Some((entry, until)) => until > "2026" && named(entry),
        None => named(entry),
    }
}

impl Decider for Entries {
    fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        let access = &question.access;
        let listed = access.acl.iter().flat_map(|acl| &acl.users).any(|entry| is_named(access, entry));
        let denied = Refused::by_host("test:no", "not listed", &access.context.decision);
        let allowed = access.operation != "secret-get" || listed;
        Box::pin(std::future::ready(if allowed { Ok(()) } else { Err(denied) }))
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        refused(question, rule, reason)
    }
}

/// A secret of `owner_a` whose ACL has these entries; its path.
async fn secret(world: &World, users: &[&str]) -> String {
    let secret = world.secret().await;
    let body = serde_json::json!({ "read": { "users": users } }).to_string();
    ok(&world.json("owner_a", &format!("PUT {secret}/acl"), &body).await);
    secret
}

async fn listed(world: &World, actor: &str, query: &str) -> (Vec<String>, u64) {
    let answer = world.get(actor, &format!("/v1/secrets?acl_only=true{query}")).await;
    ok(&answer);
    let list = answer.json();
    let reference = |secret: &serde_json::Value| {
        let reference = secret["secret_ref"].as_str().unwrap();
        reference[reference.find("/v1/").unwrap()..].to_owned()
    };
    (list["secrets"].as_array().unwrap().iter().map(reference).collect(), list["total"].as_u64().unwrap())
}

#[tokio::test]
async fn a_list_by_acl_shows_what_every_entry_that_counts_opens() {
    let world = World::deciding(Arc::new(Entries)).await;
    let user = world.actors.id("member_b").to_owned();
    let project = world.actors.project("project_b").to_owned();
    let mut expected = Vec::new();
    for (entry, shown) in [
        (user.clone(), true),
        (format!("{user}@2099-01-01T00:00:00Z"), true),
        (format!("{user}@2020-01-01T00:00:00Z"), false),
        (format!("project:{project}"), true),
        (format!("project:{project}@2099-01-01T00:00:00Z"), true),
        (format!("project:{project}x"), false),
        // A role counts in the project that owns the secret alone.
        ("role:member".into(), false),
        (format!("{user}x"), false),
    ] {
        let path = secret(&world, &["someone", &entry]).await;
        expected.extend(shown.then_some(path));
    }
    assert_eq!(listed(&world, "member_b", "").await, (expected.clone(), 4));
    assert_eq!(listed(&world, "member_b", "&limit=1&offset=2").await, (expected[2..3].to_vec(), 4));
    assert_eq!(listed(&world, "reader_b", "").await, (expected[2..].to_vec(), 2));
    // Roles are the same in any case of letters.
    let (list, total) = listed(&world, "member_a", "").await;
    assert_eq!(total, 1);
    let roles = world.get("member_a", &format!("{}/acl", list[0])).await.json();
    assert!(roles["read"]["users"].as_array().unwrap().contains(&"role:member".into()), "{roles}");
}

#[tokio::test]
async fn a_list_by_acl_shows_user_ids_alone_where_other_entries_do_not_count() {
    let world = World::new().await;
    let user = world.actors.id("member_b").to_owned();
    let own = secret(&world, &[&user]).await;
    secret(&world, &[&format!("{user}@2099-01-01T00:00:00Z")]).await;
    secret(&world, &[&format!("project:{}", world.actors.project("project_b"))]).await;
    assert_eq!(listed(&world, "member_b", "").await, (vec![own], 1));
}

#[tokio::test]
async fn d26_an_entry_that_can_name_no_principal_is_refused_and_an_old_one_stays() {
    let world = World::new().await;
    for path in [world.secret().await, world.container().await] {
        let acl = format!("{path}/acl");
        for method in ["PUT", "PATCH"] {
            for entry in ["user:u1", "ROLE:reader", "role: reader", "role:reader@", "project:"] {
                let body = serde_json::json!({ "read": { "users": ["u1", entry] } }).to_string();
                let refused = world.json("owner_a", &format!("{method} {acl}"), &body).await;
                assert_eq!(refused.status, 400, "{method} {entry}");
                assert!(refused.description().contains("names no user, group, role or project: write "));
                // Who may not write hears that first.
                let denied = world.json("member_b", &format!("{method} {acl}"), &body).await;
                assert_eq!(denied.status, 403, "{method} {entry}");
            }
        }
        assert_eq!(world.get("owner_a", &acl).await.text(), r#"{"read": {"project-access": true}}"#);
    }
    // Written before such entries were refused.
    let path = world.secret().await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let kind = portcullis_barbican::vault::Kind::Secret;
    let found = world.vault.find(kind, id).await.unwrap().unwrap();
    let old =
        portcullis_barbican::vault::AclValue { users: vec!["ROLE:reader".into()], project_access: true };
    let _ = world.vault.set_acl(kind, id, found.version, &old).await.unwrap();
    let body = r#"{"read":{"users":["ROLE:reader","u2"]}}"#;
    ok(&world.json("owner_a", &format!("PUT {path}/acl"), body).await);
}
