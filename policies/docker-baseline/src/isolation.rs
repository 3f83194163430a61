//! Checks on what keeps a container a container: privileges, namespaces, capabilities, devices, security options.

use crate::judge::{Check, Judge};
use crate::rule::Rule;
use crate::settings::capability;
use portcullis_policy_sdk::docker::{Namespace, SecurityOption, Workload};

/// What every container has unless it drops them (moby `oci/caps/defaults.go`).
const DEFAULT_CAPABILITIES: &[&str] = &[
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

pub(crate) fn check(judge: &Judge<'_>, workload: &Workload) -> Check {
    if workload.privileged {
        judge.refuse(Rule::Privileged, || {
            "privileged means root on the host; leave out `--privileged` and add the one capability that is needed".into()
        })?;
    }
    workload.namespaces.iter().try_for_each(|namespace| self::namespace(judge, namespace))?;
    if workload.networks.iter().any(|network| network == "host") {
        host_namespace(judge, "network")?;
    }
    workload.capabilities_added.iter().try_for_each(|name| self::capability_added(judge, name))?;
    devices(judge, workload)?;
    workload.security_options.iter().try_for_each(|option| security_option(judge, option))?;
    if workload.masked_paths.is_some() || workload.readonly_paths.is_some() {
        judge.refuse(Rule::SystemPaths, || {
            "what Docker hides in `/proc` and `/sys` stays hidden; leave out `systempaths=unconfined`, `MaskedPaths` \
             and `ReadonlyPaths`"
                .into()
        })?;
    }
    runtime(judge, workload)
}

fn namespace(judge: &Judge<'_>, namespace: &Namespace) -> Check {
    match namespace.mode.as_str() {
        "host" => host_namespace(judge, &namespace.kind),
        "container" => container_namespace(judge, &namespace.kind),
        _ if namespace.container.is_some() => container_namespace(judge, &namespace.kind),
        _ => Ok(()),
    }
}

fn host_namespace(judge: &Judge<'_>, kind: &str) -> Check {
    let (rule, option) = match kind {
        "network" => (Rule::HostNetwork, "--network host"),
        "pid" => (Rule::HostPid, "--pid host"),
        "ipc" => (Rule::HostIpc, "--ipc host"),
        "uts" => (Rule::HostUts, "--uts host"),
        "user" => (Rule::HostUser, "--userns host"),
        "cgroup" => (Rule::HostCgroup, "--cgroupns host"),
        other => {
            return judge.refuse(Rule::UnknownKind, || {
                format!("this policy does not know the namespace `{other}` of the host; leave it out")
            });
        }
    };
    judge.refuse(rule, || {
        let instead = if rule == Rule::HostNetwork { "; publish the ports that are needed" } else { "" };
        format!("a container may not share the host's {kind} namespace; leave out `{option}`{instead}")
    })
}

fn container_namespace(judge: &Judge<'_>, kind: &str) -> Check {
    if judge.settings.written.allow_container_namespaces {
        return Ok(());
    }
    judge.refuse(Rule::ContainerNamespace, || {
        format!(
            "a container may not join another one's {kind} namespace; put both on one network, or ask for \
             `allow_container_namespaces`"
        )
    })
}

fn capability_added(judge: &Judge<'_>, name: &str) -> Check {
    let name = capability(name);
    let known = DEFAULT_CAPABILITIES.contains(&name.as_str());
    if known || judge.settings.allowed_capabilities.contains(&name) {
        return Ok(());
    }
    judge.refuse(Rule::Capability, || {
        if name == "ALL" {
            return "all capabilities together are as good as `--privileged`; add only those that are needed".into();
        }
        format!("the capability `{name}` may not be added; do without, or ask for it to be added to `allowed_capabilities`")
    })
}

fn devices(judge: &Judge<'_>, workload: &Workload) -> Check {
    if let Some(device) = workload.devices.first() {
        judge.refuse(Rule::Device, || {
            format!("the host's device `{}` may not be handed in; leave out `--device`", device.path_on_host)
        })?;
    }
    if let Some(rule) = workload.device_cgroup_rules.first() {
        judge.refuse(Rule::DeviceCgroupRule, || {
            format!("devices may not be opened by `{rule}`; leave out `--device-cgroup-rule`")
        })?;
    }
    if let Some(device) = workload.device_requests.first() {
        judge.refuse(Rule::DeviceRequest, || {
            let driver = if device.driver.is_empty() { "any driver" } else { &device.driver };
            format!("devices may not be asked of {driver}; leave out `--gpus` and `--device`")
        })?;
    }
    Ok(())
}

fn security_option(judge: &Judge<'_>, option: &SecurityOption) -> Check {
    let value = option.value.as_deref();
    let harmless = match option.name.as_str() {
        "seccomp" => matches!(value, Some("" | "builtin")),
        "apparmor" => matches!(value, Some("" | "docker-default")),
        // What Go's `strconv.ParseBool` takes for true; alone it means true as well.
        "no-new-privileges" => matches!(value, None | Some("1" | "t" | "T" | "true" | "TRUE" | "True")),
        _ => false,
    };
    let inline = value.is_some_and(|value| value.trim_start().starts_with('{'));
    let said = match value {
        Some(_) if inline => format!("{}={{...}}", option.name),
        Some(value) => format!("{}={value}", option.name),
        None => option.name.clone(),
    };
    if harmless || (!inline && judge.settings.written.allowed_security_options.contains(&said)) {
        return Ok(());
    }
    judge.refuse(Rule::SecurityOption, || {
        format!(
            "the security option `{said}` may weaken the sandbox; leave it out, or ask for it to be added to \
             `allowed_security_options`"
        )
    })
}

fn runtime(judge: &Judge<'_>, workload: &Workload) -> Check {
    let runtime = workload.runtime.as_deref().unwrap_or_default();
    let service = judge.operation().is_some_and(|operation| operation.starts_with("Service"));
    // A service's runtime is another thing: whether its tasks are containers or plugins.
    if service && (runtime == "plugin" || workload.extra.iter().any(|(name, _)| name == "plugin")) {
        judge.refuse(Rule::PluginAdministration, || {
            "a service may not install a plugin, which has the host's privileges; ask an administrator".into()
        })?;
    }
    let usual = matches!(runtime, "" | "runc" | "io.containerd.runc.v2")
        || (service && matches!(runtime, "container" | "plugin"));
    if !usual && !judge.settings.written.allowed_runtimes.contains(runtime) {
        judge.refuse(Rule::Runtime, || {
            format!(
                "the runtime `{runtime}` may not be used; leave out `--runtime`, or ask for it to be added to \
                 `allowed_runtimes`"
            )
        })?;
    }
    match workload.cgroup_parent.as_deref() {
        None | Some("") => Ok(()),
        Some(parent) => cgroup_parent(judge, parent),
    }
}

fn cgroup_parent(judge: &Judge<'_>, parent: &str) -> Check {
    judge.refuse(Rule::CgroupParent, || {
        format!("the parent cgroup `{parent}` may not be chosen; leave out `--cgroup-parent`")
    })
}
