//! A container's host configuration: what it may do on the host.

use portcullis_contract::docker::{Device, DeviceRequest, Workload};

use super::FactError;
use super::fields::{Fields, texts};
use super::{network, security};

/// Everything but mounts and networks, which need the container's own configuration too.
pub(super) fn read(host: Fields<'_>, workload: &mut Workload) -> Result<(), FactError> {
    resources(host, workload)?;
    workload.groups_added = host.texts("GroupAdd")?;
    workload.privileged = host.flag("Privileged")?;
    workload.capabilities_added = security::capabilities(host.text_or_texts("CapAdd")?);
    workload.capabilities_dropped = security::capabilities(host.text_or_texts("CapDrop")?);
    workload.namespaces = security::namespaces(host)?;
    workload.security_options = security::options(host.texts("SecurityOpt")?);
    workload.masked_paths = host.texts_if_present("MaskedPaths")?;
    workload.readonly_paths = host.texts_if_present("ReadonlyPaths")?;
    workload.published = network::published(host)?;
    workload.publish_all = host.flag("PublishAllPorts")?;
    workload.extra_hosts = host.texts("ExtraHosts")?;
    workload.annotations = host.pairs("Annotations")?;
    workload.sysctls = host.pairs("Sysctls")?;
    workload.runtime = host.some_text("Runtime")?;
    let log = host.object("LogConfig", "HostConfig.LogConfig")?;
    workload.log_driver = log.some_text("Type")?;
    workload.log_options = log.pairs("Config")?;
    workload.read_only_root = host.flag("ReadonlyRootfs")?;
    for link in host.texts("Links")? {
        workload.extra.push(("link".to_owned(), link));
    }
    Ok(())
}

/// What `ContainerUpdate` may change too.
pub(super) fn resources(host: Fields<'_>, workload: &mut Workload) -> Result<(), FactError> {
    for device in host.objects("Devices", "HostConfig.Devices")? {
        workload.devices.push(Device {
            path_on_host: device.text("PathOnHost")?.to_owned(),
            path_in_container: device.text("PathInContainer")?.to_owned(),
            permissions: device.text("CgroupPermissions")?.to_owned(),
        });
    }
    workload.device_cgroup_rules = host.texts("DeviceCgroupRules")?;
    for request in host.objects("DeviceRequests", "HostConfig.DeviceRequests")? {
        workload.device_requests.push(device_request(request)?);
    }
    workload.cgroup_parent = host.some_text("CgroupParent")?;
    workload.memory_limit = u64::try_from(host.integer("Memory")?).ok().filter(|bytes| *bytes > 0);
    workload.restart = host.object("RestartPolicy", "HostConfig.RestartPolicy")?.some_text("Name")?;
    Ok(())
}

fn device_request(request: Fields<'_>) -> Result<DeviceRequest, FactError> {
    let mut capabilities = Vec::new();
    for alternative in request.array("Capabilities")?.unwrap_or_default() {
        let mismatch = || FactError::Mismatch {
            place: request.place("Capabilities"),
            found: alternative.kind(),
            expected: "a list of strings",
        };
        capabilities.push(if alternative.is_null() {
            Vec::new()
        } else {
            texts(alternative).ok_or_else(mismatch)?
        });
    }
    let count = request.integer("Count")?;
    Ok(DeviceRequest {
        driver: request.text("Driver")?.to_owned(),
        // More devices than fit are as good as the largest number; below zero means all.
        count: i32::try_from(count).unwrap_or(if count < 0 { -1 } else { i32::MAX }),
        device_ids: request.texts("DeviceIDs")?,
        capabilities,
    })
}
