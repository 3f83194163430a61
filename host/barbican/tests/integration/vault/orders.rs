//! Orders, and what is made for them.

use portcullis_barbican::vault::{
    CreateOrder, Filter, Kind, Limited, MadeByOrder, NewOrder, NewSecret, Order, OrderError, OrderType,
    Quotas, Scope,
};

use super::{expire, new_payload, new_secret, open};
use crate::support::{Database, on_both};

fn new_order(name: &str, made: MadeByOrder) -> NewOrder {
    NewOrder {
        project: "p1".into(),
        creator: Some("u1".into()),
        order_type: OrderType::Asymmetric,
        meta: format!(r#"{{"name": "{name}", "x": "gr\u00fcn\\u0000"}}"#),
        made,
    }
}

fn with_payload(name: &str) -> NewSecret {
    NewSecret { payload: Some(new_payload(name.as_bytes())), ..new_secret(name) }
}

#[track_caller]
fn placed(created: CreateOrder) -> Order {
    match created {
        CreateOrder::Done(order) => *order,
        CreateOrder::QuotaReached => panic!("the quota is reached"),
    }
}

async fn orders(at: Database) {
    let vault = open(&at).await;
    let secret = MadeByOrder::Secret(Box::new(with_payload("key")));
    let key = placed(vault.create_order(new_order("Key", secret)).await.unwrap());
    let pair = MadeByOrder::Container {
        name: Some("pair".into()),
        container_type: "rsa".into(),
        secrets: vec![("private_key", with_payload("private")), ("public_key", with_payload("public"))],
    };
    let pair = placed(vault.create_order(new_order("pair", pair)).await.unwrap());
    let error = OrderError { status_code: "400".into(), reason: "because".into() };
    let failed = MadeByOrder::Nothing(error.clone());
    let failed = placed(vault.create_order(new_order("failed", failed)).await.unwrap());
    assert_eq!(
        (key.status.as_str(), pair.status.as_str(), failed.status.as_str()),
        ("ACTIVE", "ACTIVE", "ERROR")
    );
    assert_eq!(failed.error, Some(error));

    let id = key.secret.unwrap();
    assert_eq!(vault.payload(id).await.unwrap().unwrap().as_slice(), b"key");
    let container = super::find(&vault, Kind::Container, pair.container.unwrap()).await;
    let portcullis_barbican::vault::Entity::Container(container) = container.entity else { panic!() };
    assert_eq!((container.name.as_deref(), container.container_type.as_str()), (Some("pair"), "rsa"));
    let mut payloads = Vec::new();
    for held in &container.secrets {
        payloads
            .push((held.name.clone().unwrap(), vault.payload(held.secret).await.unwrap().unwrap().to_vec()));
    }
    let expected = [("private_key", "private"), ("public_key", "public")];
    assert_eq!(payloads, expected.map(|(name, bytes)| (name.to_owned(), bytes.as_bytes().to_vec())));

    for order in [&key, &pair, &failed] {
        assert_eq!(vault.find_order("p1", order.id).await.unwrap().as_ref(), Some(order));
        assert_eq!(vault.find_order("p2", order.id).await.unwrap(), None);
    }
    for (project, meta, offset, expected) in [
        ("p1", None, 0, &["Key", "pair", "failed"][..]),
        ("p1", None, 2, &["failed"]),
        ("p1", Some("%\"KEY\"%"), 0, &["Key"]),
        ("p1", Some("%\"_ey\"%"), 0, &["Key"]),
        ("p1", Some("%gr\\u00fcn\\\\u%"), 0, &["Key", "pair", "failed"]),
        ("p1", Some("%grün%"), 0, &[]),
        ("p2", None, 0, &[]),
    ] {
        let page = vault.list_orders(project, meta.map(String::from), offset, 10).await.unwrap();
        let names: Vec<_> = page.orders.iter().map(|order| order.meta.split('"').nth(3).unwrap()).collect();
        assert_eq!(names, expected, "{project} {meta:?}");
        assert_eq!(page.total, names.len() as u64 + offset, "{project} {meta:?}");
    }

    // What was made outlives its order, and the other way round.
    assert!(!vault.delete_order("p2", key.id).await.unwrap());
    assert!(vault.delete_order("p1", key.id).await.unwrap());
    assert!(!vault.delete_order("p1", key.id).await.unwrap());
    assert!(vault.payload(id).await.unwrap().is_some());
    expire(&at).await;
    assert_eq!(vault.find_order("p1", pair.id).await.unwrap(), Some(pair));
}

async fn an_order_beyond_the_quota_makes_nothing(at: Database) {
    let vault = open(&at).await;
    vault.set_quotas("p1", Quotas { orders: Some(1), ..Quotas::default() }).await.unwrap();
    let new = || new_order("o", MadeByOrder::Secret(Box::new(with_payload("s"))));
    let one = [(Limited::Orders, 1)];
    assert!(!vault.is_quota_reached(&one, "p1").await.unwrap());
    let first = placed(vault.create_order(new()).await.unwrap());
    assert!(vault.is_quota_reached(&one, "p1").await.unwrap());
    assert_eq!(vault.create_order(new()).await.unwrap(), CreateOrder::QuotaReached);
    let made = vault.list(Kind::Secret, &Filter::new(Scope::Project("p1".into()))).await.unwrap();
    assert_eq!(made.total, 1);
    assert!(vault.delete_order("p1", first.id).await.unwrap());
    placed(vault.create_order(new()).await.unwrap());
}

async fn what_an_order_makes_counts_for_its_quotas(at: Database) {
    let vault = open(&at).await;
    let pair = || MadeByOrder::Container {
        name: None,
        container_type: "rsa".into(),
        secrets: vec![("private_key", with_payload("private")), ("public_key", with_payload("public"))],
    };
    let more = [(Limited::Orders, 1), (Limited::Secrets, 2), (Limited::Containers, 1)];
    for (secrets, containers, is_made) in [
        (1, 1, false),
        (2, 0, false),
        (2, 1, true),
        (3, 2, false),
        (4, 1, false),
        (4, 2, true),
        (-1, -1, true),
    ] {
        let quotas = Quotas { secrets: Some(secrets), containers: Some(containers), ..Quotas::default() };
        vault.set_quotas("p1", quotas).await.unwrap();
        assert_eq!(vault.is_quota_reached(&more, "p1").await.unwrap(), !is_made, "{secrets} {containers}");
        let created = vault.create_order(new_order("o", pair())).await.unwrap();
        assert_eq!(created != CreateOrder::QuotaReached, is_made, "{secrets} {containers}");
    }
    // What makes nothing needs no room.
    vault
        .set_quotas("p1", Quotas { secrets: Some(0), containers: Some(0), ..Quotas::default() })
        .await
        .unwrap();
    let error = OrderError { status_code: "400".into(), reason: "because".into() };
    placed(vault.create_order(new_order("failed", MadeByOrder::Nothing(error))).await.unwrap());
    let made = vault.list(Kind::Secret, &Filter::new(Scope::Project("p1".into()))).await.unwrap();
    assert_eq!(made.total, 6);
}

on_both!(orders, an_order_beyond_the_quota_makes_nothing, what_an_order_makes_counts_for_its_quotas);
