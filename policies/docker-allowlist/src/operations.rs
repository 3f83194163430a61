//! Docker's operationIds, what each does, and groups of them. A new operation of the host's table is one word here;
//! `tests/operations.rs` compares both.

/// What an operation does, as far as a rule has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Lists things, or says something of the daemon. No name in a rule narrows that.
    List,
    /// Reads one thing.
    Read,
    /// Makes, changes or runs something, or reads what may be secret.
    Change,
    /// Gives power over the host or the whole swarm, or is a stream that no policy can see into.
    Host,
}

/// Every operation of a class.
const CLASSES: [(Class, &str); 4] = [
    (
        Class::List,
        "ConfigList ContainerList ImageList ImageSearch NetworkList NodeList Options PluginList SecretList ServiceList \
         SystemDataUsage SystemEvents SystemInfo SystemPing SystemPingHead SystemVersion TaskList VolumeList",
    ),
    (
        Class::Read,
        "ContainerChanges ContainerInspect ContainerLogs ContainerStats ContainerTop DistributionInspect ExecInspect \
         ImageHistory ImageInspect NetworkInspect NodeInspect PluginInspect SecretInspect ServiceInspect ServiceLogs \
         TaskInspect TaskLogs VolumeInspect",
    ),
    (
        Class::Change,
        "BuildCancel BuildPrune CheckpointCreate CheckpointDelete CheckpointList ConfigCreate ConfigDelete ConfigInspect \
         ConfigUpdate ContainerArchive ContainerArchiveInfo ContainerAttach ContainerAttachWebsocket ContainerCopy \
         ContainerCreate ContainerDelete ContainerExec ContainerExport ContainerKill ContainerLogsClear ContainerPause \
         ContainerPrune ContainerRename ContainerResize ContainerRestart ContainerStart ContainerStop ContainerUnpause \
         ContainerUpdate ContainerWait ExecResize ExecStart GetPluginPrivileges ImageBuild ImageCommit ImageCreate \
         ImageDelete ImageGet ImageGetAll ImageLoad ImagePrune ImagePush ImageTag NetworkConnect NetworkCreate \
         NetworkDelete NetworkDisconnect NetworkPrune PutContainerArchive SecretCreate SecretDelete SecretUpdate \
         ServiceCreate ServiceDelete ServiceUpdate SystemAuth VolumeCreate VolumeDelete VolumePrune VolumeUpdate",
    ),
    (
        Class::Host,
        "Debug Grpc NodeDelete NodeUpdate PluginCreate PluginDelete PluginDisable PluginEnable PluginPull PluginPush \
         PluginSet PluginUpgrade Session SwarmInit SwarmInspect SwarmJoin SwarmLeave SwarmUnlock SwarmUnlockkey \
         SwarmUpdate",
    ),
];

/// Groups besides `list` and `read`, which are classes.
const GROUPS: [(&str, &str); 8] = [
    (
        "run",
        "ContainerAttach ContainerCreate ContainerDelete ContainerInspect ContainerKill ContainerList ContainerLogs \
         ContainerPause ContainerRename ContainerResize ContainerRestart ContainerStart ContainerStop ContainerUnpause \
         ContainerWait",
    ),
    ("exec", "ContainerExec ContainerInspect ExecInspect ExecResize ExecStart"),
    ("copy", "ContainerArchive ContainerArchiveInfo PutContainerArchive"),
    ("pull", "DistributionInspect ImageCreate ImageInspect"),
    ("push", "ImagePush ImageTag"),
    ("build", "BuildCancel ImageBuild ImageInspect"),
    ("networks", "NetworkConnect NetworkCreate NetworkDelete NetworkDisconnect NetworkInspect NetworkList"),
    ("volumes", "VolumeCreate VolumeDelete VolumeInspect VolumeList"),
];

/// The class of an operation; none where there is no such operation.
pub(crate) fn class(operation: &str) -> Option<Class> {
    let holds = |(_, names): &&(Class, &str)| names.split_whitespace().any(|name| name == operation);
    CLASSES.iter().find(holds).map(|(class, _)| *class)
}

/// The operations that an entry of `operations` stands for; none where it is neither an operation nor a group.
pub(crate) fn of_entry(entry: &str) -> Option<Vec<&'static str>> {
    let classes: &[Class] = match entry {
        "list" => &[Class::List],
        "read" => &[Class::List, Class::Read],
        _ => {
            let group = GROUPS.iter().find(|(name, _)| *name == entry);
            let single = all().find(|name| *name == entry);
            return group
                .map(|(_, names)| names.split_whitespace().collect())
                .or(single.map(|name| vec![name]));
        }
    };
    let names = CLASSES.iter().filter(|(class, _)| classes.contains(class));
    Some(names.flat_map(|(_, names)| names.split_whitespace()).collect())
}

/// The names of all groups.
pub(crate) fn groups() -> impl Iterator<Item = &'static str> {
    ["list", "read"].into_iter().chain(GROUPS.iter().map(|(name, _)| *name))
}

/// Every operation.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().flat_map(|(_, names)| names.split_whitespace())
}

/// Whether a request of this operation may name something of that kind, so that a rule can narrow it.
pub(crate) fn names_kind(operation: &str, kind: &str) -> bool {
    let runs = matches!(operation, "ContainerCreate" | "ServiceCreate" | "ServiceUpdate");
    let of_kind = |prefix: &str| operation.starts_with(prefix) && class(operation) != Some(Class::List);
    match kind {
        "image" => runs || of_kind("Image") || operation == "DistributionInspect",
        "container" => {
            ["Container", "Exec", "Checkpoint"].iter().any(|prefix| of_kind(prefix))
                || matches!(
                    operation,
                    "PutContainerArchive" | "ImageCommit" | "NetworkConnect" | "NetworkDisconnect"
                )
        }
        "network" => runs || of_kind("Network") || operation == "ImageBuild",
        "volume" => runs || of_kind("Volume"),
        "service" => of_kind("Service"),
        "secret" => of_kind("Secret"),
        "config" => of_kind("Config"),
        _ => false,
    }
}
