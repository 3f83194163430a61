//! Published ports and networks.

use portcullis_contract::docker::Port;

use super::FactError;
use super::fields::{Fields, objects};

/// `HostConfig.PortBindings`: `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`.
pub(super) fn published(host: Fields<'_>) -> Result<Vec<Port>, FactError> {
    let mut ports = Vec::new();
    for (key, value) in host.map("PortBindings")? {
        let place = host.place("PortBindings");
        let (container_port, protocol) = container_port(key, &place)?;
        let mismatch = || FactError::Mismatch { place, found: value.kind(), expected: "a list of objects" };
        let bindings = if value.is_null() {
            Vec::new()
        } else {
            objects(value, "HostConfig.PortBindings").ok_or_else(mismatch)?
        };
        for binding in bindings {
            ports.push(Port {
                container_port,
                protocol: protocol.clone(),
                host_ip: binding.some_text("HostIp")?,
                host_port: binding.some_text("HostPort")?,
            });
        }
    }
    Ok(ports)
}

/// `80/tcp`, or `80` for TCP.
fn container_port(key: &str, place: &str) -> Result<(u16, String), FactError> {
    let (number, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse() {
        Ok(number) if digits && !protocol.is_empty() => Ok((number, protocol.to_ascii_lowercase())),
        _ => Err(FactError::malformed(place, key, "port such as `80/tcp`")),
    }
}

/// Every network by name: the one of `NetworkMode`, and those of `NetworkingConfig`. `none` and another
/// container's are no networks of one's own.
pub(super) fn networks(config: Fields<'_>, host: Fields<'_>) -> Result<Vec<String>, FactError> {
    let mode = host.text("NetworkMode")?;
    let mut networks = Vec::new();
    if !matches!(mode, "" | "none") && !mode.starts_with("container:") {
        networks.push(mode.to_owned());
    }
    let networking = config.object("NetworkingConfig", "NetworkingConfig")?;
    for name in networking.keys("EndpointsConfig")? {
        if !networks.iter().any(|known| known == name) {
            networks.push(name.to_owned());
        }
    }
    Ok(networks)
}
