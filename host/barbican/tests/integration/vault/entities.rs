//! Secrets and containers: made, found with what a decision needs, deleted, expired.

use portcullis_barbican::vault::{
    ChangeContents, Commit, CreateContainer, Entity, Kind, MOST_SECRETS, NewContainer, NewSecret, PutPayload,
    Scope, SecretRef, Timestamp,
};
use portcullis_barbican::vault::{Filter, Vault};
use portcullis_store::Sql;
use portcullis_store::seal::Sealer;
use uuid::Uuid;

use super::{Made as _, acl, expire, find, key, make_container, make_secret, new_payload, new_secret, open};
use crate::support::{Database, on_both};

on_both!(
    as_it_was_made,
    contents_of_a_container,
    d29_a_container_takes_so_many_secrets_at_most,
    with_its_holders,
    another_secret_with_each_change_of_a_holder,
    a_container_wants_secrets_that_are_there,
    deleted_with_its_acl,
    expired_is_not_there,
    last_over_a_restart,
);

async fn as_it_was_made(at: Database) {
    let vault = open(&at).await;
    let new = NewSecret {
        name: None,
        creator: None,
        secret_type: "symmetric".into(),
        algorithm: Some("aes".into()),
        bit_length: Some(256),
        mode: Some("cbc".into()),
        expiration: Some(Timestamp(i64::MAX)),
        ..new_secret("")
    };
    let secret = vault.create_secret(new).await.unwrap().made();
    assert_eq!((secret.status.as_str(), &secret.content_type), ("ACTIVE", &None));
    assert_eq!(secret.id.get_version_num(), 4, "Barbican's ids are");
    let held = find(&vault, Kind::Secret, secret.id).await;
    assert_eq!((&held.entity, &held.acl, held.holders.len()), (&Entity::Secret(secret), &None, 0));

    let a = make_secret(&vault, "a").await;
    let b = make_secret(&vault, "b").await;
    let new = NewContainer {
        name: None,
        project: "p1".into(),
        creator: None,
        container_type: "rsa".into(),
        // The order is the user's.
        secrets: vec![
            SecretRef { name: Some("z \"ä\"".into()), secret: b.id },
            SecretRef { name: None, secret: a.id },
        ],
        acl: Some(acl(&["u9"], false)),
    };
    let CreateContainer::Done(container) = vault.create_container(new).await.unwrap() else { panic!() };
    let held = find(&vault, Kind::Container, container.id).await;
    assert_eq!((held.entity, held.acl.unwrap().users), (Entity::Container(container), vec!["u9".to_owned()]));

    let empty = make_container(&vault, &[]).await;
    assert_eq!(find(&vault, Kind::Container, empty.id).await.entity, Entity::Container(empty));
    for kind in [Kind::Secret, Kind::Container] {
        assert_eq!(vault.find(kind, Uuid::new_v4()).await.unwrap(), None);
    }
}

async fn with_its_holders(at: Database) {
    let vault = open(&at).await;
    let (a, b) = (make_secret(&vault, "a").await, make_secret(&vault, "b").await);
    let one = make_container(&vault, &[("first", a.id), ("second", b.id)]).await;
    // Twice in one container is one holder.
    let two = make_container(&vault, &[("x", a.id), ("y", a.id)]).await;
    let version = find(&vault, Kind::Container, two.id).await.version;
    let private = acl(&["u7", "u8"], false);
    assert_eq!(vault.set_acl(Kind::Container, two.id, version, &private).await.unwrap(), Commit::Done);
    let two_now = find(&vault, Kind::Container, two.id).await;
    let Entity::Container(two) = two_now.entity else { panic!() };

    let held = find(&vault, Kind::Secret, a.id).await;
    assert_eq!(held.acl, None);
    assert_eq!(held.holders, [(one.clone(), None), (two, two_now.acl)]);
    assert_eq!(find(&vault, Kind::Secret, b.id).await.holders, [(one, None)]);
}

async fn another_secret_with_each_change_of_a_holder(at: Database) {
    let vault = open(&at).await;
    let secret = make_secret(&vault, "a").await.id;
    let mut versions = vec![find(&vault, Kind::Secret, secret).await.version];
    let holder = make_container(&vault, &[("x", secret)]).await.id;
    versions.push(find(&vault, Kind::Secret, secret).await.version);
    let version = async || find(&vault, Kind::Container, holder).await.version;
    let set = vault.set_acl(Kind::Container, holder, version().await, &acl(&["u7"], false)).await;
    assert_eq!(set.unwrap(), Commit::Done);
    versions.push(find(&vault, Kind::Secret, secret).await.version);
    assert_eq!(vault.delete_acl(Kind::Container, holder, version().await).await.unwrap(), Commit::Done);
    versions.push(find(&vault, Kind::Secret, secret).await.version);
    assert_eq!(vault.delete(Kind::Container, holder, version().await).await.unwrap(), Commit::Done);
    versions.push(find(&vault, Kind::Secret, secret).await.version);
    for (at, version) in versions.iter().enumerate() {
        assert!(!versions[..at].contains(version), "{at}: what was decided upon the secret is void");
    }
}

async fn a_container_wants_secrets_that_are_there(at: Database) {
    let vault = open(&at).await;
    let ours = make_secret(&vault, "ours").await.id;
    let theirs = NewSecret { project: "p2".into(), ..new_secret("theirs") };
    let theirs = vault.create_secret(theirs).await.unwrap().made().id;
    let expired = NewSecret { expiration: Some(Timestamp(1)), ..new_secret("expired") };
    let expired = vault.create_secret(expired).await.unwrap().made().id;
    for bad in [theirs, expired, Uuid::new_v4()] {
        let secrets: Vec<_> = [ours, bad].map(|secret| SecretRef { name: None, secret }).into();
        let new = NewContainer { project: "p1".into(), secrets: secrets.clone(), ..NewContainer::default() };
        let made = vault.create_container(new).await.unwrap();
        assert_eq!(made, CreateContainer::UnknownSecret(secrets[1].clone()));
    }
    let filter = Filter::new(Scope::Project("p1".into()));
    assert_eq!(vault.list(Kind::Container, &filter).await.unwrap().total, 0, "nothing is left of them");
}

async fn deleted_with_its_acl(at: Database) {
    let vault = open(&at).await;
    let new =
        NewSecret { payload: Some(new_payload(b"x")), acl: Some(acl(&["u2"], false)), ..new_secret("a") };
    let a = vault.create_secret(new).await.unwrap().made();
    let b = make_secret(&vault, "b").await;
    let held_by = make_container(&vault, &[("a", a.id), ("b", b.id)]).await;
    let before = find(&vault, Kind::Container, held_by.id).await;

    let version = find(&vault, Kind::Secret, a.id).await.version;
    assert_eq!(vault.delete(Kind::Secret, a.id, version).await.unwrap(), Commit::Done);
    assert_eq!(vault.find(Kind::Secret, a.id).await.unwrap(), None);
    assert!(vault.payload(a.id).await.unwrap().is_none());
    assert_eq!(vault.delete(Kind::Secret, a.id, version).await.unwrap(), Commit::Gone);
    let after = find(&vault, Kind::Container, held_by.id).await;
    let Entity::Container(container) = after.entity else { panic!() };
    assert_eq!(container.secrets, [SecretRef { name: Some("b".into()), secret: b.id }]);
    assert_ne!(after.version, before.version, "what was decided upon the container with it is void");

    assert_eq!(vault.delete(Kind::Container, held_by.id, after.version).await.unwrap(), Commit::Done);
    assert_eq!(vault.find(Kind::Container, held_by.id).await.unwrap(), None);
    assert!(find(&vault, Kind::Secret, b.id).await.holders.is_empty(), "its secrets stay");

    let store = at.open().await;
    for table in [
        Sql::same("SELECT COUNT(*) FROM barbican_acls"),
        Sql::same("SELECT COUNT(*) FROM barbican_acl_users"),
        Sql::same("SELECT COUNT(*) FROM barbican_payloads"),
        Sql::same("SELECT COUNT(*) FROM barbican_container_secrets"),
    ] {
        assert_eq!(store.read(table, &[]).await.unwrap()[0].integer(0).unwrap(), 0, "{table:?}");
    }
}

async fn expired_is_not_there(at: Database) {
    let vault = open(&at).await;
    let secret = vault
        .create_secret(NewSecret { payload: Some(new_payload(b"x")), ..new_secret("a") })
        .await
        .unwrap()
        .made();
    let version = find(&vault, Kind::Secret, secret.id).await.version;
    expire(&at).await;
    let id = secret.id;
    assert_eq!(vault.find(Kind::Secret, id).await.unwrap(), None);
    assert!(vault.payload(id).await.unwrap().is_none());
    assert_eq!(vault.set_acl(Kind::Secret, id, version, &acl(&[], true)).await.unwrap(), Commit::Gone);
    assert_eq!(vault.delete_acl(Kind::Secret, id, version).await.unwrap(), Commit::Gone);
    assert_eq!(vault.delete(Kind::Secret, id, version).await.unwrap(), Commit::Gone);
    assert_eq!(vault.put_payload(id, version, "text/plain", b"y").await.unwrap(), PutPayload::Gone);
    let filter = Filter::new(Scope::Project("p1".into()));
    let page = vault.list(Kind::Secret, &filter).await.unwrap();
    assert_eq!((page.total, page.entities.len()), (0, 0));
}

async fn last_over_a_restart(at: Database) {
    let store = at.open().await;
    let sealer = Sealer::new(&key(1), &[]);
    let vault = Vault::open(store.clone(), sealer).await.unwrap();
    let secret = vault
        .create_secret(NewSecret { payload: Some(new_payload(b"kept")), ..new_secret("a") })
        .await
        .unwrap()
        .made();
    let before = find(&vault, Kind::Secret, secret.id).await;
    store.close().await;
    let vault = open(&at).await;
    assert_eq!(find(&vault, Kind::Secret, secret.id).await, before);
    assert_eq!(&**vault.payload(secret.id).await.unwrap().unwrap(), b"kept");
}

async fn contents_of_a_container(at: Database) {
    let vault = open(&at).await;
    let (a, b) = (make_secret(&vault, "a").await.id, make_secret(&vault, "b").await.id);
    let id = make_container(&vault, &[("a", a)]).await.id;
    let version = async |kind, id| find(&vault, kind, id).await.version;
    let named = |name: Option<&str>, secret| SecretRef { name: name.map(Into::into), secret };
    let first = version(Kind::Container, id).await;
    for (adds, project, reference, expected) in [
        (true, "p1", named(Some("a"), a), ChangeContents::AlreadyThere),
        (true, "p2", named(Some("b"), b), ChangeContents::UnknownSecret),
        (true, "p1", named(None, b), ChangeContents::Done),
        (true, "p1", named(None, b), ChangeContents::AlreadyThere),
        (true, "p1", named(Some("b"), b), ChangeContents::Done),
        (false, "p1", named(Some("x"), b), ChangeContents::NotThere),
        (false, "p1", named(None, b), ChangeContents::Done),
    ] {
        let now = version(Kind::Container, id).await;
        // The secret is another one once what may hold it has changed.
        let of_secret = version(Kind::Secret, b).await;
        let done = if adds {
            vault.add_to_container(id, now, project, reference.clone()).await.unwrap()
        } else {
            vault.remove_from_container(id, now, project, reference.clone()).await.unwrap()
        };
        assert_eq!(done, expected, "{adds} {reference:?}");
        let moved = version(Kind::Secret, b).await != of_secret;
        assert!(moved || done != ChangeContents::Done, "{adds} {reference:?}");
    }
    let found = find(&vault, Kind::Container, id).await.entity;
    let left = vec![named(Some("a"), a), named(Some("b"), b)];
    assert!(matches!(&found, Entity::Container(container) if container.secrets == left), "{found:?}");
    let late = vault.add_to_container(id, first, "p1", named(Some("c"), a)).await.unwrap();
    assert_eq!(late, ChangeContents::Changed);
    let unknown = vault.remove_from_container(Uuid::new_v4(), first, "p1", named(None, a)).await.unwrap();
    assert_eq!(unknown, ChangeContents::Gone);
}

async fn d29_a_container_takes_so_many_secrets_at_most(at: Database) {
    let vault = open(&at).await;
    let secret = make_secret(&vault, "a").await.id;
    let names: Vec<_> = (0..MOST_SECRETS).map(|number| number.to_string()).collect();
    let secrets: Vec<_> = names.iter().map(|name| (name.as_str(), secret)).collect();
    let id = make_container(&vault, &secrets).await.id;
    let version = find(&vault, Kind::Container, id).await.version;
    let add = SecretRef { name: Some("one more".into()), secret };
    assert_eq!(vault.add_to_container(id, version, "p1", add).await.unwrap(), ChangeContents::Full);
}
