//! Containers: create, update and exec.

use portcullis_contract::docker::{Image, Workload};

use super::fields::Fields;
use super::{FactError, host, mounts, network};
use crate::image;
use crate::json::Object;

/// The body of `ContainerCreate`, its host configuration hoisted to its place (see [`super::hoist_host_config`]).
pub(crate) fn create(body: &Object<'_>) -> Result<Workload, FactError> {
    let config = Fields::of(body, "");
    let host_config = config.object("HostConfig", "HostConfig")?;
    let mut workload = Workload {
        image: reference(config)?,
        command: config.text_or_texts("Cmd")?,
        entrypoint: config.text_or_texts("Entrypoint")?,
        environment: config.texts("Env")?,
        user: config.some_text("User")?,
        labels: config.pairs("Labels")?,
        mounts: mounts::of_container(config, host_config)?,
        networks: network::networks(config, host_config)?,
        ..Workload::default()
    };
    host::read(host_config, &mut workload)?;
    Ok(workload)
}

/// The body of `ContainerUpdate`: resources and the restart policy, nothing else is read from it.
pub(crate) fn update(body: &Object<'_>) -> Result<Workload, FactError> {
    let mut workload = Workload::default();
    host::resources(Fields::of(body, ""), &mut workload)?;
    Ok(workload)
}

/// The body of `ContainerExec`.
pub(crate) fn exec(body: &Object<'_>) -> Result<Workload, FactError> {
    let exec = Fields::of(body, "");
    let directory = exec.some_text("WorkingDir")?;
    Ok(Workload {
        command: exec.texts("Cmd")?,
        environment: exec.texts("Env")?,
        user: exec.some_text("User")?,
        privileged: exec.flag("Privileged")?,
        extra: directory.map(|directory| ("working-dir".to_owned(), directory)).into_iter().collect(),
        ..Workload::default()
    })
}

/// `Image`, taken apart.
pub(super) fn reference(config: Fields<'_>) -> Result<Option<Image>, FactError> {
    let sent = config.text("Image")?;
    if sent.is_empty() {
        return Ok(None);
    }
    let malformed = || FactError::malformed(&config.place("Image"), sent, "image reference");
    image::parse(sent).ok_or_else(malformed).map(Some)
}
