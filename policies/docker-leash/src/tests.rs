//! docker-leash's own cases: what its unit tests, functional tests and examples expect, and what this policy does better.

mod checks;
mod differences;
mod examples;
mod selection;

use super::*;
use docker::{Body, Image, Mount, Request, Target, Workload};

fn configured(groups: &str, policies: &str) -> Result<Leash, String> {
    Leash::configure(settings::Settings { groups: groups.into(), policies: policies.into() })
}

fn leash(groups: &str, policies: &str) -> Leash {
    configured(groups, policies).unwrap_or_else(|error| panic!("{policies}: {error}"))
}

/// One ruleset for all hosts, with these checks for every action.
fn checks(yaml: &str) -> Leash {
    leash("", &format!("- hosts: ['+.*']\n  default: {yaml}"))
}

fn request(user: &str, method: &str, operation: &str, targets: Vec<Target>) -> Request {
    let mut request = Request {
        operation: Some(operation.into()),
        method: method.into(),
        body: Body::Json("{}".into()),
        targets,
        ..Request::default()
    };
    request.principal.name = Some(user.to_owned()).filter(|user| !user.is_empty());
    request
}

fn target(kind: &str, name: &str) -> Target {
    Target { kind: kind.into(), as_sent: name.into(), ..Target::default() }
}

/// An image as the host takes it apart: a registry has a dot.
fn image(sent: &str) -> Image {
    let (domain, path) =
        sent.split_once('/').filter(|(host, _)| host.contains('.')).unwrap_or(("docker.io", sent));
    let (path, tag) = path.split_once(':').map_or((path, None), |(path, tag)| (path, Some(tag.to_owned())));
    let path =
        if domain == "docker.io" && !path.contains('/') { format!("library/{path}") } else { path.into() };
    Image { as_sent: sent.into(), domain: domain.into(), path, tag, digest: None }
}

fn images(operation: &str, names: &[&str]) -> Request {
    let targets = names.iter().map(|name| Target { image: Some(image(name)), ..target("image", name) });
    request("mal", "POST", operation, targets.collect())
}

fn create(user: &str, name: &str, workload: Workload) -> Request {
    Request {
        workload: Some(workload),
        ..request(user, "POST", "ContainerCreate", vec![target("container", name)])
    }
}

fn bind(path: &str) -> Mount {
    let is_path = path.starts_with('/');
    Mount {
        kind: if is_path { "bind" } else { "volume" }.into(),
        as_sent: format!("{path}:/mnt"),
        source: Some(path.into()),
        host_path: is_path.then(|| path.to_owned()),
        ..Mount::default()
    }
}

fn binds(user: &str, paths: &[&str]) -> Request {
    let mounts = paths.iter().map(|path| bind(path)).collect();
    create(user, "foo-bar", Workload { mounts, ..Workload::default() })
}

/// The rule that refused, or an empty text.
fn refused(policy: &Leash, request: &Request) -> String {
    let opinion = policy.authorize(request).unwrap();
    if opinion.verdict == Verdict::Allow { String::new() } else { opinion.rule }
}

fn is_allowed(policy: &Leash, request: &Request) -> bool {
    refused(policy, request).is_empty()
}
