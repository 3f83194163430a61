//! The sockets of dockerd and containerd: a container that reaches one has the host.

use crate::paths::within;

/// The sockets, their directories (plugins have sockets there), and `/proc`, through which every other path can be said.
/// [`crate::paths::clean`] reads `/var/run` as `/run`; it stands here for `/var`, which holds it where it is no link.
pub(crate) const DIRECTORIES: &[&str] =
    &["/run/docker.sock", "/run/docker", "/run/containerd", "/proc", "/var/run"];
/// The same sockets wherever they are: a rootless daemon's, Docker Desktop's.
const NAMES: &[&str] = &["docker.sock", "docker.raw.sock", "containerd.sock", "buildkitd.sock"];

/// Whether the path has the name of such a socket.
pub(crate) fn is_socket(path: &str) -> bool {
    let path = path.trim_end_matches(['/', '.']);
    path.rsplit(['/', '\\']).next().is_some_and(|name| NAMES.contains(&name) || name == "docker_engine")
}

/// Whether a clean path is, holds or lies in a directory with such a socket.
pub(crate) fn leads_to_socket(path: &str) -> bool {
    DIRECTORIES.iter().any(|directory| within(path, directory) || within(directory, path))
}
