//! What dockerd fills into the configuration of a container that it makes. It cannot be told from what a client chose, and
//! is left out where it says no more than the daemon's own defaults.

use super::InspectError;
use crate::json::{Object, Value, parse};

/// Paths that dockerd 20.10 hides in every container (moby `oci/defaults.go`). Later versions hide more.
const MASKED: [&str; 10] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
];
/// Paths that dockerd makes read-only in every container (moby `oci/defaults.go`).
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Defaults of the daemon that its configuration may change, from the response of `SystemInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonDefaults {
    /// The runtime of containers that name none.
    pub runtime: Option<String>,
    /// Whether containers that name none have the cgroup namespace of the host.
    pub host_cgroup_namespace: bool,
}

impl DaemonDefaults {
    /// Reads the response of `SystemInfo`.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(text: &[u8]) -> Result<Self, InspectError> {
        let value = parse(text)?;
        let info = value.as_object().ok_or(InspectError::Missing("object"))?;
        let text = |key| info.get(key).and_then(Value::as_str);
        let options = info.get("SecurityOptions").and_then(Value::as_array).unwrap_or_default();
        Ok(Self {
            runtime: text("DefaultRuntime").filter(|name| !name.is_empty()).map(str::to_owned),
            // The daemon lists this option exactly where the default is a private one (moby daemon/info_unix.go,
            // `cgroupNamespacesEnabled`). Daemons before 20.10 know neither.
            host_cgroup_namespace: !options.iter().any(|option| option.as_str() == Some("name=cgroupns")),
        })
    }

    /// Leaves out of a host configuration what dockerd put there.
    pub(super) fn leave_out(&self, host: &mut Object<'_>) {
        let is = |host: &Object<'_>, key, value| host.get(key).and_then(Value::as_str) == Some(value);
        let privileged = host.get("Privileged").and_then(Value::as_bool) == Some(true);
        if let Some(runtime) = &self.runtime
            && is(host, "Runtime", runtime)
        {
            host.remove("Runtime");
        }
        // Where `--privileged` is refused, nothing else of the container matters; where it is allowed, this is part of it.
        if is(host, "CgroupnsMode", "host") && (self.host_cgroup_namespace || privileged) {
            host.remove("CgroupnsMode");
        }
        for (key, usual) in [("MaskedPaths", &MASKED[..]), ("ReadonlyPaths", &READ_ONLY[..])] {
            let holds = |paths: &[Value<'_>]| {
                usual.iter().all(|path| paths.iter().any(|item| item.as_str() == Some(path)))
            };
            if host.get(key).and_then(Value::as_array).is_some_and(holds) {
                host.remove(key);
            }
        }
        // moby daemon/create.go, `generateSecurityOpt`: labels are off with these, unless the client says otherwise.
        let mode = |key| host.get(key).and_then(Value::as_str).unwrap_or_default();
        let is_unlabelled = privileged || [mode("PidMode"), mode("IpcMode")].contains(&"host");
        let is_joined = [mode("PidMode"), mode("IpcMode")].iter().any(|mode| mode.starts_with("container:"));
        if let Some(Value::Array(options)) = host.get("SecurityOpt") {
            let is_filled_in = |option: &str| match option {
                "disable" | "label=disable" | "label:disable" => is_unlabelled,
                other => {
                    let label = ["label=user:", "label=role:", "label=type:", "label=level:"];
                    is_joined && label.iter().any(|prefix| other.starts_with(prefix))
                }
            };
            let kept: Vec<_> =
                options.iter().filter(|item| !item.as_str().is_some_and(is_filled_in)).cloned().collect();
            host.insert("SecurityOpt", Value::Array(kept));
        }
    }
}
