//! The API as the server sees it.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use portcullis_api::{Api, ApiFuture, NotReady, Placement};
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
    plugin: Plugin,
    router: Router,
}

impl DockerPlugin {
    /// Asks the policies of `host`, and writes records to `log`.
    pub fn new(host: std::sync::Arc<Host>, log: Log, settings: PluginSettings) -> Self {
        let authorizer = Authorizer::new(host, log);
        let plugin = Plugin::new(authorizer.clone(), settings);
        Self { router: router(plugin.clone()), plugin, authorizer }
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
        // Not by the router, which costs more than reading the message.
        if request.method() == Method::POST && request.uri().path() == router::AUTHORIZE_REQUEST {
            return Box::pin(router::request(&self.plugin, request));
        }
        self.router.handle(request)
    }

    fn placement(&self) -> Placement {
        Placement::PerCore
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async { self.authorizer.policies().ready(HookName::DockerRequest) })
    }

    // Other clients open a new connection; dockerd would retry with an empty body.
    fn closes_idle_connections(&self) -> bool {
        false
    }
}
