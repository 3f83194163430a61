//! From dockerd's message to a reply.

use axum::body::Bytes;
use portcullis_audit::Record;
use portcullis_authorization::describe_docker_request;
use portcullis_contract::docker;
use portcullis_contract::hook::{DockerRequest, DockerResponse, HookName};
use portcullis_docker_api::Operation;
use portcullis_docker_api::canonical::Refusal;
use portcullis_docker_api::json::shown;
use portcullis_errors::chain;
use portcullis_host_paths::ResolveError;
use portcullis_identity::AuthError;
use std::sync::Arc;

use crate::call::Call;
use crate::message::Message;
use crate::plugin::Plugin;
use crate::response::Reply;
use crate::{read, record};

/// A message up to this many bytes is read on the thread of its connection: in about a millisecond.
const READ_HERE: usize = 256 << 10;

/// A message that cannot be read: what could be read of it, and why it is refused.
struct Unread {
    message: Option<Box<Message>>,
    refusal: Refusal,
}

/// From a message to the input of a hook.
type ReadMessage<T> = fn(&Plugin, &Call, Option<&[u8]>) -> Result<T, Unread>;

/// `/AuthZPlugin.AuthZReq`. The body is absent where it broke off, or is larger than any that dockerd sends.
pub(super) async fn authorize_request(plugin: &Arc<Plugin>, call: Call, body: Option<Bytes>) -> Reply {
    let hook = HookName::DockerRequest;
    let (call, read) = read(plugin, call, body, Plugin::read_request).await;
    let mut request = match read {
        Ok(request) => request,
        Err(unread) => return plugin.refuse(&call, hook, &unread).await,
    };
    let policies = plugin.authorizer.policies();
    let daemon = Arc::clone(&plugin.daemon);
    let is_requested = |operation: &Operation| request.operation.as_deref() == Some(operation.as_str());
    if plugin.settings.always_allow.iter().any(is_requested) {
        let describe = |record: &mut _| describe_docker_request(&request, &daemon, record);
        let asked = (&request.context, hook);
        return policies.allow_by_host(asked, "host:always-allow", call.begun, describe).await.into();
    }
    if let Err(error) = plugin.add_groups(&mut request).await {
        return plugin.refuse_without_groups((&call, hook), &error, &request).await;
    }
    if let Some(paths) = &plugin.settings.paths
        && let Err(error) = paths.add_real_paths(&mut request).await
    {
        return plugin.refuse_unresolved(&call, &error, &request).await;
    }
    let describe =
        move |request: &docker::Request, record: &mut _| describe_docker_request(request, &daemon, record);
    policies.decide::<DockerRequest>(Arc::new(request), call.begun, describe).await.into()
}

/// `/AuthZPlugin.AuthZRes`. With no policy on the hook a response passes unasked and unread: dockerd has
/// already acted.
pub(super) async fn authorize_response(plugin: &Arc<Plugin>, call: Call, body: Option<Bytes>) -> Reply {
    let hook = HookName::DockerResponse;
    let policies = plugin.authorizer.policies();
    if !policies.are_asked(hook) {
        return Reply::Allow;
    }
    let (call, read) = read(plugin, call, body, Plugin::read_response).await;
    let mut response = match read {
        Ok(response) => response,
        Err(unread) => return plugin.refuse(&call, hook, &unread).await,
    };
    if let Err(error) = plugin.add_groups(&mut response.request).await {
        return plugin.refuse_without_groups((&call, hook), &error, &response.request).await;
    }
    let daemon = Arc::clone(&plugin.daemon);
    let describe = move |response: &docker::Response, record: &mut _| {
        describe_docker_request(&response.request, &daemon, record);
        record.status = response.status;
    };
    policies.decide::<DockerResponse>(Arc::new(response), call.begun, describe).await.into()
}

/// Reads a message, a large one where it delays no other connection of this thread.
async fn read<T: Send + 'static>(
    plugin: &Arc<Plugin>,
    call: Call,
    body: Option<Bytes>,
    read: ReadMessage<T>,
) -> (Call, Result<T, Unread>) {
    if body.as_ref().is_none_or(|body| body.len() <= READ_HERE) {
        let read = read(plugin, &call, body.as_deref());
        return (call, read);
    }
    let plugin = Arc::clone(plugin);
    let reading = tokio::task::spawn_blocking(move || {
        let read = read(&plugin, &call, body.as_deref());
        (call, read)
    });
    match reading.await {
        Ok(read) => read,
        // The listener refuses the request, as for every panic of a handler.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn parse(body: Option<&[u8]>) -> Result<Message, Refusal> {
    let unreadable = |reason| Refusal { rule: "host:unreadable-message", reason, operation: None };
    let body = body.ok_or_else(|| unreadable("the message broke off, or is larger than 32 MiB".into()))?;
    Message::parse(body).map_err(|error| unreadable(error.to_string()))
}

impl Plugin {
    fn read_request(&self, call: &Call, body: Option<&[u8]>) -> Result<docker::Request, Unread> {
        let read = |message: &Message| {
            let settings = &self.settings;
            let (daemon, assume_no_body) = (&settings.daemon, &settings.assume_no_body);
            let mut request = read::request(message, call.context.clone(), daemon, assume_no_body)?;
            read::pass_headers(message, &settings.pass_headers, &mut request);
            Ok(request)
        };
        read_message(body, read)
    }

    fn read_response(&self, call: &Call, body: Option<&[u8]>) -> Result<docker::Response, Unread> {
        let read = |message: &Message| {
            let settings = &self.settings;
            let (daemon, assume_no_body) = (&settings.daemon, &settings.assume_no_body);
            let mut response = read::response(message, call.context.clone(), daemon, assume_no_body)?;
            read::pass_headers(message, &settings.pass_headers, &mut response.request);
            Ok(response)
        };
        read_message(body, read)
    }

    /// Refuses by a rule of the host's own.
    async fn refuse(&self, call: &Call, hook: HookName, unread: &Unread) -> Reply {
        let Unread { message, refusal } = unread;
        let describe = |record: &mut _| record::unread(message.as_deref(), refusal, &self.daemon, record);
        let (asked, rule) = ((&call.context, hook), (refusal.rule, refusal.reason.as_str()));
        let refused = self.authorizer.policies().refuse_by_host(asked, rule, call.begun, describe).await;
        Err(refused).into()
    }

    /// Refuses since the user's groups are not known: a policy may forbid something to one of them.
    async fn refuse_without_groups(
        &self,
        (call, hook): (&Call, HookName),
        error: &AuthError,
        request: &docker::Request,
    ) -> Reply {
        let describe = |record: &mut Record| {
            describe_docker_request(request, &self.daemon, record);
            record.error = Some(chain(error));
        };
        let reason = format!(
            "the groups of {} cannot be found out; the record of this decision says why, and whether trying again \
             helps",
            user(request)
        );
        let (asked, rule) = ((&call.context, hook), ("host:groups", reason.as_str()));
        let policies = self.authorizer.policies();
        let mut refused = policies.refuse_by_host(asked, rule, call.begun, describe).await;
        refused.fault = matches!(error, AuthError::Unavailable { .. });
        Err(refused).into()
    }

    /// Refuses since it is not known what the paths of the request lead to.
    async fn refuse_unresolved(&self, call: &Call, error: &ResolveError, request: &docker::Request) -> Reply {
        let describe = |record: &mut Record| {
            describe_docker_request(request, &self.daemon, record);
            record.error = Some(error.to_string());
        };
        let reason = error.for_client();
        let (asked, rule) = ((&call.context, HookName::DockerRequest), (error.rule(), reason.as_str()));
        let policies = self.authorizer.policies();
        let mut refused = policies.refuse_by_host(asked, rule, call.begun, describe).await;
        refused.fault = error.is_temporary();
        Err(refused).into()
    }
}

fn user(request: &docker::Request) -> String {
    request.principal.name.as_ref().map_or_else(|| "the user".into(), |name| format!("`{}`", shown(name)))
}

fn read_message<T>(
    body: Option<&[u8]>,
    read: impl FnOnce(&Message) -> Result<T, Refusal>,
) -> Result<T, Unread> {
    let message = parse(body).map_err(|refusal| Unread { message: None, refusal })?;
    read(&message).map_err(|refusal| Unread { message: Some(Box::new(message)), refusal })
}
