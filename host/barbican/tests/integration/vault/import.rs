//! What is imported is stored with all that belongs to it, and compared when it is imported again.

use portcullis_barbican::vault::{
    Acl, Attached, ConsumerName, Container, ImportConsumer, ImportContainer, ImportSecret, Imported,
    MOST_HOLDERS, Secret, SecretRef, Timestamp,
};
use portcullis_store::Sql;
use uuid::Uuid;

use super::{make_container, make_secret, open};
use crate::support::{Database, on_both};

on_both!(secrets, containers, a_payload_that_does_not_open);

fn attached(consumers: usize) -> Attached {
    let now = Timestamp::now();
    let consumer = |number: usize| ImportConsumer {
        name: ConsumerName {
            service: format!("s{number}"),
            resource_type: "5".into(),
            resource: "\"\\é".into(),
        },
        project: "p2".into(),
        created: now,
        updated: Timestamp(now.0 + 1),
    };
    let users = vec!["u1".to_owned(), "u2".to_owned()];
    let acl = Acl { users, project_access: false, created: now, updated: now };
    Attached { acl: Some(acl), consumers: (0..consumers).map(consumer).collect() }
}

async fn secrets(at: Database) {
    let vault = open(&at).await;
    let made = make_secret(&vault, "s").await;
    // More rows than one transaction takes.
    let all: Vec<ImportSecret> = (0..6)
        .map(|_| ImportSecret {
            secret: Secret { id: Uuid::new_v4(), ..made.clone() },
            payload: None,
            metadata: (0..100).map(|number| (format!("k{number}"), "[\"5\"]".to_owned())).collect(),
            attached: attached(20),
        })
        .collect();
    assert_eq!(vault.import_secrets(all.clone()).await.unwrap(), [Imported::Done; 6]);
    assert_eq!(vault.import_secrets(all.clone()).await.unwrap(), [Imported::AlreadyThere; 6]);
    assert_eq!(vault.metadata(all[0].secret.id).await.unwrap(), all[0].metadata);
    let mut other = all;
    other[3].attached.consumers.pop();
    let done = vault.import_secrets(other).await.unwrap();
    let differs: Vec<bool> = done.iter().map(|done| *done == Imported::Differs).collect();
    assert_eq!(differs, [false, false, false, true, false, false]);
}

async fn containers(at: Database) {
    let vault = open(&at).await;
    let (first, second) = (make_secret(&vault, "a").await.id, make_secret(&vault, "b").await.id);
    let made = make_container(&vault, &[("a", first)]).await;
    let of = |secrets: Vec<SecretRef>, attached: Attached| ImportContainer {
        container: Container { id: Uuid::new_v4(), secrets, ..made.clone() },
        attached,
    };
    let held = |secret: Uuid| SecretRef { name: None, secret };
    let named = SecretRef { name: Some("b".into()), secret: second };
    let all = vec![of(vec![held(first), named], attached(20)), of(Vec::new(), Attached::default())];
    assert_eq!(vault.import_containers(all.clone()).await.unwrap(), [Imported::Done; 2]);
    assert_eq!(vault.import_containers(all).await.unwrap(), [Imported::AlreadyThere; 2]);
    let missing = Uuid::new_v4();
    let unknown = vec![of(vec![held(second), held(missing)], Attached::default())];
    assert_eq!(vault.import_containers(unknown).await.unwrap(), [Imported::UnknownSecret(missing)]);

    // Two hold it already.
    let most = usize::try_from(MOST_HOLDERS).unwrap();
    let more = (2..=most).map(|_| of(vec![held(first)], Attached::default())).collect();
    let done = vault.import_containers(more).await.unwrap();
    let (last, before) = done.split_last().unwrap();
    assert_eq!(*last, Imported::TooManyHolders(first));
    assert!(before.iter().all(|done| *done == Imported::Done), "{before:?}");
}

async fn a_payload_that_does_not_open(at: Database) {
    let vault = open(&at).await;
    let made = make_secret(&vault, "s").await;
    let one = ImportSecret {
        secret: Secret { id: Uuid::new_v4(), content_type: Some("text/plain".into()), ..made },
        payload: Some(b"payload".to_vec().into()),
        metadata: Vec::new(),
        attached: Attached::default(),
    };
    assert_eq!(vault.import_secrets(vec![one.clone()]).await.unwrap(), [Imported::Done]);
    assert_eq!(vault.import_secrets(vec![one.clone()]).await.unwrap(), [Imported::AlreadyThere]);
    let damage = Sql::same("UPDATE barbican_payloads SET sealed = $1");
    at.open()
        .await
        .write(move |to| Box::pin(async move { to.execute(damage, &[vec![0_u8; 64].into()]).await }))
        .await
        .unwrap();
    assert_eq!(vault.import_secrets(vec![one]).await.unwrap(), [Imported::Differs]);
}
