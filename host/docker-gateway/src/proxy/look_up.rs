//! What the engine says of the things that a request names, so that a policy judges them and not names for them: name, id and
//! labels of each, and of a container that a request reaches into what it may do on the host. The request is then
//! forwarded with the container's id: a rename in between changes nothing.
//!
//! But for the engine's defaults nothing is kept: each request asks anew, on connections of the gateway's own. Where the
//! engine gives no answer, the request is refused.
//!
//! * `ask`: requests to the engine
//! * `by_id`: the id in the place of the name
//! * [`resolve`]: completes a request
//! * [`missing`]: what the engine does not have

mod ask;
mod by_id;

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{self, Namespace, Target};
use portcullis_docker_api::Operation;
use portcullis_docker_api::inspect::{
    Container, Described, Exec, InspectError, Joined, TooManyJoinsError, Volume, bare_name, is_of_no_id,
    path_of, path_of_ids, taken_over, volumes,
};
use portcullis_http_client::proxy::ProxyError;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::engines::Engine;

pub(super) use by_id::by_id;

/// How long all look-ups of a request may take.
const BUDGET: Duration = Duration::from_secs(10);

/// Things that are looked up for one request. `docker rm a b c` sends three requests; `docker save` names several images.
const MAX_TARGETS: usize = 64;

/// Whether an operation names what is not there yet. `VolumeCreate` does not: it responds with a volume of that name if
/// there is one.
fn makes(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::ContainerCreate
            | O::ImageCreate
            | O::NetworkCreate
            | O::ServiceCreate
            | O::SecretCreate
            | O::ConfigCreate
            | O::PluginCreate
    )
}

/// The names of volumes or containers, no more than are looked up.
fn owned(names: BTreeSet<&str>) -> Result<Vec<String>, LookUpError> {
    if names.len() > MAX_TARGETS {
        return Err(LookUpError::TooMany);
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Why something could not be looked up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookUpError {
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("it names more than {MAX_TARGETS} things: ask for fewer at once")]
    TooMany,
    #[error("the engine gives no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("the engine answers with status {0} to GET of `{1}`")]
    Status(axum::http::StatusCode, String),
    #[error("the engine's answer cannot be read")]
    Unreadable,
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Joins(#[from] TooManyJoinsError),
    #[error("the name `{0}` could be read in several ways: write the container's id")]
    Ambiguous(String),
    /// Several requests wait for the same answer.
    #[error(transparent)]
    Shared(Arc<LookUpError>),
}

/// Completes the targets of a request and makes the container that it reaches into its workload; `with_references` adds what
/// its workload names as further targets: networks, volumes, and other containers.
pub(super) async fn resolve(
    engine: &Engine,
    operation: Operation,
    request: &mut docker::Request,
    with_references: bool,
) -> Result<(), LookUpError> {
    let resolving = try_resolve(engine, operation, request, with_references);
    tokio::time::timeout(BUDGET, resolving).await.unwrap_or(Err(LookUpError::Timeout(BUDGET)))
}

async fn try_resolve(
    engine: &Engine,
    operation: Operation,
    request: &mut docker::Request,
    with_references: bool,
) -> Result<(), LookUpError> {
    let references =
        request.workload.as_ref().filter(|_| with_references).map(references).unwrap_or_default();
    // What is not looked up would be neither seen nor hidden.
    if with_references && request.targets.len() + references.len() > MAX_TARGETS {
        return Err(LookUpError::TooMany);
    }
    let mut found = Vec::with_capacity(references.len());
    for target in references {
        found.extend(reference(engine, target).await?);
    }
    if operation.makes_containers() {
        made(engine, request).await?;
    }
    if let (Some(workload), true) = (&mut request.workload, operation.mounts_volumes()) {
        for name in owned(volumes(workload))? {
            if let Some(volume) = volume(engine, &name).await? {
                volume.add_to(&name, workload)?;
            }
        }
    }
    if !makes(operation) {
        targets(engine, operation, request).await?;
    }
    request.targets.append(&mut found);
    Ok(())
}

/// What a workload names, as a target. None where the engine makes it: a volume that is not there. Anything else has to be
/// there.
async fn reference(engine: &Engine, mut target: Target) -> Result<Option<Target>, LookUpError> {
    let path = path_of(&target);
    let found = match &path {
        Some(path) => described(engine, path).await?,
        None => None,
    };
    let is_made = target.kind == "volume" && path.is_some() && found.is_none();
    if let Some(found) = found {
        found.describe(&mut target);
    }
    Ok((!is_made).then_some(target))
}

/// Completes the workload of what is made by what it takes over from other containers: mounts and namespaces.
async fn made(engine: &Engine, request: &mut docker::Request) -> Result<(), LookUpError> {
    let Some(workload) = &mut request.workload else { return Ok(()) };
    for name in owned(taken_over(workload))? {
        if let Some(mut container) = named_elsewhere(engine, &name).await? {
            add_volumes(engine, &mut container).await?;
            container.add_mounts_to(&mut workload.mounts)?;
        }
    }
    let joined = joined(engine, &workload.namespaces).await?;
    joined.complete(workload);
    Ok(())
}

/// Completes the targets of a request, and the workload by the container that it reaches into.
async fn targets(
    engine: &Engine,
    operation: Operation,
    request: &mut docker::Request,
) -> Result<(), LookUpError> {
    let mut containers = Vec::new();
    let mut reached = None;
    for (at, target) in request.targets.iter_mut().enumerate().take(MAX_TARGETS) {
        let is_reached = at == 0 && operation.reaches_into_container();
        match target.kind.as_str() {
            "container" if is_reached => {
                let Some(mut container) = container(engine, &target.as_sent).await? else { continue };
                add_volumes(engine, &mut container).await?;
                container.describe(target);
                reached = Some((container, None));
            }
            "exec" => {
                let Some(exec) = exec(engine, target).await? else { continue };
                target.id = Some(target.as_sent.clone());
                let mut named = container_target(&exec.container);
                let found = container(engine, &exec.container).await?;
                match found {
                    Some(mut found) => {
                        found.describe(&mut named);
                        if is_reached {
                            add_volumes(engine, &mut found).await?;
                            reached = Some((found, Some(exec)));
                        }
                    }
                    // What the exec may do is not known without its container.
                    None if is_reached => target.id = None,
                    None => {}
                }
                containers.push(named);
            }
            _ => {
                let Some(path) = path_of(target) else { continue };
                if let Some(found) = described(engine, &path).await? {
                    found.describe(target);
                }
            }
        }
    }
    request.targets.append(&mut containers);
    let Some((container, exec)) = reached else { return Ok(()) };
    let joined = joined(engine, container.namespaces()).await?;
    container.complete(operation, exec.as_ref(), request);
    if let Some(workload) = &mut request.workload {
        joined.complete(workload);
    }
    Ok(())
}

fn container_target(name: &str) -> Target {
    Target { kind: "container".to_owned(), as_sent: name.to_owned(), ..Target::default() }
}

/// What a workload names that is there already.
fn references(workload: &docker::Workload) -> Vec<Target> {
    let target =
        |kind: &str, name: &str| Target { kind: kind.into(), as_sent: name.into(), ..Target::default() };
    // The name of no network, but of the engine's choice.
    let networks =
        workload.networks.iter().filter(|name| *name != "default").map(|name| target("network", name));
    let mounts = workload.mounts.iter().filter_map(|mount| match mount.kind.as_str() {
        kind @ ("volume" | "container") => Some(target(kind, mount.source.as_deref()?)),
        _ => None,
    });
    let joined = workload.namespaces.iter().filter_map(|namespace| namespace.container.as_deref());
    networks.chain(mounts).chain(joined.map(|name| target("container", name))).collect()
}

/// Name, id and labels of what is at a path; none if the engine has no such thing.
async fn described(engine: &Engine, path: &str) -> Result<Option<Described>, LookUpError> {
    let body = ask::get(engine, path).await?;
    Ok(body.map(|body| Described::read(&body)).transpose()?)
}

async fn exec(engine: &Engine, target: &Target) -> Result<Option<Exec>, LookUpError> {
    let Some(path) = path_of(target) else { return Ok(None) };
    let body = ask::get(engine, &path).await?;
    Ok(body.map(|body| Exec::read(&body)).transpose()?)
}

/// The container of that name, id or beginning of an id; none if the engine has none.
async fn container(engine: &Engine, name: &str) -> Result<Option<Container>, LookUpError> {
    let bare = bare_name(name);
    let Some(path) = path_of(&container_target(bare)) else { return Ok(None) };
    let Some(body) = ask::get(engine, &path).await? else { return Ok(None) };
    let found = Container::read(&body, &*ask::defaults(engine).await?)?;
    // A slash before it says that it is no id.
    let is_meant = bare.len() == name.len() || found.name == bare;
    Ok(is_meant.then_some(found))
}

/// The volume of that name; none if the engine has none.
async fn volume(engine: &Engine, name: &str) -> Result<Option<Volume>, LookUpError> {
    let target = Target { kind: "volume".to_owned(), as_sent: name.to_owned(), ..Target::default() };
    let Some(path) = path_of(&target) else { return Ok(None) };
    let body = ask::get(engine, &path).await?;
    Ok(body.map(|body| Volume::read(&body)).transpose()?)
}

/// Adds to a container what its volumes are.
async fn add_volumes(engine: &Engine, container: &mut Container) -> Result<(), LookUpError> {
    for name in owned(container.volumes())? {
        if let Some(volume) = volume(engine, &name).await? {
            container.add_volume(&name, &volume)?;
        }
    }
    Ok(())
}

/// A container that the engine looks for again by the name: one that could stand for another container by then is refused.
async fn named_elsewhere(engine: &Engine, name: &str) -> Result<Option<Container>, LookUpError> {
    let Some(found) = container(engine, name).await? else { return Ok(None) };
    if let Some(path) = path_of_ids(name, &found.id)
        && !is_of_no_id(&ask::get(engine, &path).await?.unwrap_or_default())?
    {
        return Err(LookUpError::Ambiguous(name.to_owned()));
    }
    Ok(Some(found))
}

/// The host's namespaces that a container has by those that it joins.
async fn joined(engine: &Engine, namespaces: &[Namespace]) -> Result<Joined, LookUpError> {
    let mut joined = Joined::by(namespaces);
    while let Some((kind, name)) = joined.next_name()? {
        if let Some(container) = named_elsewhere(engine, &name).await? {
            joined.add(&kind, &container);
        }
    }
    Ok(joined)
}

/// What a request reaches into, where the engine does not have it. It is not forwarded: a container that gets the name
/// meanwhile was judged by no policy.
pub(super) fn missing(operation: Operation, request: &docker::Request) -> Option<&Target> {
    let target = request.targets.first().filter(|_| operation.reaches_into_container())?;
    let is_known = target.id.is_some() || !matches!(target.kind.as_str(), "container" | "exec");
    (!is_known && !target.as_sent.is_empty()).then_some(target)
}
