//! What one project reads leaves connections to the others.

use portcullis_barbican::vault::{
    Filter, Kind, MadeByOrder, NewOrder, NewSecret, OrderError, OrderType, Scope,
};

use super::{new_secret, open};
use crate::support::{Database, run};
use tokio::task::JoinSet;

/// `LIKE` compares nearly all of it at each place of the text.
fn slow_pattern() -> String {
    format!("%{}b%", "a".repeat(250))
}

#[test]
fn slow_lists_of_one_project_leave_connections_to_the_others() {
    run(async {
        let at = Database::sqlite();
        let vault = open(&at).await;
        for _ in 0..20 {
            let order = NewOrder {
                project: "p1".into(),
                creator: Some("u1".into()),
                order_type: OrderType::Key,
                meta: format!(r#"{{"name": "{}"}}"#, "a".repeat(20_000)),
                made: MadeByOrder::Nothing(OrderError {
                    status_code: "400".into(),
                    reason: "because".into(),
                }),
            };
            vault.create_order(order).await.unwrap();
        }
        let secret = NewSecret { project: "p2".into(), ..new_secret("other") };
        vault.create_secret(secret).await.unwrap();
        let mut lists = JoinSet::new();
        for _ in 0..8 {
            let vault = vault.clone();
            lists.spawn(async move { vault.list_orders("p1", Some(slow_pattern()), 0, 10).await });
        }
        let first = lists.join_next().await.unwrap().unwrap();
        // On a slow machine it is cut short.
        assert!(first.map_or_else(|error| error.is_unavailable(), |page| page.total == 0));
        let page = vault.list(Kind::Secret, &Filter::new(Scope::Project("p2".into()))).await.unwrap();
        assert_eq!(page.total, 1);
        while lists.try_join_next().is_some() {}
        // Two of the seven that were left had their turn.
        assert!(lists.len() >= 5, "the other project waited until {} lists were left", lists.len());
    });
}
