//! Volumes and mounts: moby `api/types/volume` and `api/types/mount`.

use super::{ANY, EMPTY, LIST, MAP, Schema};

/// `mount.Driver`, `swarm.Driver`.
pub(super) const DRIVER: &Schema = &Schema::Struct(&[("Name", ANY), ("Options", MAP)]);

const BIND_OPTIONS: &Schema = &Schema::Struct(&[
    ("Propagation", ANY),
    ("NonRecursive", ANY),
    ("CreateMountpoint", ANY),
    ("ReadOnlyNonRecursive", ANY),
    ("ReadOnlyForceRecursive", ANY),
]);
const VOLUME_OPTIONS: &Schema =
    &Schema::Struct(&[("NoCopy", ANY), ("Labels", MAP), ("Subpath", ANY), ("DriverConfig", DRIVER)]);
const TMPFS_OPTIONS: &Schema =
    &Schema::Struct(&[("SizeBytes", ANY), ("Mode", ANY), ("Options", &Schema::List(LIST))]);

pub(super) const MOUNT: &Schema = &Schema::Struct(&[
    ("Type", ANY),
    ("Source", ANY),
    ("Target", ANY),
    ("ReadOnly", ANY),
    ("Consistency", ANY),
    ("BindOptions", BIND_OPTIONS),
    ("VolumeOptions", VOLUME_OPTIONS),
    ("ImageOptions", &Schema::Struct(&[("Subpath", ANY)])),
    ("TmpfsOptions", TMPFS_OPTIONS),
    ("ClusterOptions", EMPTY),
]);

const TOPOLOGIES: &Schema = &Schema::List(&Schema::Struct(&[("Segments", MAP)]));
const ACCESS_MODE: &Schema = &Schema::Struct(&[
    ("Scope", ANY),
    ("Sharing", ANY),
    ("MountVolume", &Schema::Struct(&[("FsType", ANY), ("MountFlags", LIST)])),
    ("BlockVolume", EMPTY),
]);
const CLUSTER: &Schema = &Schema::Struct(&[
    ("Group", ANY),
    ("AccessMode", ACCESS_MODE),
    ("AccessibilityRequirements", &Schema::Struct(&[("Requisite", TOPOLOGIES), ("Preferred", TOPOLOGIES)])),
    ("CapacityRange", &Schema::Struct(&[("RequiredBytes", ANY), ("LimitBytes", ANY)])),
    ("Secrets", &Schema::List(&Schema::Struct(&[("Key", ANY), ("Secret", ANY)]))),
    ("Availability", ANY),
]);

pub(crate) const CREATE: &Schema = &Schema::Struct(&[
    ("ClusterVolumeSpec", CLUSTER),
    ("Driver", ANY),
    ("DriverOpts", MAP),
    ("Labels", MAP),
    ("Name", ANY),
]);

pub(crate) const UPDATE: &Schema = &Schema::Struct(&[("Spec", CLUSTER)]);
