//! Names of containers that could stand for another one. dockerd tries the whole id, then the name, then the beginning of an
//! id (moby daemon/container.go, `GetContainer`), so the name of a container stands for that other one as soon as the first
//! is gone.

use portcullis_contract::docker::Workload;
use std::collections::BTreeSet;

use super::InspectError;
use crate::json;

/// Digits of a container's id.
const ID: usize = 64;

/// dockerd takes a name with a slash before it as well.
pub fn bare_name(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

/// Whether a name may be the id of a container, or the beginning of one.
pub fn may_be_id(name: &str) -> bool {
    name.len() <= ID && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where to ask whether ids begin with a name that is not the beginning of the id of the container that has it. None where no
/// other container can be meant. The response is read by [`is_of_no_id`].
pub fn path_of_ids(name: &str, id: &str) -> Option<String> {
    if id.starts_with(name) || !may_be_id(name) {
        return None;
    }
    // `{"id":{"NAME":true}}`. dockerd takes the beginning of an id there.
    Some(format!("/containers/json?all=1&filters=%7B%22id%22%3A%7B%22{name}%22%3Atrue%7D%7D"))
}

/// Whether the response to [`path_of_ids`] lists no container.
///
/// # Errors
/// It is no list.
pub fn is_of_no_id(text: &[u8]) -> Result<bool, InspectError> {
    let list = json::parse(text)?;
    Ok(list.as_array().ok_or(InspectError::Missing("list of containers"))?.is_empty())
}

/// The containers whose mounts a workload takes over (`VolumesFrom`), each once.
pub fn taken_over(workload: &Workload) -> BTreeSet<&str> {
    let named = workload.mounts.iter().filter(|mount| mount.kind == "container");
    named.filter_map(|mount| mount.source.as_deref()).collect()
}
