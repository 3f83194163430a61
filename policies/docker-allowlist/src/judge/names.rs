//! Names of containers, networks, volumes, services, secrets and configs: as targets, and as what a container is made with.

use super::{Judge, Refusal, cut, quoted};
use crate::body::files_of_service;
use crate::operations::{Class, class};
use crate::settings::Switch;
use portcullis_policy_sdk::docker::{Target, Workload};

/// Digits of a whole id: of containers, networks and execs (hexadecimal), and of swarm's objects (base 36).
const ID_DIGITS: usize = 64;
const SWARM_ID_DIGITS: usize = 25;

/// What is known of the name of something.
#[derive(Debug, PartialEq, Eq)]
enum Named<'t> {
    Name(&'t str),
    /// It may be an id or the beginning of one, and the host has not looked it up.
    Id {
        is_whole: bool,
    },
    /// All of a kind, or one whose name the daemon chooses.
    Unnamed,
}

/// The key of a kind in the settings.
pub(super) fn key(kind: &str) -> String {
    format!("{kind}s")
}

fn named<'t>(kind: &str, sent: &'t str, looked_up: Option<&'t str>) -> Named<'t> {
    if let Some(name) = looked_up {
        return Named::Name(name.trim_start_matches('/'));
    }
    let sent = sent.trim_start_matches('/');
    let is_base36 = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    // They have ids like the other objects of a swarm. The beginning of one reads like any short name.
    let is_swarm_network = kind == "network" && sent.len() == SWARM_ID_DIGITS && sent.bytes().all(is_base36);
    let (length, may_be_id) = match kind {
        // Volumes have names alone.
        "volume" => (0, false),
        "container" | "network" | "exec" if !is_swarm_network => (ID_DIGITS, sent.bytes().all(is_hex)),
        _ => (SWARM_ID_DIGITS, sent.bytes().all(is_base36)),
    };
    match sent.len() {
        0 => Named::Unnamed,
        digits if may_be_id && digits <= length => Named::Id { is_whole: digits == length },
        _ => Named::Name(sent),
    }
}

/// Names of other things that a workload is made with, by their kind: the default network and anonymous volumes are left out.
pub(super) fn references(workload: &Workload) -> Vec<(&'static str, &str)> {
    let mut references = Vec::new();
    for mount in &workload.mounts {
        let source = mount.source.as_deref().unwrap_or_default();
        match mount.kind.as_str() {
            "volume" if !source.is_empty() => references.push(("volume", source)),
            "container" => references.push(("container", source)),
            _ => {}
        }
    }
    for network in &workload.networks {
        references.push(("network", if network == "default" { "bridge" } else { network }));
    }
    references.extend(
        workload.namespaces.iter().filter_map(|other| Some(("container", other.container.as_deref()?))),
    );
    let links = workload.extra.iter().filter(|(name, _)| name == "link");
    references.extend(links.map(|(_, link)| ("container", link.split(':').next().unwrap_or_default())));
    references
}

impl Judge<'_> {
    pub(super) fn names(&self) -> Result<(), Refusal> {
        for target in &self.request.targets {
            self.target(target)?;
        }
        if let Some(workload) = &self.request.workload {
            for (kind, name) in references(workload) {
                self.name(kind, name, None)?;
            }
            self.default_network(workload)?;
        }
        if self.rule.names.contains_key("container") {
            self.exec()?;
        }
        self.files_of_service()
    }

    /// dockerd finds them by ids that no name in the request is held against.
    fn files_of_service(&self) -> Result<(), Refusal> {
        if !matches!(self.operation, "ServiceCreate" | "ServiceUpdate") {
            return Ok(());
        }
        for kind in files_of_service(self.request) {
            let is_narrowed = self
                .rule
                .names
                .get(kind)
                .is_some_and(|patterns| !patterns.iter().any(super::super::glob::Glob::is_everything));
            if is_narrowed || !self.rule.labels.is_empty() {
                let key = key(kind);
                let reason = format!(
                    "which {key} a service is given is not known by name; leave them out, or ask for a rule of its own \
                     for services, without `{key}` and `labels`"
                );
                return Err(Refusal::new("name", reason));
            }
        }
        Ok(())
    }

    fn target(&self, target: &Target) -> Result<(), Refusal> {
        // A task is of a service, whose name the request does not say.
        let narrows_tasks = ["service", "container"].iter().any(|kind| self.rule.names.contains_key(*kind));
        if target.kind == "task" && narrows_tasks && class(self.operation) != Some(Class::List) {
            return self.id("task", &target.as_sent, target.as_sent.len() == SWARM_ID_DIGITS);
        }
        self.name(&target.kind, &target.as_sent, target.name.as_deref())
    }

    /// A container without any network of its own gets the default bridge.
    fn default_network(&self, workload: &Workload) -> Result<(), Refusal> {
        let has_mode = workload.namespaces.iter().any(|namespace| namespace.kind == "network");
        if self.operation == "ContainerCreate" && workload.networks.is_empty() && !has_mode {
            return self.name("network", "bridge", None);
        }
        Ok(())
    }

    fn name(&self, kind: &str, sent: &str, looked_up: Option<&str>) -> Result<(), Refusal> {
        let Some(patterns) = self.rule.names.get(kind) else { return Ok(()) };
        let key = key(kind);
        match named(kind, sent, looked_up) {
            _ if patterns.iter().any(super::super::glob::Glob::is_everything) => Ok(()),
            Named::Name(name) if patterns.iter().any(|pattern| pattern.matches(name, self.user())) => Ok(()),
            Named::Name(name) => {
                let reason =
                    format!("the {kind} `{}` is not among the allowed names; use another", cut(name));
                Err(Refusal::new("name", reason).or_ask_for(format!("{key} = [{}]", quoted(name))))
            }
            Named::Id { is_whole } => self.id(kind, sent, is_whole),
            Named::Unnamed => match self.operation {
                "ContainerCreate" | "VolumeCreate" => {
                    let instead = "name it, e.g. by `--name`";
                    let reason =
                        format!("a {kind} that the daemon names is not among the allowed ones; {instead}");
                    Err(Refusal::new("name", reason).or_ask_for(format!("{key} = [\"*\"]")))
                }
                _ => self.all_of(kind, &key),
            },
        }
    }

    /// dockerd finds things by the beginning of their id too (moby daemon/container.go, `GetContainer`).
    pub(super) fn id(&self, kind: &str, sent: &str, is_whole: bool) -> Result<(), Refusal> {
        if is_whole && self.rule.unresolved_ids == Switch::Allow {
            return Ok(());
        }
        let reason = format!(
            "`{}` may be the id of any {kind}, and the request does not say its name; use a name with another character than \
             those of ids, e.g. `-`",
            cut(sent)
        );
        let refusal = Refusal::new("id", reason);
        Err(if is_whole { refusal.or_ask_for("unresolved_ids = \"allow\"") } else { refusal })
    }

    /// A command is started by an id of its own. The gateway adds the container that it runs in.
    pub(super) fn exec(&self) -> Result<(), Refusal> {
        let targets = &self.request.targets;
        let Some(exec) = targets.iter().find(|target| target.kind == "exec") else { return Ok(()) };
        if targets.iter().any(|target| target.kind == "container") {
            return Ok(());
        }
        match named("exec", &exec.as_sent, None) {
            Named::Id { is_whole: true } => self.id("container's command", &exec.as_sent, true),
            _ => self.id("container's command", &exec.as_sent, false),
        }
    }
}
