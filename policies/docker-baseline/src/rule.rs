//! The rules. Their names stand in refusals, in records, and in the setting `allow`.

macro_rules! rules {
    ($($(#[$meta:meta])* $rule:ident = $name:literal,)+) => {
        /// One rule of the baseline.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$meta])* $rule,)+
        }

        impl Rule {
            /// Every rule, in no particular order.
            pub const ALL: &[Self] = &[$(Self::$rule,)+];

            /// The rule's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)+
                }
            }
        }
    };
}

rules! {
    /// A call that dockerd has no route for, or one that is newer than the host's table.
    UnknownOperation = "unknown-operation",
    /// A body that the daemon did not show, on a call where it decides what happens.
    UnseenBody = "unseen-body",
    /// Parameters of a build or an import that a form could replace unseen.
    UnshownForm = "unshown-form",
    /// `BuildKit`'s control API: what is built there, no policy sees.
    BuildKit = "buildkit",
    /// Installing, removing, enabling or changing plugins; they run with the host's privileges.
    PluginAdministration = "plugin-administration",
    /// Making, joining, leaving or changing a swarm and its nodes.
    SwarmAdministration = "swarm-administration",
    /// A service that goes back to its specification before, which no policy is shown.
    ServiceRollback = "service-rollback",
    /// Reading the swarm, and with it the tokens with which a node joins.
    SwarmJoinTokens = "swarm-join-tokens",
    /// A URL that the daemon itself fetches, from its own network.
    DaemonFetch = "daemon-fetch",
    /// Profiles and variables of the daemon.
    Debug = "debug",
    /// Files of a container read or written as an archive: `docker cp`.
    ContainerArchive = "container-archive",
    /// A host configuration in the body of a start, which old daemons put in place of the container's own.
    StartBody = "start-body",
    /// `--privileged`, also of an exec.
    Privileged = "privileged",
    /// The host's network namespace.
    HostNetwork = "host-network",
    /// The host's process namespace.
    HostPid = "host-pid",
    /// The host's IPC namespace.
    HostIpc = "host-ipc",
    /// The host's UTS namespace.
    HostUts = "host-uts",
    /// The host's user namespace.
    HostUser = "host-user",
    /// The host's cgroup namespace.
    HostCgroup = "host-cgroup",
    /// Another container's namespace.
    ContainerNamespace = "container-namespace",
    /// A capability beyond Docker's default set.
    Capability = "capability",
    /// A device of the host.
    Device = "device",
    /// A rule that opens devices in the container's cgroup.
    DeviceCgroupRule = "device-cgroup-rule",
    /// Devices asked for through a driver: GPUs, CDI.
    DeviceRequest = "device-request",
    /// Seccomp, `AppArmor`, labels or no-new-privileges weakened.
    SecurityOption = "security-option",
    /// What Docker hides in `/proc` and `/sys` laid open.
    SystemPaths = "system-paths",
    /// A runtime other than the daemon's own.
    Runtime = "runtime",
    /// A parent cgroup chosen by the caller.
    CgroupParent = "cgroup-parent",
    /// A path of the host outside `allowed_mounts`.
    HostMount = "host-mount",
    /// Mounts made in a container that appear on the host.
    MountPropagation = "mount-propagation",
    /// The way to the daemon's or containerd's own socket.
    DockerSocket = "docker-socket",
    /// The mounts of another container.
    VolumesFrom = "volumes-from",
    /// A volume driver other than `local`.
    VolumeDriver = "volume-driver",
    /// Options of the `local` driver that mount more than a directory.
    VolumeOptions = "volume-options",
    /// A network driver that is not part of dockerd.
    NetworkDriver = "network-driver",
    /// A network on an interface of the host.
    HostInterface = "host-interface",
    /// Required: a limit of memory.
    MemoryLimit = "memory-limit",
    /// Required: a share or a limit of processor time.
    CpuLimit = "cpu-limit",
    /// Required: a limit of processes.
    PidsLimit = "pids-limit",
    /// Required: a root file system that is read-only.
    ReadOnlyRoot = "read-only-root",
    /// Required: no process may gain privileges.
    NoNewPrivileges = "no-new-privileges",
    /// Required: a user who is not root.
    NonRootUser = "non-root-user",
    /// Required: no restarts without end.
    RestartPolicy = "restart-policy",
    /// Required: no port of the host below 1024.
    PrivilegedPort = "privileged-port",
    /// Required: ports are published on one address.
    PortAddress = "port-address",
    /// A kind of mount or namespace that this policy does not know.
    UnknownKind = "unknown-kind",
}

impl Rule {
    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }
}

/// A set of rules: one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules(u64);

impl Rules {
    /// Whether it holds `rule`.
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u32) != 0
    }

    /// Adds `rule`.
    pub const fn insert(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u32;
    }

    /// Adds all of `other`.
    pub const fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

const _: () = assert!(Rule::ALL.len() <= u64::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_the_contract() {
        for rule in Rule::ALL {
            assert_eq!(Rule::from_name(rule.name()), Some(*rule));
            assert!(rule.name().len() <= 64);
            assert!(rule.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut rules = Rules::default();
        rules.insert(Rule::Privileged);
        for rule in Rule::ALL {
            assert_eq!(rules.contains(*rule), *rule == Rule::Privileged);
        }
    }
}
