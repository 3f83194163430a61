//! What the operator may write, and the form in which decisions use it.
//!
//! ```toml
//! [policies.settings]
//! otherwise = "abstain"                  # or "allow": it grants what it does not deny
//! allowed_mounts = [                     # paths of the host that may be mounted or named otherwise
//!     "/srv",                            # read-only, and all below it
//!     { path = "/data", access = "rw" }, # for writing too: as good as root for those who can start containers
//!     { path = "/dev/log", access = "rw", exact = true }, # this path only
//! ]
//! protected_paths = ["/var/lib/secrets"] # never to be mounted, nor a directory above, even if allowed
//! allow_docker_socket = false            # the daemon's and containerd's sockets
//! allow_shared_propagation = false       # mounts made in a container appear on the host
//! allowed_capabilities = ["NET_ADMIN"]   # beyond Docker's default set
//! allowed_runtimes = ["runsc"]           # besides the daemon's default and runc
//! allowed_security_options = ["apparmor=web"]
//! allowed_seccomp_profiles = []          # "sha256:..." of the profile as the client sends it; a refusal names it
//! allowed_volume_drivers = []            # besides `local`
//! allowed_volume_types = ["nfs"]         # `type` of a `local` volume, besides tmpfs and binds
//! allowed_network_drivers = []           # besides those of dockerd
//! allowed_host_interfaces = ["eth0.10"]  # `parent` of macvlan and ipvlan, and names of bridges
//! allow_volumes_from = false
//! allow_container_namespaces = false     # e.g. `--network container:web`
//! allow_buildkit = false                 # what BuildKit builds, no policy sees
//! allow_daemon_fetch = false             # URLs that dockerd fetches: `docker import URL`, `docker build URL`
//! allow_swarm_inspect = false            # shows the tokens with which a node joins the swarm
//! allow_debug = false                    # `/debug`: profiles and variables of the daemon
//! container_archive = "allow"            # or "refuse": `docker cp`, see CVE-2026-41567 and CVE-2026-42306
//! require = ["memory-limit", "pids-limit"] # of every container: see `hardening`
//! assume_no_form = ["ImageBuild"]        # classic builds, and `ImageCreate` for imports: see rule `unshown-form`
//!
//! [policies.settings.allow]              # exceptions by user, group or `*` (everybody)
//! alice = ["privileged", "host-mount"]
//! "group:ops" = ["host-network"]
//! ```
//!
//! [`check`] refuses entries that could never match, with the reason.

mod check;
mod mount;

use crate::rule::{Rule, Rules};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use check::accepts;
pub use mount::{Access, AllowedMount};

/// Network drivers that are part of dockerd. The policy judges what they do with interfaces of the host.
pub(crate) const NETWORK_DRIVERS: [&str; 8] =
    ["bridge", "default", "host", "ipvlan", "macvlan", "none", "null", "overlay"];

/// As written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the operator's file")]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct Settings {
    pub otherwise: Otherwise,
    pub allowed_mounts: Vec<AllowedMount>,
    pub protected_paths: Vec<String>,
    pub allow_docker_socket: bool,
    pub allow_shared_propagation: bool,
    pub allowed_capabilities: Vec<String>,
    pub allowed_runtimes: BTreeSet<String>,
    pub allowed_security_options: BTreeSet<String>,
    pub allowed_seccomp_profiles: BTreeSet<String>,
    pub allowed_volume_drivers: BTreeSet<String>,
    pub allowed_volume_types: BTreeSet<String>,
    pub allowed_network_drivers: BTreeSet<String>,
    pub allowed_host_interfaces: BTreeSet<String>,
    pub allow_volumes_from: bool,
    pub allow_container_namespaces: bool,
    pub allow_buildkit: bool,
    pub allow_daemon_fetch: bool,
    pub allow_swarm_inspect: bool,
    pub allow_debug: bool,
    pub container_archive: Switch,
    pub require: BTreeSet<String>,
    pub assume_no_form: BTreeSet<String>,
    pub allow: BTreeMap<String, Vec<String>>,
}

/// What the policy answers to a request that it does not deny.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Otherwise {
    /// No objection: another policy must allow it.
    #[default]
    Abstain,
    /// It is allowed, unless another policy denies it.
    Allow,
}

/// Whether what is allowed by default is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Switch {
    #[default]
    Allow,
    Refuse,
}

/// As used: paths cleaned, capabilities spelled as dockerd spells them, exceptions resolved.
#[derive(Debug)]
pub struct Checked {
    pub(crate) written: Settings,
    pub(crate) allowed_mounts: Vec<AllowedMount>,
    pub(crate) protected_paths: Vec<String>,
    pub(crate) allowed_capabilities: BTreeSet<String>,
    required: Rules,
    everybody: Rules,
    users: BTreeMap<String, Rules>,
    groups: BTreeMap<String, Rules>,
}

impl Checked {
    /// Whether every container has to have what the rule requires.
    pub(crate) fn requires(&self, rule: Rule) -> bool {
        self.required.contains(rule)
    }

    /// Whether anything is required of containers.
    pub(crate) fn requires_any(&self) -> bool {
        self.required != Rules::default()
    }

    /// The rules that this principal is excepted from.
    pub(crate) fn excepted(&self, name: Option<&str>, groups: &[String]) -> Rules {
        let mut rules = self.everybody;
        let user = name.and_then(|name| self.users.get(name));
        let groups = groups.iter().filter_map(|group| self.groups.get(group));
        user.into_iter().chain(groups).for_each(|more| rules.extend(*more));
        rules
    }
}
