//! What the engine says of the things that a request names: name, id and labels, so that a policy judges the container
//! and not a name for it. A container is then forwarded by its id: a rename in between changes nothing.
//!
//! Nothing is kept: each request asks anew, on connections of the gateway's own. What the engine does not know stays
//! unresolved, and the engine says so itself. Where it gives no answer, the request is refused.

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use portcullis_contract::docker::{self, Target};
use portcullis_docker_api::Operation;
use portcullis_docker_api::inspect::{Described, InspectError, path_of};
use portcullis_http_client::proxy::ProxyError;
use std::time::Duration;

use super::engines::Engine;

/// Whose connections carry look-ups: no user's.
const GATEWAY: i64 = i64::MIN;

/// How long one look-up may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of an answer. Inspecting a service with thousands of environment variables stays below.
const MAX_ANSWER: usize = 4 << 20;

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

/// Why something could not be looked up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookUpError {
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("it names more than {MAX_TARGETS} things: ask for fewer at once")]
    TooMany,
    #[error("the engine gives no answer within {} s", TIMEOUT.as_secs())]
    Timeout,
    #[error("the engine answers with status {0}")]
    Status(StatusCode),
    #[error("the engine's answer cannot be read")]
    Unreadable,
    #[error(transparent)]
    Inspect(#[from] InspectError),
}

/// Completes the targets of a request, `with_references` also by what its workload names: networks, volumes, and other
/// containers.
pub(super) async fn resolve(
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
    for mut target in references {
        let path = path_of(&target);
        let found = match &path {
            Some(path) => inspect(engine, path).await?,
            None => None,
        };
        // The engine makes a volume that is not there; anything else has to be there.
        let is_made = target.kind == "volume" && path.is_some() && found.is_none();
        if let Some(found) = found {
            found.describe(&mut target);
        }
        if !is_made {
            request.targets.push(target);
        }
    }
    if makes(operation) {
        return Ok(());
    }
    let mut containers = Vec::new();
    for target in request.targets.iter_mut().take(MAX_TARGETS) {
        let Some(path) = path_of(target) else { continue };
        let Some(found) = inspect(engine, &path).await? else { continue };
        found.describe(target);
        if target.kind == "exec"
            && let Some(id) = found.container
        {
            containers.push(Target { kind: "container".into(), as_sent: id, ..Target::default() });
        }
    }
    // What an exec is started in.
    for mut container in containers {
        if let Some(path) = path_of(&container)
            && let Some(found) = inspect(engine, &path).await?
        {
            found.describe(&mut container);
        }
        request.targets.push(container);
    }
    Ok(())
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

/// What the engine says of it; none if it has no such thing.
async fn inspect(engine: &Engine, path: &str) -> Result<Option<Described>, LookUpError> {
    let asking = async {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().map_err(|_| ProxyError::Target)?;
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("docker"));
        let (head, body) = engine.send(GATEWAY, request).await?.into_parts();
        // 503: no member of a swarm, which has no services.
        if matches!(head.status, StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE) {
            return Ok(None);
        }
        if head.status != StatusCode::OK {
            return Err(LookUpError::Status(head.status));
        }
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|_| LookUpError::Unreadable)?;
        Ok(Some(Described::read(&body.to_bytes())?))
    };
    tokio::time::timeout(TIMEOUT, asking).await.unwrap_or(Err(LookUpError::Timeout))
}

/// The request target with the id of the container in the place of its name.
pub(super) fn by_id(request: &docker::Request, target: &str) -> Option<String> {
    let named = request.targets.first().filter(|target| target.kind == "container")?;
    let id = named.id.as_ref()?;
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut segments: Vec<&str> = path.split('/').collect();
    let at = segments.iter().position(|segment| *segment == "containers")? + 1;
    let sent = percent_decode_str(segments.get(at)?).decode_utf8().ok()?;
    if sent != named.as_sent {
        return None;
    }
    segments[at] = id;
    let path = segments.join("/");
    Some(query.map_or_else(|| path.clone(), |query| format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: &str, as_sent: &str) -> Target {
        Target { kind: kind.into(), as_sent: as_sent.into(), ..Target::default() }
    }

    #[test]
    fn a_container_is_forwarded_by_its_id() {
        let container = Target { id: Some("f00".into()), ..target("container", "we b") };
        let request = docker::Request { targets: vec![container], ..docker::Request::default() };
        for (sent, expected) in [
            ("/v1.41/containers/we%20b/start?x=1", Some("/v1.41/containers/f00/start?x=1")),
            ("/containers/we%20b", Some("/containers/f00")),
            ("/containers/other/json", None),
            ("/images/we%20b/json", None),
        ] {
            assert_eq!(by_id(&request, sent).as_deref(), expected, "{sent}");
        }
    }
}
