//! Files and sockets in the options of log drivers, of containers, of services and of the swarm.

use portcullis_contract::docker::HostPath;

use super::super::fields::Fields;
use super::super::{FactError, path};
use super::{Access, host_path};

/// The log drivers that are part of dockerd. Of their options only [`LOG_FILES`] and addresses are paths; names of
/// log groups may begin with `/` too.
const LOG_DRIVERS: [&str; 12] = [
    "awslogs",
    "etwlogs",
    "fluentd",
    "gcplogs",
    "gelf",
    "journald",
    "json-file",
    "local",
    "logentries",
    "none",
    "splunk",
    "syslog",
];
/// Options that name a file, which may be relative to dockerd's working directory.
const LOG_FILES: [&str; 4] = ["splunk-capath", "syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key"];
/// Options of several drivers that name no file.
const LOG_TEXTS: [&str; 5] = ["env", "env-regex", "labels", "labels-regex", "tag"];

pub(super) fn options(
    log: Fields<'_>,
    driver: &str,
    options: &str,
    paths: &mut Vec<HostPath>,
) -> Result<(), FactError> {
    let driver = log.text(driver)?;
    for (key, value) in log.pairs(options)? {
        let key = key.as_str();
        if LOG_FILES.contains(&key) && !value.is_empty() {
            paths.push(host_path(&path::from_root(&value), "log-option", Access::Read));
            continue;
        }
        // Without a driver the daemon's default is used, which may be a plugin.
        let is_text = LOG_DRIVERS.contains(&driver)
            || (driver.is_empty() && (LOG_TEXTS.contains(&key) || key.starts_with("awslogs-")));
        if !(is_text && value.starts_with('/')) {
            paths.extend(path::in_value(&value).map(|path| host_path(&path, "log-option", Access::Write)));
        }
    }
    Ok(())
}
