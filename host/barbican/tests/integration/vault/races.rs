//! Many at once: each write is upon what was decided, and none is lost.

use portcullis_barbican::vault::{AclValue, Commit, Kind, PutPayload, Vault};
use std::sync::Arc;
use tokio::sync::Barrier;
use uuid::Uuid;

use super::{acl, find, make_secret, open};
use crate::support::{Database, on_both};

on_both!(sixteen_first_writes, sixteen_add_themselves, one_payload_of_many, read_while_written);

/// Real Barbican answers 500 to most of these.
async fn sixteen_first_writes(at: Database) {
    let vault = open(&at).await;
    let id = make_secret(&vault, "a").await.id;
    let version = find(&vault, Kind::Secret, id).await.version;
    let outcomes = at_once(&vault, move |vault, number| async move {
        vault.set_acl(Kind::Secret, id, version, &acl(&[&format!("u{number}")], false)).await.unwrap()
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Commit::Done).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Commit::Changed).count(), 15);
    assert_eq!(find(&vault, Kind::Secret, id).await.acl.unwrap().users.len(), 1);
}

/// As the API does: find, decide, write, and again where it has changed.
async fn sixteen_add_themselves(at: Database) {
    let vault = open(&at).await;
    let id = make_secret(&vault, "a").await.id;
    at_once(&vault, move |vault, number| async move {
        loop {
            let held = find(&vault, Kind::Secret, id).await;
            let mut users = held.acl.map(|acl| acl.users).unwrap_or_default();
            users.push(format!("u{number:02}"));
            let value = AclValue { users, project_access: true };
            match vault.set_acl(Kind::Secret, id, held.version, &value).await.unwrap() {
                Commit::Done => return,
                Commit::Changed => {}
                Commit::Gone => panic!("it is there"),
            }
        }
    })
    .await;
    let users = find(&vault, Kind::Secret, id).await.acl.unwrap().users;
    assert_eq!(users, (0..16).map(|number| format!("u{number:02}")).collect::<Vec<_>>());
}

async fn one_payload_of_many(at: Database) {
    let vault = open(&at).await;
    let id = make_secret(&vault, "a").await.id;
    let version = find(&vault, Kind::Secret, id).await.version;
    let outcomes = at_once(&vault, move |vault, number| async move {
        let done = vault.put_payload(id, version, "text/plain", &[number]).await.unwrap();
        (number, done)
    })
    .await;
    let done: Vec<_> = outcomes.iter().filter(|(_, outcome)| *outcome == PutPayload::Done).collect();
    assert_eq!(done.len(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|(_, it)| matches!(it, PutPayload::Done | PutPayload::AlreadyThere)));
    assert_eq!(&**vault.payload(id).await.unwrap().unwrap(), &[done[0].0]);
}

/// Users and flag are always of one write.
async fn read_while_written(at: Database) {
    let vault = open(&at).await;
    let id = make_secret(&vault, "a").await.id;
    let write = async {
        for round in 0..40 {
            let version = find(&vault, Kind::Secret, id).await.version;
            let value = if round % 2 == 0 { acl(&["a", "b"], true) } else { acl(&["c"], false) };
            assert_eq!(vault.set_acl(Kind::Secret, id, version, &value).await.unwrap(), Commit::Done);
        }
    };
    let read = async {
        loop {
            if let Some(acl) = find(&vault, Kind::Secret, id).await.acl {
                assert_eq!(acl.users.len(), if acl.project_access { 2 } else { 1 });
            }
        }
    };
    tokio::select! { () = write => {}, () = read => {} }
}

async fn at_once<T, F>(vault: &Vault, act: impl Fn(Vault, u8) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(16));
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (gate, acting) = (Arc::clone(&gate), act(vault.clone(), number));
            tokio::spawn(async move {
                gate.wait().await;
                acting.await
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    assert!(vault.find(Kind::Secret, Uuid::nil()).await.unwrap().is_none());
    all
}
