//! What rules allow, what they refuse, and that advice works.

mod advice;
mod operations;
mod refused;
mod rules;
mod services;

use super::*;
use docker::{Body, Image, Request, Target, Workload};

/// A policy with these settings, in TOML as the operator writes them.
fn configured(toml: &str) -> Result<Allowlist, String> {
    let table: toml::Table = toml.parse().unwrap_or_else(|error| panic!("{toml}: {error}"));
    Allowlist::configure(portcullis_policy_sdk::parse(&serde_json::to_string(&table).unwrap())?)
}

fn policy(toml: &str) -> Allowlist {
    configured(toml).unwrap_or_else(|error| panic!("{toml}: {error}"))
}

/// One rule for all users, with these lines.
fn rule(lines: &str) -> Allowlist {
    policy(&format!("[[rules]]\nname = \"r\"\nusers = [\"*\"]\n{lines}"))
}

fn request(user: &str, operation: &str) -> Request {
    let mut request =
        Request { operation: Some(operation.into()), body: Body::Json("{}".into()), ..Request::default() };
    request.principal.name = Some(user.to_owned()).filter(|user| !user.is_empty());
    request
}

fn target(kind: &str, name: &str) -> Target {
    Target { kind: kind.into(), as_sent: name.into(), ..Target::default() }
}

fn looked_up(kind: &str, name: &str, labels: &[(&str, &str)]) -> Target {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Target { name: Some(name.into()), id: Some("0".repeat(64)), labels, ..target(kind, &"0".repeat(64)) }
}

fn on(user: &str, operation: &str, target: Target) -> Request {
    Request { targets: vec![target], ..request(user, operation) }
}

fn image(path: &str, tag: Option<&str>) -> Image {
    Image {
        as_sent: path.into(),
        domain: "docker.io".into(),
        path: path.into(),
        tag: tag.map(str::to_owned),
        ..Image::default()
    }
}

fn create(user: &str, name: &str, workload: Workload) -> Request {
    Request { workload: Some(workload), ..on(user, "ContainerCreate", target("container", name)) }
}

/// The rule that refused, or an empty text.
fn refused(policy: &Allowlist, request: &Request) -> String {
    let opinion = policy.authorize(request).unwrap();
    match opinion.verdict {
        Verdict::Allow => String::new(),
        Verdict::Deny => opinion.rule,
        Verdict::Abstain => panic!("it abstains: {opinion:?}"),
    }
}
