//! A guarded socket: dockerd's API on a unix socket of our own, for users of the system. Members of a group that may
//! connect are told apart by the user that the kernel names, and bodies of any size are seen, which no plugin can do.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_authorization::Authorizer;
use portcullis_contract::hook::HookName;
use portcullis_listen::Peer;

use crate::endpoint::Endpoint;
use crate::error::GatewayError;
use crate::proxy::{Caller, Proxy, ProxySettings, target};
use crate::system_user::SystemUsers;

/// A guarded socket in front of one engine.
pub struct GuardedSocket {
    proxy: Proxy,
    endpoint: Endpoint,
    users: SystemUsers,
}

impl GuardedSocket {
    /// Asks `authorizer`, and forwards to the engine of `endpoint`.
    pub fn new(authorizer: Authorizer, endpoint: Endpoint, settings: ProxySettings) -> Self {
        let proxy = Proxy::new(authorizer, settings);
        Self { proxy, endpoint, users: SystemUsers::new() }
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, GatewayError> {
        let peer = request.extensions().get::<Peer>().and_then(|peer| peer.user);
        let peer = peer.ok_or_else(|| {
            let message = "the system does not say which user is asking: connect by the unix socket";
            GatewayError::new(StatusCode::UNAUTHORIZED, message, "")
        })?;
        let target = target::checked(request.uri())?.to_owned();
        let caller = Caller {
            principal: self.users.principal(peer).await,
            user: peer.uid.into(),
            session_end: Box::pin(std::future::pending()),
            registries: None,
        };
        Ok(self.proxy.serve(caller, &self.endpoint, &target, request).await)
    }
}

impl Api for GuardedSocket {
    fn name(&self) -> &'static str {
        crate::API
    }

    fn hooks(&self) -> &'static [HookName] {
        &[HookName::DockerRequest]
    }

    fn claims(&self, _path: &str) -> bool {
        true
    }

    fn paths(&self) -> Vec<String> {
        vec!["/_ping".into()]
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>> {
        Box::pin(async { self.answer(request).await.unwrap_or_else(GatewayError::into_docker_response) })
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(async { self.proxy.authorizer().policies().ready(HookName::DockerRequest) })
    }

    // Docker clients keep connections and may send the next request, without a retry, just as one is closed.
    fn closes_idle_connections(&self) -> bool {
        false
    }

    fn example_path(&self) -> String {
        "/version".into()
    }
}
