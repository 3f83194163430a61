//! A container or an exec that is there, and what a request does with it.

use portcullis_contract::docker::{HostPath, Mount, Namespace, Request, Target, Workload};
use std::collections::BTreeSet;

use super::described::Described;
use super::volume::{self, Volume};
use super::{DaemonDefaults, InspectError, check_added};
use crate::facts;
use crate::json::{Object, Value, parse};
use crate::operation::Operation;
use crate::query::Query;
use crate::{image, schema};

/// A container as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Container {
    /// The full id.
    pub id: String,
    /// Without a slash before it.
    pub name: String,
    /// Whether the daemon removes it by itself when it ends (`docker run --rm`).
    pub auto_remove: bool,
    labels: portcullis_contract::Pairs,
    /// The mounts of volumes, by name.
    volumes: Vec<Mount>,
    workload: Workload,
    host_paths: Vec<HostPath>,
}

/// An exec as it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exec {
    /// The container's full id.
    pub container: String,
    /// Whether the command has all privileges.
    pub privileged: bool,
    /// Absent means the container's own.
    pub user: Option<String>,
    /// The command and its arguments.
    pub command: Vec<String>,
}

impl Container {
    /// Reads the response of `ContainerInspect`.
    ///
    /// # Errors
    /// It cannot be read, or not as dockerd writes it.
    pub fn read(text: &[u8], defaults: &DaemonDefaults) -> Result<Self, InspectError> {
        let Value::Object(mut found) = parse(text)? else { return Err(InspectError::Missing("object")) };
        let described = Described::of(&found);
        let (Some(Value::Object(mut config)), Some(Value::Object(mut host))) =
            (found.remove("Config"), found.remove("HostConfig"))
        else {
            return Err(InspectError::Missing("Config` and `HostConfig"));
        };
        let auto_remove = host.get("AutoRemove").and_then(Value::as_bool) == Some(true);
        defaults.leave_out(&mut host);
        // The container runs, or ran, of an image that was there, by any name.
        if config.get("Image").and_then(Value::as_str).is_some_and(|name| image::parse(name).is_none()) {
            config.remove("Image");
        }
        // A request changes none of it, and passwords stand there.
        config.remove("Env");
        config.insert("HostConfig", Value::Object(host));
        let mut body = Value::Object(config);
        schema::canonicalise(&mut body, schema::container::CREATE)?;
        let unreadable = |error: facts::FactError| InspectError::Configuration(error.to_string());
        let config = body.as_object().ok_or(InspectError::Missing("Config"))?;
        let mut workload = facts::container::create(config).map_err(unreadable)?;
        let host_paths = facts::host_paths::container(&Query::default(), Some(&body)).map_err(unreadable)?;
        add_mounted(&mut workload.mounts, &found);
        let volumes = volumes(&found);
        keep_what_reaches_out(&mut workload);
        Ok(Self {
            id: described.id.ok_or(InspectError::Missing("Id"))?,
            name: described.name.ok_or(InspectError::Missing("Name"))?,
            auto_remove,
            labels: described.labels,
            volumes,
            workload,
            host_paths,
        })
    }

    /// Completes a target that names the container.
    pub fn describe(&self, target: &mut Target) {
        target.id = Some(self.id.clone());
        target.name = Some(self.name.clone());
        target.labels.clone_from(&self.labels);
    }

    /// Makes the container the workload of a request that reaches into it: with its privileges, mounts and namespaces, and
    /// the command, user and resources that the request itself names. `exec` is what an exec id in the request stands for.
    /// Requests that do not reach into a container stay as they are (see [`Operation::reaches_into_container`]).
    pub fn complete(&self, operation: Operation, exec: Option<&Exec>, request: &mut Request) {
        if !operation.reaches_into_container() {
            return;
        }
        let sent = request.workload.take().unwrap_or_default();
        let mut workload = self.workload.clone();
        workload.privileged |= sent.privileged;
        match operation {
            Operation::ContainerExec => {
                workload.command = sent.command;
                workload.entrypoint = Vec::new();
                workload.environment = sent.environment;
                // Without a user dockerd takes the container's own (moby daemon/exec.go, `ContainerExecCreate`).
                workload.user = sent.user.or(workload.user);
                workload.extra = sent.extra;
            }
            Operation::ContainerUpdate => {
                workload.devices.extend(sent.devices);
                workload.device_cgroup_rules.extend(sent.device_cgroup_rules);
                workload.device_requests.extend(sent.device_requests);
                workload.cgroup_parent = sent.cgroup_parent.or(workload.cgroup_parent);
                workload.memory_limit = sent.memory_limit.or(workload.memory_limit);
                workload.restart = sent.restart.or(workload.restart);
            }
            _ => {}
        }
        if let Some(exec) = exec {
            workload.privileged |= exec.privileged;
            if exec.user.is_some() {
                workload.user.clone_from(&exec.user);
            }
            workload.command.clone_from(&exec.command);
            workload.entrypoint = Vec::new();
        }
        request.host_paths.extend(self.host_paths.iter().cloned());
        request.workload = Some(workload);
    }

    /// The mounts that another container takes over with `VolumesFrom`.
    pub fn mounts(&self) -> &[Mount] {
        &self.workload.mounts
    }

    /// Adds these to the mounts of the container that takes them over.
    ///
    /// # Errors
    /// There would be too many.
    pub fn add_mounts_to(&self, mounts: &mut Vec<Mount>) -> Result<(), InspectError> {
        check_added(mounts, self.mounts().len())?;
        mounts.extend_from_slice(self.mounts());
        Ok(())
    }

    /// The names of the volumes that it mounts, each once.
    pub fn volumes(&self) -> BTreeSet<&str> {
        self.volumes.iter().filter_map(volume::names).collect()
    }

    /// Adds what a volume that it mounts is.
    ///
    /// # Errors
    /// It has too many mounts, or the options of the volume are too long.
    pub fn add_volume(&mut self, name: &str, volume: &Volume) -> Result<(), InspectError> {
        let found = volume.mounts(name, &self.volumes, &self.workload.mounts)?;
        self.workload.mounts.extend(found);
        Ok(())
    }

    /// The namespaces that its configuration names.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.workload.namespaces
    }

    /// Bytes that it takes in memory, about.
    pub fn size(&self) -> usize {
        use portcullis_contract::HeapSize as _;
        size_of::<Self>()
            + self.id.len()
            + self.name.len()
            + self.labels.heap_size()
            + self.volumes.heap_size()
            + self.workload.heap_size()
            + self.host_paths.heap_size()
    }
}

impl Exec {
    /// Reads the response of `ExecInspect`.
    ///
    /// # Errors
    /// It cannot be read, or not as dockerd writes it.
    pub fn read(text: &[u8]) -> Result<Self, InspectError> {
        let value = parse(text)?;
        let found = value.as_object().ok_or(InspectError::Missing("object"))?;
        let container = found.get("ContainerID").and_then(Value::as_str);
        let process = found.get("ProcessConfig").and_then(Value::as_object);
        let process = process.ok_or(InspectError::Missing("ProcessConfig"))?;
        let text = |key| process.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let arguments = process.get("arguments").and_then(Value::as_array).unwrap_or_default();
        let command = text("entrypoint").into_iter().chain(arguments.iter().filter_map(Value::as_str));
        Ok(Self {
            container: container.ok_or(InspectError::Missing("ContainerID"))?.to_owned(),
            privileged: match process.get("privileged") {
                None | Some(Value::Null) => false,
                Some(value) => value.as_bool().ok_or(InspectError::Missing("privileged"))?,
            },
            user: text("user").map(str::to_owned),
            command: command.map(str::to_owned).collect(),
        })
    }
}

/// Mounts that the configuration does not name: those of other containers (`VolumesFrom`), which dockerd resolved when it
/// made the container. A volume of the configuration does not stand for a mount of a host's path at its place: plain volumes
/// are left out, and a mount that is taken over replaces the image's volume.
fn add_mounted(mounts: &mut Vec<Mount>, found: &Object<'_>) {
    let points = found.get("Mounts").and_then(Value::as_array).unwrap_or_default();
    for point in points.iter().filter_map(Value::as_object) {
        let text = |key| point.get(key).and_then(Value::as_str).unwrap_or_default();
        let target = text("Destination");
        let is_named = |mount: &Mount| mount.host_path.is_some() && mount.target.as_deref() == Some(target);
        if text("Type") != "bind" || mounts.iter().any(is_named) {
            continue;
        }
        mounts.push(Mount {
            kind: "bind".to_owned(),
            origin: "volumes-from".to_owned(),
            as_sent: text("Source").to_owned(),
            source: Some(text("Source").to_owned()),
            target: Some(target.to_owned()),
            read_only: point.get("RW").and_then(Value::as_bool) == Some(false),
            propagation: Some(text("Propagation")).filter(|word| !word.is_empty()).map(str::to_owned),
            host_path: Some(text("Source").to_owned()),
            ..Mount::default()
        });
    }
}

/// The volumes that it mounts, also those of other containers and without a name of the client's choice.
fn volumes(found: &Object<'_>) -> Vec<Mount> {
    let points = found.get("Mounts").and_then(Value::as_array).unwrap_or_default();
    let points = points.iter().filter_map(Value::as_object);
    let is_volume = |point: &&Object<'_>| point.get("Type").and_then(Value::as_str) == Some("volume");
    points
        .filter(is_volume)
        .map(|point| {
            let text = |key| point.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            Mount {
                kind: "volume".to_owned(),
                origin: "mounts".to_owned(),
                as_sent: text("Name"),
                source: Some(text("Name")),
                target: Some(text("Destination")),
                read_only: point.get("RW").and_then(Value::as_bool) == Some(false),
                ..Mount::default()
            }
        })
        .collect()
}

/// Leaves out plain volumes, networks of Docker's own and links: a request that reaches into the container does not choose
/// them, and rules about names and labels of what is chosen would ask for those of the volume too.
fn keep_what_reaches_out(workload: &mut Workload) {
    let is_plain = |mount: &Mount| {
        mount.kind == "volume"
            && mount.host_path.is_none()
            && mount.driver_options.is_empty()
            && matches!(mount.driver.as_deref(), None | Some("" | "local"))
    };
    workload.mounts.retain(|mount| !is_plain(mount));
    workload.networks.retain(|network| network == "host");
    workload.extra.retain(|(name, _)| name != "link");
}
