//! `ContainerName`: every container that the request names has a name that matches one of the patterns.

use super::{Refusal, any, cut, may_be_id};
use crate::pattern::Pattern;
use portcullis_policy_sdk::docker::{Request, Target};

pub(super) fn refusal(patterns: &[Pattern], request: &Request) -> Option<Refusal> {
    if patterns.is_empty() || patterns.iter().any(Pattern::is_everything) && !is_new(request) {
        return None;
    }
    let targets = request.targets.iter().filter(|target| target.kind == "container");
    if let Some(refusal) = targets.clone().find_map(|target| of_target(patterns, request, target)) {
        return Some(refusal);
    }
    // The gateway adds the container that a command runs in.
    if targets.count() == 0 && request.targets.iter().any(|target| target.kind == "exec") {
        return Some(unknown("a command has an id alone"));
    }
    others(request).find_map(|name| named(patterns, request, name, false))
}

fn of_target(patterns: &[Pattern], request: &Request, target: &Target) -> Option<Refusal> {
    if let Some(name) = &target.name {
        return named(patterns, request, name, true);
    }
    let is_list = request.operation.as_deref() == Some("ContainerList");
    match target.as_sent.as_str() {
        "" if is_list => None,
        "" if !is_new(request) => Some(unknown("this is about every container")),
        name => named(patterns, request, name, is_new(request)),
    }
}

/// Containers that a new one shares something with.
fn others(request: &Request) -> impl Iterator<Item = &str> {
    let workload = request.workload.iter();
    workload.flat_map(|workload| {
        let mounts = workload.mounts.iter().filter(|mount| mount.kind == "container");
        let mounts = mounts.map(|mount| mount.source.as_deref().unwrap_or_default());
        let joined = workload.namespaces.iter().filter_map(|namespace| namespace.container.as_deref());
        let links = workload.extra.iter().filter(|(name, _)| name == "link");
        let links = links.map(|(_, link)| link.split(':').next().unwrap_or_default());
        mounts.chain(joined).chain(links)
    })
}

/// Only where a container is made, an empty name is one that the daemon chooses.
fn is_new(request: &Request) -> bool {
    request.operation.as_deref() == Some("ContainerCreate")
}

fn named(patterns: &[Pattern], request: &Request, name: &str, is_name: bool) -> Option<Refusal> {
    let name = name.trim_start_matches('/');
    if !is_name && may_be_id(name) {
        return Some(unknown(&format!("`{}` may be an id", cut(name))));
    }
    let is_allowed = any(patterns, name, request);
    (!is_allowed).then(|| {
        let reason =
            format!("the container name `{}` is not allowed; use or give another (`--name`)", cut(name));
        Refusal::new("container-name", reason)
    })
}

fn unknown(why: &str) -> Refusal {
    Refusal::new(
        "container-name",
        format!("{why}, and its name is not known; name one container by its name"),
    )
}
