//! `BindMounts`: paths of the host that a container or a volume reaches. Rules are `+` or `-` and a regular expression;
//! the last one that matches decides, and without one the path is denied.

use super::{Refusal, cut};
use crate::pattern::Pattern;
use portcullis_policy_sdk::docker::{Mount, Request};

/// A rule is for a path and everything below it.
const END: &str = "(?:/|$)";
/// With a slash at its end it is for what is below alone.
const BELOW: &str = "";

/// One rule.
#[derive(Debug)]
pub(crate) struct BindRule {
    allows: bool,
    patterns: Vec<Pattern>,
}

impl BindRule {
    pub(super) fn new(rule: &str) -> Result<Self, String> {
        let (allows, path) = match (rule.strip_prefix('+'), rule.strip_prefix('-')) {
            (Some(path), _) => (true, path),
            (None, Some(path)) => (false, path),
            (None, None) => {
                return Err(format!("`{rule}` begins with neither `+` nor `-`; write e.g. `+/home/$USER`"));
            }
        };
        if path.is_empty() {
            return Err(format!("`{rule}` has no path; write e.g. `-/.*`"));
        }
        let directory = path.strip_suffix('/').filter(|directory| !directory.is_empty());
        let mut patterns = vec![Pattern::new(path, if directory.is_some() { BELOW } else { END })?];
        // A directory that is denied is denied itself too.
        if let Some(directory) = directory.filter(|_| !allows) {
            patterns.push(Pattern::new(directory, END)?);
        }
        Ok(Self { allows, patterns })
    }
}

pub(super) fn refusal(rules: &[BindRule], request: &Request, names_volumes: bool) -> Option<Refusal> {
    let mounts = request.workload.iter().flat_map(|workload| &workload.mounts).chain(&request.volume);
    // What the path of a volume leads to, where the host sees it.
    let led = request.host_paths.iter().filter(|named| named.why == "volume-option");
    let led = led.map(|named| (named.path.as_str(), Judged::Path(&named.path)));
    let mounts = mounts.map(|mount| (mount.as_sent.as_str(), judged(mount, names_volumes)));
    let mut refused = mounts.chain(led).filter_map(|(as_sent, judged)| {
        let path = match judged {
            Judged::Path(path) => path,
            Judged::Nothing => return None,
            Judged::Unknown => {
                return Some(Refusal::new(
                    "bind-mounts",
                    format!("what `{}` mounts is not known; name the path or the volume", cut(as_sent)),
                ));
            }
        };
        let user = request.principal.name.as_deref();
        let matches = |rule: &&BindRule| rule.patterns.iter().any(|pattern| pattern.matches(path, user));
        let is_allowed = rules.iter().rfind(matches).is_some_and(|rule| rule.allows);
        (!is_allowed).then(|| {
            Refusal::new("bind-mounts", format!("`{}` may not be mounted; use another path", cut(path)))
        })
    });
    refused.next()
}

/// What of a mount the rules are about.
enum Judged<'m> {
    Path(&'m str),
    Nothing,
    Unknown,
}

fn judged(mount: &Mount, names_volumes: bool) -> Judged<'_> {
    if let Some(path) = &mount.host_path {
        return Judged::Path(path);
    }
    let is_local = matches!(mount.driver.as_deref(), None | Some("" | "local"));
    match (mount.kind.as_str(), mount.source.as_deref()) {
        // What a driver mounts by its options is seen by no rule; `size` and a tmpfs are nothing of the host's.
        ("volume", _) if !is_local || mounts_device(mount) => Judged::Unknown,
        ("tmpfs" | "image", _) | ("volume", None | Some("")) => Judged::Nothing,
        // docker-leash compares the name of a volume as a path. `VolumeName` beside it takes that over.
        ("volume", Some(_)) if names_volumes || mount.origin == "volume-create" => Judged::Nothing,
        ("volume", Some(name)) => Judged::Path(name),
        ("bind", Some(path)) => Judged::Path(path),
        _ => Judged::Unknown,
    }
}

fn mounts_device(mount: &Mount) -> bool {
    let option = |wanted: &str| {
        let found = mount.driver_options.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    option("type") != "tmpfs" && !option("device").is_empty()
}
