//! The end of a project.

use portcullis_barbican::vault::{
    AddConsumer, ConsumerName, Filter, Kind, MadeByOrder, MetadataChange, NewOrder, NewSecret, OrderError,
    OrderType, Purged, Quotas, Scope,
};
use portcullis_store::Sql;

use super::{Made as _, acl, find, make_container, new_payload, new_secret, open};
use crate::support::{Database, on_both};

/// How many rows each table has.
async fn rows(at: &Database) -> Vec<(&'static str, i64)> {
    macro_rules! tables {
        ($($table:literal),*) => {
            [$(($table, Sql::same(concat!("SELECT COUNT(*) FROM ", $table)))),*]
        };
    }
    let tables = tables!(
        "barbican_secrets",
        "barbican_payloads",
        "barbican_containers",
        "barbican_container_secrets",
        "barbican_acls",
        "barbican_acl_users",
        "barbican_secret_user_metadata",
        "barbican_consumers",
        "barbican_project_quotas",
        "barbican_orders"
    );
    let store = at.open().await;
    let mut counts = Vec::new();
    for (table, count) in tables {
        counts.push((table, store.read(count, &[]).await.unwrap()[0].integer(0).unwrap()));
    }
    counts
}

async fn a_project_goes_with_all_that_is_its_own_and_nothing_else(at: Database) {
    let vault = open(&at).await;
    let other = NewSecret { project: "p2".into(), ..new_secret("other") };
    let other = vault.create_secret(other).await.unwrap().made();
    vault.set_quotas("p2", Quotas { secrets: Some(9), ..Quotas::default() }).await.unwrap();
    let consumer = |service: &str| ConsumerName {
        service: service.into(),
        resource_type: "t".into(),
        resource: "r".into(),
    };
    let add = async |kind, id, project, service| {
        let version = find(&vault, kind, id).await.version;
        let added = vault.add_consumer(kind, id, version, project, &consumer(service)).await.unwrap();
        assert_eq!(added, AddConsumer::Done);
    };
    add(Kind::Secret, other.id, "p2", "stays").await;
    let before = rows(&at).await;

    let new = NewSecret {
        payload: Some(new_payload(b"x")),
        acl: Some(acl(&["u1", "u2"], false)),
        ..new_secret("s")
    };
    let secret = vault.create_secret(new).await.unwrap().made();
    let container = make_container(&vault, &[("a", secret.id)]).await;
    let version = find(&vault, Kind::Container, container.id).await.version;
    let set = vault.set_acl(Kind::Container, container.id, version, &acl(&["u3"], true)).await.unwrap();
    assert_eq!(set, portcullis_barbican::vault::Commit::Done);
    let version = find(&vault, Kind::Secret, secret.id).await.version;
    let metadata = MetadataChange::Add("k".into(), "v".into());
    let _ = vault.change_metadata(secret.id, version, metadata).await.unwrap();
    add(Kind::Secret, secret.id, "p2", "of the other").await;
    add(Kind::Container, container.id, "p1", "own").await;
    add(Kind::Secret, other.id, "p1", "elsewhere").await;
    let order = NewOrder {
        project: "p1".into(),
        creator: None,
        order_type: OrderType::Key,
        meta: "{}".into(),
        made: MadeByOrder::Nothing(OrderError { status_code: "400".into(), reason: "x".into() }),
    };
    let _ = vault.create_order(order).await.unwrap();
    vault.set_quotas("p1", Quotas { orders: Some(1), ..Quotas::default() }).await.unwrap();

    let purged = vault.purge("p1").await.unwrap();
    assert_eq!(purged, Purged { secrets: 1, containers: 1, orders: 1, consumers: 3, quotas: true });
    assert_eq!(rows(&at).await, before);
    assert_eq!(vault.purge("p1").await.unwrap(), Purged::default());
    let kept = vault.list(Kind::Secret, &Filter::new(Scope::Project("p2".into()))).await.unwrap();
    assert_eq!(kept.total, 1);
}

async fn a_project_of_several_batches_goes_whole(at: Database) {
    let vault = open(&at).await;
    let before = rows(&at).await;
    // More than a batch of 500.
    for number in 0..501 {
        let acl = Some(acl(&["u1"], number % 2 == 0));
        vault.create_secret(NewSecret { acl, ..new_secret("s") }).await.unwrap().made();
    }
    assert_eq!(vault.purge("p1").await.unwrap(), Purged { secrets: 501, ..Purged::default() });
    assert_eq!(rows(&at).await, before);
}

on_both!(a_project_goes_with_all_that_is_its_own_and_nothing_else, a_project_of_several_batches_goes_whole);
