//! Swarm: moby `api/types/swarm`.

use super::container::{HEALTHCHECK, ULIMITS};
use super::volume::{DRIVER, MOUNT};
use super::{ANY, EMPTY, LIST, MAP, Schema};

const SELINUX: &Schema =
    &Schema::Struct(&[("Disable", ANY), ("User", ANY), ("Role", ANY), ("Type", ANY), ("Level", ANY)]);
const PRIVILEGES: &Schema = &Schema::Struct(&[
    ("CredentialSpec", &Schema::Struct(&[("Config", ANY), ("File", ANY), ("Registry", ANY)])),
    ("SELinuxContext", SELINUX),
    ("Seccomp", &Schema::Struct(&[("Mode", ANY), ("Profile", ANY)])),
    ("AppArmor", &Schema::Struct(&[("Mode", ANY)])),
    ("NoNewPrivileges", ANY),
]);
const FILE: &Schema = &Schema::Struct(&[("Name", ANY), ("UID", ANY), ("GID", ANY), ("Mode", ANY)]);
const SECRET_REFERENCE: &Schema = &Schema::Struct(&[("File", FILE), ("SecretID", ANY), ("SecretName", ANY)]);
const CONFIG_REFERENCE: &Schema =
    &Schema::Struct(&[("File", FILE), ("Runtime", EMPTY), ("ConfigID", ANY), ("ConfigName", ANY)]);

const CONTAINER: &Schema = &Schema::Struct(&[
    ("Image", ANY),
    ("Labels", MAP),
    ("Command", LIST),
    ("Args", LIST),
    ("Hostname", ANY),
    ("Env", LIST),
    ("Dir", ANY),
    ("User", ANY),
    ("Groups", LIST),
    ("Privileges", PRIVILEGES),
    ("Init", ANY),
    ("StopSignal", ANY),
    ("TTY", ANY),
    ("OpenStdin", ANY),
    ("ReadOnly", ANY),
    ("Mounts", &Schema::List(MOUNT)),
    ("StopGracePeriod", ANY),
    ("Healthcheck", HEALTHCHECK),
    ("Hosts", LIST),
    ("DNSConfig", &Schema::Struct(&[("Nameservers", LIST), ("Search", LIST), ("Options", LIST)])),
    ("Secrets", &Schema::List(SECRET_REFERENCE)),
    ("Configs", &Schema::List(CONFIG_REFERENCE)),
    ("Isolation", ANY),
    ("Sysctls", MAP),
    ("CapabilityAdd", LIST),
    ("CapabilityDrop", LIST),
    ("Ulimits", ULIMITS),
    ("OomScoreAdj", ANY),
]);

/// `runtime.PluginSpec`: the one swarm type whose names are lower case.
const PLUGIN: &Schema = &Schema::Struct(&[
    ("name", ANY),
    ("remote", ANY),
    ("privileges", &Schema::List(&Schema::Struct(&[("name", ANY), ("description", ANY), ("value", LIST)]))),
    ("disabled", ANY),
    ("env", LIST),
]);

const GENERIC_RESOURCE: &Schema = &Schema::Struct(&[
    ("NamedResourceSpec", &Schema::Struct(&[("Kind", ANY), ("Value", ANY)])),
    ("DiscreteResourceSpec", &Schema::Struct(&[("Kind", ANY), ("Value", ANY)])),
]);
/// `Limit` and `Resources` differ between versions; this is both.
const AMOUNTS: &Schema = &Schema::Struct(&[
    ("NanoCPUs", ANY),
    ("MemoryBytes", ANY),
    ("Pids", ANY),
    ("GenericResources", &Schema::List(GENERIC_RESOURCE)),
]);
const RESOURCES: &Schema = &Schema::Struct(&[
    ("Limits", AMOUNTS),
    ("Reservations", AMOUNTS),
    ("SwapBytes", ANY),
    ("MemorySwappiness", ANY),
]);
const SPREAD: &Schema = &Schema::Struct(&[("Spread", &Schema::Struct(&[("SpreadDescriptor", ANY)]))]);
const PLATFORM: &Schema = &Schema::Struct(&[("Architecture", ANY), ("OS", ANY)]);
const PLACEMENT: &Schema = &Schema::Struct(&[
    ("Constraints", LIST),
    ("Preferences", &Schema::List(SPREAD)),
    ("MaxReplicas", ANY),
    ("Platforms", &Schema::List(PLATFORM)),
]);
const RESTART_POLICY: &Schema =
    &Schema::Struct(&[("Condition", ANY), ("Delay", ANY), ("MaxAttempts", ANY), ("Window", ANY)]);
const NETWORKS: &Schema =
    &Schema::List(&Schema::Struct(&[("Target", ANY), ("Aliases", LIST), ("DriverOpts", MAP)]));

const TASK: &Schema = &Schema::Struct(&[
    ("ContainerSpec", CONTAINER),
    ("PluginSpec", PLUGIN),
    ("NetworkAttachmentSpec", &Schema::Struct(&[("ContainerID", ANY)])),
    ("Resources", RESOURCES),
    ("RestartPolicy", RESTART_POLICY),
    ("Placement", PLACEMENT),
    ("Networks", NETWORKS),
    ("LogDriver", DRIVER),
    ("ForceUpdate", ANY),
    ("Runtime", ANY),
]);

const MODE: &Schema = &Schema::Struct(&[
    ("Replicated", &Schema::Struct(&[("Replicas", ANY)])),
    ("Global", EMPTY),
    ("ReplicatedJob", &Schema::Struct(&[("MaxConcurrent", ANY), ("TotalCompletions", ANY)])),
    ("GlobalJob", EMPTY),
]);
const UPDATE_CONFIG: &Schema = &Schema::Struct(&[
    ("Parallelism", ANY),
    ("Delay", ANY),
    ("FailureAction", ANY),
    ("Monitor", ANY),
    ("MaxFailureRatio", ANY),
    ("Order", ANY),
]);
const PORT: &Schema = &Schema::Struct(&[
    ("Name", ANY),
    ("Protocol", ANY),
    ("TargetPort", ANY),
    ("PublishedPort", ANY),
    ("PublishMode", ANY),
]);

pub(crate) const SERVICE: &Schema = &Schema::Struct(&[
    ("Name", ANY),
    ("Labels", MAP),
    ("TaskTemplate", TASK),
    ("Mode", MODE),
    ("UpdateConfig", UPDATE_CONFIG),
    ("RollbackConfig", UPDATE_CONFIG),
    ("Networks", NETWORKS),
    ("EndpointSpec", &Schema::Struct(&[("Mode", ANY), ("Ports", &Schema::List(PORT))])),
]);

pub(crate) const NODE: &Schema =
    &Schema::Struct(&[("Name", ANY), ("Labels", MAP), ("Role", ANY), ("Availability", ANY)]);

pub(crate) const SECRET: &Schema = &Schema::Struct(&[
    ("Name", ANY),
    ("Labels", MAP),
    ("Data", ANY),
    ("Driver", DRIVER),
    ("Templating", DRIVER),
]);

pub(crate) const CONFIG: &Schema =
    &Schema::Struct(&[("Name", ANY), ("Labels", MAP), ("Data", ANY), ("Templating", DRIVER)]);

const RAFT: &Schema = &Schema::Struct(&[
    ("SnapshotInterval", ANY),
    ("KeepOldSnapshots", ANY),
    ("LogEntriesForSlowFollowers", ANY),
    ("ElectionTick", ANY),
    ("HeartbeatTick", ANY),
]);
const EXTERNAL_CA: &Schema =
    &Schema::Struct(&[("Protocol", ANY), ("URL", ANY), ("Options", MAP), ("CACert", ANY)]);
const CA_CONFIG: &Schema = &Schema::Struct(&[
    ("NodeCertExpiry", ANY),
    ("ExternalCAs", &Schema::List(EXTERNAL_CA)),
    ("SigningCACert", ANY),
    ("SigningCAKey", ANY),
    ("ForceRotate", ANY),
]);

pub(crate) const SPEC: &Schema = &Schema::Struct(&[
    ("Name", ANY),
    ("Labels", MAP),
    ("Orchestration", &Schema::Struct(&[("TaskHistoryRetentionLimit", ANY)])),
    ("Raft", RAFT),
    ("Dispatcher", &Schema::Struct(&[("HeartbeatPeriod", ANY)])),
    ("CAConfig", CA_CONFIG),
    ("TaskDefaults", &Schema::Struct(&[("LogDriver", DRIVER)])),
    ("EncryptionConfig", &Schema::Struct(&[("AutoLockManagers", ANY)])),
]);

pub(crate) const INIT: &Schema = &Schema::Struct(&[
    ("ListenAddr", ANY),
    ("AdvertiseAddr", ANY),
    ("DataPathAddr", ANY),
    ("DataPathPort", ANY),
    ("ForceNewCluster", ANY),
    ("Spec", SPEC),
    ("AutoLockManagers", ANY),
    ("Availability", ANY),
    ("DefaultAddrPool", LIST),
    ("SubnetSize", ANY),
]);

pub(crate) const JOIN: &Schema = &Schema::Struct(&[
    ("ListenAddr", ANY),
    ("AdvertiseAddr", ANY),
    ("DataPathAddr", ANY),
    ("RemoteAddrs", LIST),
    ("JoinToken", ANY),
    ("Availability", ANY),
]);

pub(crate) const UNLOCK: &Schema = &Schema::Struct(&[("UnlockKey", ANY)]);
