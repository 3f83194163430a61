//! Many at once: each write is upon what was decided, and none is lost.

use portcullis_barbican::vault::{AclValue, Commit, Entity, Kind, PutPayload, Vault};
use portcullis_store::seal::Sealer;
use portcullis_store::{Options, Sql, Store};
use std::sync::Arc;
use tokio::sync::Barrier;
use uuid::Uuid;

use super::{acl, find, key, make_container, make_secret, open};
use crate::support::{Database, on_both};

on_both!(
    sixteen_first_writes,
    sixteen_add_themselves,
    one_payload_of_many,
    read_while_written,
    containers_and_secrets_change_together,
);

/// Writers of different entities do not get in each other's way.
#[test]
fn writes_to_different_entities_do_not_conflict() {
    const ROLLED_BACK: Sql =
        Sql::same("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()");
    const OTHERS: Sql = Sql::same(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let Some(server) = portcullis_testing::postgres::Postgres::shared() else { return };
    let at = Database::postgres(server);
    crate::support::run(async {
        let store = at.open().await;
        let vault = Vault::open(store.clone(), Sealer::new(&key(1), &[])).await.unwrap();
        let writers: Vec<_> = (0..6)
            .map(|_| {
                let vault = vault.clone();
                tokio::spawn(async move {
                    for number in 0..40 {
                        let id = make_secret(&vault, "a").await.id;
                        let version = find(&vault, Kind::Secret, id).await.version;
                        let value = acl(&[&format!("u{number}")], false);
                        let done = vault.set_acl(Kind::Secret, id, version, &value).await.unwrap();
                        assert_eq!(done, Commit::Done);
                        make_container(&vault, &[("a", id)]).await;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        store.close().await;
        // A server process writes its counters down when it ends.
        // With one connection, none of our own is among the others.
        let options = Options { connections: 1, ..Options::default() };
        let store = Store::open(&at.location, &options).await.unwrap();
        while store.read(OTHERS, &[]).await.unwrap()[0].integer(0).unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(store.read(ROLLED_BACK, &[]).await.unwrap()[0].integer(0).unwrap(), 0);
    });
}

/// ACLs of containers that hold the same secrets, new containers of these, and their deletion, all at once: each ends,
/// and a secret's version moves with each.
async fn containers_and_secrets_change_together(at: Database) {
    let vault = open(&at).await;
    let mut secrets = Vec::new();
    for name in ["a", "b", "c"] {
        secrets.push((name, make_secret(&vault, name).await.id));
    }
    let first = make_container(&vault, &secrets).await.id;
    let second = make_container(&vault, &secrets.iter().rev().copied().collect::<Vec<_>>()).await.id;
    let before = find(&vault, Kind::Secret, secrets[0].1).await.version;
    let shared = Arc::new(secrets.clone());
    at_once(&vault, move |vault, number| {
        let secrets = Arc::clone(&shared);
        async move {
            let container = if number % 2 == 0 { first } else { second };
            for _ in 0..5 {
                let found = find(&vault, Kind::Container, container).await;
                let acl = acl(&[&format!("u{number}")], true);
                let _ = vault.set_acl(Kind::Container, container, found.version, &acl).await.unwrap();
            }
            make_container(&vault, &secrets).await;
        }
    })
    .await;
    let found = find(&vault, Kind::Secret, secrets[0].1).await;
    assert_ne!(found.version, before);
    assert_eq!(found.holders.len(), 18);
    let (mut gone, last) = (0, secrets[2].1);
    while gone == 0 {
        let version = find(&vault, Kind::Secret, last).await.version;
        gone = usize::from(vault.delete(Kind::Secret, last, version).await.unwrap() == Commit::Done);
    }
    let left = find(&vault, Kind::Container, first).await;
    assert!(matches!(&left.entity, Entity::Container(container) if container.secrets.len() == 2));
}

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
