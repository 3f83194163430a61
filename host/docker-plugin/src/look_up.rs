//! Looks up the containers and execs that a request names, so that policies judge what the container may do and not what it
//! is called (`[docker] look_up`).
//!
//! dockerd asks its plugins about these look-ups too, this one among them. Each carries a nonce ([`HEADER`]), by which it is
//! known, and is neither recorded nor asked of a policy.
//!
//! A request goes through [`LookUp::complete`] before the policies, and through [`LookUp::begin`] when they have allowed it;
//! its response through [`LookUp::end`]. In between a request that makes, renames or removes a container is under way, and
//! other requests about that container are refused.
//!
//! * `nonces`: how own look-ups are known
//! * `containers`: what a name stands for; `daemon` asks the daemon
//! * `cache`: what was looked up; `changes`, `events`: what of it is still so
//! * `execs`: execs that are being made
//! * [`LookUpError`]: why something cannot be looked up

mod cache;
mod changes;
mod containers;
mod daemon;
mod error;
mod events;
mod execs;
mod nonces;

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{Body, Request, Response, Target};
use portcullis_docker_api::Operation;
use portcullis_docker_api::inspect::{Container, Exec};
use portcullis_docker_api::json::{self, Value};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

use crate::message::Message;
use cache::Entry;
use changes::{Change, Kind, Named};
use containers::{Containers, bare};
use execs::Execs;

pub(crate) use error::LookUpError;
pub(crate) use nonces::HEADER;

/// How often a request is looked up again when its container changes meanwhile.
const ATTEMPTS: usize = 3;

/// How long all look-ups of a request may take, at most.
const BUDGET: Duration = Duration::from_secs(2);

/// Operations by which the host looks things up. A nonce is good for no other.
const OWN: [Operation; 4] =
    [Operation::ContainerInspect, Operation::ExecInspect, Operation::SystemInfo, Operation::SystemEvents];

/// Looks up what requests name.
pub(crate) struct LookUp {
    known: Arc<Containers>,
    budget: Duration,
    hasher: RandomState,
    execs: Execs,
    follower: AbortHandle,
}

/// What the names in a request stood for when they were looked up.
#[derive(Debug, Default)]
pub(crate) struct LookedUp {
    operation: Option<Operation>,
    since: u64,
    names: Vec<(String, Option<Arc<Entry>>)>,
}

/// What a target stands for.
enum Found {
    Nothing,
    Container(Arc<Entry>),
    Exec(Arc<Exec>, Option<Arc<Entry>>),
}

impl LookUp {
    /// Follows the daemon's events from now on, on the runtime that calls.
    ///
    /// `time_budget` is how long a request may take in all: half of it is for look-ups, at most.
    pub(crate) fn start(socket: &Path, time_budget: Duration) -> Self {
        let known = Arc::new(Containers::new(socket));
        let follower = tokio::spawn(Arc::clone(&known).follow(socket.to_owned())).abort_handle();
        Self {
            known,
            budget: BUDGET.min(time_budget / 2),
            hasher: RandomState::new(),
            execs: Execs::default(),
            follower,
        }
    }

    /// What a request and its response have in common: dockerd gives requests no number.
    pub(crate) fn key(&self, message: &Message) -> u64 {
        self.hasher.hash_one((&message.user, &message.method, &message.uri, &message.body))
    }

    /// Whether a request with a nonce is one of the host's own look-ups, which it is once.
    pub(crate) fn is_own_request(&self, nonce: &str, request: &Request) -> bool {
        let is_look_up =
            request.operation.as_deref().is_some_and(|id| OWN.iter().any(|own| own.as_str() == id));
        let target = (request.method.as_str(), request.uri.as_str());
        self.known.daemon.nonces.use_for_request(nonce, target, Instant::now()) && is_look_up
    }

    /// Whether a response is that of one of the host's own look-ups.
    pub(crate) fn is_own_response(&self, nonce: &str, request: &Request) -> bool {
        self.known.daemon.nonces.use_for_response(nonce, (&request.method, &request.uri))
    }

    /// Completes the targets of a request, and makes the container that it reaches into its workload.
    ///
    /// # Errors
    /// The name it happened to, and why.
    pub(crate) async fn complete(&self, request: &mut Request) -> Result<LookedUp, (String, LookUpError)> {
        let operation = request.operation.as_deref().and_then(|id| id.parse().ok());
        let Some(operation) = operation else { return Ok(LookedUp::default()) };
        let names = |request: &Request| {
            let first = request.targets.iter().find(|target| !target.as_sent.is_empty());
            first.map(|target| target.as_sent.clone()).unwrap_or_default()
        };
        let looked_up = tokio::time::timeout(self.budget, self.try_complete(operation, request)).await;
        let looked_up = looked_up.unwrap_or(Err(LookUpError::Timeout(self.budget)));
        looked_up.map_err(|error| (names(request), error))
    }

    async fn try_complete(
        &self,
        operation: Operation,
        request: &mut Request,
    ) -> Result<LookedUp, LookUpError> {
        for _ in 0..ATTEMPTS {
            let mut looked_up = LookedUp {
                operation: Some(operation),
                since: self.known.changes.latest(),
                names: Vec::new(),
            };
            let mut found = Vec::with_capacity(request.targets.len());
            for (at, target) in request.targets.iter().enumerate() {
                found.push(match target.kind.as_str() {
                    _ if target.as_sent.is_empty() || is_new(operation, at) => Found::Nothing,
                    "container" => match self.find(&target.as_sent, &mut looked_up).await? {
                        Some(entry) => Found::Container(entry),
                        None => Found::Nothing,
                    },
                    "exec" => match self.known.exec(target).await? {
                        Some(exec) => {
                            let entry = self.find(&exec.container, &mut looked_up).await?;
                            Found::Exec(exec, entry)
                        }
                        None => Found::Nothing,
                    },
                    _ => Found::Nothing,
                });
            }
            let mut taken_over = Vec::new();
            if operation == Operation::ContainerCreate {
                let mounts = request.workload.iter().flat_map(|workload| &workload.mounts);
                for name in mounts
                    .filter(|mount| mount.kind == "container")
                    .filter_map(|mount| mount.source.as_deref())
                {
                    taken_over.extend(self.find(name, &mut looked_up).await?);
                }
            }
            match self.still(&looked_up) {
                Err(LookUpError::Changed) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    apply(operation, found, &taken_over, request);
                    return Ok(looked_up);
                }
            }
        }
        Err(LookUpError::Changed)
    }

    async fn find(&self, name: &str, looked_up: &mut LookedUp) -> Result<Option<Arc<Entry>>, LookUpError> {
        let entry = self.known.container(name).await?;
        looked_up.names.push((bare(name).to_owned(), entry.clone()));
        Ok(entry)
    }

    /// Whether the names in a request stand for what they stood for.
    ///
    /// # Errors
    /// They do not, or may soon not.
    pub(crate) fn still(&self, looked_up: &LookedUp) -> Result<(), LookUpError> {
        let changes = &self.known.changes;
        let with_removals = looked_up.operation != Some(Operation::ContainerDelete);
        for (name, entry) in &looked_up.names {
            let found = entry.as_ref().map(|entry| (&*entry.container.id, &*entry.container.name));
            let named = Named { as_sent: name, found };
            if changes.under_way(named, with_removals, Instant::now()) {
                return Err(LookUpError::UnderWay);
            }
            if changes.concern(named, looked_up.since) {
                return Err(LookUpError::Changed);
            }
        }
        Ok(())
    }

    /// A request that was allowed and is about to be carried out.
    ///
    /// # Errors
    /// What it names has changed since it was looked up, or is about to.
    pub(crate) fn begin(&self, key: u64, request: &Request, looked_up: &LookedUp) -> Result<(), LookUpError> {
        self.still(looked_up)?;
        let Some(operation) = looked_up.operation else { return Ok(()) };
        // What is made is not there yet, and others are named beside it.
        let first = looked_up.names.first().filter(|_| operation != Operation::ContainerCreate);
        let container = first.and_then(|(_, entry)| entry.as_deref()).map(|entry| &entry.container);
        if let (Operation::ContainerExec, Some(container)) = (operation, container) {
            self.execs.begin(key, exec_of(request, container), Instant::now());
        }
        let kind = match operation {
            Operation::ContainerCreate => Kind::Makes,
            Operation::ContainerRename => Kind::Renames,
            Operation::ContainerDelete => Kind::Removes,
            Operation::ContainerUpdate => Kind::Updates,
            _ => return Ok(()),
        };
        let own = container.map(|container| container.name.clone());
        let sent = request.targets.iter().filter(|target| target.kind == "container");
        let sent = sent.map(|target| bare(&target.as_sent).to_owned()).filter(|name| !name.is_empty());
        let change = Change {
            kind,
            id: container.map(|container| container.id.clone()),
            names: own.into_iter().chain(sent).collect(),
        };
        let begun = self.known.changes.begin(key, change, Instant::now());
        begun.then_some(()).ok_or(LookUpError::TooMany)
    }

    /// A request was carried out, or failed.
    pub(crate) async fn end(&self, key: u64, response: &Response) {
        self.known.changes.end(key);
        match response.request.operation.as_deref().map(str::parse) {
            Some(Ok(Operation::ContainerPrune)) => self.known.changes.add(Change::all()),
            Some(Ok(Operation::ContainerExec)) => {
                if let Some(exec) = self.execs.end(key)
                    && let Some(id) = created(response)
                {
                    self.known.memory.keep_exec(&id, exec).await;
                }
            }
            _ => {}
        }
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// Whether the target at this place is the name of what is not there yet.
fn is_new(operation: Operation, at: usize) -> bool {
    match operation {
        Operation::ContainerCreate => at == 0,
        Operation::ContainerRename => at == 1,
        _ => false,
    }
}

fn apply(operation: Operation, found: Vec<Found>, taken_over: &[Arc<Entry>], request: &mut Request) {
    for (at, found) in found.into_iter().enumerate() {
        match found {
            Found::Nothing => {}
            Found::Container(entry) => {
                entry.container.describe(&mut request.targets[at]);
                if at == 0 {
                    entry.container.complete(operation, None, request);
                }
            }
            Found::Exec(exec, entry) => {
                let id = request.targets[at].as_sent.clone();
                request.targets[at].id = Some(id);
                let mut container = Target {
                    kind: "container".to_owned(),
                    as_sent: exec.container.clone(),
                    ..Target::default()
                };
                if let Some(entry) = entry {
                    entry.container.describe(&mut container);
                    entry.container.complete(operation, Some(&exec), request);
                }
                request.targets.push(container);
            }
        }
    }
    if let Some(workload) = &mut request.workload {
        for entry in taken_over {
            workload.mounts.extend_from_slice(entry.container.mounts());
        }
    }
}

/// The exec that a request makes, by the request as the client sent it.
fn exec_of(request: &Request, container: &Container) -> Exec {
    let body = match &request.body {
        Body::Json(text) => json::parse(text.as_bytes()).ok(),
        _ => None,
    };
    let flag = |key| body.as_ref()?.as_object()?.get(key)?.as_bool();
    let workload = request.workload.as_ref();
    Exec {
        container: container.id.clone(),
        privileged: flag("Privileged") == Some(true),
        user: workload.and_then(|workload| workload.user.clone()),
        command: workload.map(|workload| workload.command.clone()).unwrap_or_default(),
    }
}

/// The id of what a response says was created.
fn created(response: &Response) -> Option<String> {
    let Body::Json(text) = &response.body else { return None };
    let value = json::parse(text.as_bytes()).ok().filter(|_| response.status == Some(201))?;
    value.as_object()?.get("Id").and_then(Value::as_str).map(str::to_owned)
}
