//! The API as the server sees it.

use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_contract::hook::HookName;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{BarbicanApi, dispatch};

/// The first segments of the API's paths, besides the root.
const FIRST_SEGMENTS: [&str; 3] = ["v1", "healthcheck", "oslo-policy"];

impl Api for BarbicanApi {
    fn name(&self) -> &'static str {
        "barbican"
    }

    fn hooks(&self) -> &'static [HookName] {
        &[HookName::SecretAccess]
    }

    fn claims(&self, path: &str) -> bool {
        // Slashes in a row count as one, as for `Route`.
        let first = path.split('/').find(|segment| !segment.is_empty());
        path.starts_with('/') && first.is_none_or(|first| FIRST_SEGMENTS.contains(&first))
    }

    fn paths(&self) -> Vec<String> {
        let beneath = FIRST_SEGMENTS.iter().map(|first| format!("/{first}"));
        std::iter::once("/".to_owned()).chain(beneath).collect()
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        Box::pin(dispatch::serve(&self.0, request))
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async {
            self.0.decider.ready()?;
            self.0.vault.check().await.map_err(|error| NotReady::Store(error.to_string()))?;
            self.0.identify.check().await.map_err(|error| NotReady::Identity(error.to_string()))
        })
    }

    fn metrics(&self, registry: &mut Registry) {
        let Some(health) = self.0.identify.keystone_health() else { return };
        let up = Gauge::<i64>::default();
        up.set(health.up.into());
        registry.register("keystone_up", "Whether Keystone answered the last request as it should", up);
        let failures = Counter::<u64>::default();
        failures.inc_by(health.failures);
        let help = "Requests to Keystone that failed, or that it refused to the service user";
        registry.register("keystone_failures", help, failures);
    }
}
