//! Capabilities, security options and namespaces.

use portcullis_contract::docker::{Namespace, SecurityOption};

use super::FactError;
use super::fields::Fields;

/// Upper case with `CAP_`; `ALL` stays (moby oci/caps, `NormalizeLegacyCapabilities`).
pub(super) fn capabilities(names: Vec<String>) -> Vec<String> {
    let normal = |name: String| {
        let name = name.to_uppercase();
        if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
    };
    names.into_iter().map(normal).collect()
}

/// `SecurityOpt`, taken apart as dockerd does it (moby daemon, `parseSecurityOpt`): at the first `=`, or where
/// there is none, at the first `:`. The bare `disable` is an old spelling of `label=disable`.
pub(super) fn options(entries: Vec<String>) -> Vec<SecurityOption> {
    let option = |name: &str, value: Option<&str>| SecurityOption {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let parse = |entry: String| match entry.split_once('=').or_else(|| entry.split_once(':')) {
        Some((name, value)) => option(name, Some(value)),
        None if entry == "disable" => option("label", Some("disable")),
        None => option(&entry, None),
    };
    entries.into_iter().map(parse).collect()
}

/// The namespaces that a host configuration names.
pub(super) fn namespaces(host: Fields<'_>) -> Result<Vec<Namespace>, FactError> {
    const FIELDS: [(&str, &str); 7] = [
        ("NetworkMode", "network"),
        ("PidMode", "pid"),
        ("IpcMode", "ipc"),
        ("UTSMode", "uts"),
        ("UsernsMode", "user"),
        ("CgroupnsMode", "cgroup"),
        ("Cgroup", "cgroup"),
    ];
    let mut namespaces = Vec::new();
    for (key, kind) in FIELDS {
        namespaces.extend(namespace(kind, host.text(key)?));
    }
    Ok(namespaces)
}

/// One mode as sent; nothing where it is empty.
pub(super) fn namespace(kind: &str, sent: &str) -> Option<Namespace> {
    let (mode, rest) = match sent.split_once(':') {
        Some((mode, rest)) => (mode, Some(rest)),
        None => (sent, None),
    };
    (!sent.is_empty()).then(|| Namespace {
        kind: kind.to_owned(),
        mode: mode.to_owned(),
        container: rest.filter(|_| mode == "container").map(str::to_owned),
    })
}
