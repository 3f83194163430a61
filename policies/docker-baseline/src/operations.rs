//! Checks on the call itself: what it is, and whether all of it was seen.

use crate::judge::{Advice, Check, Judge};
use crate::rule::Rule;
use crate::settings::Switch;
use portcullis_policy_docker_common::request::{BODY_DECIDES, parameter};
use portcullis_policy_sdk::docker::Body;

pub(crate) fn check(judge: &Judge<'_>) -> Check {
    let request = judge.request;
    let first = request.path.first().map_or("", String::as_str);
    let operation = judge.operation().unwrap_or_default();
    let buildkit =
        operation == "Session" || matches!(first, "session" | "grpc") || builds_with_buildkit(judge);
    if buildkit && !judge.settings.written.allow_buildkit {
        judge.refuse(Rule::BuildKit, Advice::setting("allow_buildkit = true"), || {
            "what BuildKit builds, no policy can see; build with the classic builder (`DOCKER_BUILDKIT=0 docker build`)"
                .into()
        })?;
    } else if operation.is_empty() {
        return judge.refuse(Rule::UnknownOperation, Advice::None, || {
            // Not the URI: its query may hold a secret, and this text goes into logs.
            format!("there is no `{} /{}` that this policy knows", request.method, request.path.join("/"))
        });
    }
    administration(judge, operation)?;
    reads(judge, operation)?;
    fetch(judge, operation)?;
    form(judge, operation)?;
    body(judge, operation)
}

/// Version 2 is `BuildKit` (moby api/server/router/build, `parseVersion`), and only that takes its context from a session.
fn builds_with_buildkit(judge: &Judge<'_>) -> bool {
    judge.operation() == Some("ImageBuild")
        && (!matches!(parameter(judge.request, "version"), "" | "1")
            || parameter(judge.request, "remote") == "client-session")
}

fn administration(judge: &Judge<'_>, operation: &str) -> Check {
    if operation.starts_with("Plugin") && !matches!(operation, "PluginList" | "PluginInspect") {
        judge.refuse(Rule::PluginAdministration, Advice::Exception, || {
            format!("`{operation}` changes plugins, which have the host's privileges; leave it to an administrator")
        })?;
    }
    let swarm = operation.starts_with("Swarm") && operation != "SwarmInspect";
    if swarm || matches!(operation, "NodeUpdate" | "NodeDelete") {
        judge.refuse(Rule::SwarmAdministration, Advice::Exception, || {
            format!("`{operation}` changes the swarm or shows its key; leave it to an administrator")
        })?;
    }
    // The swarm restores the specification before this one, regardless of the body (moby daemon/cluster/services.go,
    // `UpdateService`).
    if operation == "ServiceUpdate" && !matches!(parameter(judge.request, "rollback"), "" | "none") {
        judge.refuse(Rule::ServiceRollback, Advice::Exception, || {
            "what a service is rolled back to is not seen; send the specification itself".into()
        })?;
    }
    Ok(())
}

/// Calls that change nothing and give away more than they seem to.
fn reads(judge: &Judge<'_>, operation: &str) -> Check {
    let settings = &judge.settings.written;
    match operation {
        "SwarmInspect" if !settings.allow_swarm_inspect => {
            judge.refuse(Rule::SwarmJoinTokens, Advice::setting("allow_swarm_inspect = true"), || {
                "the swarm's specification shows the tokens with which a node joins; use `docker info` for its state"
                    .into()
            })
        }
        "Debug" if !settings.allow_debug => judge.refuse(Rule::Debug, Advice::setting("allow_debug = true"), || {
            "`/debug` shows the memory of the daemon, and secrets in it; leave it to an administrator".into()
        }),
        "ContainerArchive" | "ContainerArchiveInfo" | "ContainerCopy" | "PutContainerArchive"
            if settings.container_archive == Switch::Refuse =>
        {
            let advice = Advice::setting("container_archive = \"allow\"");
            judge.refuse(Rule::ContainerArchive, advice, || {
                "files may not be copied out of or into containers (CVE-2026-41567, CVE-2026-42306); use a volume".into()
            })
        }
        _ => Ok(()),
    }
}

/// dockerd fetches these from its own place in the network, where addresses of the host itself answer it.
fn fetch(judge: &Judge<'_>, operation: &str) -> Check {
    let fetched = match operation {
        "ImageCreate" if parameter(judge.request, "fromImage").is_empty() => {
            Some(parameter(judge.request, "fromSrc")).filter(|source| *source != "-")
        }
        "ImageBuild" => Some(parameter(judge.request, "remote")).filter(|remote| *remote != "client-session"),
        _ => None,
    };
    let Some(url) = fetched.filter(|url| !url.is_empty()) else { return Ok(()) };
    if judge.settings.written.allow_daemon_fetch {
        return Ok(());
    }
    judge.refuse(Rule::DaemonFetch, Advice::setting("allow_daemon_fetch = true"), || {
        // Not the whole URL, which may hold a password.
        let scheme = url.split_once("://").map_or("a URL", |(scheme, _)| scheme);
        format!("the daemon may not fetch for a client ({scheme}); download it and send it to the daemon")
    })
}

/// dockerd obeys the first of two Content-Types and shows plugins the last. Where the first is a form's, its values
/// stand before the query's, and no message tells such a request from an ordinary build or import.
fn form(judge: &Judge<'_>, operation: &str) -> Check {
    let possible = judge.request.anomalies.iter().any(|anomaly| anomaly == "unshown-form");
    if !possible || judge.settings.written.assume_no_form.contains(operation) {
        return Ok(());
    }
    judge.refuse(Rule::UnshownForm, Advice::entry("assume_no_form", operation), || {
        format!(
            "a form that dockerd does not show could replace the parameters of `{operation}`; send the archive \
             without a Content-Type, which the docker command line cannot"
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
        judge.refuse(Rule::UnseenBody, Advice::None, || {
            format!(
                "the daemon did not show the body of `{operation}` ({why}); send JSON of less than 1 MiB with \
                 `Content-Type: application/json`"
            )
        })?;
    }
    let empty = matches!(judge.request.body, Body::Absent) || matches!(shown, Ok("{}" | "null" | ""));
    if operation == "ContainerStart" && !empty {
        judge.refuse(Rule::StartBody, Advice::None, || {
            "a start takes no body: configure the container when it is created".into()
        })?;
    }
    Ok(())
}
