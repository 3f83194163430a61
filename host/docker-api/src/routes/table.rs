//! The routes, by first segment, in dockerd's order.
//!
//! Operations that Docker's specification (api/swagger.yaml) does not name have names of ours:
//!
//! | ours | route |
//! |---|---|
//! | `CheckpointList`, `CheckpointCreate`, `CheckpointDelete` | `/containers/{name}/checkpoints` |
//! | `ContainerCopy` | `POST /containers/{name}/copy`, removed in later versions |
//! | `ContainerLogsClear` | `POST /containers/{name}/logs/clear`, in some builds |
//! | `BuildCancel` | `POST /build/cancel` |
//! | `Grpc` | `POST /grpc`: the whole BuildKit control API, unseen by plugins |
//! | `Debug` | `/debug/...`, any method: profiles and variables of the daemon |
//! | `Options` | `OPTIONS` on any path |

use super::Rule;
use super::Shape::{self, Exact, Greedy, One, Two};

const fn rule(method: &'static str, shape: Shape, operation: &'static str, kind: &'static str) -> Rule {
    Rule { method, shape, operation, kind }
}

pub(super) const FIRST_SEGMENTS: [&str; 24] = [
    "containers",
    "exec",
    "commit",
    "images",
    "_ping",
    "events",
    "info",
    "version",
    "system",
    "auth",
    "volumes",
    "build",
    "session",
    "swarm",
    "services",
    "nodes",
    "tasks",
    "secrets",
    "configs",
    "plugins",
    "distribution",
    "grpc",
    "networks",
    "debug",
];

pub(super) const OPTIONS: Rule = rule("OPTIONS", Exact(""), "Options", "daemon");

pub(super) fn under(first: &str) -> &'static [Rule] {
    match first {
        "containers" => CONTAINERS,
        "exec" => EXEC,
        "commit" => COMMIT,
        "images" => IMAGES,
        "_ping" => PING,
        "events" => EVENTS,
        "info" => INFO,
        "version" => VERSION,
        "system" => SYSTEM,
        "auth" => AUTH,
        "volumes" => VOLUMES,
        "build" => BUILD,
        "session" => SESSION,
        "swarm" => SWARM,
        "services" => SERVICES,
        "nodes" => NODES,
        "tasks" => TASKS,
        "secrets" => SECRETS,
        "configs" => CONFIGS,
        "plugins" => PLUGINS,
        "distribution" => DISTRIBUTION,
        "grpc" => GRPC,
        "networks" => NETWORKS,
        "debug" => DEBUG,
        _ => &[],
    }
}

const CONTAINERS: &[Rule] = &[
    // The checkpoint router comes first, or the last route of all would mask its DELETE.
    rule("GET", Greedy("/checkpoints"), "CheckpointList", "container"),
    rule("POST", Greedy("/checkpoints"), "CheckpointCreate", "container"),
    rule("DELETE", Two("/checkpoints/"), "CheckpointDelete", "container"),
    rule("HEAD", Greedy("/archive"), "ContainerArchiveInfo", "container"),
    rule("GET", Exact("/json"), "ContainerList", "container"),
    rule("GET", Greedy("/export"), "ContainerExport", "container"),
    rule("GET", Greedy("/changes"), "ContainerChanges", "container"),
    rule("GET", Greedy("/json"), "ContainerInspect", "container"),
    rule("GET", Greedy("/top"), "ContainerTop", "container"),
    rule("GET", Greedy("/logs"), "ContainerLogs", "container"),
    rule("GET", Greedy("/stats"), "ContainerStats", "container"),
    rule("GET", Greedy("/attach/ws"), "ContainerAttachWebsocket", "container"),
    rule("GET", Greedy("/archive"), "ContainerArchive", "container"),
    rule("POST", Exact("/create"), "ContainerCreate", "container"),
    rule("POST", Greedy("/kill"), "ContainerKill", "container"),
    rule("POST", Greedy("/pause"), "ContainerPause", "container"),
    rule("POST", Greedy("/unpause"), "ContainerUnpause", "container"),
    rule("POST", Greedy("/restart"), "ContainerRestart", "container"),
    rule("POST", Greedy("/start"), "ContainerStart", "container"),
    rule("POST", Greedy("/stop"), "ContainerStop", "container"),
    rule("POST", Greedy("/wait"), "ContainerWait", "container"),
    rule("POST", Greedy("/resize"), "ContainerResize", "container"),
    rule("POST", Greedy("/attach"), "ContainerAttach", "container"),
    rule("POST", Greedy("/copy"), "ContainerCopy", "container"),
    rule("POST", Greedy("/exec"), "ContainerExec", "container"),
    rule("POST", Greedy("/logs/clear"), "ContainerLogsClear", "container"),
    rule("POST", Greedy("/rename"), "ContainerRename", "container"),
    rule("POST", Greedy("/update"), "ContainerUpdate", "container"),
    rule("POST", Exact("/prune"), "ContainerPrune", "container"),
    rule("PUT", Greedy("/archive"), "PutContainerArchive", "container"),
    rule("DELETE", Greedy(""), "ContainerDelete", "container"),
];

const EXEC: &[Rule] = &[
    rule("GET", Greedy("/json"), "ExecInspect", "exec"),
    rule("POST", Greedy("/start"), "ExecStart", "exec"),
    rule("POST", Greedy("/resize"), "ExecResize", "exec"),
];

const COMMIT: &[Rule] = &[rule("POST", Exact(""), "ImageCommit", "image")];

const IMAGES: &[Rule] = &[
    rule("GET", Exact("/json"), "ImageList", "image"),
    rule("GET", Exact("/search"), "ImageSearch", "distribution"),
    rule("GET", Exact("/get"), "ImageGetAll", "image"),
    rule("GET", Greedy("/get"), "ImageGet", "image"),
    rule("GET", Greedy("/history"), "ImageHistory", "image"),
    rule("GET", Greedy("/json"), "ImageInspect", "image"),
    rule("POST", Exact("/load"), "ImageLoad", "image"),
    rule("POST", Exact("/create"), "ImageCreate", "image"),
    rule("POST", Greedy("/push"), "ImagePush", "image"),
    rule("POST", Greedy("/tag"), "ImageTag", "image"),
    rule("POST", Exact("/prune"), "ImagePrune", "image"),
    rule("DELETE", Greedy(""), "ImageDelete", "image"),
];

const PING: &[Rule] =
    &[rule("GET", Exact(""), "SystemPing", "daemon"), rule("HEAD", Exact(""), "SystemPingHead", "daemon")];
const EVENTS: &[Rule] = &[rule("GET", Exact(""), "SystemEvents", "daemon")];
const INFO: &[Rule] = &[rule("GET", Exact(""), "SystemInfo", "daemon")];
const VERSION: &[Rule] = &[rule("GET", Exact(""), "SystemVersion", "daemon")];
const SYSTEM: &[Rule] = &[rule("GET", Exact("/df"), "SystemDataUsage", "daemon")];
const AUTH: &[Rule] = &[rule("POST", Exact(""), "SystemAuth", "daemon")];

const VOLUMES: &[Rule] = &[
    rule("GET", Exact(""), "VolumeList", "volume"),
    rule("GET", Greedy(""), "VolumeInspect", "volume"),
    rule("POST", Exact("/create"), "VolumeCreate", "volume"),
    rule("POST", Exact("/prune"), "VolumePrune", "volume"),
    rule("PUT", Greedy(""), "VolumeUpdate", "volume"),
    rule("DELETE", Greedy(""), "VolumeDelete", "volume"),
];

const BUILD: &[Rule] = &[
    rule("POST", Exact(""), "ImageBuild", "build"),
    rule("POST", Exact("/prune"), "BuildPrune", "build"),
    rule("POST", Exact("/cancel"), "BuildCancel", "build"),
];

const SESSION: &[Rule] = &[rule("POST", Exact(""), "Session", "session")];

const SWARM: &[Rule] = &[
    rule("POST", Exact("/init"), "SwarmInit", "swarm"),
    rule("POST", Exact("/join"), "SwarmJoin", "swarm"),
    rule("POST", Exact("/leave"), "SwarmLeave", "swarm"),
    rule("GET", Exact(""), "SwarmInspect", "swarm"),
    rule("GET", Exact("/unlockkey"), "SwarmUnlockkey", "swarm"),
    rule("POST", Exact("/update"), "SwarmUpdate", "swarm"),
    rule("POST", Exact("/unlock"), "SwarmUnlock", "swarm"),
];

const SERVICES: &[Rule] = &[
    rule("GET", Exact(""), "ServiceList", "service"),
    rule("GET", One(""), "ServiceInspect", "service"),
    rule("POST", Exact("/create"), "ServiceCreate", "service"),
    rule("POST", One("/update"), "ServiceUpdate", "service"),
    rule("DELETE", One(""), "ServiceDelete", "service"),
    rule("GET", One("/logs"), "ServiceLogs", "service"),
];

const NODES: &[Rule] = &[
    rule("GET", Exact(""), "NodeList", "node"),
    rule("GET", One(""), "NodeInspect", "node"),
    rule("DELETE", One(""), "NodeDelete", "node"),
    rule("POST", One("/update"), "NodeUpdate", "node"),
];

const TASKS: &[Rule] = &[
    rule("GET", Exact(""), "TaskList", "task"),
    rule("GET", One(""), "TaskInspect", "task"),
    rule("GET", One("/logs"), "TaskLogs", "task"),
];

const SECRETS: &[Rule] = &[
    rule("GET", Exact(""), "SecretList", "secret"),
    rule("POST", Exact("/create"), "SecretCreate", "secret"),
    rule("DELETE", One(""), "SecretDelete", "secret"),
    rule("GET", One(""), "SecretInspect", "secret"),
    rule("POST", One("/update"), "SecretUpdate", "secret"),
];

const CONFIGS: &[Rule] = &[
    rule("GET", Exact(""), "ConfigList", "config"),
    rule("POST", Exact("/create"), "ConfigCreate", "config"),
    rule("DELETE", One(""), "ConfigDelete", "config"),
    rule("GET", One(""), "ConfigInspect", "config"),
    rule("POST", One("/update"), "ConfigUpdate", "config"),
];

const PLUGINS: &[Rule] = &[
    rule("GET", Exact(""), "PluginList", "plugin"),
    rule("GET", Greedy("/json"), "PluginInspect", "plugin"),
    rule("GET", Exact("/privileges"), "GetPluginPrivileges", "plugin"),
    rule("DELETE", Greedy(""), "PluginDelete", "plugin"),
    rule("POST", Greedy("/enable"), "PluginEnable", "plugin"),
    rule("POST", Greedy("/disable"), "PluginDisable", "plugin"),
    rule("POST", Exact("/pull"), "PluginPull", "plugin"),
    rule("POST", Greedy("/push"), "PluginPush", "plugin"),
    rule("POST", Greedy("/upgrade"), "PluginUpgrade", "plugin"),
    rule("POST", Greedy("/set"), "PluginSet", "plugin"),
    rule("POST", Exact("/create"), "PluginCreate", "plugin"),
];

const DISTRIBUTION: &[Rule] = &[rule("GET", Greedy("/json"), "DistributionInspect", "distribution")];

const GRPC: &[Rule] = &[rule("POST", Exact(""), "Grpc", "build")];

const NETWORKS: &[Rule] = &[
    rule("GET", Exact(""), "NetworkList", "network"),
    rule("GET", Exact("/"), "NetworkList", "network"),
    rule("GET", Greedy(""), "NetworkInspect", "network"),
    rule("POST", Exact("/create"), "NetworkCreate", "network"),
    rule("POST", Greedy("/connect"), "NetworkConnect", "network"),
    rule("POST", Greedy("/disconnect"), "NetworkDisconnect", "network"),
    rule("POST", Exact("/prune"), "NetworkPrune", "network"),
    rule("DELETE", Greedy(""), "NetworkDelete", "network"),
];

const DEBUG: &[Rule] = &[rule("*", Exact(""), "Debug", "daemon"), rule("*", Greedy(""), "Debug", "daemon")];
