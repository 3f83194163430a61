//! Members of JSON bodies that are no facts of their own: labels, and what services give to their containers.

use portcullis_policy_sdk::docker::{Body, Request};
use portcullis_policy_sdk::{Pairs, parse};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// The labels of the bodies of `NetworkCreate`, `VolumeCreate`, `SecretCreate` and `ConfigCreate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Labelled {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, Option<String>>>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

/// The labels of what is made; none where its body cannot be read.
pub(crate) fn labels(request: &Request) -> Pairs {
    let Body::Json(json) = &request.body else { return Pairs::new() };
    let labels = parse::<Labelled>(json).ok().and_then(|labelled| labelled.labels).unwrap_or_default();
    labels.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect()
}

/// What a service gives to its containers, of the bodies of `ServiceCreate` and `ServiceUpdate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Service {
    #[serde(rename = "TaskTemplate")]
    task: Option<Task>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Task {
    #[serde(rename = "ContainerSpec")]
    container: Option<Container>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(rename = "Secrets")]
    secrets: Option<Vec<Entry>>,
    #[serde(rename = "Configs")]
    configs: Option<Vec<Entry>>,
    #[serde(rename = "Privileges")]
    privileges: Option<Privileges>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

/// One of which it matters only that it is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(flatten)]
    _others: IgnoredAny,
}

/// A credential specification may be a config.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Privileges {
    #[serde(rename = "CredentialSpec")]
    credential: Option<Entry>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

/// The kinds of swarm's files that a service gives to its containers; all of them where its body cannot be read.
pub(crate) fn files_of_service(request: &Request) -> Vec<&'static str> {
    let service: Option<Service> = match &request.body {
        Body::Json(json) => parse(json).ok(),
        _ => None,
    };
    let Some(service) = service else { return vec!["secret", "config"] };
    let container = service.task.and_then(|task| task.container).unwrap_or_default();
    let has = |list: &Option<Vec<Entry>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let has_credential = container.privileges.is_some_and(|privileges| privileges.credential.is_some());
    let kinds = [("secret", has(&container.secrets)), ("config", has(&container.configs) || has_credential)];
    kinds.into_iter().filter(|(_, has)| *has).map(|(kind, _)| kind).collect()
}
