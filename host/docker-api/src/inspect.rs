//! What the daemon says of a container, an exec, a volume and itself: the responses of `ContainerInspect`, `ExecInspect`,
//! `VolumeInspect` and `SystemInfo`, in the words of wit/docker.wit.
//!
//! Both Docker APIs look up what a request names (the gateway's `look_up`, the plugin's `[docker] look_up`), and read the
//! response here. [`path_of`] says what to ask for. A container becomes the workload of the requests that reach into it:
//! see [`Container::complete`]. What the daemon filled in itself when it made the container is left out by `defaults`, or
//! a rule about it would refuse every container.

mod container;
mod defaults;
mod described;
mod joined;
mod named;
mod volume;

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{Mount, Target};

use crate::escape;
use crate::json::JsonError;

pub use container::{Container, Exec};
pub use defaults::DaemonDefaults;
pub use described::Described;
pub use joined::{Joined, TooManyJoinsError};
pub use named::{bare_name, is_of_no_id, may_be_id, path_of_ids, taken_over};
pub use volume::{Volume, volumes};

/// Why a response of the daemon cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// It is no JSON, or could be read in two ways.
    #[error("the daemon's response cannot be read: {0}")]
    Json(#[from] JsonError),
    /// A member is absent, or of another kind than dockerd sends.
    #[error("the daemon's response has no readable `{0}`")]
    Missing(&'static str),
    /// The container's own configuration is not what dockerd could have decoded.
    #[error("the configuration of the container cannot be read: {0}")]
    Configuration(String),
    /// What volumes and other containers add to a request takes too much memory.
    #[error("it has more than {MAX_MOUNTS} mounts, with those of volumes and other containers: mount fewer")]
    TooManyMounts,
    /// No file system could be mounted with these.
    #[error(
        "the options of a volume are longer than {MAX_OPTIONS} bytes: make the volume anew with shorter ones"
    )]
    LongOptions,
}

/// Mounts of one request, with those that are looked up.
const MAX_MOUNTS: usize = 4096;

/// Bytes of the options of a volume, which each of its mounts repeats. mount(2) takes 4 KiB of each.
const MAX_OPTIONS: usize = 16 << 10;

/// Whether so many mounts may be added.
fn check_added(mounts: &[Mount], added: usize) -> Result<(), InspectError> {
    let is_within = added == 0 || mounts.len().saturating_add(added) <= MAX_MOUNTS;
    is_within.then_some(()).ok_or(InspectError::TooManyMounts)
}

/// The path by which the daemon describes a target. None for what has no name, id or labels, and for a name that no path
/// can carry.
pub fn path_of(target: &Target) -> Option<String> {
    let name = &target.as_sent;
    if name.is_empty() || name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return None;
    }
    let name = escape::path(name);
    Some(match target.kind.as_str() {
        "container" => format!("/containers/{name}/json"),
        "exec" => format!("/exec/{name}/json"),
        "image" => format!("/images/{name}/json"),
        "network" => format!("/networks/{name}"),
        "volume" => format!("/volumes/{name}"),
        "service" => format!("/services/{name}"),
        "secret" => format!("/secrets/{name}"),
        "config" => format!("/configs/{name}"),
        "node" => format!("/nodes/{name}"),
        "task" => format!("/tasks/{name}"),
        _ => return None,
    })
}
