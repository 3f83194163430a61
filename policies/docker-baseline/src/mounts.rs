//! Checks on what of the host becomes reachable, in whichever way it was said.

use crate::host_path;
use crate::judge::{Advice, Check, Judge};
use crate::rule::Rule;
use crate::settings::Access;
use portcullis_policy_sdk::docker::{Mount, Workload};

pub(crate) fn check(judge: &Judge<'_>, workload: &Workload) -> Check {
    workload.mounts.iter().try_for_each(|mount| self::mount(judge, mount))
}

/// What `VolumeCreate` makes.
pub(crate) fn volume(judge: &Judge<'_>) -> Check {
    judge.request.volume.as_ref().map_or(Ok(()), |volume| mount(judge, volume))
}

fn mount(judge: &Judge<'_>, mount: &Mount) -> Check {
    propagation(judge, mount)?;
    match mount.kind.as_str() {
        "tmpfs" | "image" | "cluster" => {}
        "volume" => driver(judge, mount)?,
        "bind" | "npipe" => {
            if mount.host_path.is_none() {
                let source = mount.source.as_deref().unwrap_or(&mount.as_sent);
                return host_path::mounted(judge, mount, source, access(mount));
            }
        }
        "container" => volumes_from(judge, mount)?,
        other => judge.refuse(Rule::UnknownKind, Advice::Exception, || {
            format!("this policy does not know mounts of the kind `{other}`; use a named volume")
        })?,
    }
    mount.host_path.as_deref().map_or(Ok(()), |path| host_path::mounted(judge, mount, path, access(mount)))
}

/// How a mount reaches its path of the host.
///
/// A volume outlives the mount that makes it, and the next one may be for writing: only the option `ro` of the volume
/// itself counts. With `ReadOnlyNonRecursive` the mounts below the path stay writable.
fn access(mount: &Mount) -> Access {
    let read_only = if mount.kind == "volume" {
        flags(mount).rfind(|flag| matches!(*flag, "ro" | "rw")) == Some("ro")
    } else {
        mount.read_only && !mount.extra.iter().any(|(name, _)| name == "read-only-non-recursive")
    };
    if read_only { Access::Ro } else { Access::Rw }
}

fn option<'m>(mount: &'m Mount, wanted: &str) -> &'m str {
    let found = mount.driver_options.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// The mount options of a volume of the `local` driver.
fn flags(mount: &Mount) -> impl DoubleEndedIterator<Item = &str> {
    option(mount, "o").split(',')
}

/// With shared propagation a mount that is made in the container appears on the host, and in every other container.
fn propagation(judge: &Judge<'_>, mount: &Mount) -> Check {
    let is_shared = |word: &str| matches!(word, "shared" | "rshared");
    let shared = mount.propagation.as_deref().into_iter().chain(flags(mount)).find(|word| is_shared(word));
    let Some(word) = shared.filter(|_| !judge.settings.written.allow_shared_propagation) else {
        return Ok(());
    };
    judge.refuse(Rule::MountPropagation, Advice::setting("allow_shared_propagation = true"), || {
        format!("mounts of the container may not appear on the host; leave out `{word}`, or use `rslave`")
    })
}

fn volumes_from(judge: &Judge<'_>, mount: &Mount) -> Check {
    if judge.settings.written.allow_volumes_from {
        return Ok(());
    }
    judge.refuse(Rule::VolumesFrom, Advice::setting("allow_volumes_from = true"), || {
        let container = mount.source.as_deref().unwrap_or(&mount.as_sent);
        format!("the mounts of `{container}` may not be taken over; name the volumes with `--volume`")
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
        return judge.refuse(Rule::VolumeDriver, Advice::entry("allowed_volume_drivers", driver), || {
            format!("the volume driver `{driver}` may not be used; use `local`")
        });
    }
    let (kind, device) = (option(mount, "type"), option(mount, "device"));
    let harmless = match kind {
        "tmpfs" => true,
        // Nothing to mount: a plain directory of the daemon's own, or one with a size.
        "" | "none" if device.is_empty() => option(mount, "o").is_empty() || kind.is_empty(),
        // A bind: the host has put its device into `host-path`, where it is judged as any other path.
        "" | "none" => mount.host_path.is_some(),
        other => settings.allowed_volume_types.contains(other),
    };
    if harmless {
        return Ok(());
    }
    judge.refuse(Rule::VolumeOptions, Advice::entry("allowed_volume_types", kind), || {
        format!("a volume may not mount `{device}` with `type={kind}`; use a plain volume")
    })
}
