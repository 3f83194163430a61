//! Namespaces of other containers: `container:NAME` gives a container what that one has, which may be the host's.
//!
//! dockerd joins them when the container starts. Who looks things up asks [`Joined`] which container is next, until there
//! is none: for what is made, and for a container that a request reaches into.

use portcullis_contract::docker::{Namespace, Workload};

use super::Container;

/// Containers whose namespaces one container has, each through the one before.
const MAX: usize = 8;

/// The namespaces that a container has by those that it joins.
#[derive(Debug, Default)]
pub struct Joined {
    next: Vec<(String, String)>,
    seen: usize,
    host: Vec<Namespace>,
}

/// A chain of containers that is too long to follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "its namespaces are those of more than {MAX} containers: name the container that has the namespaces itself"
)]
pub struct TooManyJoinsError;

impl Joined {
    /// What these namespaces join.
    pub fn by(namespaces: &[Namespace]) -> Self {
        Self { next: namespaces.iter().filter_map(joins).collect(), ..Self::default() }
    }

    /// The kind of the next namespace to follow, and the name of the container that has it.
    ///
    /// # Errors
    /// There are too many.
    pub fn next_name(&mut self) -> Result<Option<(String, String)>, TooManyJoinsError> {
        let Some(next) = self.next.pop() else { return Ok(None) };
        self.seen += 1;
        if self.seen > MAX { Err(TooManyJoinsError) } else { Ok(Some(next)) }
    }

    /// The container that was looked up for a namespace of this kind.
    pub fn add(&mut self, kind: &str, container: &Container) {
        for namespace in container.namespaces().iter().filter(|namespace| namespace.kind == kind) {
            if namespace.mode == "host" {
                self.host.push(namespace.clone());
            }
            self.next.extend(joins(namespace));
        }
    }

    /// Adds to a workload the host's namespaces that it has by those of others.
    pub fn complete(self, workload: &mut Workload) {
        if self.host.iter().any(|namespace| namespace.kind == "network") {
            workload.networks.push("host".to_owned());
        }
        workload.namespaces.extend(self.host);
    }
}

/// The kind of a namespace, and the container that has it.
fn joins(namespace: &Namespace) -> Option<(String, String)> {
    let container = namespace.container.as_ref().filter(|name| !name.is_empty())?;
    Some((namespace.kind.clone(), container.clone()))
}
