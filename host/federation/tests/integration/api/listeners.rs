//! The API at several listeners.

use portcullis_api::Api as _;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::world::World;

/// Each listener has an API of its own, and all share their metrics: Prometheus takes no name twice.
#[tokio::test]
async fn one_listener_has_the_metrics_of_all() {
    let world = World::start().await;
    for (has_metrics, expected) in [(true, 1), (false, 0)] {
        let mut registry = Registry::default();
        world.api().at_listener("127.0.0.1:8190".into(), has_metrics).metrics(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert_eq!(text.matches("# TYPE sts_requests").count(), expected, "{text}");
    }
}
