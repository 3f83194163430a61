//! Checks on the call itself: what it is, and whether all of it was seen.

use crate::judge::{Check, Judge};
use crate::rule::Rule;
use portcullis_policy_sdk::docker::Body;

/// Calls whose JSON body decides what happens. Some daemons execute these with a body that they show to no
/// plugin (GHSA-v23v-6jw2-98fq, GHSA-x744-4wpc-v9h2), so that none to be seen is as bad as one unseen.
const BODY_DECIDES: &[&str] = &[
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

pub(crate) fn check(judge: &Judge<'_>) -> Check {
    let request = judge.request;
    let first = request.path.first().map_or("", String::as_str);
    let operation = judge.operation().unwrap_or_default();

    if (operation == "Session" || matches!(first, "session" | "grpc"))
        && !judge.settings.written.allow_buildkit
    {
        judge.refuse(Rule::BuildKit, || {
            "what BuildKit builds, no policy can see; build with the classic builder (`DOCKER_BUILDKIT=0 docker \
             build`), or ask for `allow_buildkit`"
                .into()
        })?;
    } else if operation.is_empty() {
        return judge.refuse(Rule::UnknownOperation, || {
            // Not the URI: its query may hold a secret, and this text goes into logs.
            format!("there is no `{} /{}` that this policy knows", request.method, request.path.join("/"))
        });
    }
    if operation.starts_with("Plugin") && !matches!(operation, "PluginList" | "PluginInspect") {
        judge.refuse(Rule::PluginAdministration, || {
            format!("`{operation}` changes plugins, which have the host's privileges; ask an administrator")
        })?;
    }
    let swarm = operation.starts_with("Swarm") && operation != "SwarmInspect";
    if swarm || matches!(operation, "NodeUpdate" | "NodeDelete") {
        judge.refuse(Rule::SwarmAdministration, || {
            format!("`{operation}` changes the swarm or shows its key; ask an administrator")
        })?;
    }
    form(judge, operation)?;
    body(judge, operation)
}

/// dockerd obeys the first of two Content-Types and shows plugins the last. Where the first is a form's, its values
/// stand before the query's, and no message tells such a request from an ordinary build or import.
fn form(judge: &Judge<'_>, operation: &str) -> Check {
    let possible = judge.request.anomalies.iter().any(|anomaly| anomaly == "unshown-form");
    if !possible || judge.settings.written.assume_no_form.contains(operation) {
        return Ok(());
    }
    judge.refuse(Rule::UnshownForm, || {
        format!(
            "a form that dockerd does not show could replace the parameters of `{operation}`; send the archive \
             without a Content-Type, or, since the docker command line cannot, ask for \
             `assume_no_form = [\"{operation}\"]`"
        )
    })
}

fn body(judge: &Judge<'_>, operation: &str) -> Check {
    let shown = match &judge.request.body {
        Body::Json(json) => Ok(json.as_str()),
        Body::Unseen(why) => Err(why.as_str()),
        Body::Absent => Err("absent"),
    };
    if BODY_DECIDES.contains(&operation)
        && let Err(why) = shown
    {
        judge.refuse(Rule::UnseenBody, || {
            format!(
                "the daemon did not show the body of `{operation}` ({why}); send JSON of less than 1 MiB with \
                 `Content-Type: application/json`"
            )
        })?;
    }
    let empty = matches!(judge.request.body, Body::Absent) || matches!(shown, Ok("{}" | "null" | ""));
    if operation == "ContainerStart" && !empty {
        judge.refuse(Rule::StartBody, || {
            "a start takes no body: configure the container when it is created".into()
        })?;
    }
    Ok(())
}
