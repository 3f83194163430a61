//! What a request would do, in the words of wit/docker.wit.
//!
//! Everything here works on a body in canonical form (see [`crate::schema`]): every key in Docker's own spelling,
//! no key twice. Values count, not presence: `"Privileged":false` and `"CapAdd":null` say nothing, as in Go. A
//! value of a kind that Go's decoder would not take is an error, since dockerd would refuse the whole body.

mod build;
mod container;
mod fields;
mod hoist;
mod host;
mod mounts;
mod network;
mod path;
mod security;
mod service;
mod targets;
mod volume;

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{Mount, Workload};

use crate::json::Object;
use crate::query::Query;

pub(crate) use hoist::{Hoisted, hoist_host_config};
pub(crate) use targets::targets;

/// Why a body that is JSON cannot be what dockerd wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FactError {
    /// Go's decoder would refuse the body.
    #[error("`{place}` holds {found}, where dockerd reads {expected}")]
    Mismatch {
        /// e.g. `HostConfig.Binds`
        place: String,
        /// e.g. `a number`
        found: &'static str,
        /// e.g. `a list of strings`
        expected: &'static str,
    },
    /// dockerd itself would refuse the value.
    #[error("`{place}` holds `{value}`, which is no {expected}")]
    Malformed {
        /// e.g. `HostConfig.Binds`
        place: String,
        /// As sent, cut short.
        value: String,
        /// e.g. `bind`
        expected: &'static str,
    },
}

impl FactError {
    fn malformed(place: &str, value: &str, expected: &'static str) -> Self {
        let value = value.chars().take(128).flat_map(char::escape_debug).collect();
        Self::Malformed { place: place.to_owned(), value, expected }
    }
}

/// What is to be run, where the operation runs something or changes how it runs.
pub(crate) fn workload(
    operation: &str,
    body: Option<&Object<'_>>,
    query: &Query,
) -> Result<Option<Workload>, FactError> {
    Ok(match (operation, body) {
        ("ContainerCreate", Some(body)) => Some(container::create(body)?),
        ("ContainerUpdate", Some(body)) => Some(container::update(body)?),
        ("ContainerExec", Some(body)) => Some(container::exec(body)?),
        ("ServiceCreate" | "ServiceUpdate", Some(body)) => Some(service::service(body)?),
        ("ImageBuild", _) => Some(build::build(query)?),
        _ => None,
    })
}

/// What `VolumeCreate` makes.
pub(crate) fn volume(operation: &str, body: Option<&Object<'_>>) -> Result<Option<Mount>, FactError> {
    match (operation, body) {
        ("VolumeCreate", Some(body)) => volume::create(body).map(Some),
        _ => Ok(None),
    }
}
