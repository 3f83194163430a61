//! The API as the server sees it.

use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_api::{Api, ApiFuture, NotReady, Placement};
use portcullis_authorization::Authorizer;
use portcullis_contract::hook::HookName;
use portcullis_identity::source::GroupSources;
use std::sync::Arc;

use crate::plugin::{Plugin, PluginSettings};
use crate::router;

/// Docker's authorization plugin API.
pub struct DockerPlugin {
    plugin: Arc<Plugin>,
}

impl DockerPlugin {
    /// Asks `authorizer`, with the groups that `groups` knows of a user. Look-ups run on the runtime that calls.
    pub fn new(authorizer: Authorizer, settings: PluginSettings, groups: Option<GroupSources>) -> Self {
        Self { plugin: Arc::new(Plugin::new(authorizer, settings, groups)) }
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
        Box::pin(router::route(&self.plugin, request))
    }

    fn placement(&self) -> Placement {
        Placement::PerCore
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async { self.plugin.authorizer.policies().ready(HookName::DockerRequest) })
    }

    // Other clients open a new connection; dockerd would retry with an empty body.
    fn closes_idle_connections(&self) -> bool {
        false
    }
}
