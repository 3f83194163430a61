//! Checks on what of the host becomes reachable, in whichever way it was said.

use crate::judge::{Check, Judge};
use crate::paths::{clean, within};
use crate::rule::Rule;
use portcullis_policy_sdk::docker::{Body, Mount, Workload};
use portcullis_policy_sdk::parse;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A container that reaches one of these has the host: the sockets of dockerd and containerd, their directories (plugins
/// have sockets there), and `/proc`, through which every other path can be said. [`clean`] reads `/var/run` as
/// `/run`; it stands here for `/var`, which holds it where it is no link.
const SOCKETS: &[&str] = &["/run/docker.sock", "/run/docker", "/run/containerd", "/proc", "/var/run"];
/// The same sockets wherever they are: a rootless daemon's, Docker Desktop's.
const SOCKET_NAMES: &[&str] = &["docker.sock", "docker.raw.sock", "containerd.sock", "buildkitd.sock"];

pub(crate) fn check(judge: &Judge<'_>, workload: &Workload) -> Check {
    workload.mounts.iter().try_for_each(|mount| self::mount(judge, mount))
}

/// What `VolumeCreate` makes.
pub(crate) fn volume(judge: &Judge<'_>) -> Check {
    judge.request.volume.as_ref().map_or(Ok(()), |volume| mount(judge, volume))
}

/// The directories that an experimental daemon reads, writes and deletes checkpoints in: any of the host's (moby
/// api/server/router/checkpoint, daemon/checkpoint.go).
pub(crate) fn checkpoints(judge: &Judge<'_>, operation: &str) -> Check {
    let request = judge.request;
    let stated = |key: &'static str| {
        request
            .query
            .iter()
            .filter(move |(name, value)| name == key && !value.is_empty())
            .map(|(_, value)| value)
    };
    match operation {
        "CheckpointList" | "CheckpointDelete" => {
            stated("dir").try_for_each(|path| host_path(judge, path, Use::Checkpoints))
        }
        "ContainerStart" => {
            stated("checkpoint-dir").try_for_each(|path| host_path(judge, path, Use::Checkpoints))?;
            // dockerd joins it to the directory without looking at it.
            stated("checkpoint").try_for_each(|name| checkpoint_name(judge, name))
        }
        "CheckpointCreate" => match &request.body {
            Body::Json(json) => match parse::<Checkpoint>(json) {
                Ok(checkpoint) => {
                    checkpoint
                        .directory
                        .iter()
                        .filter(|path| !path.is_empty())
                        .try_for_each(|path| host_path(judge, path, Use::Checkpoints))?;
                    checkpoint.name.iter().try_for_each(|name| checkpoint_name(judge, name))
                }
                Err(error) => judge.refuse(Rule::UnseenBody, || format!("the body cannot be read: {error}")),
            },
            Body::Absent | Body::Unseen(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The body of `CheckpointCreate`.
#[derive(Deserialize)]
struct Checkpoint {
    #[serde(rename = "CheckpointID")]
    name: Option<String>,
    #[serde(rename = "CheckpointDir")]
    directory: Option<String>,
    // What newer daemons add is not refused.
    #[serde(flatten)]
    _others: IgnoredAny,
}

fn checkpoint_name(judge: &Judge<'_>, name: &str) -> Check {
    if !name.contains('/') {
        return Ok(());
    }
    judge.refuse(Rule::HostMount, || {
        format!("`{name}` is a path and no name of a checkpoint; name the checkpoint without `/`")
    })
}

/// What a path of the host is wanted for.
#[derive(Debug, Clone, Copy)]
enum Use {
    Mount,
    Checkpoints,
}

impl Use {
    const fn may_not(self) -> &'static str {
        match self {
            Self::Mount => "may not be mounted",
            Self::Checkpoints => "may not hold checkpoints",
        }
    }

    const fn instead(self) -> &'static str {
        match self {
            Self::Mount => "use a named volume",
            Self::Checkpoints => "leave the daemon's own directory",
        }
    }
}

fn mount(judge: &Judge<'_>, mount: &Mount) -> Check {
    match mount.kind.as_str() {
        "tmpfs" | "image" | "cluster" => {}
        "volume" => driver(judge, mount)?,
        "bind" | "npipe" => {
            if mount.host_path.is_none() {
                return host_path(judge, mount.source.as_deref().unwrap_or(&mount.as_sent), Use::Mount);
            }
        }
        "container" => volumes_from(judge, mount)?,
        other => judge.refuse(Rule::UnknownKind, || {
            format!("this policy does not know mounts of the kind `{other}`; use a named volume")
        })?,
    }
    mount.host_path.as_deref().map_or(Ok(()), |path| host_path(judge, path, Use::Mount))
}

fn volumes_from(judge: &Judge<'_>, mount: &Mount) -> Check {
    if judge.settings.written.allow_volumes_from {
        return Ok(());
    }
    judge.refuse(Rule::VolumesFrom, || {
        format!(
            "the mounts of `{}` may not be taken over; name the volumes with `--volume`, or ask for \
             `allow_volumes_from`",
            mount.source.as_deref().unwrap_or(&mount.as_sent)
        )
    })
}

/// The `local` driver hands `type`, `o` and `device` to mount(2): with them a volume can be any directory, disk or
/// overlay of the host.
fn driver(judge: &Judge<'_>, mount: &Mount) -> Check {
    let settings = &judge.settings.written;
    let driver = mount.driver.as_deref().unwrap_or_default();
    if !matches!(driver, "" | "local") {
        if settings.allowed_volume_drivers.contains(driver) {
            return Ok(());
        }
        return judge.refuse(Rule::VolumeDriver, || {
            format!("the volume driver `{driver}` may not be used; use `local`, or ask for it to be added to `allowed_volume_drivers`")
        });
    }
    let option = |wanted: &str| {
        mount.driver_options.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let kind = option("type").unwrap_or_default();
    let device = option("device").unwrap_or_default();
    let flags = option("o").unwrap_or_default();
    let harmless = match kind {
        "tmpfs" => true,
        // Nothing to mount: a plain directory of the daemon's own, or one with a size.
        "" | "none" if device.is_empty() => flags.is_empty() || kind.is_empty(),
        // A bind: the host has put its device into `host-path`, where it is judged as any other path.
        "" | "none" => mount.host_path.is_some(),
        other => settings.allowed_volume_types.contains(other),
    };
    if harmless {
        return Ok(());
    }
    judge.refuse(Rule::VolumeOptions, || {
        format!("a volume may not mount `{device}` with `type={kind}`; use a plain volume, or ask for the type to be added to `allowed_volume_types`")
    })
}

fn host_path(judge: &Judge<'_>, said: &str, wanted: Use) -> Check {
    let settings = judge.settings;
    if is_socket(said) {
        if settings.written.allow_docker_socket {
            return Ok(());
        }
        return socket(judge, said, wanted);
    }
    // A path that is not absolute lies in nothing that may be mounted.
    let path = clean(said).unwrap_or_default();
    let meets = |other: &str| !path.is_empty() && (within(&path, other) || within(other, &path));
    if SOCKETS.iter().any(|protected| meets(protected)) && !settings.written.allow_docker_socket {
        return socket(judge, said, wanted);
    }
    let protected = settings.protected_paths.iter().any(|protected| meets(protected));
    if !protected && settings.allowed_mounts.iter().any(|allowed| within(&path, allowed) && !path.is_empty())
    {
        return Ok(());
    }
    judge.refuse(Rule::HostMount, || {
        let (may_not, instead) = (wanted.may_not(), wanted.instead());
        if protected {
            return format!("`{said}` {may_not}: it is or holds a protected path; {instead}");
        }
        format!(
            "`{said}` {may_not}: {}; {instead} or ask for it to be added to `allowed_mounts`",
            listed(&settings.allowed_mounts)
        )
    })
}

fn is_socket(path: &str) -> bool {
    let path = path.trim_end_matches(['/', '.']);
    path.rsplit(['/', '\\'])
        .next()
        .is_some_and(|name| SOCKET_NAMES.contains(&name) || name == "docker_engine")
}

fn socket(judge: &Judge<'_>, said: &str, wanted: Use) -> Check {
    judge.refuse(Rule::DockerSocket, || {
        let may_not = wanted.may_not();
        format!("`{said}` {may_not}: it is or leads to the daemon's socket, and so to root on the host; use the Docker API from outside, or ask for `allow_docker_socket`")
    })
}

/// A reason is at most 1 KiB: a long list is cut.
fn listed(allowed: &[String]) -> String {
    const SHOWN: usize = 5;
    if allowed.is_empty() {
        return "no path of the host is allowed".into();
    }
    let shown: Vec<_> = allowed.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
    let more = if allowed.len() > SHOWN { ", ..." } else { "" };
    format!("allowed are {}{more}", shown.join(", "))
}
