//! From a request to the paths of the host that it names, and back.

use portcullis_contract::docker::{HostPath, Mount, Request};
use std::collections::BTreeMap;

use crate::error::ResolveError;
use crate::limits::MAX_PATHS;
use crate::walk::RealPath;

/// In `extra` of a mount, once for each: a directory that holds a symbolic link on the way. In `extra` of the request
/// for paths without a mount: `link-directory:PATH`.
const LINK: &str = "link-directory";
/// In `extra` of the request: its paths were resolved.
const RESOLVED: &str = "real-paths";

/// In `extra` of a mount: what its path leads to.
const REAL_PATH: &str = "real-path";
/// In `extra` of a mount that was added: the path that was named.
const NAMED: &str = "real-path-of";
/// In `extra` of a mount, once for each: a directory in which users other than root can replace a name on the way. In
/// `extra` of the request for paths without a mount: `changeable-directory:PATH`.
const CHANGEABLE: &str = "changeable-directory";

/// The absolute paths that a request names, each once.
pub(crate) fn named(request: &Request) -> Result<Vec<String>, ResolveError> {
    let mounts = mounts(request).filter_map(path_of).chain(layers(request));
    let others = request.host_paths.iter().map(|named| named.path.as_str());
    let mut paths: Vec<_> =
        mounts.chain(others).filter(|path| path.starts_with('/')).map(str::to_owned).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.len() > MAX_PATHS { Err(ResolveError::TooManyPaths) } else { Ok(paths) }
}

fn mounts(request: &Request) -> impl Iterator<Item = &Mount> {
    request.workload.iter().flat_map(|workload| &workload.mounts).chain(&request.volume)
}

/// The paths that a volume is made of, where they are several (overlay).
fn layers(request: &Request) -> impl Iterator<Item = &str> {
    let extra = request.volume.iter().flat_map(|volume| &volume.extra);
    extra.filter(|(name, _)| name == "host-path").map(|(_, path)| path.as_str())
}

fn path_of(mount: &Mount) -> Option<&str> {
    let source = || (mount.kind == "bind").then_some(mount.source.as_deref()).flatten();
    mount.host_path.as_deref().or_else(source)
}

/// Adds what the paths lead to.
///
/// A path that leads elsewhere becomes a further mount, or a further path of the host: so every policy judges it, also
/// one that does not know of links.
pub(crate) fn add(request: &mut Request, found: &BTreeMap<String, RealPath>) {
    request.extra.push((RESOLVED.to_owned(), "true".to_owned()));
    if let Some(workload) = &mut request.workload {
        let further: Vec<_> = workload.mounts.iter_mut().filter_map(|mount| describe(mount, found)).collect();
        workload.mounts.extend(further);
    }
    let mut further = Vec::new();
    // A request makes one volume, which is mounted later and by others.
    let layers: Vec<_> = layers(request).map(str::to_owned).collect();
    if let Some(volume) = &mut request.volume {
        let real = describe(volume, found).and_then(|real| real.host_path);
        let access = if volume.read_only { "read" } else { "write" };
        let path = |path| HostPath { path, why: "volume-option".to_owned(), access: access.to_owned() };
        further.extend(real.map(path));
        request.host_paths.extend(layers.into_iter().map(path));
    }
    for named in &request.host_paths {
        let Some(real) = found.get(&named.path) else { continue };
        let directories = real.changeable.iter().map(|directory| (CHANGEABLE, directory));
        for (name, directory) in directories.chain(real.links.iter().map(|directory| (LINK, directory))) {
            request.extra.push((format!("{name}:{}", named.path), directory.clone()));
        }
        if real.path != named.path {
            further.push(HostPath { path: real.path.clone(), ..named.clone() });
        }
    }
    request.host_paths.extend(further);
}

/// Adds to a mount what its path leads to, and makes the mount of that where it is another path.
fn describe(mount: &mut Mount, found: &BTreeMap<String, RealPath>) -> Option<Mount> {
    let named = path_of(mount)?.to_owned();
    let real = found.get(&named)?;
    mount.extra.push((REAL_PATH.to_owned(), real.path.clone()));
    let directories = real.changeable.iter().map(|directory| (CHANGEABLE.to_owned(), directory.clone()));
    mount.extra.extend(directories);
    mount.extra.extend(real.links.iter().map(|directory| (LINK.to_owned(), directory.clone())));
    (real.path != named).then(|| {
        let mut further = Mount { host_path: Some(real.path.clone()), ..mount.clone() };
        if further.kind == "bind" {
            further.source = Some(real.path.clone());
        }
        further.extra.push((NAMED.to_owned(), named));
        further
    })
}

#[cfg(test)]
mod tests;
