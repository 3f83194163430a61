//! What others write while a decision is made.

use portcullis_authorization::{NotReady, Refused};
use portcullis_barbican::decide::{Decider, Deciding, Question};
use portcullis_barbican::vault::{AclValue, Commit, Kind, Vault};
use serde_json::json;
use std::sync::{Arc, Mutex};

use super::regime::refused;
use super::world::{World, ok};

/// Writes to the entity while it is being asked, as another process would; refuses an ACL that says so.
#[derive(Default)]
struct Meddler {
    vault: Mutex<Option<Vault>>,
    writes: Mutex<Vec<&'static str>>,
}

impl Decider for Meddler {
    fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        let access = question.access;
        let acl = access.acl.as_ref();
        let stop = acl.is_some_and(|acl| acl.users.contains(&"stop".to_owned()));
        let refused = Refused::by_host("", "the ACL says stop", &access.context.decision);
        let decision = if stop { Err(refused) } else { Ok(()) };
        let vault = self.vault.lock().unwrap().clone();
        let user = if access.operation == "acl-get" { None } else { self.writes.lock().unwrap().pop() };
        Box::pin(async move {
            if let (Some(vault), Some(user), Some(entity)) = (vault, user, access.entity) {
                let id = entity.id.parse().unwrap();
                let held = vault.find(Kind::Secret, id).await.unwrap().unwrap();
                let acl = AclValue { users: vec![user.into()], project_access: false };
                let commit = vault.set_acl(Kind::Secret, id, held.version, &acl).await.unwrap();
                assert_eq!(commit, Commit::Done);
            }
            decision
        })
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        refused(question, rule, reason)
    }
}

#[tokio::test]
async fn what_was_decided_on_other_facts_is_decided_again() {
    let meddler = Arc::new(Meddler::default());
    let world = World::deciding(meddler.clone()).await;
    let secret = world.secret().await;
    *meddler.vault.lock().unwrap() = Some(world.vault.clone());
    let acl = format!("{secret}/acl");

    // What another wrote meanwhile is kept by a PATCH that leaves it alone.
    *meddler.writes.lock().unwrap() = vec!["u1"];
    ok(&world.json("owner_a", &format!("PATCH {acl}"), r#"{"read":{"project-access":true}}"#).await);
    let read = world.get("owner_a", &acl).await.json();
    assert_eq!((&read["read"]["users"], &read["read"]["project-access"]), (&json!(["u1"]), &json!(true)));

    // And what the policy minds in it, it is asked about.
    for line in [format!("PUT {acl}"), format!("DELETE {acl}"), format!("DELETE {secret}")] {
        *meddler.writes.lock().unwrap() = vec!["stop"];
        let refused = world.json("owner_a", &line, "{}").await;
        assert_eq!(refused.status, 403, "{line}");
        let id = secret.rsplit('/').next().unwrap().parse().unwrap();
        let held = world.vault.find(Kind::Secret, id).await.unwrap().unwrap();
        let open = AclValue { users: Vec::new(), project_access: true };
        assert_eq!(world.vault.set_acl(Kind::Secret, id, held.version, &open).await.unwrap(), Commit::Done);
    }
}

#[tokio::test]
async fn who_never_gets_a_turn_is_told_to_come_again() {
    let meddler = Arc::new(Meddler::default());
    let world = World::deciding(meddler.clone()).await;
    let secret = world.secret().await;
    *meddler.vault.lock().unwrap() = Some(world.vault.clone());
    *meddler.writes.lock().unwrap() = vec!["u1"; 100];
    let answer = world.json("owner_a", &format!("PATCH {secret}/acl"), r#"{"read":{"users":["u2"]}}"#).await;
    assert_eq!(answer.status, 409);
    assert!(answer.description().contains("try again"));
}
