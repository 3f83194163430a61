//! What a request would do, in the words of wit/docker.wit.
//!
//! Everything here works on a body in canonical form (see [`crate::schema`]): every key in Docker's own spelling,
//! no key twice. Values count, not presence: `"Privileged":false` and `"CapAdd":null` say nothing, as in Go. A
//! value of a kind that Go's decoder would not take is an error, since dockerd would refuse the whole body.
//!
//! [`crate::canonical`] reads the facts that the row of an operation names (see [`crate::operation`]). A new fact is a
//! field of a record of the contract, filled by one of the modules here.

pub(crate) mod build;
pub(crate) mod container;
mod fields;
mod hoist;
mod host;
pub(crate) mod host_paths;
mod mounts;
mod network;
mod path;
mod security;
pub(crate) mod service;
mod targets;
pub(crate) mod volume;

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{Mount, Workload};

use crate::json::Object;
use crate::query::Query;

pub(crate) use hoist::{Hoisted, hoist_host_config};
pub(crate) use targets::{NameSource, TargetKind, TargetSpec, named, reference, targets};

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

/// What the facts of an operation are, beside its targets, and the function that reads them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Facts {
    None,
    /// What is to be run, or how what runs is changed, from the body.
    Workload(fn(&Object<'_>) -> Result<Workload, FactError>),
    /// What is to be run, from the query.
    WorkloadOfQuery(fn(&Query) -> Result<Workload, FactError>),
    /// The volume that is created, from the body.
    Volume(fn(&Object<'_>) -> Result<Mount, FactError>),
}

impl Facts {
    pub(crate) fn workload(
        self,
        body: Option<&Object<'_>>,
        query: &Query,
    ) -> Result<Option<Workload>, FactError> {
        match (self, body) {
            (Self::Workload(read), Some(body)) => read(body).map(Some),
            (Self::WorkloadOfQuery(read), _) => read(query).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn volume(self, body: Option<&Object<'_>>) -> Result<Option<Mount>, FactError> {
        match (self, body) {
            (Self::Volume(read), Some(body)) => read(body).map(Some),
            _ => Ok(None),
        }
    }
}
