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
use crate::look_up::{HEADER, LookUp, LookUpError, LookedUp};
use crate::message::Message;
use crate::plugin::Plugin;
use crate::response::Reply;
use crate::{read, record};

/// A message up to this many bytes is read on the thread of its connection: in about a millisecond.
const READ_HERE: usize = 256 << 10;

/// The daemon cannot say what a request names, or that may be another thing by now.
const LOOK_UP: &str = "host:look-up";
/// A request with a nonce of a look-up that is none of the host's own.
const LOOK_UP_NONCE: &str = "host:look-up-nonce";

/// What was read of a message, and the number that a request and its response have in common.
type Keyed<T> = (T, u64);

/// A message that cannot be read: what could be read of it, and why it is refused.
struct Unread {
    message: Option<Box<Message>>,
    refusal: Refusal,
}

/// From a message to the input of a hook.
type ReadMessage<T> = fn(&Plugin, &Call, Option<&[u8]>) -> Result<Keyed<T>, Unread>;

/// `/AuthZPlugin.AuthZReq`. The body is absent where it broke off, or is larger than any that dockerd sends.
pub(super) async fn authorize_request(plugin: &Arc<Plugin>, call: Call, body: Option<Bytes>) -> Reply {
    let hook = HookName::DockerRequest;
    let (call, read) = read(plugin, call, body, Plugin::read_request).await;
    let (mut request, key) = match read {
        Ok(read) => read,
        Err(unread) => return plugin.refuse(&call, hook, &unread).await,
    };
    if let (Some(look_up), Some(nonce)) = (&plugin.look_up, nonce(&request)) {
        if look_up.is_own_request(nonce, &request) {
            return Reply::Allow;
        }
        let reason = format!(
            "the header `{HEADER}` is the host's own, and its value is not, or was used, or is too old; leave it out"
        );
        return plugin.refuse_with(&call, hook, (LOOK_UP_NONCE, &reason, false), &request, None).await;
    }
    let policies = plugin.authorizer.policies();
    let daemon = Arc::clone(&plugin.daemon);
    let is_requested = |operation: &Operation| request.operation.as_deref() == Some(operation.as_str());
    let always = plugin.settings.always_allow.iter().any(is_requested);
    let looked_up = match &plugin.look_up {
        // Others wait for a change of containers that is always allowed, as for any.
        Some(look_up) if !always || LookUp::is_change(&request) => match look_up.complete(&mut request).await
        {
            Ok(looked_up) => Some((look_up, looked_up)),
            Err((name, error)) => return plugin.refuse_look_up(&call, &name, &error, &request).await,
        },
        _ => None,
    };
    if always {
        let describe = |record: &mut _| describe_docker_request(&request, &daemon, record);
        let asked = (&request.context, hook);
        let decided = policies.allow_by_host(asked, "host:always-allow", call.begun, describe).await;
        return begin(plugin, call, (key, &request), looked_up, decided.into()).await;
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
    let request = Arc::new(request);
    let decided = policies.decide::<DockerRequest>(Arc::clone(&request), call.begun, describe).await;
    begin(plugin, call, (key, &request), looked_up, decided.into()).await
}

/// Lets a request go on that was allowed, where it still names what it named.
async fn begin(
    plugin: &Plugin,
    call: Call,
    (key, request): (u64, &docker::Request),
    looked_up: Option<(&LookUp, LookedUp)>,
    decided: Reply,
) -> Reply {
    if let (Reply::Allow, Some((look_up, looked_up))) = (&decided, &looked_up)
        && let Err(error) = look_up.begin(key, request, looked_up)
    {
        // The record of the decision is written: this one has an id of its own.
        let peer = call.context.peer.clone();
        let call = Call { context: portcullis_authorization::context("docker-plugin", peer), ..call };
        let name = request.targets.first().map(|target| target.as_sent.as_str()).unwrap_or_default();
        return plugin.refuse_look_up(&call, name, &error, request).await;
    }
    decided
}

/// The nonce of a look-up.
fn nonce(request: &docker::Request) -> Option<&str> {
    let header = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(HEADER));
    header.map(|(_, value)| value.as_str())
}

/// `/AuthZPlugin.AuthZRes`. With no policy on the hook a response passes unasked, and without look-ups unread: dockerd
/// has already acted.
pub(super) async fn authorize_response(plugin: &Arc<Plugin>, call: Call, body: Option<Bytes>) -> Reply {
    let hook = HookName::DockerResponse;
    let policies = plugin.authorizer.policies();
    let is_asked = policies.are_asked(hook);
    if !is_asked && plugin.look_up.is_none() {
        return Reply::Allow;
    }
    let (call, read) = read(plugin, call, body, Plugin::read_response).await;
    let (mut response, key) = match read {
        Ok(read) => read,
        Err(_) if !is_asked => return Reply::Allow,
        Err(unread) => return plugin.refuse(&call, hook, &unread).await,
    };
    if let Some(look_up) = &plugin.look_up {
        if nonce(&response.request).is_some_and(|nonce| look_up.is_own_response(nonce, &response.request)) {
            return Reply::Allow;
        }
        look_up.end(key, &response);
    }
    if !is_asked {
        return Reply::Allow;
    }
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
) -> (Call, Result<Keyed<T>, Unread>) {
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
    fn read_request(&self, call: &Call, body: Option<&[u8]>) -> Result<Keyed<docker::Request>, Unread> {
        let read = |message: &Message| {
            let settings = &self.settings;
            let (daemon, assume_no_body) = (&settings.daemon, self.assume_no_body());
            let mut request = read::request(message, call.context.clone(), daemon, assume_no_body)?;
            read::pass_headers(message, &settings.pass_headers, &mut request);
            let key = self.key(message, &request);
            Ok((request, key))
        };
        read_message(body, read)
    }

    fn read_response(&self, call: &Call, body: Option<&[u8]>) -> Result<Keyed<docker::Response>, Unread> {
        let read = |message: &Message| {
            let settings = &self.settings;
            let (daemon, assume_no_body) = (&settings.daemon, self.assume_no_body());
            let mut response = read::response(message, call.context.clone(), daemon, assume_no_body)?;
            read::pass_headers(message, &settings.pass_headers, &mut response.request);
            let key = self.key(message, &response.request);
            Ok((response, key))
        };
        read_message(body, read)
    }

    /// Zero where others need not wait for the end of the request: a body of some MiB is not hashed for nothing.
    fn key(&self, message: &Message, request: &docker::Request) -> u64 {
        let look_up = self.look_up.as_ref().filter(|_| LookUp::is_change(request));
        look_up.map(|look_up| look_up.key(message)).unwrap_or_default()
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
        let reason = format!(
            "the groups of {} cannot be found out; the record of this decision says why, and whether trying again \
             helps",
            user(request)
        );
        let is_fault = matches!(error, AuthError::Unavailable { .. });
        self.refuse_with(call, hook, ("host:groups", &reason, is_fault), request, Some(chain(error))).await
    }

    /// Refuses since it is not certain what the request names.
    async fn refuse_look_up(
        &self,
        call: &Call,
        name: &str,
        error: &LookUpError,
        request: &docker::Request,
    ) -> Reply {
        let reason = format!("`{}` cannot be looked up: {}", shown(name), chain(error));
        let rule = (LOOK_UP, reason.as_str(), error.is_fault());
        self.refuse_with(call, HookName::DockerRequest, rule, request, None).await
    }

    /// Refuses a request that was read, by a rule of the host's own: with the reason, and whether that is a fault.
    async fn refuse_with(
        &self,
        call: &Call,
        hook: HookName,
        (rule, reason, is_fault): (&str, &str, bool),
        request: &docker::Request,
        error: Option<String>,
    ) -> Reply {
        let describe = |record: &mut Record| {
            describe_docker_request(request, &self.daemon, record);
            record.error = error;
        };
        let asked = (&call.context, hook);
        let policies = self.authorizer.policies();
        let mut refused = policies.refuse_by_host(asked, (rule, reason), call.begun, describe).await;
        refused.fault |= is_fault;
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
