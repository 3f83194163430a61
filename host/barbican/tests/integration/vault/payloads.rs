//! Payloads: put once, read by their own row alone, and unreadable with the database alone.

use portcullis_barbican::vault::{Entity, Kind, NewSecret, PutPayload, Vault};
use portcullis_store::seal::{SealError, Sealer};
use portcullis_store::{Sql, StoreError, Value};
use uuid::Uuid;

use super::{Made as _, find, key, make_secret, new_payload, new_secret, open};
use crate::support::{Database, on_both};

on_both!(put_once, moved_or_changed_it_does_not_open, it_is_not_in_the_database_as_it_is, keys_change,);

async fn put_once(at: Database) {
    let vault = open(&at).await;
    let secret = make_secret(&vault, "a").await;
    assert!(vault.payload(secret.id).await.unwrap().is_none());
    assert!(vault.payload(Uuid::new_v4()).await.unwrap().is_none());
    let old = find(&vault, Kind::Secret, secret.id).await.version;
    // The ACL has changed since: what was decided is void.
    let _ = vault.set_acl(Kind::Secret, secret.id, old, &super::acl(&[], false)).await.unwrap();
    let put = |version| vault.put_payload(secret.id, version, "application/octet-stream", &[0, 255, 0]);
    assert_eq!(put(old).await.unwrap(), PutPayload::Changed);
    assert!(vault.payload(secret.id).await.unwrap().is_none());
    let before = find(&vault, Kind::Secret, secret.id).await;
    assert_eq!(put(before.version).await.unwrap(), PutPayload::Done);
    assert_eq!(&**vault.payload(secret.id).await.unwrap().unwrap(), &[0, 255, 0]);
    let after = find(&vault, Kind::Secret, secret.id).await;
    let (Entity::Secret(was), Entity::Secret(is)) = (before.entity, after.entity) else { panic!() };
    assert_eq!(is.content_type.as_deref(), Some("application/octet-stream"));
    assert!(is.updated > was.updated && is.created == was.created);
    assert_eq!(put(after.version).await.unwrap(), PutPayload::AlreadyThere);
    assert_eq!(put(old).await.unwrap(), PutPayload::AlreadyThere);
    let gone = vault.put_payload(Uuid::new_v4(), old, "text/plain", b"x").await.unwrap();
    assert_eq!(gone, PutPayload::Gone);
    // Nothing is a payload too.
    let empty = NewSecret { payload: Some(new_payload(b"")), ..new_secret("empty") };
    let empty = vault.create_secret(empty).await.unwrap().made();
    assert!(vault.payload(empty.id).await.unwrap().unwrap().is_empty());
}

const SEALED: Sql = Sql::same("SELECT sealed FROM barbican_payloads WHERE secret_id = $1");
const SEAL: Sql = Sql::same("UPDATE barbican_payloads SET sealed = $2 WHERE secret_id = $1");

async fn moved_or_changed_it_does_not_open(at: Database) {
    let vault = open(&at).await;
    let mut ids = Vec::new();
    for name in ["mine", "yours"] {
        let new = NewSecret { payload: Some(new_payload(name.as_bytes())), ..new_secret(name) };
        ids.push(vault.create_secret(new).await.unwrap().made().id);
    }
    let store = at.open().await;
    let row: Value = ids[0].to_string().into();
    let mine = store.read(SEALED, std::slice::from_ref(&row)).await.unwrap()[0].bytes(0).unwrap();
    let yours = store.read(SEALED, &[ids[1].to_string().into()]).await.unwrap()[0].bytes(0).unwrap();
    let mut flipped = mine.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for changed in [yours, flipped, mine[..mine.len() - 1].to_vec(), Vec::new()] {
        let values = [row.clone(), changed.into()];
        store
            .write(move |to| {
                let values = values.clone();
                Box::pin(async move { to.execute(SEAL, &values).await })
            })
            .await
            .unwrap();
        let error = vault.payload(ids[0]).await.unwrap_err();
        assert!(matches!(error, StoreError::Seal(SealError::Broken)), "{error:?}");
    }
}

async fn it_is_not_in_the_database_as_it_is(at: Database) {
    let vault = open(&at).await;
    let new = NewSecret { payload: Some(new_payload(b"correct horse battery staple")), ..new_secret("a") };
    assert!(!format!("{new:?}").contains("correct"));
    vault.create_secret(new).await.unwrap().made();
    if let Some(folder) = at.folder() {
        for file in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|part| part == b"correct"));
        }
    }
}

async fn keys_change(at: Database) {
    let store = at.open().await;
    let before = Vault::open(store.clone(), Sealer::new(&key(1), &[])).await.unwrap();
    let new = NewSecret { payload: Some(new_payload(b"old")), ..new_secret("old") };
    let old = before.create_secret(new).await.unwrap().made().id;
    // The old key is gone: said at once, and not when a secret is asked for.
    let lost = Vault::open(store.clone(), Sealer::new(&key(2), &[])).await.err().unwrap();
    assert!(matches!(lost, StoreError::Seal(SealError::UnknownKey(id)) if id == key(1).id()), "{lost:?}");
    let after = Vault::open(store.clone(), Sealer::new(&key(2), &[key(1)])).await.unwrap();
    assert_eq!(&**after.payload(old).await.unwrap().unwrap(), b"old");
    let new = NewSecret { payload: Some(new_payload(b"new")), ..new_secret("new") };
    let new = after.create_secret(new).await.unwrap().made().id;
    assert_eq!(&**after.payload(new).await.unwrap().unwrap(), b"new");
    assert!(matches!(before.payload(new).await, Err(StoreError::Seal(SealError::UnknownKey(_)))));
}
