//! Raw values become values that hold, or one message.

use portcullis_audit::{Commit, Syslog};
use portcullis_config::{ConfigError, SourceFile};
use portcullis_engine::build::Confinement;
use portcullis_engine::source::Source;
use portcullis_engine::{Digest, HostOptions};
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Spanned;

use super::admin::tokens;
use super::barbican::barbican;
use super::docker::docker;
use super::docker_gateway::docker_gateway;
use super::federation::federation;
use super::listen::listen;
use super::policy::policy;
use super::store::store;
use super::telemetry::telemetry;
use super::{Audit, AuditTo, Config, defaults, raw};

/// The most records that are kept in memory.
const RECENT: usize = 100_000;

/// The configuration, if everything in it holds. Policies stand at one place, the rest at another.
pub(super) fn validate(
    raw: raw::File,
    policies_file: &SourceFile<'_>,
    source_file: &SourceFile<'_>,
) -> Result<Config, ConfigError> {
    let mut policies = Vec::with_capacity(raw.policies.len());
    let mut locations = BTreeMap::new();
    let mut policy_files = Vec::new();
    for entry in raw.policies {
        let cases = entry.get_ref().cases.as_ref();
        policy_files.extend(cases.map(|cases| policies_file.path(cases.get_ref())));
        let location = policies_file.at(&entry.span());
        let policy = policy(entry, &mut policy_files, policies_file)?;
        if let Some(other) = locations.insert(policy.name.clone(), location.clone()) {
            let name = policy.name;
            return Err(location.wrong(format_args!("the policy at {other} has the name `{name}` already")));
        }
        if let Source::File(module) = &policy.source {
            policy_files.push(module.clone());
        }
        policies.push(policy);
    }
    let state = raw.state.map(|state| source_file.path(&state)).or_else(defaults::state);
    let barbican_disabled_at = raw.barbican.as_ref().map(|raw| source_file.at(&raw.span()));
    let listen = listen(raw.listen, source_file)?;
    let barbican = raw.barbican.map(|raw| barbican(raw, &listen.api, source_file)).transpose()?.flatten();
    let federation = raw
        .federation
        .map(|raw| federation(raw, &listen.api, &mut policies, &mut locations, source_file))
        .transpose()?;
    let docker_gateway = raw.docker_gateway.map(|raw| docker_gateway(raw, source_file)).transpose()?;
    let config = Config {
        docker_gateway,
        federation,
        store: store(&raw.store, state.as_deref(), source_file)?,
        barbican_disabled_at: if barbican.is_none() { barbican_disabled_at } else { None },
        barbican,
        admin_tokens: tokens(&raw.admin, source_file)?,
        listen,
        policies,
        policy_files,
        watch_policies: raw.watch_policies.unwrap_or(true),
        text_sha256: Digest::of(policies_file.text.unwrap_or_default().as_bytes()),
        locations,
        confinement: confinement(raw.build, source_file)?,
        time_budget: time_budget(raw.decisions, source_file)?,
        docker: docker(raw.docker, source_file)?,
        audit: audit(raw.audit, source_file)?,
        telemetry: raw.telemetry.map(|raw| telemetry(&raw, source_file)).transpose()?,
        state,
    };
    if let Some(federation) = &config.federation {
        federation.beside_barbican(&config.listen.api, config.barbican_listens().unwrap_or_default())?;
        federation.asks_for_certificates(&config.listen.api)?;
    }
    Ok(config)
}

fn audit(raw: raw::Audit, source_file: &SourceFile<'_>) -> Result<Audit, ConfigError> {
    if let Some(recent) = raw.recent.as_ref().filter(|recent| *recent.get_ref() > RECENT) {
        let message = format!("`recent` is at most {RECENT}, not `{}`", recent.get_ref());
        return Err(source_file.wrong(&recent.span(), message));
    }
    let file = raw.file.filter(|file| file != "-").map(|file| AuditTo::File(source_file.path(&file)));
    let to = match (file, raw.syslog) {
        (Some(_), Some(syslog)) => {
            return Err(source_file.wrong(&syslog.span(), "records go to `file` or to `syslog`, not to both"));
        }
        (None, Some(syslog)) => AuditTo::Syslog(match syslog.get_ref().strip_prefix("udp:") {
            Some(address) => Syslog::Udp(address.to_owned()),
            None => Syslog::Unix(source_file.path(syslog.get_ref())),
        }),
        (Some(file), None) => file,
        (None, None) => AuditTo::Stdout,
    };
    let commit = match raw.commit.as_ref().map(|commit| commit.get_ref().as_str()) {
        None | Some("written") => Commit::Written,
        Some("queued") => Commit::Queued,
        Some(other) => {
            let span = raw.commit.as_ref().map(Spanned::span).unwrap_or_default();
            return Err(source_file.wrong(&span, format!("`commit` is `written` or `queued`, not `{other}`")));
        }
    };
    Ok(Audit { to, commit, recent: raw.recent.map_or(1000, Spanned::into_inner) })
}

fn confinement(raw: raw::Build, source_file: &SourceFile<'_>) -> Result<Confinement, ConfigError> {
    let Some(text) = raw.confinement else { return Ok(Confinement::Required) };
    match text.get_ref().as_str() {
        "required" => Ok(Confinement::Required),
        "best-effort" => Ok(Confinement::BestEffort),
        other => Err(source_file
            .wrong(&text.span(), format!("`confinement` is `required` or `best-effort`, not `{other}`"))),
    }
}

fn time_budget(raw: raw::Decisions, source_file: &SourceFile<'_>) -> Result<Duration, ConfigError> {
    // Below the 15 seconds after which dockerd gives a plugin up.
    let Some(timeout) = raw.timeout else { return Ok(HostOptions::TIME_BUDGET) };
    let (span, text) = (timeout.span(), timeout.into_inner());
    let duration = humantime::parse_duration(&text).map_err(|error| {
        source_file.wrong(&span, format!("`{text}` is no duration, e.g. \"10s\": {error}"))
    })?;
    if (Duration::from_millis(100)..=Duration::from_mins(1)).contains(&duration) {
        return Ok(duration);
    }
    Err(source_file.wrong(&span, format!("`timeout` is between 100ms and 1m, not `{text}`")))
}
