//! Containers: moby `api/types/container` and, for create, `runconfig.ContainerConfigWrapper`.

use super::{ANY, EMPTY, Field, LIST, MAP, Schema, network, volume};

pub(super) const HEALTHCHECK: &Schema = &Schema::Struct(&[
    ("Test", LIST),
    ("Interval", ANY),
    ("Timeout", ANY),
    ("StartPeriod", ANY),
    ("StartInterval", ANY),
    ("Retries", ANY),
]);

const CONFIG: &[Field] = &[
    ("Hostname", ANY),
    ("Domainname", ANY),
    ("User", ANY),
    ("AttachStdin", ANY),
    ("AttachStdout", ANY),
    ("AttachStderr", ANY),
    ("ExposedPorts", &Schema::Map(EMPTY)),
    ("Tty", ANY),
    ("OpenStdin", ANY),
    ("StdinOnce", ANY),
    ("Env", LIST),
    ("Cmd", ANY),
    ("Healthcheck", HEALTHCHECK),
    ("ArgsEscaped", ANY),
    ("Image", ANY),
    ("Volumes", &Schema::Map(EMPTY)),
    ("WorkingDir", ANY),
    ("Entrypoint", ANY),
    ("NetworkDisabled", ANY),
    ("MacAddress", ANY),
    ("OnBuild", LIST),
    ("Labels", MAP),
    ("StopSignal", ANY),
    ("StopTimeout", ANY),
    ("Shell", ANY),
];

const LOG_CONFIG: &Schema = &Schema::Struct(&[("Type", ANY), ("Config", MAP)]);
const RESTART_POLICY: &Schema = &Schema::Struct(&[("Name", ANY), ("MaximumRetryCount", ANY)]);
const PORT_BINDING: &Schema = &Schema::Struct(&[("HostIp", ANY), ("HostPort", ANY)]);
const WEIGHT_DEVICES: &Schema = &Schema::List(&Schema::Struct(&[("Path", ANY), ("Weight", ANY)]));
const THROTTLE_DEVICES: &Schema = &Schema::List(&Schema::Struct(&[("Path", ANY), ("Rate", ANY)]));
const DEVICE: &Schema =
    &Schema::Struct(&[("PathOnHost", ANY), ("PathInContainer", ANY), ("CgroupPermissions", ANY)]);
const DEVICE_REQUEST: &Schema = &Schema::Struct(&[
    ("Driver", ANY),
    ("Count", ANY),
    ("DeviceIDs", LIST),
    ("Capabilities", &Schema::List(LIST)),
    ("Options", MAP),
]);
pub(super) const ULIMITS: &Schema =
    &Schema::List(&Schema::Struct(&[("Name", ANY), ("Hard", ANY), ("Soft", ANY)]));

const HOST_ONLY: &[Field] = &[
    ("Binds", LIST),
    ("ContainerIDFile", ANY),
    ("LogConfig", LOG_CONFIG),
    ("NetworkMode", ANY),
    ("PortBindings", &Schema::Map(&Schema::List(PORT_BINDING))),
    ("RestartPolicy", RESTART_POLICY),
    ("AutoRemove", ANY),
    ("VolumeDriver", ANY),
    ("VolumesFrom", LIST),
    ("ConsoleSize", LIST),
    ("Annotations", MAP),
    ("CapAdd", ANY),
    ("CapDrop", ANY),
    ("CgroupnsMode", ANY),
    ("Dns", LIST),
    ("DnsOptions", LIST),
    ("DnsSearch", LIST),
    ("ExtraHosts", LIST),
    ("GroupAdd", LIST),
    ("IpcMode", ANY),
    ("Cgroup", ANY),
    ("Links", LIST),
    ("OomScoreAdj", ANY),
    ("PidMode", ANY),
    ("Privileged", ANY),
    ("PublishAllPorts", ANY),
    ("ReadonlyRootfs", ANY),
    ("SecurityOpt", LIST),
    ("StorageOpt", MAP),
    ("Tmpfs", MAP),
    ("UTSMode", ANY),
    ("UsernsMode", ANY),
    ("ShmSize", ANY),
    ("Sysctls", MAP),
    ("Runtime", ANY),
    ("Isolation", ANY),
];

const RESOURCES: &[Field] = &[
    ("CpuShares", ANY),
    ("Memory", ANY),
    ("NanoCpus", ANY),
    ("CgroupParent", ANY),
    ("BlkioWeight", ANY),
    ("BlkioWeightDevice", WEIGHT_DEVICES),
    ("BlkioDeviceReadBps", THROTTLE_DEVICES),
    ("BlkioDeviceWriteBps", THROTTLE_DEVICES),
    ("BlkioDeviceReadIOps", THROTTLE_DEVICES),
    ("BlkioDeviceWriteIOps", THROTTLE_DEVICES),
    ("CpuPeriod", ANY),
    ("CpuQuota", ANY),
    ("CpuRealtimePeriod", ANY),
    ("CpuRealtimeRuntime", ANY),
    ("CpusetCpus", ANY),
    ("CpusetMems", ANY),
    ("Devices", &Schema::List(DEVICE)),
    ("DeviceCgroupRules", LIST),
    ("DeviceRequests", &Schema::List(DEVICE_REQUEST)),
    ("KernelMemory", ANY),
    ("KernelMemoryTCP", ANY),
    ("MemoryReservation", ANY),
    ("MemorySwap", ANY),
    ("MemorySwappiness", ANY),
    ("OomKillDisable", ANY),
    ("PidsLimit", ANY),
    ("Ulimits", ULIMITS),
    ("CpuCount", ANY),
    ("CpuPercent", ANY),
    ("IOMaximumIOps", ANY),
    ("IOMaximumBandwidth", ANY),
];

const HOST_REST: &[Field] = &[
    ("Mounts", &Schema::List(volume::MOUNT)),
    ("MaskedPaths", LIST),
    ("ReadonlyPaths", LIST),
    ("Init", ANY),
];

pub(crate) const HOST: &[Field] =
    &joined::<{ HOST_ONLY.len() + RESOURCES.len() + HOST_REST.len() }>(&[HOST_ONLY, RESOURCES, HOST_REST]);

const WRAPPER: &[Field] = &[
    ("HostConfig", &Schema::Struct(HOST)),
    ("Cpuset", ANY),
    ("NetworkingConfig", &Schema::Struct(&[("EndpointsConfig", &Schema::Map(network::ENDPOINT))])),
];

/// dockerd up to 28 embeds the host configuration here once more: top-level `Privileged` counts where the body
/// has no `HostConfig`.
pub(crate) const CREATE: &Schema =
    &Schema::Struct(&joined::<{ CONFIG.len() + WRAPPER.len() + HOST.len() }>(&[CONFIG, WRAPPER, HOST]));

pub(crate) const UPDATE: &Schema =
    &Schema::Struct(&joined::<{ RESOURCES.len() + 1 }>(&[RESOURCES, &[("RestartPolicy", RESTART_POLICY)]]));

pub(crate) const EXEC: &Schema = &Schema::Struct(&[
    ("User", ANY),
    ("Privileged", ANY),
    ("Tty", ANY),
    ("ConsoleSize", LIST),
    ("AttachStdin", ANY),
    ("AttachStderr", ANY),
    ("AttachStdout", ANY),
    ("Detach", ANY),
    ("DetachKeys", ANY),
    ("Env", LIST),
    ("WorkingDir", ANY),
    ("Cmd", LIST),
]);

pub(crate) const EXEC_START: &Schema =
    &Schema::Struct(&[("Detach", ANY), ("Tty", ANY), ("ConsoleSize", LIST)]);

pub(crate) const COPY: &Schema = &Schema::Struct(&[("Resource", ANY)]);

pub(crate) const CHECKPOINT: &Schema =
    &Schema::Struct(&[("CheckpointID", ANY), ("CheckpointDir", ANY), ("Exit", ANY)]);

/// The fields of embedded structs, one after the other.
const fn joined<const COUNT: usize>(parts: &[&[Field]]) -> [Field; COUNT] {
    let mut fields = [("", ANY); COUNT];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut field = 0;
        while field < parts[part].len() {
            fields[at] = parts[part][field];
            at += 1;
            field += 1;
        }
        part += 1;
    }
    fields
}
