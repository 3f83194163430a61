//! From dockerd's message to a reply.

use portcullis_contract::docker;
use portcullis_contract::hook::{DockerRequest, DockerResponse, HookName};
use portcullis_docker_api::Operation;
use portcullis_docker_api::canonical::Refusal;
use std::sync::Arc;

use crate::call::Call;
use crate::message::Message;
use crate::plugin::{PluginSettings, Shared};
use crate::response::Reply;
use crate::{read, record};

/// `/AuthZPlugin.AuthZReq`. The body is absent where it broke off, or is larger than any that dockerd sends.
pub(super) async fn authorize_request(plugin: &Shared, call: Call, body: Option<&[u8]>) -> Reply {
    let hook = HookName::DockerRequest;
    let message = match parse(body) {
        Ok(message) => message,
        Err(refusal) => return plugin.refuse(&call, hook, None, &refusal).await,
    };
    let request = match plugin.settings.read_request(&message, &call) {
        Ok(request) => request,
        Err(refusal) => return plugin.refuse(&call, hook, Some(&message), &refusal).await,
    };
    let policies = plugin.authorizer.policies();
    let daemon = Arc::clone(&plugin.daemon);
    let is_requested = |operation: &Operation| request.operation.as_deref() == Some(operation.as_str());
    if plugin.settings.always_allow.iter().any(is_requested) {
        let describe = |record: &mut _| record::request(&request, &daemon, record);
        let asked = (&request.context, hook);
        return policies.allow_by_host(asked, "host:always-allow", call.begun, describe).await.into();
    }
    let describe = move |request: &docker::Request, record: &mut _| record::request(request, &daemon, record);
    policies.decide::<DockerRequest>(Arc::new(request), call.begun, describe).await.into()
}

/// `/AuthZPlugin.AuthZRes`. With no policy on the hook a response passes unasked and unread: dockerd has
/// already acted.
pub(super) async fn authorize_response(plugin: &Shared, call: Call, body: Option<&[u8]>) -> Reply {
    let hook = HookName::DockerResponse;
    let policies = plugin.authorizer.policies();
    if !policies.are_asked(hook) {
        return Reply::Allow;
    }
    let message = match parse(body) {
        Ok(message) => message,
        Err(refusal) => return plugin.refuse(&call, hook, None, &refusal).await,
    };
    let response = match plugin.settings.read_response(&message, &call) {
        Ok(response) => response,
        Err(refusal) => return plugin.refuse(&call, hook, Some(&message), &refusal).await,
    };
    let daemon = Arc::clone(&plugin.daemon);
    let describe = move |response: &docker::Response, record: &mut _| {
        record::request(&response.request, &daemon, record);
        record.status = response.status;
    };
    policies.decide::<DockerResponse>(Arc::new(response), call.begun, describe).await.into()
}

fn parse(body: Option<&[u8]>) -> Result<Message, Refusal> {
    let unreadable = |reason| Refusal { rule: "host:unreadable-message", reason, operation: None };
    let body = body.ok_or_else(|| unreadable("the message broke off, or is larger than 32 MiB".into()))?;
    Message::parse(body).map_err(|error| unreadable(error.to_string()))
}

impl PluginSettings {
    fn read_request(&self, message: &Message, call: &Call) -> Result<docker::Request, Refusal> {
        read::request(message, call.context.clone(), &self.daemon, &self.assume_no_body)
    }

    fn read_response(&self, message: &Message, call: &Call) -> Result<docker::Response, Refusal> {
        read::response(message, call.context.clone(), &self.daemon, &self.assume_no_body)
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
