//! `portcullis:policy/docker`: the words of the Docker hooks.

use crate::types::{Context, Principal};
use crate::{HeapSize, Pairs};

record! {
    /// An image reference, taken apart as Docker does it.
    Image {
        as_sent = "as-sent": String,
        domain: String,
        path: String,
        tag: Option<String>,
        digest: Option<String>,
    }
}

record! {
    /// Something that the request reads, changes or makes.
    Target {
        kind: String,
        as_sent = "as-sent": String,
        name: Option<String>,
        id: Option<String>,
        labels: Pairs,
        image: Option<Image>,
    }
}

record! {
    /// One mount, in whichever of Docker's ways it was said.
    Mount {
        kind: String,
        origin: String,
        as_sent = "as-sent": String,
        source: Option<String>,
        target: Option<String>,
        read_only = "read-only": bool,
        propagation: Option<String>,
        driver: Option<String>,
        driver_options = "driver-options": Pairs,
        host_path = "host-path": Option<String>,
        extra: Pairs,
    }
}

record! {
    /// A path of the daemon's host that the request names elsewhere than in a mount.
    HostPath {
        path: String,
        why: String,
        access: String,
    }
}

record! {
    /// One namespace that is not the container's own, or was named in the request.
    Namespace {
        kind: String,
        mode: String,
        container: Option<String>,
    }
}

record! {
    /// A device of the host that is handed in.
    Device {
        path_on_host = "path-on-host": String,
        path_in_container = "path-in-container": String,
        permissions: String,
    }
}

record! {
    /// Devices asked for through a driver.
    DeviceRequest {
        driver: String,
        count: i32,
        device_ids = "device-ids": Vec<String>,
        capabilities: Vec<Vec<String>>,
    }
}

record! {
    /// One entry of `SecurityOpt`.
    SecurityOption {
        name: String,
        value: Option<String>,
    }
}

record! {
    /// A port of the container that is published on the host.
    Port {
        container_port = "container-port": u16,
        protocol: String,
        host_ip = "host-ip": Option<String>,
        host_port = "host-port": Option<String>,
    }
}

record! {
    /// What is to be run.
    Workload {
        image: Option<Image>,
        command: Vec<String>,
        entrypoint: Vec<String>,
        environment: Vec<String>,
        user: Option<String>,
        groups_added = "groups-added": Vec<String>,
        privileged: bool,
        mounts: Vec<Mount>,
        capabilities_added = "capabilities-added": Vec<String>,
        capabilities_dropped = "capabilities-dropped": Vec<String>,
        namespaces: Vec<Namespace>,
        devices: Vec<Device>,
        device_cgroup_rules = "device-cgroup-rules": Vec<String>,
        device_requests = "device-requests": Vec<DeviceRequest>,
        security_options = "security-options": Vec<SecurityOption>,
        masked_paths = "masked-paths": Option<Vec<String>>,
        readonly_paths = "readonly-paths": Option<Vec<String>>,
        published: Vec<Port>,
        publish_all = "publish-all": bool,
        networks: Vec<String>,
        extra_hosts = "extra-hosts": Vec<String>,
        labels: Pairs,
        annotations: Pairs,
        sysctls: Pairs,
        runtime: Option<String>,
        cgroup_parent = "cgroup-parent": Option<String>,
        restart: Option<String>,
        log_driver = "log-driver": Option<String>,
        log_options = "log-options": Pairs,
        memory_limit = "memory-limit": Option<u64>,
        read_only_root = "read-only-root": bool,
        extra: Pairs,
    }
}

/// A request's or an answer's body.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "wasmtime",
    derive(wasmtime::component::ComponentType, wasmtime::component::Lift, wasmtime::component::Lower),
    component(variant)
)]
pub enum Body {
    /// There is none.
    #[default]
    #[cfg_attr(feature = "wasmtime", component(name = "absent"))]
    Absent,
    /// One JSON value in canonical form.
    #[cfg_attr(feature = "wasmtime", component(name = "json"))]
    Json(String),
    /// There is one, but the daemon did not show it: why.
    #[cfg_attr(feature = "wasmtime", component(name = "unseen"))]
    Unseen(String),
}

impl HeapSize for Body {
    fn heap_size(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Json(text) | Self::Unseen(text) => text.heap_size(),
        }
    }
}

record! {
    /// A call to the Docker Engine API, before the daemon carries it out.
    Request {
        context: Context,
        daemon: String,
        principal: Principal,
        operation: Option<String>,
        method: String,
        uri: String,
        path: Vec<String>,
        api_version = "api-version": Option<(u32, u32)>,
        query: Pairs,
        headers: Pairs,
        targets: Vec<Target>,
        body: Body,
        anomalies: Vec<String>,
        workload: Option<Workload>,
        volume: Option<Mount>,
        host_paths = "host-paths": Vec<HostPath>,
        extra: Pairs,
    }
}

record! {
    /// The daemon's answer, before the client sees it.
    Response {
        request: Request,
        status: Option<u16>,
        headers: Pairs,
        body: Body,
        extra: Pairs,
    }
}
