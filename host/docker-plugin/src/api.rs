//! The API as the server sees it.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_audit::Log;
use portcullis_authorization::Authorizer;
use portcullis_contract::hook::HookName;
use portcullis_engine::Host;
use portcullis_listen::Handler as _;

use crate::plugin::{Plugin, PluginSettings};
use crate::router::{self, router};

/// Docker's authorization plugin API.
pub struct DockerPlugin {
    authorizer: Authorizer,
    router: Router,
}

impl DockerPlugin {
    /// Asks the policies of `host`, and writes records to `log`.
    pub fn new(host: std::sync::Arc<Host>, log: Log, settings: PluginSettings) -> Self {
        let authorizer = Authorizer::new(host, log);
        Self { router: router(Plugin::new(authorizer.clone(), settings)), authorizer }
    }
}

impl Api for DockerPlugin {
    fn name(&self) -> &'static str {
        "docker-plugin"
    }

    fn hooks(&self) -> &'static [HookName] {
        &[HookName::DockerRequest]
    }

    fn claims(&self, path: &str) -> bool {
        router::PATHS.contains(&path)
    }

    fn paths(&self) -> Vec<String> {
        router::PATHS.map(String::from).into()
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        self.router.handle(request)
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async { self.authorizer.policies().ready(HookName::DockerRequest) })
    }

    // Other clients open a new connection; dockerd would retry with an empty body.
    fn closes_idle_connections(&self) -> bool {
        false
    }
}
