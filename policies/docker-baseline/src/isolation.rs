//! Checks on what keeps a container a container: privileges, namespaces, capabilities, devices, security options.

use crate::judge::{Advice, Check, Judge};
use crate::rule::Rule;
use portcullis_policy_docker_common::capabilities;
use portcullis_policy_sdk::docker::{Namespace, SecurityOption, Workload};
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub(crate) fn check(judge: &Judge<'_>, workload: &Workload) -> Check {
    if workload.privileged {
        judge.refuse(Rule::Privileged, Advice::Exception, || {
            "privileged means root on the host; leave out `--privileged` and add the one capability that is needed"
                .into()
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
        judge.refuse(Rule::SystemPaths, Advice::Exception, || {
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
            return judge.refuse(Rule::UnknownKind, Advice::Exception, || {
                format!("this policy does not know the namespace `{other}` of the host; leave it out")
            });
        }
    };
    judge.refuse(rule, Advice::Exception, || {
        let instead = if rule == Rule::HostNetwork { "; publish the ports that are needed" } else { "" };
        format!("a container may not share the host's {kind} namespace; leave out `{option}`{instead}")
    })
}

fn container_namespace(judge: &Judge<'_>, kind: &str) -> Check {
    if judge.settings.written.allow_container_namespaces {
        return Ok(());
    }
    judge.refuse(Rule::ContainerNamespace, Advice::setting("allow_container_namespaces = true"), || {
        let instead = if kind == "network" { "put both on one network" } else { "leave the namespace out" };
        format!("a container may not join another one's {kind} namespace; {instead}")
    })
}

fn capability_added(judge: &Judge<'_>, name: &str) -> Check {
    let name = capabilities::normalise(name);
    if capabilities::is_default(&name) || judge.settings.allowed_capabilities.contains(&name) {
        return Ok(());
    }
    judge.refuse(Rule::Capability, Advice::entry("allowed_capabilities", &name), || match name.as_str() {
        "ALL" => {
            "all capabilities together are as good as `--privileged`; add only those that are needed".into()
        }
        name => format!("the capability `{name}` may not be added; do without"),
    })
}

fn devices(judge: &Judge<'_>, workload: &Workload) -> Check {
    if let Some(device) = workload.devices.first() {
        judge.refuse(Rule::Device, Advice::Exception, || {
            format!("the host's device `{}` may not be handed in; leave out `--device`", device.path_on_host)
        })?;
    }
    if let Some(rule) = workload.device_cgroup_rules.first() {
        judge.refuse(Rule::DeviceCgroupRule, Advice::Exception, || {
            format!("devices may not be opened by `{rule}`; leave out `--device-cgroup-rule`")
        })?;
    }
    if let Some(device) = workload.device_requests.first() {
        judge.refuse(Rule::DeviceRequest, Advice::Exception, || {
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
    if harmless {
        return Ok(());
    }
    if let ("seccomp", Some(profile)) = (option.name.as_str(), value.filter(|value| *value != "unconfined")) {
        return seccomp_profile(judge, profile);
    }
    let said = match value {
        Some(value) => format!("{}={value}", option.name),
        None => option.name.clone(),
    };
    if judge.settings.written.allowed_security_options.contains(&said) {
        return Ok(());
    }
    judge.refuse(Rule::SecurityOption, Advice::entry("allowed_security_options", &said), || {
        format!("the security option `{said}` may weaken the sandbox; leave it out")
    })
}

/// The client sends what is in the file of the profile, and nothing says whether it is stricter than Docker's own.
fn seccomp_profile(judge: &Judge<'_>, profile: &str) -> Check {
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(profile) {
        // Writing to a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    if judge.settings.written.allowed_seccomp_profiles.contains(&digest) {
        return Ok(());
    }
    judge.refuse(Rule::SecurityOption, Advice::entry("allowed_seccomp_profiles", &digest), || {
        "a seccomp profile of one's own may weaken the sandbox; leave it out".into()
    })
}

fn runtime(judge: &Judge<'_>, workload: &Workload) -> Check {
    let runtime = workload.runtime.as_deref().unwrap_or_default();
    let service = judge.operation().is_some_and(|operation| operation.starts_with("Service"));
    // A service's runtime is another thing: whether its tasks are containers or plugins.
    if service && (runtime == "plugin" || workload.extra.iter().any(|(name, _)| name == "plugin")) {
        judge.refuse(Rule::PluginAdministration, Advice::Exception, || {
            "a service may not install a plugin, which has the host's privileges; leave it to an administrator".into()
        })?;
    }
    let usual = matches!(runtime, "" | "runc" | "io.containerd.runc.v2")
        || (service && matches!(runtime, "container" | "plugin"));
    if !usual && !judge.settings.written.allowed_runtimes.contains(runtime) {
        judge.refuse(Rule::Runtime, Advice::entry("allowed_runtimes", runtime), || {
            format!("the runtime `{runtime}` may not be used; leave out `--runtime`")
        })?;
    }
    match workload.cgroup_parent.as_deref() {
        None | Some("") => Ok(()),
        Some(parent) => cgroup_parent(judge, parent),
    }
}

fn cgroup_parent(judge: &Judge<'_>, parent: &str) -> Check {
    judge.refuse(Rule::CgroupParent, Advice::Exception, || {
        format!("the parent cgroup `{parent}` may not be chosen; leave out `--cgroup-parent`")
    })
}
