//! Namespaces of other containers: `container:NAME` gives a container what that one has, which may be the host's.
//!
//! dockerd joins them when the container starts. [`LookUp::joined`] is called for what is made and for a container that a
//! request reaches into.

use portcullis_contract::docker::{Namespace, Workload};

use super::{LookUp, LookUpError, LookedUp};

/// Containers whose namespaces one container has, each through the one before.
const MAX: usize = 8;

impl LookUp {
    /// The host's namespaces that a container has by those that it joins.
    ///
    /// # Errors
    /// One of the containers cannot be looked up, or there are too many.
    pub(super) async fn joined(
        &self,
        namespaces: &[Namespace],
        looked_up: &mut LookedUp,
    ) -> Result<Vec<Namespace>, LookUpError> {
        let mut found = Vec::new();
        let mut next: Vec<_> = namespaces.iter().filter_map(joins).collect();
        let mut seen = 0;
        while let Some((kind, name)) = next.pop() {
            seen += 1;
            if seen > MAX {
                return Err(LookUpError::Joins(MAX));
            }
            let Some(entry) = self.find(&name, looked_up).await? else { continue };
            for namespace in entry.container.namespaces().iter().filter(|namespace| namespace.kind == kind) {
                if namespace.mode == "host" {
                    found.push(namespace.clone());
                }
                next.extend(joins(namespace));
            }
        }
        Ok(found)
    }
}

/// The kind of a namespace, and the container that has it.
fn joins(namespace: &Namespace) -> Option<(String, String)> {
    let container = namespace.container.as_ref().filter(|name| !name.is_empty())?;
    Some((namespace.kind.clone(), container.clone()))
}

/// Adds to a workload the host's namespaces that it has by those of others.
pub(super) fn add(workload: &mut Workload, joined: Vec<Namespace>) {
    if joined.iter().any(|namespace| namespace.kind == "network") {
        workload.networks.push("host".to_owned());
    }
    workload.namespaces.extend(joined);
}
