//! The reverse proxy to Docker engines: each request is decided before it is forwarded.
//!
//! A request passes through: `target` (the path behind the prefix), `body` (as much of the body as must be read),
//! `decide` (the canonical request, with what `look_up` knows; the policies and what they change, by `edits`; the
//! record), `registry_auth`, `forward` (to the engine of the endpoint, by `engines`), and back through `response_hook`
//! and `stream` (what a user receives ends with the session) or `upgraded`.
//!
//! * [`Caller`]: the user of a request
//! * [`Proxy::serve`]: one request

mod body;
mod decide;
mod edits;
mod engines;
mod forward;
mod look_up;
mod origin;
mod per_user;
mod respond;
mod response_hook;
mod stream;
pub(crate) mod target;
mod upgraded;

use axum::extract::Request;
use axum::response::Response;
use portcullis_authorization::Authorizer;
use portcullis_contract::types::Principal;
use portcullis_docker_api::Operation;
use portcullis_host_paths::PathResolver;
use portcullis_http_client::proxy::AddressCheck;
use portcullis_identity::source::GroupSources;
use portcullis_listen::Peer;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use crate::endpoint::Endpoint;
use crate::gateway::Gateway;
use crate::session::Session;
use engines::Engines;
use per_user::PerUser;

/// A future that ends with the session of a user.
pub(crate) type SessionEnd = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The user of a request to an engine.
pub(crate) struct Caller {
    /// What policies see.
    pub(crate) principal: Principal,
    /// Whose connections to an engine may carry the request.
    pub(crate) user: i64,
    /// Ends streams.
    pub(crate) session_end: SessionEnd,
    /// Absent where there are no stored credentials.
    pub(crate) registries: Option<Registries>,
}

/// Whose stored credentials of registries a request may use.
pub(crate) struct Registries {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) session: Session,
    pub(crate) endpoint: i64,
}

/// How requests are decided and forwarded.
#[derive(Clone)]
pub struct ProxySettings {
    /// Operations that the host answers itself.
    pub always_allow: BTreeSet<Operation>,
    /// Bytes of a body that a policy has to see, at most. Other bodies have no limit.
    pub max_body: usize,
    /// Requests of one user at once, streams among them.
    pub max_requests_per_user: usize,
    /// Whether name, id and labels of what a request names are looked up before it is decided.
    pub look_up: bool,
    /// What resolves the paths of the host that a request names, where the engine is on this machine.
    pub paths: Option<PathResolver>,
    /// Where groups of users come from, beside those that the system says.
    pub groups: Option<GroupSources>,
    /// Which addresses of engines may be connected to.
    pub allowed: AddressCheck,
}

/// Decides requests, and forwards them.
pub(crate) struct Proxy {
    authorizer: Authorizer,
    settings: ProxySettings,
    engines: Engines,
    per_user: PerUser,
}

impl Proxy {
    pub(crate) fn new(authorizer: Authorizer, settings: ProxySettings) -> Self {
        let engines = Engines::new(Arc::clone(&settings.allowed));
        let per_user = PerUser::new(settings.max_requests_per_user);
        Self { authorizer, settings, engines, per_user }
    }

    pub(crate) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// Decides a request, and forwards it to the engine of `endpoint`. `target` is the request target behind the prefix
    /// of the endpoint.
    pub(crate) async fn serve(
        &self,
        caller: Caller,
        endpoint: &Endpoint,
        target: &str,
        request: Request,
    ) -> Response {
        let (mut head, body) = request.into_parts();
        let body = body::drained(body);
        let peer = head.extensions.get::<Peer>().cloned();
        let context =
            portcullis_authorization::context(crate::API, peer.as_ref().map(|peer| peer.address.to_string()));
        let policies = self.authorizer.policies();
        let Caller { principal, user, session_end, registries } = caller;
        let Some(permit) = self.per_user.admit(user) else {
            return respond::too_many_requests(self.settings.max_requests_per_user);
        };
        // What ends with the session has the permit as long as it lasts.
        let session_end: SessionEnd = Box::pin(async move {
            let _permit = permit;
            session_end.await;
        });
        let engine = match self.engines.of(endpoint) {
            Ok(engine) => engine,
            Err(error) => return respond::unreachable(endpoint, &error),
        };
        let asked = decide::Asked { context, principal, endpoint, engine: &engine, registries };
        let decided = decide::decide(self, &policies, asked, target, &mut head, body).await;
        let decided = match decided {
            Ok(decided) => decided,
            Err(response) => return response,
        };
        if let Some(peer) = peer {
            peer.timeouts.suspend();
        }
        let rewritten = forward::rewritten(&decided, target);
        let target = rewritten.as_deref().unwrap_or(target);
        let max_body = self.settings.max_body;
        let outgoing = forward::Outgoing { user, target, head, decided, session_end, max_body };
        match forward::forward(&engine, outgoing, &policies).await {
            Ok(response) => response,
            Err(error) => respond::unreachable(endpoint, &error),
        }
    }
}
