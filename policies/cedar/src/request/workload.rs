//! What is to be run. Cedar cannot look into the records of a set, so what policies ask most is there as sets of texts.

use portcullis_policy_sdk::docker::{Mount, Port, Workload};

use super::{Draft, Names, docker};
use crate::value::{Value, flag, large, optional, record, set, text, texts, whole};

/// The value of `context.workload`.
pub(super) fn value(names: &Names, work: &Workload, drafts: &mut Vec<Draft>) -> Result<Value, String> {
    let mut mounts = Vec::new();
    for (position, mount) in work.mounts.iter().enumerate() {
        mounts.push(docker::mount(names, &format!("workload.mounts.{position}"), mount, drafts)?);
    }
    let host_paths = |mounts: &mut dyn Iterator<Item = &Mount>| {
        set(mounts.filter_map(|mount| mount.host_path.as_deref()).map(text))
    };
    let with_parents = work.mounts.iter().filter_map(|mount| mount.host_path.as_deref()).flat_map(parents);
    let is_volume = |mount: &&Mount| mount.kind == "volume";
    let volumes = work.mounts.iter().filter(is_volume).filter_map(|mount| mount.source.as_deref()).map(text);
    let variable = |environment: &String| text(environment.split('=').next().unwrap_or_default());
    let namespaces =
        work.namespaces.iter().map(|namespace| text(&format!("{}={}", namespace.kind, namespace.mode)));
    let joined = work.namespaces.iter().filter_map(|namespace| namespace.container.as_deref()).map(text);
    let security = work.security_options.iter().map(|option| match &option.value {
        Some(value) => text(&format!("{}={value}", option.name)),
        None => text(&option.name),
    });
    let published = work.published.iter().map(port).collect::<Result<Vec<_>, _>>()?;
    record([
        ("image", work.image.as_ref().map(docker::image).transpose()?),
        ("command", Some(texts(&work.command))),
        ("entrypoint", Some(texts(&work.entrypoint))),
        ("environment", Some(texts(&work.environment))),
        ("environmentNames", Some(set(work.environment.iter().map(variable)))),
        ("user", optional(work.user.as_ref())),
        ("groupsAdded", Some(texts(&work.groups_added))),
        ("privileged", Some(flag(work.privileged))),
        ("mounts", Some(set(mounts))),
        ("mountKinds", Some(set(work.mounts.iter().map(|mount| text(&mount.kind))))),
        ("volumes", Some(set(volumes))),
        ("hostPaths", Some(host_paths(&mut work.mounts.iter()))),
        ("writableHostPaths", Some(host_paths(&mut work.mounts.iter().filter(|mount| !mount.read_only)))),
        ("hostPathsAndParents", Some(set(with_parents.map(text)))),
        ("capabilitiesAdded", Some(texts(&work.capabilities_added))),
        ("capabilitiesDropped", Some(texts(&work.capabilities_dropped))),
        ("namespaces", Some(set(namespaces))),
        ("joinedContainers", Some(set(joined))),
        ("devices", Some(set(work.devices.iter().map(|device| text(&device.path_on_host))))),
        ("deviceCgroupRules", Some(texts(&work.device_cgroup_rules))),
        ("deviceDrivers", Some(set(work.device_requests.iter().map(|request| text(&request.driver))))),
        ("securityOptions", Some(set(security))),
        ("maskedPaths", work.masked_paths.as_deref().map(texts)),
        ("readonlyPaths", work.readonly_paths.as_deref().map(texts)),
        ("published", Some(set(published))),
        ("publishAll", Some(flag(work.publish_all))),
        ("networks", Some(texts(&work.networks))),
        ("extraHosts", Some(texts(&work.extra_hosts))),
        ("labels", Some(names.map("workload.labels", &work.labels, drafts)?)),
        ("annotations", Some(names.map("workload.annotations", &work.annotations, drafts)?)),
        ("sysctls", Some(names.map("workload.sysctls", &work.sysctls, drafts)?)),
        ("runtime", optional(work.runtime.as_ref())),
        ("cgroupParent", optional(work.cgroup_parent.as_ref())),
        ("restart", optional(work.restart.as_ref())),
        ("logDriver", optional(work.log_driver.as_ref())),
        ("logOptions", Some(names.map("workload.logOptions", &work.log_options, drafts)?)),
        ("memoryLimit", work.memory_limit.map(large)),
        ("readOnlyRoot", Some(flag(work.read_only_root))),
        ("extra", Some(names.multi_map("workload.extra", &work.extra, drafts))),
    ])
}

/// The path, and every folder above it.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    std::path::Path::new(path).ancestors().filter_map(std::path::Path::to_str).filter(|path| !path.is_empty())
}

fn port(port: &Port) -> Result<Value, String> {
    record([
        ("containerPort", Some(whole(port.container_port.into()))),
        ("protocol", Some(text(&port.protocol))),
        ("hostIp", optional(port.host_ip.as_ref())),
        ("hostPort", optional(port.host_port.as_ref())),
    ])
}
