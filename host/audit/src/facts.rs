//! What a Docker request runs or makes, and which privileges that has: enough to say later what a user did.
//!
//! Secrets are masked and lengths bounded when the facts are taken from a request, so that a queue of records holds
//! little. Environment variables are left out, since they carry secrets; `record_inputs` of a policy has their names.

#[cfg(test)]
mod tests;

use portcullis_contract::docker::{HostPath, Mount, Request, Workload};
use serde::Serialize;

use crate::fields::{ENTRIES, NAME};
use crate::mask;

/// Bytes of an argument that are looked at. A word that is cut there is hidden: it may hold half a password.
const LOOKED_AT: usize = 4096;

/// What a request runs or makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrypoint: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mounts: Option<Vec<MountFact>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_paths: Option<Vec<HostPathFact>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    networks: Option<Vec<String>>,
    /// As the options of `docker run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    privileges: Option<Vec<String>>,
    /// Entries beyond the first of each list, in all.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct MountFact {
    kind: String,
    /// The path of the host, the volume's name, or as sent.
    source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    target: String,
    access: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct HostPathFact {
    path: String,
    why: String,
    access: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Facts {
    /// The facts of a request; none where it runs and makes nothing.
    pub fn of(request: &Request) -> Option<Self> {
        let mut facts = Self::default();
        let workload = request.workload.as_ref();
        if let Some(workload) = workload {
            facts.image = workload.image.as_ref().map(|image| name(&image.as_sent));
            facts.user = workload.user.as_deref().map(name);
            facts.entrypoint = facts.arguments(&workload.entrypoint);
            facts.command = facts.arguments(&workload.command);
            facts.networks = facts.list(workload.networks.iter().map(|network| name(network)));
            facts.privileges =
                facts.list(privileges(workload).iter().map(|option| cut(&mask::option(&start(option)))));
        }
        let mounts = workload.map_or(&[][..], |workload| &workload.mounts);
        facts.mounts = facts.list(mounts.iter().chain(&request.volume).map(mount));
        facts.host_paths = facts.list(request.host_paths.iter().map(host_path));
        (facts != Self::default()).then_some(facts)
    }

    /// The first entries of a list, none where there are none.
    fn list<T>(&mut self, mut entries: impl Iterator<Item = T>) -> Option<Vec<T>> {
        let kept: Vec<T> = entries.by_ref().take(ENTRIES).collect();
        self.left_out += entries.count();
        (!kept.is_empty()).then_some(kept)
    }

    fn arguments(&mut self, arguments: &[String]) -> Option<Vec<String>> {
        let mut kept = self.list(arguments.iter().map(|argument| start(argument)))?;
        mask::arguments(kept.iter_mut());
        Some(kept.iter().map(|argument| cut(argument)).collect())
    }
}

/// What is looked at of an argument.
fn start(argument: &str) -> String {
    if argument.len() <= LOOKED_AT {
        return argument.to_owned();
    }
    let text = &argument[..argument.floor_char_boundary(LOOKED_AT)];
    let whole = text.rfind(char::is_whitespace).map_or("", |end| &text[..=end]);
    format!("{whole}{}", mask::MASK)
}

fn name(name: &str) -> String {
    cut(&mask::name(&start(name)))
}

fn cut(text: &str) -> String {
    if text.len() <= NAME {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(NAME)])
}

fn mount(mount: &Mount) -> MountFact {
    let source = mount.host_path.as_ref().or(mount.source.as_ref()).unwrap_or(&mount.as_sent);
    MountFact {
        kind: name(&mount.kind),
        source: name(source),
        target: mount.target.as_deref().map(name).unwrap_or_default(),
        access: if mount.read_only { "ro" } else { "rw" },
    }
}

fn host_path(path: &HostPath) -> HostPathFact {
    HostPathFact { path: name(&path.path), why: name(&path.why), access: name(&path.access) }
}

/// What a workload has beyond a plain container's, as the options of `docker run`.
fn privileges(workload: &Workload) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |name: &str, value: &str| all.push(format!("{name}={value}"));
    workload.capabilities_added.iter().for_each(|name| add("cap-add", name));
    for namespace in &workload.namespaces {
        match &namespace.container {
            Some(container) => add(&namespace.kind, &format!("container:{container}")),
            None if namespace.mode == "host" => add(&namespace.kind, "host"),
            None => {}
        }
    }
    for device in &workload.devices {
        add("device", &format!("{}:{}", device.path_on_host, device.permissions));
    }
    workload.device_cgroup_rules.iter().for_each(|rule| add("device-cgroup-rule", rule));
    for request in &workload.device_requests {
        add("device-request", if request.driver.is_empty() { "gpus" } else { &request.driver });
    }
    for security in &workload.security_options {
        match &security.value {
            Some(value) => add("security-opt", &format!("{}={value}", security.name)),
            None => add("security-opt", &security.name),
        }
    }
    workload.sysctls.iter().for_each(|(name, value)| add("sysctl", &format!("{name}={value}")));
    workload.groups_added.iter().for_each(|group| add("group-add", group));
    workload.runtime.iter().for_each(|runtime| add("runtime", runtime));
    workload.cgroup_parent.iter().for_each(|parent| add("cgroup-parent", parent));
    let switches = [
        (workload.privileged, "privileged"),
        (workload.masked_paths.is_some(), "masked-paths"),
        (workload.readonly_paths.is_some(), "readonly-paths"),
        (workload.publish_all, "publish-all"),
    ];
    all.extend(switches.iter().filter(|(is_given, _)| *is_given).map(|(_, name)| (*name).to_owned()));
    all
}
