//! The API as the server sees it.

use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_contract::hook::HookName;

use super::{BarbicanApi, dispatch};

/// One path for each of its routes; `/v1`, `/healthcheck` and `/oslo-policy` with everything beneath.
const PATHS: [&str; 4] = ["/", "/v1", "/healthcheck", "/oslo-policy"];

impl Api for BarbicanApi {
    fn name(&self) -> &'static str {
        "barbican"
    }

    fn hooks(&self) -> &'static [HookName] {
        &[HookName::SecretAccess]
    }

    fn claims(&self, path: &str) -> bool {
        PATHS.iter().any(|own| {
            path == *own || (*own != "/" && path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')))
        })
    }

    fn paths(&self) -> Vec<String> {
        PATHS.map(String::from).into()
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        Box::pin(dispatch::serve(&self.0, request))
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async {
            self.0.decider.ready()?;
            self.0.vault.check().await.map_err(|error| NotReady::Store(error.to_string()))
        })
    }
}
