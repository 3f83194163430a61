//! Members of JSON bodies that are no facts of their own: labels, and the driver of a network.

use portcullis_policy_sdk::docker::{Body, Request};
use portcullis_policy_sdk::{Pairs, parse};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// What is read of the bodies of `NetworkCreate`, `VolumeCreate`, `SecretCreate` and `ConfigCreate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Members {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, Option<String>>>,
    #[serde(rename = "Driver")]
    driver: Driver,
    #[serde(rename = "Options")]
    options: Option<BTreeMap<String, Option<String>>>,
    #[serde(rename = "ConfigFrom")]
    config_from: Option<ConfigFrom>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

/// A name; an object in `SecretCreate`.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Driver {
    Name(String),
    Other(IgnoredAny),
    #[default]
    None,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigFrom {
    #[serde(rename = "Network")]
    network: Option<String>,
    #[serde(flatten)]
    _others: IgnoredAny,
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

impl Members {
    /// The members of a body that was shown.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let Body::Json(json) = &request.body else { return None };
        parse(json).ok()
    }

    /// The labels of what is made.
    pub(crate) fn labels(&self) -> Pairs {
        let labels = self.labels.iter().flatten();
        labels.map(|(name, value)| (name.clone(), value.clone().unwrap_or_default())).collect()
    }

    pub(crate) fn driver(&self) -> &str {
        if let Driver::Name(name) = &self.driver { name } else { "" }
    }

    pub(crate) fn has_option(&self, name: &str) -> bool {
        let value = self.options.as_ref().and_then(|options| options.get(name));
        value.and_then(Option::as_deref).is_some_and(|value| !value.is_empty())
    }

    /// The network whose options are taken over.
    pub(crate) fn config_from(&self) -> Option<&str> {
        let network = self.config_from.as_ref().and_then(|from| from.network.as_deref());
        network.filter(|network| !network.is_empty())
    }
}
