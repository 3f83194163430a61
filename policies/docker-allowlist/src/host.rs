//! Options that open the daemon's host. A rule refuses all of them unless it says `host_options = "allow"`: docker-baseline
//! has settings for each, this policy only the one.

use crate::operations::{self, Class};
use portcullis_policy_docker_common::capabilities;
use portcullis_policy_docker_common::network::Network;
use portcullis_policy_docker_common::request::parameter;
use portcullis_policy_sdk::docker::{Mount, Request, SecurityOption, Workload};

/// The first option of the request that opens the host, in words.
pub(crate) fn opening(operation: &str, request: &Request) -> Option<String> {
    if operations::class(operation) == Some(Class::Host) {
        return Some(format!("`{operation}` gives power over the host"));
    }
    if let Some(path) = request.host_paths.first() {
        return Some(format!("the path `{}` of the host is named", path.path));
    }
    of_operation(operation, request)
        .or_else(|| request.volume.as_ref().and_then(mount))
        .or_else(|| request.workload.as_ref().and_then(|workload| self::workload(operation, workload)))
}

fn of_operation(operation: &str, request: &Request) -> Option<String> {
    match operation {
        _ if request.anomalies.iter().any(|anomaly| anomaly == "unshown-form") => {
            Some(format!("a form that dockerd does not show could replace the parameters of `{operation}`"))
        }
        "ImageBuild" if !matches!(parameter(request, "version"), "" | "1") => {
            Some("what BuildKit builds is not seen".into())
        }
        "ImageBuild" if !parameter(request, "remote").is_empty() => {
            Some("the daemon would fetch what it builds".into())
        }
        "ImageCreate"
            if parameter(request, "fromImage").is_empty()
                && !matches!(parameter(request, "fromSrc"), "" | "-") =>
        {
            Some("the daemon would fetch the image from a URL".into())
        }
        "NetworkCreate" => network(request),
        _ => None,
    }
}

fn network(request: &Request) -> Option<String> {
    let Some(Ok(network)) = Network::of(request) else {
        return Some("the network's options cannot be read".into());
    };
    if !matches!(network.driver(), "" | "bridge" | "default" | "none" | "null" | "overlay") {
        return Some(format!("the network driver `{}` is named", network.driver()));
    }
    if let Some((option, _)) = network.interfaces().next() {
        return Some(format!("the option `{option}` names an interface of the host"));
    }
    network
        .config_from()
        .map(|name| format!("options are taken from the network `{name}`, which are not seen"))
}

fn workload(operation: &str, workload: &Workload) -> Option<String> {
    if workload.privileged {
        return Some("it is privileged".into());
    }
    if let Some(namespace) = workload.namespaces.iter().find(|namespace| {
        let is_own = match namespace.kind.as_str() {
            // The name of a network is judged by `networks`.
            "network" => !matches!(namespace.mode.as_str(), "host" | "container"),
            _ => matches!(namespace.mode.as_str(), "private" | "none" | "shareable"),
        };
        !is_own || namespace.container.is_some()
    }) {
        return Some(format!("it joins another {} namespace (`{}`)", namespace.kind, namespace.mode));
    }
    if workload.networks.iter().any(|network| network == "host") {
        return Some("it joins the host's network".into());
    }
    // dockerd takes the id of the network `host` too (moby daemon/cluster, `populateNetworkID`).
    if operation.starts_with("Service") && workload.networks.iter().any(|network| may_be_network_id(network))
    {
        return Some("a network is named by what may be the id of the host's".into());
    }
    let is_added = |name: &&String| !capabilities::is_default(name);
    if let Some(name) = workload.capabilities_added.iter().find(is_added) {
        return Some(format!("the capability `{name}` is added"));
    }
    if !workload.devices.is_empty()
        || !workload.device_cgroup_rules.is_empty()
        || !workload.device_requests.is_empty()
    {
        return Some("a device of the host is handed in".into());
    }
    if let Some(option) = workload.security_options.iter().find(|option| !is_harmless(option)) {
        return Some(format!("the security option `{}` is set", option.name));
    }
    if workload.masked_paths.is_some() || workload.readonly_paths.is_some() {
        return Some("what Docker hides in `/proc` and `/sys` is laid open".into());
    }
    runtime(operation, workload).or_else(|| workload.mounts.iter().find_map(mount))
}

/// A whole id of a swarm's network, or the beginning of an id of one of a single host.
fn may_be_network_id(name: &str) -> bool {
    let is_hex = name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    let is_swarm =
        name.len() == 25 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_hex || is_swarm
}

fn runtime(operation: &str, workload: &Workload) -> Option<String> {
    let runtime = workload.runtime.as_deref().unwrap_or_default();
    let is_service = operation.starts_with("Service");
    if is_service && workload.extra.iter().any(|(name, _)| name == "plugin") {
        return Some("a plugin is installed".into());
    }
    let is_usual = matches!(runtime, "" | "runc" | "io.containerd.runc.v2");
    // A service's runtime says whether its tasks are containers or plugins.
    let is_of_service = is_service && runtime == "container";
    if !is_usual && !is_of_service {
        return Some(format!("the runtime `{runtime}` is named"));
    }
    let parent = workload.cgroup_parent.as_deref().filter(|parent| !parent.is_empty());
    parent.map(|parent| format!("the parent cgroup `{parent}` is named"))
}

fn is_harmless(option: &SecurityOption) -> bool {
    let value = option.value.as_deref();
    match option.name.as_str() {
        "seccomp" => matches!(value, Some("" | "builtin")),
        "apparmor" => matches!(value, Some("" | "docker-default")),
        // What Go's `strconv.ParseBool` takes for true; alone it means true as well.
        "no-new-privileges" => matches!(value, None | Some("1" | "t" | "T" | "true" | "TRUE" | "True")),
        _ => false,
    }
}

/// Anything but a tmpfs, an image, and a plain volume of the `local` driver.
fn mount(mount: &Mount) -> Option<String> {
    if let Some(path) = &mount.host_path {
        return Some(format!("`{path}` of the host is mounted"));
    }
    let is_plain = match mount.kind.as_str() {
        "tmpfs" | "image" => true,
        "volume" => {
            matches!(mount.driver.as_deref(), None | Some("" | "local")) && mount.driver_options.is_empty()
        }
        _ => false,
    };
    if is_plain {
        return None;
    }
    Some(match mount.kind.as_str() {
        "volume" => "a volume has a driver or options of its own".into(),
        "container" => format!("the mounts of `{}` are taken over", mount.as_sent),
        kind => format!("there is a mount of the kind `{kind}`"),
    })
}
