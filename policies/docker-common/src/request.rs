//! Parameters, and operations whose body decides what happens.

use portcullis_policy_sdk::docker::Request;

/// Calls whose JSON body decides what happens. Some daemons execute these with a body that they show to no plugin
/// (GHSA-v23v-6jw2-98fq, GHSA-x744-4wpc-v9h2), so that none to be seen is as bad as one unseen.
pub const BODY_DECIDES: [&str; 11] = [
    "ConfigCreate",
    "ContainerCreate",
    "ContainerExec",
    "ContainerUpdate",
    "NetworkConnect",
    "NetworkCreate",
    "NetworkDisconnect",
    "SecretCreate",
    "ServiceCreate",
    "ServiceUpdate",
    "VolumeCreate",
];

/// The value that dockerd reads of a parameter: the first; empty where there is none.
pub fn parameter<'r>(request: &'r Request, name: &str) -> &'r str {
    let found = request.query.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}
