//! From dockerd's message to a reply, with its record. Nothing is answered that is not recorded.

use axum::extract::Extension;
use portcullis_contract::docker;
use portcullis_contract::hook::{DockerRequest, DockerResponse, HookName};
use portcullis_contract::types::{Context, Verdict};
use portcullis_edge::Settled;
use portcullis_listen::Peer;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

use super::answer::Reply;
use super::record::Entry;
use super::{DoorSettings, Shared};
use crate::canonical::{self, Refusal};
use crate::message::Message;

/// One call of dockerd: when it came, and under which id it is decided.
pub(super) struct Call {
    pub(super) context: Context,
    pub(super) begun: Instant,
}

impl Call {
    pub(super) fn begin(peer: Option<Extension<Peer>>) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            context: Context {
                now: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
                decision: Uuid::now_v7().simple().to_string(),
                door: "docker".into(),
                peer: peer.map(|Extension(peer)| peer.address.to_string()),
            },
            begun: Instant::now(),
        }
    }
}

/// `/AuthZPlugin.AuthZReq`. Without a body, it never came, or is larger than any that dockerd sends.
pub(super) async fn authorize_request(door: &Arc<Shared>, call: Call, body: Option<&[u8]>) -> Reply {
    let message = match read(body) {
        Ok(message) => message,
        Err(refusal) => return door.refuse(call, HookName::DockerRequest, None, refusal).await,
    };
    let request = match door.settings.read_request(&message, &call) {
        Ok(request) => request,
        Err(refusal) => return door.refuse(call, HookName::DockerRequest, Some(&message), refusal).await,
    };
    if request.operation.as_ref().is_some_and(|operation| door.settings.always_allow.contains(operation)) {
        let settled = Settled::host(Verdict::Allow, "host:always-allow", "");
        let entry = Entry::request(&call, &request, settled);
        return door.record(entry, Reply::Allow).await;
    }
    let generation = door.host.generation();
    let decision = generation.decide::<DockerRequest>(&request).await;
    let reply = Reply::to(&decision, &call.context.decision);
    let entry = Entry::request(&call, &request, Settled::policies(decision));
    let reply = door.record(entry, reply).await;
    if generation.watches(HookName::DockerRequest) {
        let door = Arc::clone(door);
        Arc::clone(&door.host).run_aside(async move {
            let outcomes = generation.monitor::<DockerRequest>(&request).await;
            let settled = Settled::monitored(generation.number(), outcomes);
            door.record(Entry::request(&call, &request, settled), Reply::Allow).await;
        });
    }
    reply
}

/// `/AuthZPlugin.AuthZRes`. With no policy on the hook an answer passes unasked and unread: what it tells of has
/// happened.
pub(super) async fn authorize_response(door: &Arc<Shared>, call: Call, body: Option<&[u8]>) -> Reply {
    let generation = door.host.generation();
    let hook = HookName::DockerResponse;
    if !generation.serves(hook) && !generation.watches(hook) {
        return Reply::Allow;
    }
    let message = match read(body) {
        Ok(message) => message,
        Err(refusal) => return door.refuse(call, hook, None, refusal).await,
    };
    let response = match door.settings.read_response(&message, &call) {
        Ok(response) => response,
        Err(refusal) => return door.refuse(call, hook, Some(&message), refusal).await,
    };
    let decision = generation.decide::<DockerResponse>(&response).await;
    let reply = Reply::to(&decision, &call.context.decision);
    let reply = door.record(response_entry(&call, &response, Settled::policies(decision)), reply).await;
    if generation.watches(hook) {
        let door = Arc::clone(door);
        Arc::clone(&door.host).run_aside(async move {
            let outcomes = generation.monitor::<DockerResponse>(&response).await;
            let settled = Settled::monitored(generation.number(), outcomes);
            door.record(response_entry(&call, &response, settled), Reply::Allow).await;
        });
    }
    reply
}

fn response_entry(call: &Call, response: &docker::Response, settled: Settled) -> Entry {
    Entry::request(call, &response.request, settled).of_response(response.status)
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
    async fn refuse(&self, call: Call, hook: HookName, message: Option<&Message>, refusal: Refusal) -> Reply {
        let reply = Reply::refused(&refusal.reason, refusal.rule, &call.context.decision);
        self.record(Entry::refusal(&call, hook, message, &refusal), reply).await
    }

    /// Writes the record and gives the reply; a decision that cannot be recorded is none.
    async fn record(&self, entry: Entry, reply: Reply) -> Reply {
        let record = entry.finish(&self.daemon);
        let id = record.id.clone();
        match self.log.write(record).await {
            Ok(()) => reply,
            Err(error) => {
                tracing::error!(decision = id, %error, "a decision cannot be recorded, so the call is refused");
                Reply::Fault(format!(
                    "the decision cannot be recorded, so nothing is allowed (decision {id})"
                ))
            }
        }
    }
}
