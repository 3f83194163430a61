//! What labels cannot decide: calls about the engine itself, about images, which all users share, and things that would be
//! made without an owner.

use portcullis_policy_sdk::prelude::*;

use crate::settings::Settings;

/// Calls about the whole engine, by their operationIds.
const ENGINE: [&str; 22] = [
    "SwarmInit",
    "SwarmJoin",
    "SwarmLeave",
    "SwarmUpdate",
    "SwarmUnlock",
    "SwarmUnlockkey",
    "SwarmInspect",
    "NodeList",
    "NodeInspect",
    "NodeUpdate",
    "NodeDelete",
    "PluginCreate",
    "PluginPull",
    "PluginPush",
    "PluginEnable",
    "PluginDisable",
    "PluginDelete",
    "PluginUpgrade",
    "PluginSet",
    "BuildPrune",
    "Debug",
    "Grpc",
];

/// Calls that change images which other users run.
const IMAGES: [&str; 4] = ["ImageDelete", "ImageTag", "ImagePrune", "ImageLoad"];

/// Why a user may not do this; none where the gateway's view of what is owned decides.
pub(crate) fn refusal(settings: &Settings, name: &str, request: &docker::Request) -> Option<Opinion> {
    let operation = request.operation.as_deref().unwrap_or_default();
    if ENGINE.contains(&operation) {
        let reason = format!("`{operation}` is about the whole engine: an administrator can do this");
        return Some(Opinion::deny("engine", reason));
    }
    if IMAGES.contains(&operation) && !settings.change_images {
        let reason = format!(
            "`{operation}` changes images that other users run: an administrator can do this, or set `change_images`"
        );
        return Some(Opinion::deny("shared-images", reason));
    }
    if matches!(operation, "SecretCreate" | "ConfigCreate") {
        return without_owner(settings, name, request);
    }
    unowned_volume(request).or_else(|| borrowed(operation, request))
}

/// What a body names that is not looked up: the environment of linked containers, and secrets of services.
fn borrowed(operation: &str, request: &docker::Request) -> Option<Opinion> {
    let docker::Body::Json(text) = &request.body else { return None };
    if operation == "ContainerCreate" && text.contains("\"Links\":[\"") {
        let reason = "`--link` shows another container's environment: use a network of your own instead";
        return Some(Opinion::deny("link", reason));
    }
    let is_service = matches!(operation, "ServiceCreate" | "ServiceUpdate");
    if is_service && ["\"Secrets\":[{", "\"Configs\":[{"].iter().any(|members| text.contains(members)) {
        let reason =
            "a service with secrets or configs could read those of other users: an administrator can make it";
        return Some(Opinion::deny("service-secrets", reason));
    }
    None
}

/// The gateway does not write into bodies with secrets, so the client has to.
fn without_owner(settings: &Settings, name: &str, request: &docker::Request) -> Option<Opinion> {
    let docker::Body::Json(text) = &request.body else {
        return Some(Opinion::deny("owner", "the request has no body that could name an owner"));
    };
    let labelled = format!("\"{}\":\"{name}\"", settings.label);
    if !name.contains(['"', '\\']) && labels(text).is_some_and(|labels| labels.contains(&labelled)) {
        return None;
    }
    let reason =
        format!("add `--label {}={name}`: secrets and configs are labelled by their owners", settings.label);
    Some(Opinion::deny("owner", reason))
}

/// The text of the member `Labels`, whose values are texts: the body is in canonical form, without white space.
fn labels(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("\"Labels\":{")?;
    rest.split_once('}').map(|(labels, _)| labels)
}

/// A volume that a container would make has no owner, and its maker would not see it afterwards.
fn unowned_volume(request: &docker::Request) -> Option<Opinion> {
    let workload = request.workload.as_ref()?;
    let named = workload
        .mounts
        .iter()
        .filter(|mount| mount.kind == "volume")
        .filter_map(|mount| mount.source.as_ref());
    let is_there = |name: &String| {
        request.targets.iter().any(|target| target.kind == "volume" && target.as_sent == *name)
    };
    let missing = named.into_iter().find(|name| !name.is_empty() && !is_there(name))?;
    let reason = format!(
        "there is no volume `{missing}`: make it first, `docker volume create {missing}`, so that it is yours"
    );
    Some(Opinion::deny("unowned-volume", reason))
}
