//! docker-leash's names of actions, by Docker's operationIds. An action's namespace is its leading part in lower case.

/// One row for each action: docker-leash's name, and the operations that it stands for.
const ACTIONS: [(&str, &[&str]); 105] = [
    ("configsCreate", &["ConfigCreate"]),
    ("configsInspect", &["ConfigInspect"]),
    ("configsList", &["ConfigList"]),
    ("configsRemove", &["ConfigDelete"]),
    ("configsUpdate", &["ConfigUpdate"]),
    ("containersAttach", &["ContainerAttach"]),
    ("containersAttachWebsocket", &["ContainerAttachWebsocket"]),
    ("containersChanges", &["ContainerChanges"]),
    ("containersCreate", &["ContainerCreate"]),
    ("containersExport", &["ContainerExport"]),
    ("containersExtractArchiveToDirectory", &["PutContainerArchive"]),
    ("containersGetFilesystemArchive", &["ContainerArchive"]),
    ("containersGetInfoAboutFiles", &["ContainerArchiveInfo"]),
    ("containersInspect", &["ContainerInspect"]),
    ("containersKill", &["ContainerKill"]),
    ("containersList", &["ContainerList"]),
    ("containersListProcess", &["ContainerTop"]),
    ("containersLogs", &["ContainerLogs"]),
    ("containersPause", &["ContainerPause"]),
    ("containersPrune", &["ContainerPrune"]),
    ("containersRemove", &["ContainerDelete"]),
    ("containersRename", &["ContainerRename"]),
    ("containersResizeTTY", &["ContainerResize"]),
    ("containersRestart", &["ContainerRestart"]),
    ("containersStart", &["ContainerStart"]),
    ("containersStats", &["ContainerStats"]),
    ("containersStop", &["ContainerStop"]),
    ("containersUnpause", &["ContainerUnpause"]),
    ("containersUpdate", &["ContainerUpdate"]),
    ("containersWait", &["ContainerWait"]),
    ("distributionImageInfo", &["DistributionInspect"]),
    ("execCreate", &["ContainerExec"]),
    ("execInspect", &["ExecInspect"]),
    ("execResize", &["ExecResize"]),
    ("execStart", &["ExecStart"]),
    ("imagesBuild", &["ImageBuild", "BuildCancel"]),
    ("imagesCommit", &["ImageCommit"]),
    ("imagesCreate", &["ImageCreate"]),
    ("imagesDeleteBuilderCache", &["BuildPrune"]),
    ("imagesExport", &["ImageGet"]),
    ("imagesExportMultiple", &["ImageGetAll"]),
    ("imagesHistory", &["ImageHistory"]),
    ("imagesImport", &["ImageLoad"]),
    ("imagesInspect", &["ImageInspect"]),
    ("imagesList", &["ImageList"]),
    ("imagesPrune", &["ImagePrune"]),
    ("imagesPush", &["ImagePush"]),
    ("imagesRemove", &["ImageDelete"]),
    ("imagesSearch", &["ImageSearch"]),
    ("imagesTag", &["ImageTag"]),
    ("networksConnect", &["NetworkConnect"]),
    ("networksCreate", &["NetworkCreate"]),
    ("networksDisconnect", &["NetworkDisconnect"]),
    ("networksInspect", &["NetworkInspect"]),
    ("networksList", &["NetworkList"]),
    ("networksPrune", &["NetworkPrune"]),
    ("networksRemove", &["NetworkDelete"]),
    ("nodesInspect", &["NodeInspect"]),
    ("nodesList", &["NodeList"]),
    ("nodesRemove", &["NodeDelete"]),
    ("nodesUpdate", &["NodeUpdate"]),
    ("pluginsConfigure", &["PluginSet"]),
    ("pluginsCreate", &["PluginCreate"]),
    ("pluginsDisable", &["PluginDisable"]),
    ("pluginsEnable", &["PluginEnable"]),
    ("pluginsInspect", &["PluginInspect"]),
    ("pluginsInstall", &["PluginPull"]),
    ("pluginsList", &["PluginList"]),
    ("pluginsPrivileges", &["GetPluginPrivileges"]),
    ("pluginsPush", &["PluginPush"]),
    ("pluginsRemove", &["PluginDelete"]),
    ("pluginsUpgrade", &["PluginUpgrade"]),
    ("secretsCreate", &["SecretCreate"]),
    ("secretsInspect", &["SecretInspect"]),
    ("secretsList", &["SecretList"]),
    ("secretsRemove", &["SecretDelete"]),
    ("secretsUpdate", &["SecretUpdate"]),
    ("servicesCreate", &["ServiceCreate"]),
    ("servicesInspect", &["ServiceInspect"]),
    ("servicesList", &["ServiceList"]),
    ("servicesLogs", &["ServiceLogs"]),
    ("servicesRemove", &["ServiceDelete"]),
    ("servicesUpdate", &["ServiceUpdate"]),
    ("sessionInteractive", &["Session"]),
    ("swarmInitialize", &["SwarmInit"]),
    ("swarmInspect", &["SwarmInspect"]),
    ("swarmJoin", &["SwarmJoin"]),
    ("swarmLeave", &["SwarmLeave"]),
    ("swarmUnlock", &["SwarmUnlock"]),
    ("swarmUnlockKey", &["SwarmUnlockkey"]),
    ("swarmUpdate", &["SwarmUpdate"]),
    ("systemDataUsage", &["SystemDataUsage"]),
    ("systemEvents", &["SystemEvents"]),
    ("systemInfo", &["SystemInfo"]),
    ("systemPing", &["SystemPing", "SystemPingHead"]),
    ("systemRegistryAuth", &["SystemAuth"]),
    ("systemVersion", &["SystemVersion"]),
    ("tasksInspect", &["TaskInspect"]),
    ("tasksList", &["TaskList"]),
    ("tasksLogs", &["TaskLogs"]),
    ("volumesCreate", &["VolumeCreate"]),
    ("volumesInspect", &["VolumeInspect"]),
    ("volumesList", &["VolumeList"]),
    ("volumesPrune", &["VolumePrune"]),
    ("volumesRemove", &["VolumeDelete"]),
];

/// The action of an operation. What docker-leash has no name for is denied, also where `any` allows.
pub(crate) fn of_operation(operation: &str) -> Option<&'static str> {
    let row = ACTIONS.iter().find(|(_, operations)| operations.contains(&operation));
    row.map(|(action, _)| *action)
}

/// `containers` of `containersList`.
pub(crate) fn namespace(action: &str) -> &str {
    let upper = action.find(|c: char| c.is_ascii_uppercase());
    upper.map_or(action, |upper| &action[..upper])
}

/// Whether a key of `rules` is an action, a namespace, or `any`.
pub(crate) fn is_known(key: &str) -> bool {
    key == "any" || ACTIONS.iter().any(|(action, _)| *action == key || namespace(action) == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The rows of the host's table: `"GET /path" => Operation: Kind`.
    const TABLE: &str = include_str!("../../../host/docker-api/src/operation/table.rs");
    /// Operations that docker-leash does not know, and that stay denied.
    const DENIED: [&str; 9] = [
        "CheckpointCreate",
        "CheckpointDelete",
        "CheckpointList",
        "ContainerCopy",
        "ContainerLogsClear",
        "Debug",
        "Grpc",
        "Options",
        "VolumeUpdate",
    ];

    #[test]
    fn every_operation_of_the_host_has_an_action_or_is_denied() {
        let code = TABLE.lines().filter(|line| !line.trim_start().starts_with("//"));
        let hosts: BTreeSet<_> = code
            .filter_map(|line| line.split_once("=> ")?.1.split_once(':'))
            .map(|(operation, _)| operation)
            .collect();
        let ours = ACTIONS.iter().flat_map(|(_, operations)| operations.iter().copied()).chain(DENIED);
        assert_eq!(ours.clone().count(), hosts.len(), "one stands twice");
        assert_eq!(ours.collect::<BTreeSet<_>>(), hosts);
        assert!(DENIED.iter().all(|operation| of_operation(operation).is_none()));
    }

    #[test]
    fn namespaces_are_the_leading_part() {
        let namespaces: BTreeSet<_> = ACTIONS.iter().map(|(action, _)| namespace(action)).collect();
        let expected = "configs containers distribution exec images networks nodes plugins secrets services session \
                        swarm system tasks volumes";
        assert_eq!(namespaces.into_iter().collect::<Vec<_>>().join(" "), expected);
        for (key, known) in [
            ("any", true),
            ("containersList", true),
            ("containers", true),
            ("all", false),
            ("container", false),
            ("ContainersList", false),
        ] {
            assert_eq!(is_known(key), known, "{key}");
        }
    }
}
