//! A swarm service: what its tasks run.

use portcullis_contract::docker::{Port, SecurityOption, Workload};

use super::fields::Fields;
use super::{FactError, container, mounts, security};
use crate::json::Object;

/// The body of `ServiceCreate` and `ServiceUpdate`.
///
/// `Command` is the entrypoint and `Args` the command, as in a container. Privileges are given as the
/// `SecurityOpt` entries that say the same. The `remote` of a plugin task stands in `extra` as `plugin`.
pub(crate) fn service(body: &Object<'_>) -> Result<Workload, FactError> {
    let spec = Fields::of(body, "");
    let task = spec.object("TaskTemplate", "TaskTemplate")?;
    let run = task.object("ContainerSpec", "TaskTemplate.ContainerSpec")?;
    let log = task.object("LogDriver", "TaskTemplate.LogDriver")?;
    let resources = task.object("Resources", "TaskTemplate.Resources")?;
    let limits = resources.object("Limits", "TaskTemplate.Resources.Limits")?;
    let restart = task.object("RestartPolicy", "TaskTemplate.RestartPolicy")?.text("Condition")?;
    let mut workload = Workload {
        image: container::reference(run)?,
        command: run.texts("Args")?,
        entrypoint: run.texts("Command")?,
        environment: run.texts("Env")?,
        user: run.some_text("User")?,
        groups_added: run.texts("Groups")?,
        capabilities_added: security::capabilities(run.texts("CapabilityAdd")?),
        capabilities_dropped: security::capabilities(run.texts("CapabilityDrop")?),
        security_options: privileges(run.object("Privileges", "TaskTemplate.ContainerSpec.Privileges")?)?,
        published: published(spec)?,
        extra_hosts: run.texts("Hosts")?,
        labels: spec.pairs("Labels")?,
        sysctls: run.pairs("Sysctls")?,
        restart: restart_policy(restart),
        log_driver: log.some_text("Name")?,
        log_options: log.pairs("Options")?,
        memory_limit: u64::try_from(limits.integer("MemoryBytes")?).ok().filter(|bytes| *bytes > 0),
        read_only_root: run.flag("ReadOnly")?,
        runtime: task.some_text("Runtime")?,
        ..Workload::default()
    };
    for (name, value) in run.pairs("Labels")? {
        workload.labels.push((name, value));
    }
    for mount in run.objects("Mounts", "TaskTemplate.ContainerSpec.Mounts")? {
        mounts::of_spec(mount, &mut workload.mounts)?;
    }
    networks(spec, task, &mut workload)?;
    let plugin = task.object("PluginSpec", "TaskTemplate.PluginSpec")?;
    workload.extra.extend(plugin.some_text("remote")?.map(|remote| ("plugin".to_owned(), remote)));
    Ok(workload)
}

/// Of the task and, in its old place, of the service. `host` is also a namespace that is not the task's own.
fn networks(spec: Fields<'_>, task: Fields<'_>, workload: &mut Workload) -> Result<(), FactError> {
    let of_task = task.objects("Networks", "TaskTemplate.Networks")?;
    for network in of_task.into_iter().chain(spec.objects("Networks", "Networks")?) {
        let name = network.text("Target")?;
        if !name.is_empty() && !workload.networks.iter().any(|known| known == name) {
            workload.networks.push(name.to_owned());
            workload.namespaces.extend(security::namespace("network", name));
        }
    }
    Ok(())
}

fn published(spec: Fields<'_>) -> Result<Vec<Port>, FactError> {
    let endpoint = spec.object("EndpointSpec", "EndpointSpec")?;
    let mut ports = Vec::new();
    for port in endpoint.objects("Ports", "EndpointSpec.Ports")? {
        let number = |key: &str| {
            let number = port.integer(key)?;
            let malformed = || FactError::malformed(&port.place(key), &number.to_string(), "port");
            u16::try_from(number).map_err(|_| malformed())
        };
        let (container_port, host_port) = (number("TargetPort")?, number("PublishedPort")?);
        let protocol = port.some_text("Protocol")?.unwrap_or_else(|| "tcp".to_owned());
        let host_port = Some(host_port).filter(|port| *port > 0).map(|port| port.to_string());
        ports.push(Port { container_port, protocol, host_ip: None, host_port });
    }
    Ok(ports)
}

fn privileges(privileges: Fields<'_>) -> Result<Vec<SecurityOption>, FactError> {
    let mut options = Vec::new();
    let mut option = |name: &str, value: Option<String>| {
        options.push(SecurityOption { name: name.to_owned(), value });
    };
    let place = "TaskTemplate.ContainerSpec.Privileges";
    let selinux = privileges.object("SELinuxContext", place)?;
    if selinux.flag("Disable")? {
        option("label", Some("disable".to_owned()));
    }
    for (key, name) in [("User", "user"), ("Role", "role"), ("Type", "type"), ("Level", "level")] {
        if let Some(value) = selinux.some_text(key)? {
            option("label", Some(format!("{name}:{value}")));
        }
    }
    let seccomp = privileges.object("Seccomp", place)?;
    match seccomp.text("Mode")? {
        "" | "default" => {}
        "custom" => option("seccomp", Some(seccomp.text("Profile")?.to_owned())),
        mode => option("seccomp", Some(mode.to_owned())),
    }
    match privileges.object("AppArmor", place)?.text("Mode")? {
        "" | "default" => {}
        "disabled" => option("apparmor", Some("unconfined".to_owned())),
        mode => option("apparmor", Some(mode.to_owned())),
    }
    if privileges.flag("NoNewPrivileges")? {
        option("no-new-privileges", None);
    }
    let credentials = privileges.object("CredentialSpec", place)?;
    for (key, scheme) in [("Config", "config"), ("File", "file"), ("Registry", "registry")] {
        if let Some(value) = credentials.some_text(key)? {
            option("credentialspec", Some(format!("{scheme}://{value}")));
        }
    }
    Ok(options)
}

/// In the words for containers.
fn restart_policy(condition: &str) -> Option<String> {
    let policy = match condition {
        "" => return None,
        "none" => "no",
        "any" => "always",
        other => other,
    };
    Some(policy.to_owned())
}
