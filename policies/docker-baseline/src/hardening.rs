//! What the operator requires of every container, beyond what keeps it one: limits, and no more rights than it needs.
//! None of it is required unless `require` names it. The names are rules; `README.md` says which recommendation of the
//! CIS Docker Benchmark each is.

use crate::judge::{Advice, Check, Judge};
use crate::rule::Rule;
use portcullis_policy_sdk::docker::{Body, Port, Workload};
use portcullis_policy_sdk::{parse, prelude::*};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::net::IpAddr;

/// The rules that may be required.
pub(crate) const REQUIRABLE: [Rule; 9] = [
    Rule::MemoryLimit,
    Rule::CpuLimit,
    Rule::PidsLimit,
    Rule::ReadOnlyRoot,
    Rule::NoNewPrivileges,
    Rule::NonRootUser,
    Rule::RestartPolicy,
    Rule::PrivilegedPort,
    Rule::PortAddress,
];

/// CIS Docker Benchmark 5.15: so often may a container be started again.
const MAX_RESTARTS: i64 = 5;

/// What no fact says: limits of a container and of a service's tasks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Limits {
    memory: Option<i64>,
    nano_cpus: Option<i64>,
    cpu_quota: Option<i64>,
    cpu_shares: Option<i64>,
    pids_limit: Option<i64>,
    restart_policy: Option<Restart>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Restart {
    name: Option<String>,
    maximum_retry_count: Option<i64>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Created {
    #[serde(rename = "HostConfig")]
    host_config: Option<Limits>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Service {
    task_template: Option<Task>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Task {
    resources: Option<Resources>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Resources {
    limits: Option<TaskLimits>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TaskLimits {
    #[serde(rename = "NanoCPUs")]
    nano_cpus: Option<i64>,
    #[serde(rename = "Pids")]
    pids: Option<i64>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

pub(crate) fn check(judge: &Judge<'_>) -> Check {
    let Some(workload) = judge.request.workload.as_ref().filter(|_| judge.settings.requires_any()) else {
        return Ok(());
    };
    let body = match &judge.request.body {
        Body::Json(json) => json.as_str(),
        _ => "{}",
    };
    match judge.operation() {
        Some("ContainerCreate") => {
            hoisted(judge)?;
            let created: Created = read(body)?;
            container(judge, workload, &created.host_config.unwrap_or_default())
        }
        Some("ContainerUpdate") => update(judge, &read(body)?),
        Some("ContainerExec") => user(judge, workload, workload.user.is_some()),
        Some("ServiceCreate" | "ServiceUpdate") => {
            let service: Service = read(body)?;
            let task = service.task_template.unwrap_or_default();
            let limits = task.resources.unwrap_or_default().limits.unwrap_or_default();
            tasks(judge, workload, &limits)
        }
        _ => Ok(()),
    }
}

/// The host has read the body as dockerd does, so what cannot be read here is of another version.
fn read<T: DeserializeOwned>(body: &str) -> Result<T, Opinion> {
    parse(body).map_err(|error| {
        let reason =
            format!("the limits in the body cannot be read: {error}; leave them out, or send whole numbers");
        Opinion::deny(Rule::UnseenBody.name(), reason)
    })
}

/// Old versions of dockerd take the host configuration from the top of the body, and new ones do not: what stands there
/// may limit nothing.
fn hoisted(judge: &Judge<'_>) -> Check {
    if judge.request.anomalies.iter().any(|anomaly| anomaly == "top-level-host-config") {
        let reason = "limits at the top of the body count for some versions of dockerd alone; send them in `HostConfig`";
        return Err(Opinion::deny(Rule::UnseenBody.name(), reason));
    }
    Ok(())
}

fn container(judge: &Judge<'_>, workload: &Workload, limits: &Limits) -> Check {
    every(judge, workload)?;
    let has_cpu = [limits.nano_cpus, limits.cpu_quota, limits.cpu_shares].into_iter().any(is_positive);
    cpu(judge, has_cpu)?;
    pids(judge, is_positive(limits.pids_limit))?;
    restart(judge, limits.restart_policy.as_ref())?;
    workload.published.iter().try_for_each(|port| published(judge, port))?;
    if workload.publish_all {
        require(judge, Rule::PortAddress, || {
            "ports may not be published on every address; leave out `-P` and name those that are needed, such as \
             `-p 127.0.0.1:8080:80`"
                .into()
        })?;
    }
    Ok(())
}

fn tasks(judge: &Judge<'_>, workload: &Workload, limits: &TaskLimits) -> Check {
    every(judge, workload)?;
    cpu(judge, is_positive(limits.nano_cpus))?;
    pids(judge, is_positive(limits.pids) && !is_dropped(judge, FIRST_WITH_PIDS))
}

/// The first versions of the API in which a service has a limit of processes, and in which its tasks may not gain
/// privileges: of requests in an older one dockerd drops both (moby api/server/router/swarm/helpers.go,
/// `adjustForAPIVersion`).
const FIRST_WITH_PIDS: (u32, u32) = (1, 41);
const FIRST_WITH_NO_NEW_PRIVILEGES: (u32, u32) = (1, 44);

/// Whether dockerd drops what a service has since this version.
fn is_dropped(judge: &Judge<'_>, since: (u32, u32)) -> bool {
    let is_service = judge.operation().is_some_and(|name| name.starts_with("Service"));
    is_service && judge.request.api_version.is_some_and(|version| version < since)
}

/// What holds for a container and for a service's tasks.
fn every(judge: &Judge<'_>, workload: &Workload) -> Check {
    if workload.memory_limit.is_none() {
        require(judge, Rule::MemoryLimit, || {
            "a container needs a limit of memory; add one such as `--memory 512m`".into()
        })?;
    }
    if !workload.read_only_root {
        require(judge, Rule::ReadOnlyRoot, || {
            "a container's root file system is read-only; add `--read-only`, with `--tmpfs` for what it writes".into()
        })?;
    }
    // Of several the last counts (moby daemon/daemon_unix.go), and values are those of Go's `ParseBool`.
    let said = workload.security_options.iter().rfind(|option| option.name == "no-new-privileges");
    let keeps = said.is_some_and(|option| {
        matches!(option.value.as_deref(), None | Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
    });
    if !keeps || is_dropped(judge, FIRST_WITH_NO_NEW_PRIVILEGES) {
        require(judge, Rule::NoNewPrivileges, || {
            "a container may not gain privileges; add `--security-opt no-new-privileges`".into()
        })?;
    }
    user(judge, workload, true)
}

/// `docker update`: a limit is not taken away. What a request leaves out stays.
fn update(judge: &Judge<'_>, limits: &Limits) -> Check {
    if limits.memory.is_some_and(|bytes| bytes < 0) {
        require(judge, Rule::MemoryLimit, || {
            "the limit of memory stays; set another one, such as `--memory 512m`".into()
        })?;
    }
    if limits.cpu_quota.is_some_and(|quota| quota < 0) {
        cpu(judge, false)?;
    }
    if limits.pids_limit.is_some_and(|pids| pids <= 0) {
        pids(judge, false)?;
    }
    // Without a name the policy stays as it is.
    let is_named = |restart: &&Restart| restart.name.as_deref().is_some_and(|name| !name.is_empty());
    restart(judge, limits.restart_policy.as_ref().filter(is_named))
}

fn cpu(judge: &Judge<'_>, has_limit: bool) -> Check {
    if has_limit {
        return Ok(());
    }
    require(judge, Rule::CpuLimit, || {
        "a container needs a share or a limit of processor time; add one such as `--cpus 2`".into()
    })
}

fn pids(judge: &Judge<'_>, has_limit: bool) -> Check {
    if has_limit {
        return Ok(());
    }
    require(judge, Rule::PidsLimit, || {
        "a container needs a limit of processes; add one such as `--pids-limit 200`".into()
    })
}

/// `must_name`: whether the image's own user is not enough. An exec without a user has the container's.
fn user(judge: &Judge<'_>, workload: &Workload, must_name: bool) -> Check {
    let said = workload.user.as_deref().unwrap_or_default();
    // A name is looked up in the image's own `/etc/passwd`, where any may be 0.
    let number = said.split(':').next().unwrap_or_default();
    let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if !must_name || said.is_empty() && judge.operation() == Some("ContainerExec") {
        return Ok(());
    }
    if is_plain && number.bytes().any(|byte| byte != b'0') {
        return Ok(());
    }
    require(judge, Rule::NonRootUser, || {
        format!(
            "`{said}` may be root in the container; name a user by a number other than 0, such as `--user 1000`"
        )
    })
}

fn restart(judge: &Judge<'_>, restart: Option<&Restart>) -> Check {
    let Some(restart) = restart else { return Ok(()) };
    let name = restart.name.as_deref().unwrap_or_default();
    let is_bounded = match name {
        "" | "no" => true,
        "on-failure" => restart.maximum_retry_count.is_some_and(|count| (1..=MAX_RESTARTS).contains(&count)),
        _ => false,
    };
    if is_bounded {
        return Ok(());
    }
    require(judge, Rule::RestartPolicy, || {
        format!(
            "a container is not started again without end; use `--restart on-failure:{MAX_RESTARTS}` in place of `{name}`"
        )
    })
}

fn published(judge: &Judge<'_>, port: &Port) -> Check {
    let ports = port.host_port.as_deref().unwrap_or_default();
    let lowest = ports.split('-').next().unwrap_or_default();
    // dockerd chooses where none is named, or 0.
    let is_high = lowest.is_empty() || lowest.parse::<u16>().is_ok_and(|port| port == 0 || port >= 1024);
    if !is_high {
        require(judge, Rule::PrivilegedPort, || {
            format!(
                "the port {ports} of the host is below 1024; publish on another one, such as `-p 8080:80`"
            )
        })?;
    }
    let address = port.host_ip.as_deref().unwrap_or_default();
    if address.parse::<IpAddr>().is_ok_and(|address| !address.to_canonical().is_unspecified()) {
        return Ok(());
    }
    require(judge, Rule::PortAddress, || {
        format!(
            "the port {} may not be published on every address; name one, such as `-p 127.0.0.1:8080:{0}`",
            port.container_port
        )
    })
}

fn is_positive(limit: Option<i64>) -> bool {
    limit.is_some_and(|limit| limit > 0)
}

fn require(judge: &Judge<'_>, rule: Rule, reason: impl FnOnce() -> String) -> Check {
    if judge.settings.requires(rule) { judge.refuse(rule, Advice::Exception, reason) } else { Ok(()) }
}
