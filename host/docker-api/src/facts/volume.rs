//! Volumes, and what a driver's options make of the daemon's host.
//!
//! The `local` driver hands `type`, `o` and `device` to mount(2) (moby volume/local): with `bind` among the
//! options it is a bind mount under an innocent name, and file systems such as overlay or proc reach the host
//! without one.

use portcullis_contract::Pairs;
use portcullis_contract::docker::Mount;

use super::FactError;
use super::fields::Fields;
use super::path;
use crate::json::Object;

/// Paths of the daemon's host that one volume reaches. One that names more reaches all of the host.
const MAX_PATHS: usize = 64;

/// Bytes of the options of a volume that are repeated for each path. mount(2) takes 4 KiB of each.
const MAX_REPEATED: usize = 16 << 10;

/// From this length on the kernel cuts off the end of what a file system is told: the last path may be another one
/// (`copy_mount_options` of fs/namespace.c).
const KERNEL_PAGE: usize = 4096;

/// File systems whose `device` is on another machine, or nothing at all.
const NOT_OF_THIS_HOST: &[&str] =
    &["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "glusterfs", "lustre", "tmpfs", "ramfs"];

/// File systems that the kernel fills, and where the host has them: a new mount of one shows the same.
const OF_THE_KERNEL: &[(&str, &str)] = &[
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("devpts", "/dev/pts"),
    ("mqueue", "/dev/mqueue"),
    ("hugetlbfs", "/dev/hugepages"),
    ("binfmt_misc", "/proc/sys/fs/binfmt_misc"),
    ("cgroup", "/sys/fs/cgroup"),
    ("cgroup2", "/sys/fs/cgroup"),
    ("bpf", "/sys/fs/bpf"),
    ("pstore", "/sys/fs/pstore"),
    ("selinuxfs", "/sys/fs/selinux"),
    ("fusectl", "/sys/fs/fuse/connections"),
    ("debugfs", "/sys/kernel/debug"),
    ("tracefs", "/sys/kernel/tracing"),
    ("securityfs", "/sys/kernel/security"),
    ("configfs", "/sys/kernel/config"),
    ("efivarfs", "/sys/firmware/efi/efivars"),
];

/// The body of `VolumeCreate`.
///
/// It is one mount, so where its options reach several paths of the host (overlay), `host_path` is the deepest
/// directory above them all, and each stands in `extra` as `host-path`.
pub(crate) fn create(body: &Object<'_>) -> Result<Mount, FactError> {
    let body = Fields::of(body, "");
    let name = body.text("Name")?;
    let driver = body.some_text("Driver")?;
    let driver_options = body.pairs("DriverOpts")?;
    let reached = host_paths(driver.as_deref(), &driver_options);
    let extra = if reached.len() > 1 {
        reached.iter().map(|path| ("host-path".to_owned(), path.clone())).collect()
    } else {
        Pairs::new()
    };
    Ok(Mount {
        kind: "volume".to_owned(),
        origin: "volume-create".to_owned(),
        as_sent: name.to_owned(),
        source: Some(name.to_owned()).filter(|name| !name.is_empty()),
        read_only: is_read_only(driver.as_deref(), &driver_options),
        host_path: path::common(&reached),
        driver,
        driver_options,
        extra,
        ..Mount::default()
    })
}

/// Whether no driver is named, which means `local`, or `local` itself.
pub(super) fn is_local(driver: Option<&str>) -> bool {
    matches!(driver, None | Some("" | "local"))
}

fn option<'o>(options: &'o Pairs, key: &str) -> &'o str {
    options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Whether the `local` driver mounts it read-only.
fn is_read_only(driver: Option<&str>, options: &Pairs) -> bool {
    is_local(driver) && option(options, "o").split(',').rfind(|o| matches!(*o, "ro" | "rw")) == Some("ro")
}

/// The paths of the daemon's host that a volume which is there makes reachable. None where it is a plain directory of the
/// daemon's own, a file system of another machine, or of another driver; an empty list where its options mount something that
/// is not known here.
pub(crate) fn reached(driver: Option<&str>, options: &Pairs) -> Option<Vec<String>> {
    let reached = host_paths(driver, options);
    let mount_type = option(options, "type");
    let is_plain = matches!(mount_type, "" | "none") && option(options, "device").is_empty();
    let is_elsewhere = !is_local(driver) || is_plain || NOT_OF_THIS_HOST.contains(&mount_type);
    (!reached.is_empty() || !is_elsewhere).then_some(reached)
}

/// The paths of the daemon's host that a volume with these options makes reachable: none for a volume of another
/// driver, of which nothing is known. Each stands there once.
pub(super) fn host_paths(driver: Option<&str>, options: &Pairs) -> Vec<String> {
    if !is_local(driver) || options.is_empty() {
        return Vec::new();
    }
    let (device, mount_type, o) = (option(options, "device"), option(options, "type"), option(options, "o"));
    // The flag decides, with any type: mount(2) does not look at it then.
    if o.split(',').any(|o| matches!(o, "bind" | "rbind")) {
        return vec![path::from_root(device)];
    }
    if NOT_OF_THIS_HOST.contains(&mount_type) {
        return Vec::new();
    }
    let bytes: usize = options.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_REPEATED {
        return vec!["/".to_owned()];
    }
    let mut reached: Vec<String> = Vec::new();
    let of_the_kernel = OF_THE_KERNEL.iter().find(|(name, _)| *name == mount_type);
    reached.extend(of_the_kernel.map(|(_, path)| (*path).to_owned()));
    if device.starts_with('/') {
        let path = path::of_kernel(device);
        if !reached.contains(&path) {
            reached.push(path);
        }
    }
    for (key, value) in o.split(',').filter_map(|o| o.split_once('=')) {
        // Overlay's layers may be relative; of other options only what is plainly a path counts.
        let layers = matches!(key.trim_end_matches('+'), "lowerdir" | "upperdir" | "workdir" | "datadir");
        let paths = value.split(':').filter(|path| path.starts_with('/') || (layers && !path.is_empty()));
        for path in paths.map(path::from_root) {
            if !reached.contains(&path) {
                reached.push(path);
            }
            if reached.len() > MAX_PATHS {
                return vec!["/".to_owned()];
            }
        }
    }
    // The kernel lets `\` take the meaning from a comma or colon, so the paths above may not be the real ones.
    if (o.contains('\\') || o.len() >= KERNEL_PAGE) && !reached.iter().any(|path| path == "/") {
        reached.push("/".to_owned());
    }
    reached
}
