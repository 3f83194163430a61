//! What belongs to entities and projects: user metadata, consumers, quotas.

use portcullis_barbican::vault::{
    AddConsumer, ChangeMetadata, Commit, ConsumerName, CreateSecret, Kind, MetadataChange, Quotas,
    RemoveConsumer,
};

use super::{expire, find, make_secret, new_secret, one, open};
use crate::support::{Database, on_both};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

async fn metadata(at: Database) {
    let vault = open(&at).await;
    let secret = make_secret(&vault, "s").await;
    let before = find(&vault, Kind::Secret, secret.id).await;
    let long = "v".repeat(20_000);
    for (change, outcome, stored) in [
        (
            MetadataChange::Replace(pairs(&[("b", "1"), ("a", "2")])),
            ChangeMetadata::Done,
            &[("b", "1"), ("a", "2")][..],
        ),
        (
            MetadataChange::Add("a".into(), "3".into()),
            ChangeMetadata::AlreadyThere,
            &[("b", "1"), ("a", "2")],
        ),
        (MetadataChange::Set("c".into(), "3".into()), ChangeMetadata::NotThere, &[("b", "1"), ("a", "2")]),
        (
            MetadataChange::Add("c".into(), "3".into()),
            ChangeMetadata::Done,
            &[("b", "1"), ("a", "2"), ("c", "3")],
        ),
        (
            MetadataChange::Set("b".into(), "4".into()),
            ChangeMetadata::Done,
            &[("a", "2"), ("c", "3"), ("b", "4")],
        ),
        (MetadataChange::Remove("c".into()), ChangeMetadata::Done, &[("a", "2"), ("b", "4")]),
        (MetadataChange::Remove("c".into()), ChangeMetadata::Done, &[("a", "2"), ("b", "4")]),
        (MetadataChange::Replace(pairs(&[(&long, &long)])), ChangeMetadata::Done, &[(&long, &long)]),
    ] {
        let held = find(&vault, Kind::Secret, secret.id).await;
        assert_eq!(
            vault.change_metadata(secret.id, held.version, change).await.unwrap(),
            outcome,
            "{stored:?}"
        );
        assert_eq!(vault.metadata(secret.id).await.unwrap(), pairs(stored));
    }
    let after = find(&vault, Kind::Secret, secret.id).await;
    assert_eq!(after.entity, before.entity, "nothing of the secret moves");
    let change = || MetadataChange::Replace(Vec::new());
    let refused = vault.change_metadata(secret.id, before.version, change()).await.unwrap();
    assert_eq!(refused, ChangeMetadata::Changed);
    assert_eq!(vault.delete(Kind::Secret, secret.id, after.version).await.unwrap(), Commit::Done);
    let gone = vault.change_metadata(secret.id, after.version, change()).await.unwrap();
    assert_eq!((gone, vault.metadata(secret.id).await.unwrap()), (ChangeMetadata::Gone, Vec::new()));
}

fn consumer(service: &str) -> ConsumerName {
    ConsumerName { service: service.into(), resource_type: "t".into(), resource: "r".repeat(10_000) }
}

async fn consumers(at: Database) {
    let vault = open(&at).await;
    for kind in [Kind::Secret, Kind::Container] {
        let id = one(&vault, kind).await;
        let before = find(&vault, kind, id).await;
        for (project, service) in [("p1", "b"), ("p2", "a"), ("p2", "b")] {
            let held = find(&vault, kind, id).await;
            let added =
                vault.add_consumer(kind, id, held.version, project, &consumer(service)).await.unwrap();
            assert_eq!(added, AddConsumer::Done);
        }
        let stale = vault.add_consumer(kind, id, before.version, "p1", &consumer("c")).await.unwrap();
        assert_eq!(stale, AddConsumer::Changed);
        let page = vault.consumers(kind, id, 0, 10).await.unwrap();
        let services: Vec<_> = page.consumers.iter().map(|one| one.name.service.as_str()).collect();
        let expected = if kind == Kind::Secret { ["b", "a"] } else { ["a", "b"] };
        assert_eq!((services.as_slice(), page.total), (&expected[..], 2), "{kind}");
        let page = vault.consumers(kind, id, 1, 1).await.unwrap();
        assert_eq!((page.consumers[0].name.service.as_str(), page.total), (expected[1], 2), "{kind}");
        let all = vault.consumers_of(kind, [id].into_iter()).await.unwrap();
        assert_eq!(all[&id], [consumer("b"), consumer("a")]);
        for (project, service, outcome) in [
            (Some("p2"), "b", RemoveConsumer::OfOtherProject),
            (Some("p1"), "c", RemoveConsumer::NotThere),
            (Some("p1"), "b", RemoveConsumer::Done),
            (None, "b", RemoveConsumer::NotThere),
        ] {
            let held = find(&vault, kind, id).await;
            let removed =
                vault.remove_consumer(kind, id, held.version, project, &consumer(service)).await.unwrap();
            assert_eq!(removed, outcome, "{project:?} {service}");
        }
        let held = find(&vault, kind, id).await;
        assert_eq!(vault.delete(kind, id, held.version).await.unwrap(), Commit::Done);
        assert_eq!(vault.consumers(kind, id, 0, 10).await.unwrap().total, 0);
    }
}

async fn quotas(at: Database) {
    let vault = open(&at).await;
    assert_eq!(vault.quotas("p1").await.unwrap(), None);
    vault.set_quotas("p1", Quotas { secrets: Some(2), ..Quotas::default() }).await.unwrap();
    vault.set_quotas("p1", Quotas { cas: Some(0), consumers: Some(-1), ..Quotas::default() }).await.unwrap();
    vault.set_quotas("p0", Quotas::default()).await.unwrap();
    let set = Quotas { secrets: Some(2), cas: Some(0), consumers: Some(-1), ..Quotas::default() };
    assert_eq!(vault.quotas("p1").await.unwrap(), Some(set));
    let page = vault.list_quotas(0, 10).await.unwrap();
    assert_eq!((page.quotas, page.total), (vec![("p1".into(), set), ("p0".into(), Quotas::default())], 2));
    // Sixteen at once, and two of them find room.
    let makers = (0..16).map(|number| {
        let vault = vault.clone();
        tokio::spawn(async move { vault.create_secret(new_secret(&number.to_string())).await.unwrap() })
    });
    let mut made = 0;
    for maker in makers.collect::<Vec<_>>() {
        made += usize::from(matches!(maker.await.unwrap(), CreateSecret::Done(_)));
    }
    assert_eq!(made, 2);
    assert!(vault.delete_quotas("p1").await.unwrap());
    assert!(!vault.delete_quotas("p1").await.unwrap());
    make_secret(&vault, "free").await;
}

/// They cannot be removed any more, so they would fill the quota for ever.
async fn consumers_of_what_expired_do_not_count(at: Database) {
    let vault = open(&at).await;
    vault.set_quotas("p1", Quotas { consumers: Some(1), ..Quotas::default() }).await.unwrap();
    let add = async |id| {
        let version = find(&vault, Kind::Secret, id).await.version;
        vault.add_consumer(Kind::Secret, id, version, "p1", &consumer("a")).await.unwrap()
    };
    assert_eq!(add(make_secret(&vault, "one").await.id).await, AddConsumer::Done);
    assert_eq!(add(make_secret(&vault, "two").await.id).await, AddConsumer::QuotaReached);
    expire(&at).await;
    assert_eq!(add(make_secret(&vault, "three").await.id).await, AddConsumer::Done);
}

on_both!(metadata, consumers, quotas, consumers_of_what_expired_do_not_count);
