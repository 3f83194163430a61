//! `VolumeName`: every named volume has a name that matches one of the patterns. Anonymous volumes pass.

use super::{Refusal, any, cut};
use crate::pattern::Pattern;
use portcullis_policy_sdk::docker::Request;

pub(super) fn refusal(patterns: &[Pattern], request: &Request) -> Option<Refusal> {
    let operation = request.operation.as_deref().unwrap_or_default();
    let targets = request.targets.iter().filter(|target| target.kind == "volume");
    let targets = targets.map(|target| target.name.as_deref().unwrap_or(&target.as_sent));
    let mounts = request.workload.iter().flat_map(|workload| &workload.mounts);
    let mounts = mounts.filter(|mount| mount.kind == "volume").filter_map(|mount| mount.source.as_deref());
    let mut names = targets.chain(mounts.filter(|name| !name.is_empty()));
    if operation == "VolumeList" || patterns.iter().any(Pattern::is_everything) {
        return None;
    }
    let refused = names.find(|name| name.is_empty() || !any(patterns, name, request))?;
    let reason = if refused.is_empty() {
        "the request names no volume; name one".to_owned()
    } else {
        format!("the volume name `{}` is not allowed; use another", cut(refused))
    };
    Some(Refusal::new("volume-name", reason))
}
