//! One row for each operation of the Docker Engine API.
//!
//! A row is `"METHOD /path" => OperationId: Kind { fields }`. Routes are written as in moby: `{name:.*}` takes slashes
//! too, `{id}` is one segment. The rows keep dockerd's order of registration (moby cmd/dockerd/daemon.go and
//! api/server/router), since the first route that matches wins. Fields that a row leaves out are those of
//! `OperationSpec::plain`: no body is read, and the one target is of the row's kind and named in the path.
//!
//! A new operation is one row here. The tests in `operation/tests.rs` say whether another row masks its route.
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

use super::body::BodySpec::{
    Archive, ArchiveOrForm, Credentials, CredentialsOrForm, Form, Harmless, HostConfigOfStart, ImportOrForm,
    Json, OptionalJson, Stream,
};
use super::{OperationSpec, RoutePattern};
use crate::facts::NameSource::{Body, EachInQuery, Path, PathWithTag, Query, QueryWithTag};
use crate::facts::TargetKind::{
    Build, Config, Container, Distribution, Image, Network, Plugin, Secret, Service, Volume,
};
use crate::facts::{self, Facts, host_paths, named, reference};
use crate::schema;

operations! {
    "OPTIONS /{anyroute:.*}" => Options: Daemon,

    // Containers. The checkpoint router comes first, or the last route of all would mask its DELETE.
    "GET /containers/{name:.*}/checkpoints" => CheckpointList: Container { host_paths: host_paths::checkpoints },
    "POST /containers/{name:.*}/checkpoints" => CheckpointCreate: Container {
        body: Json(schema::container::CHECKPOINT),
        host_paths: host_paths::checkpoint_create,
    },
    "DELETE /containers/{name}/checkpoints/{checkpoint}" => CheckpointDelete: Container { host_paths: host_paths::checkpoint_delete },
    "HEAD /containers/{name:.*}/archive" => ContainerArchiveInfo: Container,
    "GET /containers/json" => ContainerList: Container,
    "GET /containers/{name:.*}/export" => ContainerExport: Container,
    "GET /containers/{name:.*}/changes" => ContainerChanges: Container,
    "GET /containers/{name:.*}/json" => ContainerInspect: Container,
    "GET /containers/{name:.*}/top" => ContainerTop: Container,
    "GET /containers/{name:.*}/logs" => ContainerLogs: Container,
    "GET /containers/{name:.*}/stats" => ContainerStats: Container,
    "GET /containers/{name:.*}/attach/ws" => ContainerAttachWebsocket: Container { body: Stream },
    "GET /containers/{name:.*}/archive" => ContainerArchive: Container,
    "POST /containers/create" => ContainerCreate: Container {
        body: Json(schema::container::CREATE),
        hoists_host_config: true,
        targets: &[named(Container, Query("name"))],
        facts: Facts::Workload(facts::container::create),
        host_paths: host_paths::container,
    },
    "POST /containers/{name:.*}/kill" => ContainerKill: Container { body: Harmless },
    "POST /containers/{name:.*}/pause" => ContainerPause: Container { body: Harmless },
    "POST /containers/{name:.*}/unpause" => ContainerUnpause: Container { body: Harmless },
    "POST /containers/{name:.*}/restart" => ContainerRestart: Container { body: Harmless },
    "POST /containers/{name:.*}/start" => ContainerStart: Container {
        body: HostConfigOfStart(schema::container::CREATE),
        host_paths: host_paths::start,
    },
    "POST /containers/{name:.*}/stop" => ContainerStop: Container { body: Harmless },
    "POST /containers/{name:.*}/wait" => ContainerWait: Container { body: Harmless },
    "POST /containers/{name:.*}/resize" => ContainerResize: Container { body: Harmless },
    "POST /containers/{name:.*}/attach" => ContainerAttach: Container { body: Stream },
    "POST /containers/{name:.*}/copy" => ContainerCopy: Container {
        body: OptionalJson(schema::container::COPY),
    },
    "POST /containers/{name:.*}/exec" => ContainerExec: Container {
        body: Json(schema::container::EXEC),
        facts: Facts::Workload(facts::container::exec),
    },
    "POST /containers/{name:.*}/logs/clear" => ContainerLogsClear: Container { body: Form },
    "POST /containers/{name:.*}/rename" => ContainerRename: Container {
        body: Form,
        targets: &[named(Container, Path), named(Container, Query("name"))],
    },
    "POST /containers/{name:.*}/update" => ContainerUpdate: Container {
        body: Json(schema::container::UPDATE),
        facts: Facts::Workload(facts::container::update),
        host_paths: host_paths::update,
    },
    "POST /containers/prune" => ContainerPrune: Container { body: Form },
    "PUT /containers/{name:.*}/archive" => PutContainerArchive: Container { body: Archive },
    "DELETE /containers/{name:.*}" => ContainerDelete: Container,

    // Commands in containers.
    "GET /exec/{name:.*}/json" => ExecInspect: Exec,
    "POST /exec/{name:.*}/start" => ExecStart: Exec { body: Json(schema::container::EXEC_START) },
    "POST /exec/{name:.*}/resize" => ExecResize: Exec { body: Harmless },

    // Images.
    "POST /commit" => ImageCommit: Image {
        body: OptionalJson(schema::container::CREATE),
        targets: &[named(Container, Query("container")), reference(Image, QueryWithTag(&["repo"])).if_named()],
    },
    "GET /images/json" => ImageList: Image,
    "GET /images/search" => ImageSearch: Distribution { targets: &[named(Distribution, Query("term"))] },
    "GET /images/get" => ImageGetAll: Image { targets: &[reference(Image, EachInQuery("names"))] },
    "GET /images/{name:.*}/get" => ImageGet: Image { targets: &[reference(Image, Path)] },
    "GET /images/{name:.*}/history" => ImageHistory: Image { targets: &[reference(Image, Path)] },
    "GET /images/{name:.*}/json" => ImageInspect: Image { targets: &[reference(Image, Path)] },
    "POST /images/load" => ImageLoad: Image { body: Archive },
    "POST /images/create" => ImageCreate: Image {
        body: ImportOrForm,
        targets: &[reference(Image, QueryWithTag(&["fromImage", "repo"]))],
    },
    "POST /images/{name:.*}/push" => ImagePush: Image {
        body: CredentialsOrForm(schema::other::AUTH),
        targets: &[reference(Image, PathWithTag)],
    },
    "POST /images/{name:.*}/tag" => ImageTag: Image {
        body: Form,
        targets: &[reference(Image, Path), reference(Image, QueryWithTag(&["repo"]))],
    },
    "POST /images/prune" => ImagePrune: Image { body: Form },
    "DELETE /images/{name:.*}" => ImageDelete: Image { targets: &[reference(Image, Path)] },

    // The daemon.
    "GET /_ping" => SystemPing: Daemon,
    "HEAD /_ping" => SystemPingHead: Daemon,
    "GET /events" => SystemEvents: Daemon,
    "GET /info" => SystemInfo: Daemon,
    "GET /version" => SystemVersion: Daemon,
    "GET /system/df" => SystemDataUsage: Daemon,
    "POST /auth" => SystemAuth: Daemon {
        body: Credentials(schema::other::AUTH),
        response_secrets: &["IdentityToken"],
    },

    // Volumes.
    "GET /volumes" => VolumeList: Volume,
    "GET /volumes/{name:.*}" => VolumeInspect: Volume,
    "POST /volumes/create" => VolumeCreate: Volume {
        body: Json(schema::volume::CREATE),
        targets: &[named(Volume, Body("Name"))],
        facts: Facts::Volume(facts::volume::create),
        host_paths: host_paths::volume,
    },
    "POST /volumes/prune" => VolumePrune: Volume { body: Form },
    "PUT /volumes/{name:.*}" => VolumeUpdate: Volume { body: Json(schema::volume::UPDATE) },
    "DELETE /volumes/{name:.*}" => VolumeDelete: Volume,

    // Builds.
    "POST /build" => ImageBuild: Build {
        body: ArchiveOrForm,
        targets: &[reference(Image, EachInQuery("t"))],
        facts: Facts::WorkloadOfQuery(facts::build::build),
        host_paths: host_paths::build,
    },
    "POST /build/prune" => BuildPrune: Build { body: Form },
    "POST /build/cancel" => BuildCancel: Build { body: Form, targets: &[named(Build, Query("id"))] },
    "POST /session" => Session: Session { body: Stream },
    "POST /grpc" => Grpc: Build { body: Stream },

    // The swarm.
    "POST /swarm/init" => SwarmInit: Swarm {
        body: Json(schema::swarm::INIT),
        secrets: &["Spec.CAConfig.SigningCAKey"],
        host_paths: host_paths::swarm_init,
    },
    "POST /swarm/join" => SwarmJoin: Swarm { body: Json(schema::swarm::JOIN), secrets: &["JoinToken"] },
    "POST /swarm/leave" => SwarmLeave: Swarm { body: Form },
    "GET /swarm" => SwarmInspect: Swarm { response_secrets: &["JoinTokens.Worker", "JoinTokens.Manager"] },
    "GET /swarm/unlockkey" => SwarmUnlockkey: Swarm { response_secrets: &["UnlockKey"] },
    "POST /swarm/update" => SwarmUpdate: Swarm {
        body: Json(schema::swarm::SPEC),
        secrets: &["CAConfig.SigningCAKey"],
        host_paths: host_paths::swarm_update,
    },
    "POST /swarm/unlock" => SwarmUnlock: Swarm { body: Json(schema::swarm::UNLOCK), secrets: &["UnlockKey"] },

    // Services, nodes and tasks.
    "GET /services" => ServiceList: Service,
    "GET /services/{id}" => ServiceInspect: Service,
    "POST /services/create" => ServiceCreate: Service {
        body: Json(schema::swarm::SERVICE),
        targets: &[named(Service, Body("Name"))],
        facts: Facts::Workload(facts::service::service),
        host_paths: host_paths::service,
    },
    "POST /services/{id}/update" => ServiceUpdate: Service {
        body: Json(schema::swarm::SERVICE),
        facts: Facts::Workload(facts::service::service),
        host_paths: host_paths::service,
    },
    "DELETE /services/{id}" => ServiceDelete: Service,
    "GET /services/{id}/logs" => ServiceLogs: Service,
    "GET /nodes" => NodeList: Node,
    "GET /nodes/{id}" => NodeInspect: Node,
    "DELETE /nodes/{id}" => NodeDelete: Node,
    "POST /nodes/{id}/update" => NodeUpdate: Node { body: Json(schema::swarm::NODE) },
    "GET /tasks" => TaskList: Task,
    "GET /tasks/{id}" => TaskInspect: Task,
    "GET /tasks/{id}/logs" => TaskLogs: Task,

    // Secrets and configs.
    "GET /secrets" => SecretList: Secret,
    "POST /secrets/create" => SecretCreate: Secret {
        body: Json(schema::swarm::SECRET),
        targets: &[named(Secret, Body("Name"))],
        secrets: &["Data"],
    },
    "DELETE /secrets/{id}" => SecretDelete: Secret,
    "GET /secrets/{id}" => SecretInspect: Secret,
    "POST /secrets/{id}/update" => SecretUpdate: Secret {
        body: Json(schema::swarm::SECRET),
        secrets: &["Data"],
    },
    "GET /configs" => ConfigList: Config,
    "POST /configs/create" => ConfigCreate: Config {
        body: Json(schema::swarm::CONFIG),
        targets: &[named(Config, Body("Name"))],
    },
    "DELETE /configs/{id}" => ConfigDelete: Config,
    "GET /configs/{id}" => ConfigInspect: Config,
    "POST /configs/{id}/update" => ConfigUpdate: Config { body: Json(schema::swarm::CONFIG) },

    // Plugins.
    "GET /plugins" => PluginList: Plugin,
    "GET /plugins/{name:.*}/json" => PluginInspect: Plugin,
    "GET /plugins/privileges" => GetPluginPrivileges: Plugin {
        targets: &[reference(Plugin, Query("remote"))],
    },
    "DELETE /plugins/{name:.*}" => PluginDelete: Plugin,
    "POST /plugins/{name:.*}/enable" => PluginEnable: Plugin { body: Form },
    "POST /plugins/{name:.*}/disable" => PluginDisable: Plugin { body: Form },
    "POST /plugins/pull" => PluginPull: Plugin {
        body: Json(schema::other::PLUGIN_PRIVILEGES),
        targets: &[reference(Plugin, Query("remote")), named(Plugin, Query("name")).if_named()],
        host_paths: host_paths::plugin_privileges,
    },
    "POST /plugins/{name:.*}/push" => PluginPush: Plugin { body: Form },
    "POST /plugins/{name:.*}/upgrade" => PluginUpgrade: Plugin {
        body: Json(schema::other::PLUGIN_PRIVILEGES),
        targets: &[named(Plugin, Path), reference(Plugin, Query("remote"))],
        host_paths: host_paths::plugin_privileges,
    },
    "POST /plugins/{name:.*}/set" => PluginSet: Plugin { body: Json(schema::other::PLUGIN_SETTINGS), host_paths: host_paths::plugin_settings },
    "POST /plugins/create" => PluginCreate: Plugin {
        body: Archive,
        targets: &[named(Plugin, Query("name"))],
    },

    // Registries.
    "GET /distribution/{name:.*}/json" => DistributionInspect: Distribution {
        targets: &[reference(Distribution, Path)],
    },

    // Networks.
    "GET /networks" | "GET /networks/" => NetworkList: Network,
    "GET /networks/{name:.*}" => NetworkInspect: Network,
    "POST /networks/create" => NetworkCreate: Network {
        body: Json(schema::network::CREATE),
        targets: &[named(Network, Body("Name"))],
        host_paths: host_paths::network,
    },
    "POST /networks/{name:.*}/connect" => NetworkConnect: Network {
        body: Json(schema::network::CONNECT),
        targets: &[named(Network, Path), named(Container, Body("Container"))],
    },
    "POST /networks/{name:.*}/disconnect" => NetworkDisconnect: Network {
        body: Json(schema::network::DISCONNECT),
        targets: &[named(Network, Path), named(Container, Body("Container"))],
    },
    "POST /networks/prune" => NetworkPrune: Network { body: Form },
    "DELETE /networks/{name:.*}" => NetworkDelete: Network,

    // Profiles and variables of the daemon.
    "* /debug" | "* /debug/{name:.*}" => Debug: Daemon,
}
