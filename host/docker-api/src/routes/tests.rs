use proptest::prelude::*;

use super::*;

#[test]
fn requests_find_the_route_that_dockerd_takes() {
    let table: &[(&str, &str, &str)] = &[
        ("GET", "/_ping", "SystemPing daemon"),
        ("HEAD", "/_ping", "SystemPingHead daemon"),
        ("GET", "/containers/json", "ContainerList container"),
        ("GET", "/containers/json/json", "ContainerInspect container json"),
        ("GET", "/containers/a/b/json", "ContainerInspect container a/b"),
        ("HEAD", "/containers/a/archive", "ContainerArchiveInfo container a"),
        ("GET", "/containers/a/archive", "ContainerArchive container a"),
        ("PUT", "/containers/a/archive", "PutContainerArchive container a"),
        ("GET", "/containers/a/attach/ws", "ContainerAttachWebsocket container a"),
        ("POST", "/containers/a/kill/pause", "ContainerPause container a/kill"),
        ("POST", "/containers/create", "ContainerCreate container"),
        ("POST", "/containers/prune", "ContainerPrune container"),
        ("POST", "/containers/prune/start", "ContainerStart container prune"),
        ("DELETE", "/containers/", "ContainerDelete container "),
        ("DELETE", "/containers/a/checkpoints/c", "CheckpointDelete container a"),
        ("DELETE", "/containers/a/checkpoints/c/d", "ContainerDelete container a/checkpoints/c/d"),
        ("POST", "/containers/a/checkpoints", "CheckpointCreate container a"),
        ("POST", "/containers/a/copy", "ContainerCopy container a"),
        ("GET", "/exec/x/json", "ExecInspect exec x"),
        ("POST", "/exec/x/start", "ExecStart exec x"),
        ("POST", "/commit", "ImageCommit image"),
        ("GET", "/images/get", "ImageGetAll image"),
        ("GET", "/images/get/get", "ImageGet image get"),
        ("POST", "/images/a/push/tag", "ImageTag image a/push"),
        ("POST", "/images/127.0.0.1:38219/team/bb/push", "ImagePush image 127.0.0.1:38219/team/bb"),
        ("DELETE", "/images/127.0.0.1:38219/team/bb:1", "ImageDelete image 127.0.0.1:38219/team/bb:1"),
        ("GET", "/networks", "NetworkList network"),
        ("GET", "/networks/", "NetworkList network"),
        ("GET", "/networks/a/b", "NetworkInspect network a/b"),
        ("POST", "/networks/create/connect", "NetworkConnect network create"),
        ("GET", "/volumes/", "VolumeInspect volume "),
        ("PUT", "/volumes/v", "VolumeUpdate volume v"),
        ("GET", "/services/create", "ServiceInspect service create"),
        ("POST", "/services/create", "ServiceCreate service"),
        ("GET", "/tasks/t/logs", "TaskLogs task t"),
        ("GET", "/plugins/privileges", "GetPluginPrivileges plugin"),
        ("GET", "/plugins/a/b:latest/json", "PluginInspect plugin a/b:latest"),
        ("GET", "/distribution/a/b/json", "DistributionInspect distribution a/b"),
        ("POST", "/session", "Session session"),
        ("POST", "/grpc", "Grpc build"),
        ("POST", "/build/cancel", "BuildCancel build"),
        ("OPTIONS", "/any/thing", "Options daemon"),
        ("BREW", "/debug/pprof/heap", "Debug daemon pprof/heap"),
    ];
    for (method, path, expected) in table {
        let route = find(method, path).unwrap_or_else(|| panic!("{method} {path}"));
        let name = route.name.map(|name| format!(" {name}")).unwrap_or_default();
        let kind = route.operation.spec().kind.as_str();
        assert_eq!(format!("{} {kind}{name}", route.operation), *expected, "{method} {path}");
    }
}

#[test]
fn where_dockerd_has_no_page_there_is_no_route() {
    let table = [
        ("get", "/containers/json"),
        ("Post", "/containers/create"),
        ("HEAD", "/containers/json"),
        ("HEAD", "/version"),
        ("PATCH", "/containers/a"),
        ("GET", "/containers"),
        ("GET", "/containers/json/"),
        ("POST", "/containers/create/"),
        ("GET", "/containers/json/foo"),
        ("GET", "/Containers/json"),
        ("GET", "/v1.41/info"),
        ("GET", "/info#x"),
        ("GET", "/auth"),
        ("GET", "/df"),
        ("GET", "/services/a/b"),
        ("GET", "/services/"),
        ("POST", "/services//update"),
        ("GET", "/nodes/a/b"),
        ("GET", "/"),
        ("GET", ""),
        ("GET", "info"),
        ("", "/info"),
        ("*", "/info"),
        ("GET", "/nothing"),
    ];
    for (method, path) in table {
        assert_eq!(find(method, path), None, "{method} {path}");
    }
}

proptest! {
    #[test]
    fn no_path_makes_it_panic(method in any::<String>(), path in any::<String>()) {
        let _ = find(&method, &path);
        let _ = find("DELETE", &format!("/containers/{path}"));
    }
}
