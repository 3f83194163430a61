//! From dockerd's message to a reply.

use axum::extract::Extension;
use portcullis_contract::docker;
use portcullis_contract::hook::{DockerRequest, DockerResponse, HookName};
use portcullis_contract::types::Context;
use portcullis_listen::Peer;
use std::sync::Arc;
use std::time::Instant;

use super::answer::Reply;
use super::{DoorSettings, Shared, record};
use crate::canonical::{self, Refusal};
use crate::message::Message;

/// One call of dockerd: when it came, and under which id it is decided.
pub(super) struct Call {
    pub(super) context: Context,
    pub(super) begun: Instant,
}

impl Call {
    pub(super) fn begin(peer: Option<Extension<Peer>>) -> Self {
        let peer = peer.map(|Extension(peer)| peer.address.to_string());
        Self { context: portcullis_authorization::context("docker-plugin", peer), begun: Instant::now() }
    }
}

/// `/AuthZPlugin.AuthZReq`. Without a body, it never came, or is larger than any that dockerd sends.
pub(super) async fn authorize_request(door: &Shared, call: Call, body: Option<&[u8]>) -> Reply {
    let hook = HookName::DockerRequest;
    let message = match read(body) {
        Ok(message) => message,
        Err(refusal) => return door.refuse(&call, hook, None, &refusal).await,
    };
    let request = match door.settings.read_request(&message, &call) {
        Ok(request) => request,
        Err(refusal) => return door.refuse(&call, hook, Some(&message), &refusal).await,
    };
    let policies = door.authorizer.policies();
    let daemon = Arc::clone(&door.daemon);
    if request.operation.as_ref().is_some_and(|operation| door.settings.always_allow.contains(operation)) {
        let describe = |record: &mut _| record::request(&request, &daemon, record);
        let asked = (&request.context, hook);
        return policies.allow_by_host(asked, "host:always-allow", call.begun, describe).await.into();
    }
    let describe = move |request: &docker::Request, record: &mut _| record::request(request, &daemon, record);
    policies.decide::<DockerRequest>(Box::new(request), call.begun, describe).await.into()
}

/// `/AuthZPlugin.AuthZRes`. With no policy on the hook a response passes unasked and unread: what it tells of has
/// happened.
pub(super) async fn authorize_response(door: &Shared, call: Call, body: Option<&[u8]>) -> Reply {
    let hook = HookName::DockerResponse;
    let policies = door.authorizer.policies();
    if !policies.are_asked(hook) {
        return Reply::Allow;
    }
    let message = match read(body) {
        Ok(message) => message,
        Err(refusal) => return door.refuse(&call, hook, None, &refusal).await,
    };
    let response = match door.settings.read_response(&message, &call) {
        Ok(response) => response,
        Err(refusal) => return door.refuse(&call, hook, Some(&message), &refusal).await,
    };
    let daemon = Arc::clone(&door.daemon);
    let describe = move |response: &docker::Response, record: &mut _| {
        record::request(&response.request, &daemon, record);
        record.status = response.status;
    };
    policies.decide::<DockerResponse>(Box::new(response), call.begun, describe).await.into()
}

fn read(body: Option<&[u8]>) -> Result<Message, Refusal> {
    let unreadable = |reason| Refusal { rule: "host:unreadable-message", reason, operation: None };
    let body = body.ok_or_else(|| unreadable("the message broke off, or is larger than 32 MiB".into()))?;
    Message::parse(body).map_err(|error| unreadable(error.to_string()))
}

impl DoorSettings {
    fn read_request(&self, message: &Message, call: &Call) -> Result<docker::Request, Refusal> {
        canonical::request(message, call.context.clone(), &self.daemon, &self.assume_no_body)
    }

    fn read_response(&self, message: &Message, call: &Call) -> Result<docker::Response, Refusal> {
        canonical::response(message, call.context.clone(), &self.daemon, &self.assume_no_body)
    }
}

impl Shared {
    /// Refuses by a rule of the host's own.
    async fn refuse(
        &self,
        call: &Call,
        hook: HookName,
        message: Option<&Message>,
        refusal: &Refusal,
    ) -> Reply {
        let describe = |record: &mut _| record::unread(message, refusal, &self.daemon, record);
        let (asked, rule) = ((&call.context, hook), (refusal.rule, refusal.reason.as_str()));
        let refused = self.authorizer.policies().refuse_by_host(asked, rule, call.begun, describe).await;
        Err(refused).into()
    }
}
