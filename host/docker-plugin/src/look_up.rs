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
//! * [`LookUpError`]: why something cannot be looked up

mod cache;
mod changes;
mod containers;
mod daemon;
mod error;
mod events;
mod nonces;

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{Mount, Namespace, Request, Response, Target, Workload};
use portcullis_docker_api::Operation;
use portcullis_docker_api::inspect::{Exec, Joined, bare_name, taken_over};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

use crate::daemon_version::DaemonVersion;
use crate::message::Message;
use cache::Entry;
use changes::{Change, Kind, Named};
use containers::{Containers, Resolved};

pub(crate) use error::LookUpError;
pub(crate) use nonces::HEADER;

/// How often a request is looked up again when its container changes meanwhile.
const ATTEMPTS: usize = 3;

/// Containers whose volumes one container takes over.
const MAX_TAKEN_OVER: usize = 64;

/// How long all look-ups of a request may take, at most.
const BUDGET: Duration = Duration::from_secs(2);

/// Operations by which the host looks things up. A nonce is good for no other.
const OWN: [Operation; 7] = [
    Operation::ContainerInspect,
    Operation::ContainerList,
    Operation::ExecInspect,
    Operation::SystemInfo,
    Operation::SystemEvents,
    Operation::SystemVersion,
    Operation::VolumeInspect,
];

/// Looks up what requests name.
pub(crate) struct LookUp {
    known: Arc<Containers>,
    budget: Duration,
    hasher: RandomState,
    follower: AbortHandle,
}

/// What the names in a request stood for when they were looked up.
#[derive(Debug, Default)]
pub(crate) struct LookedUp {
    operation: Option<Operation>,
    since: u64,
    names: Vec<(String, Option<Resolved>)>,
}

/// What a target stands for.
enum Found {
    Nothing,
    Container(Resolved),
    Exec(Arc<Exec>, Resolved),
}

impl LookUp {
    /// Follows the daemon's events from now on, on the runtime that calls.
    ///
    /// `time_budget` is how long a request may take in all: half of it is for look-ups, at most.
    pub(crate) fn start(socket: &Path, time_budget: Duration) -> Self {
        let known = Arc::new(Containers::new(socket));
        let follower = tokio::spawn(Arc::clone(&known).follow(socket.to_owned())).abort_handle();
        Self { known, budget: BUDGET.min(time_budget / 2), hasher: RandomState::new(), follower }
    }

    /// What a request and its response have in common: dockerd gives requests no number.
    pub(crate) fn key(&self, message: &Message) -> u64 {
        self.hasher.hash_one((&message.user, &message.method, &message.uri, &message.body))
    }

    /// The version that the daemon says of itself, while its events are followed: another daemon could answer later.
    pub(crate) fn daemon_version(&self) -> Option<DaemonVersion> {
        *self.known.version.read().unwrap_or_else(PoisonError::into_inner)
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
            let Some(found) = self.targets(operation, &request.targets, &mut looked_up).await? else {
                continue;
            };
            let made = request.workload.as_ref().filter(|_| operation.makes_containers());
            let mounts = self.taken_over(made, &mut looked_up).await?;
            let namespaces = match (made, found.first()) {
                (Some(workload), _) => &workload.namespaces[..],
                (
                    None,
                    Some(Found::Container(Resolved::Whole(entry)) | Found::Exec(_, Resolved::Whole(entry))),
                ) => entry.container.namespaces(),
                (None, _) => &[],
            };
            let joined = self.joined(namespaces, &mut looked_up).await?;
            match self.still(&looked_up) {
                Err(LookUpError::Changed) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    apply(operation, found, request);
                    if let (Some(workload), true) = (&mut request.workload, operation.mounts_volumes()) {
                        self.known.add_volumes(workload).await?;
                    }
                    if let Some(workload) = &mut request.workload {
                        workload.mounts.extend(mounts);
                        joined.complete(workload);
                    }
                    return Ok(looked_up);
                }
            }
        }
        Err(LookUpError::Changed)
    }

    /// The mounts that what is made takes over from other containers.
    async fn taken_over(
        &self,
        made: Option<&Workload>,
        looked_up: &mut LookedUp,
    ) -> Result<Vec<Mount>, LookUpError> {
        let mut mounts = Vec::new();
        let names = made.map(taken_over).unwrap_or_default();
        if names.len() > MAX_TAKEN_OVER {
            return Err(LookUpError::TakenOver(MAX_TAKEN_OVER));
        }
        for name in names {
            if let Some(entry) = self.find(name, looked_up).await? {
                entry.container.add_mounts_to(&mut mounts)?;
            }
        }
        Ok(mounts)
    }

    /// The host's namespaces that a container has by those that it joins.
    async fn joined(
        &self,
        namespaces: &[Namespace],
        looked_up: &mut LookedUp,
    ) -> Result<Joined, LookUpError> {
        let mut joined = Joined::by(namespaces);
        while let Some((kind, name)) = joined.next_name()? {
            if let Some(entry) = self.find(&name, looked_up).await? {
                joined.add(&kind, &entry.container);
            }
        }
        Ok(joined)
    }

    /// What the targets stand for. None where one has gone meanwhile.
    async fn targets(
        &self,
        operation: Operation,
        targets: &[Target],
        looked_up: &mut LookedUp,
    ) -> Result<Option<Vec<Found>>, LookUpError> {
        let mut found = Vec::with_capacity(targets.len());
        for (at, target) in targets.iter().enumerate() {
            found.push(match target.kind.as_str() {
                _ if target.as_sent.is_empty() || is_new(operation, at) => Found::Nothing,
                "container" => {
                    let resolved = self.resolve(operation, &target.as_sent, looked_up).await?;
                    resolved.map_or(Found::Nothing, Found::Container)
                }
                "exec" => match self.exec(operation, target).await? {
                    Some(exec) => match self.resolve(operation, &exec.container, looked_up).await? {
                        Some(resolved) => Found::Exec(exec, resolved),
                        // What the exec may do is not known without its container, which is looked for anew.
                        None if operation.reaches_into_container() => {
                            self.known.memory.forget_exec(&target.as_sent).await;
                            return Ok(None);
                        }
                        None => Found::Nothing,
                    },
                    None => Found::Nothing,
                },
                _ => Found::Nothing,
            });
        }
        Ok(Some(found))
    }

    /// The container that a name stands for: all of it where the request reaches into it.
    async fn resolve(
        &self,
        operation: Operation,
        name: &str,
        looked_up: &mut LookedUp,
    ) -> Result<Option<Resolved>, LookUpError> {
        if operation.reaches_into_container() {
            return Ok(self.find(name, looked_up).await?.map(Resolved::Whole));
        }
        let resolved = self.known.described(name).await?;
        looked_up.names.push((bare_name(name).to_owned(), resolved.clone()));
        Ok(resolved)
    }

    async fn find(&self, name: &str, looked_up: &mut LookedUp) -> Result<Option<Arc<Entry>>, LookUpError> {
        let entry = self.known.container(name).await?;
        looked_up.names.push((bare_name(name).to_owned(), entry.clone().map(Resolved::Whole)));
        Ok(entry)
    }

    async fn exec(&self, operation: Operation, target: &Target) -> Result<Option<Arc<Exec>>, LookUpError> {
        match self.known.exec(target).await {
            Err(LookUpError::Broken(_) | LookUpError::Unreadable(_))
                if !operation.reaches_into_container() =>
            {
                Ok(None)
            }
            exec => exec,
        }
    }

    /// Whether the names in a request stand for what they stood for.
    ///
    /// # Errors
    /// They do not, or may soon not.
    pub(crate) fn still(&self, looked_up: &LookedUp) -> Result<(), LookUpError> {
        let changes = &self.known.changes;
        // To look at a container that is about to be gone, or to remove it too, does no harm.
        let with_removals = looked_up
            .operation
            .is_some_and(|operation| operation.reaches_into_container() || operation.makes_containers());
        for (name, resolved) in &looked_up.names {
            let found = resolved.as_ref().map(Resolved::names);
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
        let Some(kind) = kind_of(operation) else { return Ok(()) };
        // What is made is not there yet, and others are named beside it.
        let first = looked_up.names.first().filter(|_| operation != Operation::ContainerCreate);
        let container = first.and_then(|(_, resolved)| resolved.as_ref()).map(Resolved::names);
        let sent = request.targets.iter().filter(|target| target.kind == "container");
        let sent = sent.map(|target| bare_name(&target.as_sent).to_owned()).filter(|name| !name.is_empty());
        let change = Change {
            kind,
            id: container.map(|(id, _)| id.to_owned()),
            names: container.map(|(_, name)| name.to_owned()).into_iter().chain(sent).collect(),
        };
        let begun = self.known.changes.begin(key, change, Instant::now());
        begun.then_some(()).ok_or(LookUpError::TooMany)
    }

    /// Whether other requests have to wait for the end of this one.
    pub(crate) fn is_change(request: &Request) -> bool {
        let operation = request.operation.as_deref().and_then(|id| id.parse().ok());
        operation.and_then(kind_of).is_some()
    }

    /// A request was carried out, or failed.
    pub(crate) fn end(&self, key: u64, response: &Response) {
        self.known.changes.end(key);
        // Also where it was not under way any more.
        if response.request.operation.as_deref() == Some(Operation::ContainerPrune.as_str()) {
            self.known.changes.add(Change::prune());
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

/// What an operation does to containers, for as long as it is under way.
fn kind_of(operation: Operation) -> Option<Kind> {
    match operation {
        Operation::ContainerCreate => Some(Kind::Makes),
        Operation::ContainerRename => Some(Kind::Renames),
        Operation::ContainerDelete => Some(Kind::Removes),
        Operation::ContainerPrune => Some(Kind::Prunes),
        Operation::ContainerUpdate => Some(Kind::Updates),
        _ => None,
    }
}

fn apply(operation: Operation, found: Vec<Found>, request: &mut Request) {
    for (at, found) in found.into_iter().enumerate() {
        match found {
            Found::Nothing => {}
            Found::Container(resolved) => {
                resolved.describe(&mut request.targets[at]);
                if let (0, Resolved::Whole(entry)) = (at, &resolved) {
                    entry.container.complete(operation, None, request);
                }
            }
            Found::Exec(exec, resolved) => {
                let id = request.targets[at].as_sent.clone();
                request.targets[at].id = Some(id);
                let mut container = Target {
                    kind: "container".to_owned(),
                    as_sent: exec.container.clone(),
                    ..Target::default()
                };
                resolved.describe(&mut container);
                if let Resolved::Whole(entry) = &resolved {
                    entry.container.complete(operation, Some(&exec), request);
                }
                request.targets.push(container);
            }
        }
    }
}
