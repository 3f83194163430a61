//! What the operator may write, and the form in which decisions use it.
//!
//! ```toml
//! [policies.settings]
//! otherwise = "abstain"                  # or "allow": it grants what it does not deny
//! allowed_mounts = ["/srv"]              # directories of the host that may be mounted, and all below them
//! protected_paths = ["/var/lib/secrets"] # never to be mounted, nor a directory above, even if allowed
//! allow_docker_socket = false            # the daemon's and containerd's sockets
//! allowed_capabilities = ["NET_ADMIN"]   # beyond Docker's default set
//! allowed_runtimes = ["runsc"]           # besides the daemon's default and runc
//! allowed_security_options = ["apparmor=web"]
//! allowed_volume_drivers = []            # besides `local`
//! allowed_volume_types = ["nfs"]         # `type` of a `local` volume, besides tmpfs and binds
//! allow_volumes_from = false
//! allow_container_namespaces = false     # e.g. `--network container:web`
//! allow_buildkit = false                 # what BuildKit builds, no policy sees
//! assume_no_form = ["ImageBuild"]        # classic builds, and `ImageCreate` for imports: see rule `unshown-form`
//!
//! [policies.settings.allow]              # exceptions by user, group or `*` (everybody)
//! alice = ["privileged", "host-mount"]
//! "group:ops" = ["host-network"]
//! ```

use crate::paths;
use crate::rule::{Rule, Rules};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Operations that read an archive, or a form in its place.
const ARCHIVES: [&str; 2] = ["ImageBuild", "ImageCreate"];

/// As written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the operator's file")]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct Settings {
    pub otherwise: Otherwise,
    pub allowed_mounts: Vec<String>,
    pub protected_paths: Vec<String>,
    pub allow_docker_socket: bool,
    pub allowed_capabilities: Vec<String>,
    pub allowed_runtimes: BTreeSet<String>,
    pub allowed_security_options: BTreeSet<String>,
    pub allowed_volume_drivers: BTreeSet<String>,
    pub allowed_volume_types: BTreeSet<String>,
    pub allow_volumes_from: bool,
    pub allow_container_namespaces: bool,
    pub allow_buildkit: bool,
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

/// As used: paths cleaned, capabilities spelled as dockerd spells them, exceptions resolved.
#[derive(Debug)]
pub struct Checked {
    pub(crate) written: Settings,
    pub(crate) allowed_mounts: Vec<String>,
    pub(crate) protected_paths: Vec<String>,
    pub(crate) allowed_capabilities: BTreeSet<String>,
    everybody: Rules,
    users: BTreeMap<String, Rules>,
    groups: BTreeMap<String, Rules>,
}

impl Settings {
    /// Checks what serde cannot.
    pub fn check(mut self) -> Result<Checked, String> {
        let capabilities = std::mem::take(&mut self.allowed_capabilities);
        let mut checked = Checked {
            allowed_mounts: absolute("allowed_mounts", &self.allowed_mounts)?,
            protected_paths: absolute("protected_paths", &self.protected_paths)?,
            allowed_capabilities: capabilities.iter().map(|name| capability(name)).collect(),
            everybody: Rules::default(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            written: self,
        };
        if checked.allowed_capabilities.contains("ALL") {
            return Err(
                "`allowed_capabilities`: `ALL` is not a capability; name each, or except a user from the \
                        rule `capability` under `allow`"
                    .into(),
            );
        }
        if let Some(name) =
            checked.written.assume_no_form.iter().find(|name| !ARCHIVES.contains(&name.as_str()))
        {
            return Err(format!(
                "`assume_no_form`: `{name}` is neither `ImageBuild` nor `ImageCreate`, whose parameters alone a \
                 form could replace"
            ));
        }
        for (who, names) in std::mem::take(&mut checked.written.allow) {
            let rules = rules(&who, &names)?;
            match (who.as_str(), who.strip_prefix("group:")) {
                ("*", _) => checked.everybody.extend(rules),
                (_, Some("")) | ("", _) => return Err(format!("`allow`: `{who}` names nobody")),
                (_, Some(group)) => checked.groups.entry(group.to_owned()).or_default().extend(rules),
                (user, None) => checked.users.entry(user.to_owned()).or_default().extend(rules),
            }
        }
        Ok(checked)
    }
}

impl Checked {
    /// The rules that this principal is excepted from.
    pub(crate) fn excepted(&self, name: Option<&str>, groups: &[String]) -> Rules {
        let mut rules = self.everybody;
        let user = name.and_then(|name| self.users.get(name));
        let groups = groups.iter().filter_map(|group| self.groups.get(group));
        user.into_iter().chain(groups).for_each(|more| rules.extend(*more));
        rules
    }
}

fn rules(who: &str, names: &[String]) -> Result<Rules, String> {
    let mut rules = Rules::default();
    for name in names {
        let Some(rule) = Rule::from_name(name) else {
            let known: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            return Err(format!("`allow.{who}`: there is no rule `{name}`; there are: {}", known.join(", ")));
        };
        rules.insert(rule);
    }
    Ok(rules)
}

fn absolute(setting: &str, written: &[String]) -> Result<Vec<String>, String> {
    let clean = |path: &String| {
        paths::clean(path).ok_or_else(|| format!("`{setting}`: `{path}` does not start with `/`"))
    };
    written.iter().map(clean).collect()
}

/// dockerd takes capabilities in any case, with `CAP_` or without (moby `oci/caps/utils.go`).
pub(crate) fn capability(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    match upper.strip_prefix("CAP_") {
        Some("ALL") => "ALL".to_owned(),
        None if upper != "ALL" => format!("CAP_{upper}"),
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<Checked, String> {
        portcullis_policy_sdk::parse::<Settings>(json)?.check()
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            (r#"{"allowed_mounts":["srv"]}"#, "`allowed_mounts`: `srv` does not start with `/`"),
            (r#"{"allowed_mount":["/srv"]}"#, "unknown key: `allowed_mount`"),
            (r#"{"otherwise":"deny"}"#, "`otherwise`: unknown variant `deny`"),
            (r#"{"allowed_mounts":"/srv"}"#, "`allowed_mounts`: invalid type"),
            (r#"{"allowed_capabilities":["all"]}"#, "`ALL` is not a capability"),
            (r#"{"allow":{"alice":["priviliged"]}}"#, "`allow.alice`: there is no rule `priviliged`"),
            (r#"{"assume_no_form":["ImageLoad"]}"#, "`ImageLoad` is neither `ImageBuild` nor"),
            (r#"{"allow":{"group:":["privileged"]}}"#, "names nobody"),
            (r#"{"allow":{"":["privileged"]}}"#, "names nobody"),
        ];
        for (json, expected) in cases {
            let error = check(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn capabilities_have_one_spelling() {
        for name in ["sys_admin", "CAP_SYS_ADMIN", "Cap_Sys_Admin"] {
            assert_eq!(capability(name), "CAP_SYS_ADMIN");
        }
        assert_eq!((capability("all").as_str(), capability("cap_all").as_str()), ("ALL", "ALL"));
    }

    #[test]
    fn exceptions_are_those_of_the_name_the_groups_and_everybody() {
        let checked = check(
            r#"{"allow":{"alice":["privileged"],"group:ops":["device"],"*":["host-uts"],"group:x":["runtime"]}}"#,
        )
        .unwrap();
        let has = |name, groups: &[&str], rule| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            checked.excepted(name, &groups).contains(rule)
        };
        assert!(has(Some("alice"), &[], Rule::Privileged));
        assert!(has(Some("alice"), &["ops"], Rule::Device));
        assert!(has(None, &[], Rule::HostUts));
        assert!(!has(Some("ops"), &[], Rule::Device), "a user is not a group of the same name");
        assert!(!has(Some("group:ops"), &[], Rule::Device), "nor by a name that looks like one");
        assert!(!has(Some("bob"), &["alice"], Rule::Privileged));
        assert!(!has(None, &[], Rule::Privileged));
    }
}
