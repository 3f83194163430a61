//! The API with users: Portainer's routes, `/endpoints/{id}/docker/...`, and endpoints at addresses of their own.

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode, header};
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_authorization::Authorizer;
use portcullis_contract::hook::HookName;
use portcullis_contract::types::Principal;
use portcullis_identity::certificate;
use portcullis_listen::Peer;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tower_service::Service as _;

use crate::endpoint::Endpoint;
use crate::error::GatewayError;
use crate::gateway::Gateway;
use crate::proxy::{Caller, Proxy, ProxySettings, Registries, SessionEnd, target};
use crate::session::{Role, Session};
use crate::system_user::SystemUsers;

/// How often an open stream asks whether its user may still use it: another process may have changed the database.
const RECHECK: Duration = Duration::from_secs(30);

/// The first segments of its paths.
const CLAIMED: [&str; 9] =
    ["api", "auth", "endpoints", "registries", "status", "system", "users", "session", "grpc"];

/// The gateway with users.
pub struct DockerGateway {
    shared: Arc<Shared>,
    /// The endpoint that has this address of its own; absent at the address with all of Portainer's API.
    endpoint: Option<String>,
}

struct Shared {
    gateway: Arc<Gateway>,
    proxy: Proxy,
    router: Router,
    system_users: SystemUsers,
}

impl DockerGateway {
    /// Asks `authorizer`.
    pub fn new(authorizer: Authorizer, gateway: Gateway, settings: ProxySettings) -> Self {
        let gateway = Arc::new(gateway);
        let router = gateway.router();
        let proxy = Proxy::new(authorizer, settings);
        let shared = Shared { gateway, proxy, router, system_users: SystemUsers::new() };
        Self { shared: Arc::new(shared), endpoint: None }
    }

    /// The same gateway, with one endpoint at the root of an address of its own: `DOCKER_HOST=tcp://host:port`.
    #[must_use]
    pub fn at_own_address(&self, endpoint: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), endpoint: Some(endpoint.to_owned()) }
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let shared = &self.shared;
        let path = request.uri().path_and_query().map_or("", |target| target.as_str());
        let is_engine = self.endpoint.is_some()
            || target::of_endpoint(path).is_some()
            || matches!(request.uri().path(), "/session" | "/grpc");
        if !is_engine {
            return match shared.router.clone().call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
        }
        self.docker(request).await.unwrap_or_else(GatewayError::into_docker_response)
    }

    async fn docker(&self, request: Request<Body>) -> Result<Response<Body>, GatewayError> {
        let shared = &self.shared;
        let (parts, body) = request.into_parts();
        let whole = target::checked(&parts.uri)?.to_owned();
        let session = self.session(&parts).await?;
        let (endpoint, target) = match (&self.endpoint, target::of_endpoint(&whole)) {
            (Some(name), _) => (shared.gateway.endpoint_by_name(&session, name).await?, whole.as_str()),
            (None, Some(found)) => {
                let id = target::endpoint_id(found.id)?;
                (shared.gateway.endpoint(&session, id).await?, found.rest)
            }
            (None, None) => (shared.gateway.only_endpoint(&session).await?, whole.as_str()),
        };
        let caller = caller(&shared.gateway, session, &endpoint, &parts);
        let request = Request::from_parts(parts, body);
        Ok(shared.proxy.serve(caller, &endpoint, target, request).await)
    }

    /// The user of a request: by a token, and at an address of an endpoint's own also by the client certificate or by the
    /// process on a unix socket.
    async fn session(&self, parts: &Parts) -> Result<Session, GatewayError> {
        let gateway = &self.shared.gateway;
        let has_token =
            parts.headers.contains_key(header::AUTHORIZATION) || parts.headers.contains_key("x-api-key");
        let peer = parts.extensions.get::<Peer>();
        if has_token || self.endpoint.is_none() {
            return gateway.authenticate(parts).await;
        }
        if let Some(der) = peer.and_then(|peer| peer.certificate.as_ref()) {
            let name = certificate::read(der).ok().and_then(|certificate| certificate.common_name);
            let name = name.ok_or_else(|| {
                let details = "The client certificate has no common name that can be read";
                GatewayError::new(StatusCode::UNAUTHORIZED, "An authorization token is invalid", details)
            })?;
            return gateway.user_by_name(&name, "certificate").await;
        }
        if let Some(user) = peer.and_then(|peer| peer.user) {
            let name = self.shared.system_users.principal(user).await.name.unwrap_or_default();
            return gateway.user_by_name(&name, "peer").await;
        }
        gateway.authenticate(parts).await
    }
}

fn caller(gateway: &Arc<Gateway>, session: Session, endpoint: &Endpoint, parts: &Parts) -> Caller {
    let certificate = parts.extensions.get::<Peer>().and_then(|peer| peer.certificate.as_ref());
    let certificate = certificate.filter(|_| session.authentication == "certificate");
    let role = match session.user.role {
        Role::Administrator => "administrator",
        Role::Standard => "standard",
    };
    let principal = Principal {
        name: Some(session.user.name.clone()),
        authentication: session.authentication.into(),
        certificate: certificate.and_then(|der| certificate::read(der).ok()),
        attributes: vec![("role".into(), role.into()), ("user-id".into(), session.user.id.to_string())],
        ..Principal::default()
    };
    let registries =
        Registries { gateway: Arc::clone(gateway), session: session.clone(), endpoint: endpoint.id };
    Caller {
        principal,
        user: session.user.id,
        session_end: session_end(Arc::clone(gateway), session, endpoint.id),
        registries: Some(registries),
    }
}

/// Ends when the user may no longer use the endpoint.
fn session_end(gateway: Arc<Gateway>, session: Session, endpoint: i64) -> SessionEnd {
    Box::pin(async move {
        loop {
            tokio::select! {
                () = session.ended() => return,
                () = tokio::time::sleep(RECHECK) => {
                    if !gateway.still_valid(&session, endpoint).await {
                        return;
                    }
                }
            }
        }
    })
}

impl Api for DockerGateway {
    fn name(&self) -> &'static str {
        crate::API
    }

    fn hooks(&self) -> &'static [HookName] {
        &[HookName::DockerRequest]
    }

    fn claims(&self, path: &str) -> bool {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        self.endpoint.is_some() || CLAIMED.contains(&first)
    }

    fn paths(&self) -> Vec<String> {
        match self.endpoint {
            Some(_) => vec!["/_ping".into()],
            None => CLAIMED.map(|first| format!("/{first}")).into(),
        }
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        Box::pin(self.answer(request))
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async {
            self.shared.proxy.authorizer().policies().ready(HookName::DockerRequest)?;
            self.shared.gateway.ready().await.map_err(NotReady::Store)
        })
    }

    fn metrics(&self, registry: &mut Registry) {
        if self.endpoint.is_none() {
            self.shared.gateway.metrics(registry);
        }
    }

    // Docker clients keep connections and may send the next request, without a retry, just as one is closed.
    fn closes_idle_connections(&self) -> bool {
        self.endpoint.is_none()
    }

    fn example_path(&self) -> String {
        if self.endpoint.is_some() { "/version" } else { "/api/status" }.into()
    }
}
