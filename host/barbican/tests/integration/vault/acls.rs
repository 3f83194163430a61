//! ACLs: sets of users, when they were made and written, and what they are not written upon.

use portcullis_barbican::vault::{Commit, Entity, EntityWithAcl, Kind, NewSecret, Timestamp};
use portcullis_store::StoreError;
use uuid::Uuid;

use super::{Made as _, acl, find, new_secret, one, open};
use crate::support::{Database, on_both};

on_both!(
    made_written_and_deleted,
    users_are_a_set,
    nothing_is_written_upon_what_has_changed,
    from_the_first_moment_on,
    of_one_kind_alone,
    nul_is_refused,
    as_many_users_as_a_body_holds,
);

const KINDS: [Kind; 2] = [Kind::Secret, Kind::Container];

fn updated(held: &EntityWithAcl) -> Timestamp {
    match &held.entity {
        Entity::Secret(secret) => secret.updated,
        Entity::Container(container) => container.updated,
    }
}

async fn made_written_and_deleted(at: Database) {
    let vault = open(&at).await;
    for kind in KINDS {
        let id = one(&vault, kind).await;
        let none = find(&vault, kind, id).await;
        assert_eq!(none.acl, None);

        // There was none: nothing to delete.
        assert_eq!(vault.delete_acl(kind, id, none.version).await.unwrap(), Commit::Done);
        let still_none = find(&vault, kind, id).await;
        assert_eq!((updated(&still_none), &still_none.acl), (updated(&none), &None));

        let before = Timestamp::now();
        let put = acl(&["u2"], false);
        assert_eq!(vault.set_acl(kind, id, still_none.version, &put).await.unwrap(), Commit::Done);
        let first = find(&vault, kind, id).await;
        let made = first.acl.clone().unwrap();
        assert_eq!((made.users.as_slice(), made.project_access), (&["u2".to_owned()][..], false));
        assert!(made.created >= before && made.created == made.updated);
        assert_eq!(updated(&first), made.updated, "the entity's moves too");

        // The same again moves `updated`, and `created` stays.
        assert_eq!(vault.set_acl(kind, id, first.version, &put).await.unwrap(), Commit::Done);
        let second = find(&vault, kind, id).await;
        let written = second.acl.clone().unwrap();
        assert_eq!((written.users, written.created), (made.users, made.created));
        assert!(written.updated > made.updated && updated(&second) == written.updated);

        // The ACL exists, with an empty list.
        assert_eq!(vault.set_acl(kind, id, second.version, &acl(&[], true)).await.unwrap(), Commit::Done);
        let third = find(&vault, kind, id).await;
        let empty = third.acl.clone().unwrap();
        assert_eq!((empty.users.len(), empty.project_access, empty.created), (0, true, made.created));

        assert_eq!(vault.delete_acl(kind, id, third.version).await.unwrap(), Commit::Done);
        let last = find(&vault, kind, id).await;
        assert_eq!((&last.acl, updated(&last)), (&None, updated(&third)), "the entity's does not move");
        assert_ne!(last.version, third.version);
    }
}

async fn users_are_a_set(at: Database) {
    let vault = open(&at).await;
    for kind in KINDS {
        let id = one(&vault, kind).await;
        let version = find(&vault, kind, id).await.version;
        let users = ["b", "a", "B", "b", "", "ä", "a", "\u{1}\"\\", "𝄞", "é", "e\u{301}", " a"];
        assert_eq!(vault.set_acl(kind, id, version, &acl(&users, true)).await.unwrap(), Commit::Done);
        let mut expected = users.to_vec();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(find(&vault, kind, id).await.acl.unwrap().users, expected);
    }
}

async fn nothing_is_written_upon_what_has_changed(at: Database) {
    let vault = open(&at).await;
    for kind in KINDS {
        let id = one(&vault, kind).await;
        let old = find(&vault, kind, id).await.version;
        assert_eq!(vault.set_acl(kind, id, old, &acl(&["u2"], false)).await.unwrap(), Commit::Done);
        let now = find(&vault, kind, id).await;
        assert_eq!(vault.set_acl(kind, id, old, &acl(&["u3"], true)).await.unwrap(), Commit::Changed);
        assert_eq!(vault.delete_acl(kind, id, old).await.unwrap(), Commit::Changed);
        assert_eq!(vault.delete(kind, id, old).await.unwrap(), Commit::Changed);
        assert_eq!(find(&vault, kind, id).await, now, "nothing has moved");
        let nowhere = Uuid::new_v4();
        assert_eq!(vault.set_acl(kind, nowhere, old, &acl(&[], true)).await.unwrap(), Commit::Gone);
        assert_eq!(vault.delete_acl(kind, nowhere, old).await.unwrap(), Commit::Gone);
        assert_eq!(vault.delete(kind, nowhere, old).await.unwrap(), Commit::Gone);
    }
}

async fn from_the_first_moment_on(at: Database) {
    let vault = open(&at).await;
    let new = NewSecret { acl: Some(acl(&["u2", "u2"], false)), ..new_secret("private") };
    let secret = vault.create_secret(new).await.unwrap().made();
    let held = find(&vault, Kind::Secret, secret.id).await;
    let found = held.acl.unwrap();
    assert_eq!((found.users, found.project_access), (vec!["u2".to_owned()], false));
    assert_eq!((found.created, found.updated), (secret.created, secret.created));
}

async fn of_one_kind_alone(at: Database) {
    let vault = open(&at).await;
    let id = one(&vault, Kind::Container).await;
    let version = find(&vault, Kind::Container, id).await.version;
    assert_eq!(vault.find(Kind::Secret, id).await.unwrap(), None);
    assert_eq!(vault.set_acl(Kind::Secret, id, version, &acl(&[], true)).await.unwrap(), Commit::Gone);
}

async fn nul_is_refused(at: Database) {
    let vault = open(&at).await;
    let id = one(&vault, Kind::Secret).await;
    let before = find(&vault, Kind::Secret, id).await;
    let refused = vault.set_acl(Kind::Secret, id, before.version, &acl(&["a\0b"], false)).await;
    assert!(matches!(refused, Err(StoreError::Nul)), "{refused:?}");
    assert_eq!(find(&vault, Kind::Secret, id).await, before);
    let refused = vault.create_secret(new_secret("a\0b")).await;
    assert!(matches!(refused, Err(StoreError::Nul)), "{refused:?}");
}

/// 25,000 bytes (`max_allowed_request_size_in_bytes`) hold some 4,000 users of three letters each.
async fn as_many_users_as_a_body_holds(at: Database) {
    let vault = open(&at).await;
    let id = one(&vault, Kind::Secret).await;
    let version = find(&vault, Kind::Secret, id).await.version;
    let users: Vec<String> = (0..4_000).map(|number| format!("u{number:04}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    assert_eq!(vault.set_acl(Kind::Secret, id, version, &acl(&users, true)).await.unwrap(), Commit::Done);
    assert_eq!(find(&vault, Kind::Secret, id).await.acl.unwrap().users, users);
}
