//! Paths of the daemon's host that a request names elsewhere than in a mount.
//!
//! Each operation whose row names one of these functions (see [`crate::operation`]) gives the fact `host-paths`.
//! `tests/paths.tsv` lists every member and parameter of Docker's specification that describes a path; a new one is
//! read here, or is an exception there with its reason.

mod log;

use portcullis_contract::docker::HostPath;

use super::FactError;
use super::fields::Fields;
use super::{path, volume};
use crate::json::Value;
use crate::query::Query;

/// Reads the paths from the query and the canonical body.
pub(crate) type Reader = fn(&Query, Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError>;

/// What dockerd, or what it starts, may do with a path.
#[derive(Debug, Clone, Copy)]
enum Access {
    Read,
    /// Change, delete, connect to or execute.
    Write,
}

fn host_path(path: &str, why: &str, access: Access) -> HostPath {
    let path = if path.starts_with('/') { path::of_kernel(path) } else { path.to_owned() };
    let access = match access {
        Access::Read => "read",
        Access::Write => "write",
    };
    HostPath { path, why: why.to_owned(), access: access.to_owned() }
}

fn members<'v>(body: Option<&'v Value<'v>>) -> Fields<'v> {
    Fields::of_any(body.and_then(Value::as_object), "")
}

/// Of operations that name none.
#[expect(clippy::unnecessary_wraps, reason = "it is a `Reader`")]
pub(crate) fn none(_: &Query, _: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    Ok(Vec::new())
}

/// `ContainerCreate`, with the host configuration hoisted to its place.
pub(crate) fn container(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let host = members(body).object("HostConfig", "HostConfig")?;
    let mut paths = Vec::new();
    resources(host, &mut paths)?;
    let log = host.object("LogConfig", "HostConfig.LogConfig")?;
    log::options(log, "Type", "Config", &mut paths)?;
    // containerd executes a shim that is named by an absolute path (moby daemon/runtime_unix.go).
    paths
        .extend(path::in_value(host.text("Runtime")?).map(|path| host_path(&path, "runtime", Access::Write)));
    // A runtime may read or write files that annotations name, e.g. `run.oci.hooks.stdout` of crun.
    for (_, value) in host.pairs("Annotations")? {
        paths.extend(path::in_value(&value).map(|path| host_path(&path, "annotation", Access::Write)));
    }
    for mount in host.objects("Mounts", "HostConfig.Mounts")? {
        volume_options(mount, &mut paths)?;
    }
    Ok(paths)
}

/// `ContainerUpdate`.
pub(crate) fn update(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let mut paths = Vec::new();
    resources(members(body), &mut paths)?;
    Ok(paths)
}

fn resources(host: Fields<'_>, paths: &mut Vec<HostPath>) -> Result<(), FactError> {
    for device in host.objects("Devices", "HostConfig.Devices")? {
        let access = if device.text("CgroupPermissions")? == "r" { Access::Read } else { Access::Write };
        paths.push(host_path(device.text("PathOnHost")?, "device", access));
    }
    cgroup_parent(host.text("CgroupParent")?, paths);
    Ok(())
}

fn cgroup_parent(sent: &str, paths: &mut Vec<HostPath>) {
    if !sent.is_empty() {
        paths.push(host_path(sent, "cgroup-parent", Access::Write));
    }
}

/// `ImageBuild`.
#[expect(clippy::unnecessary_wraps, reason = "it is a `Reader`")]
pub(crate) fn build(query: &Query, _: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let mut paths = Vec::new();
    cgroup_parent(query.first("cgroupparent"), &mut paths);
    Ok(paths)
}

/// `CheckpointList`. An experimental daemon reads, writes and deletes checkpoints in any directory (moby
/// api/server/router/checkpoint, daemon/checkpoint.go).
#[expect(clippy::unnecessary_wraps, reason = "it is a `Reader`")]
pub(crate) fn checkpoints(query: &Query, _: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    Ok(directory(query.all("dir"), Access::Read).collect())
}

/// `CheckpointDelete`.
#[expect(clippy::unnecessary_wraps, reason = "it is a `Reader`")]
pub(crate) fn checkpoint_delete(query: &Query, _: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    Ok(directory(query.all("dir"), Access::Write).collect())
}

/// `CheckpointCreate`.
pub(crate) fn checkpoint_create(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let body = members(body);
    let directory = directory([body.text("CheckpointDir")?].into_iter(), Access::Write);
    Ok(directory.chain(checkpoint_name(body.text("CheckpointID")?, Access::Write)).collect())
}

/// `ContainerStart`.
#[expect(clippy::unnecessary_wraps, reason = "it is a `Reader`")]
pub(crate) fn start(query: &Query, _: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let names = query.all("checkpoint").filter_map(|name| checkpoint_name(name, Access::Read));
    Ok(directory(query.all("checkpoint-dir"), Access::Read).chain(names).collect())
}

fn directory<'q>(sent: impl Iterator<Item = &'q str>, access: Access) -> impl Iterator<Item = HostPath> {
    let named = sent.filter(|path| !path.is_empty());
    named.map(move |path| host_path(path, "checkpoint-directory", access))
}

/// dockerd joins the name to the directory without looking at it, so one with `/` is a path below no known directory:
/// it is never absolute.
fn checkpoint_name(name: &str, access: Access) -> Option<HostPath> {
    let relative = name.trim_start_matches('/');
    name.contains('/').then(|| host_path(relative, "checkpoint-name", access))
}

/// `VolumeCreate`.
pub(crate) fn volume(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let mut paths = Vec::new();
    options_of_driver(members(body), "Driver", "DriverOpts", &mut paths)?;
    Ok(paths)
}

/// Of one entry of `Mounts`.
fn volume_options(mount: Fields<'_>, paths: &mut Vec<HostPath>) -> Result<(), FactError> {
    let volume = mount.object("VolumeOptions", "Mounts.VolumeOptions")?;
    let driver = volume.object("DriverConfig", "Mounts.VolumeOptions.DriverConfig")?;
    options_of_driver(driver, "Name", "Options", paths)
}

/// Of a volume driver that is not `local`, whose options are facts of the mount.
fn options_of_driver(
    fields: Fields<'_>,
    driver: &str,
    options: &str,
    paths: &mut Vec<HostPath>,
) -> Result<(), FactError> {
    if !volume::is_local(fields.some_text(driver)?.as_deref()) {
        for (_, value) in fields.pairs(options)? {
            paths.extend(path::in_value(&value).map(|path| host_path(&path, "volume-option", Access::Write)));
        }
    }
    Ok(())
}

/// `NetworkCreate`.
pub(crate) fn network(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let body = members(body);
    let ipam = body.object("IPAM", "IPAM")?;
    let values = body.pairs("Options")?.into_iter().chain(ipam.pairs("Options")?);
    let paths = values.filter_map(|(_, value)| path::in_value(&value));
    Ok(paths.map(|path| host_path(&path, "network-option", Access::Write)).collect())
}

/// `ServiceCreate` and `ServiceUpdate`.
pub(crate) fn service(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let task = members(body).object("TaskTemplate", "TaskTemplate")?;
    let run = task.object("ContainerSpec", "TaskTemplate.ContainerSpec")?;
    let mut paths = Vec::new();
    log::options(task.object("LogDriver", "TaskTemplate.LogDriver")?, "Name", "Options", &mut paths)?;
    for mount in run.objects("Mounts", "TaskTemplate.ContainerSpec.Mounts")? {
        volume_options(mount, &mut paths)?;
    }
    let plugin = task.object("PluginSpec", "TaskTemplate.PluginSpec")?;
    for privilege in plugin.objects("privileges", "TaskTemplate.PluginSpec.privileges")? {
        privileges(&privilege.texts("value")?, &mut paths);
    }
    settings(&plugin.texts("env")?, &mut paths);
    Ok(paths)
}

/// `SwarmInit`, whose specification is a member of the body.
pub(crate) fn swarm_init(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    task_defaults(members(body).object("Spec", "Spec")?)
}

/// `SwarmUpdate`.
pub(crate) fn swarm_update(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    task_defaults(members(body))
}

fn task_defaults(spec: Fields<'_>) -> Result<Vec<HostPath>, FactError> {
    let defaults = spec.object("TaskDefaults", "TaskDefaults")?;
    let mut paths = Vec::new();
    log::options(defaults.object("LogDriver", "TaskDefaults.LogDriver")?, "Name", "Options", &mut paths)?;
    Ok(paths)
}

/// `PluginPull` and `PluginUpgrade`.
pub(crate) fn plugin_privileges(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let mut paths = Vec::new();
    for privilege in list(body, "a list of privileges", |body| super::fields::objects(body, ""))? {
        privileges(&privilege.texts("Value")?, &mut paths);
    }
    Ok(paths)
}

/// `PluginSet`: `NAME=value`, `MOUNT.source=/path`, `DEVICE.path=/dev/x`.
pub(crate) fn plugin_settings(_: &Query, body: Option<&Value<'_>>) -> Result<Vec<HostPath>, FactError> {
    let mut paths = Vec::new();
    settings(&list(body, "a list of strings", super::fields::texts)?, &mut paths);
    Ok(paths)
}

fn list<'v, T>(
    body: Option<&'v Value<'v>>,
    expected: &'static str,
    read: impl FnOnce(&'v Value<'v>) -> Option<Vec<T>>,
) -> Result<Vec<T>, FactError> {
    let Some(body) = body.filter(|body| !body.is_null()) else { return Ok(Vec::new()) };
    let mismatch = || FactError::Mismatch { place: "the body".to_owned(), found: body.kind(), expected };
    read(body).ok_or_else(mismatch)
}

fn privileges(values: &[String], paths: &mut Vec<HostPath>) {
    let named = values.iter().filter_map(|value| path::in_value(value));
    paths.extend(named.map(|path| host_path(&path, "plugin-privilege", Access::Write)));
}

fn settings(entries: &[String], paths: &mut Vec<HostPath>) {
    let values = entries.iter().filter_map(|entry| path::in_value(entry.split_once('=')?.1));
    paths.extend(values.map(|path| host_path(&path, "plugin-setting", Access::Write)));
}
