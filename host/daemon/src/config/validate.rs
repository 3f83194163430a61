//! Raw values become values that hold, or one message.

use portcullis_audit::{Commit, Syslog};
use portcullis_docker::door::DoorSettings;
use std::collections::BTreeMap;
use toml::Spanned;

use super::barbican::barbican;
use super::error::ConfigError;
use super::federation::federation;
use super::listen::listen;
use super::place::Place;
use super::policy::policy;
use super::store::store;
use super::{Audit, AuditTo, Config, defaults, raw};

/// The most records that are kept in memory.
const RECENT: usize = 100_000;

/// The configuration, if everything in it holds. Policies stand at one place, the rest at another.
pub(super) fn validate(
    raw: raw::File,
    of_policies: &Place<'_>,
    place: &Place<'_>,
) -> Result<Config, ConfigError> {
    let mut policies = Vec::with_capacity(raw.policies.len());
    let mut origins = BTreeMap::new();
    for entry in raw.policies {
        let origin = of_policies.at(&entry.span());
        let policy = policy(entry, of_policies)?;
        if let Some(other) = origins.insert(policy.name.clone(), origin.clone()) {
            let name = policy.name;
            return Err(origin.wrong(format_args!("the policy at {other} has the name `{name}` already")));
        }
        policies.push(policy);
    }
    let sections = [("gateway", raw.gateway.is_some())];
    let state = raw.state.map(|state| place.path(&state)).or_else(defaults::state);
    let unidentified = raw.barbican.as_ref().map(|raw| place.at(&raw.span()));
    let listen = listen(raw.listen, place)?;
    let barbican = raw.barbican.map(|raw| barbican(raw, &listen.api, place)).transpose()?.flatten();
    let federation =
        raw.federation.map(|raw| federation(raw, &mut policies, &mut origins, place)).transpose()?;
    let config = Config {
        federation,
        store: store(&raw.store, state.as_deref(), place)?,
        unidentified: if barbican.is_none() { unidentified } else { None },
        barbican,
        listen,
        policies,
        origins,
        docker: docker(raw.docker, place)?,
        audit: audit(raw.audit, place)?,
        state,
        dormant: sections.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect(),
    };
    if let (Some(federation), Some(ours), Some(theirs)) =
        (&config.federation, config.federation_listens(), config.barbican_listens())
    {
        federation.beside_barbican(ours, theirs)?;
    }
    if let (Some(federation), Some(ours)) = (&config.federation, config.federation_listens()) {
        federation.asks_for_certificates(ours)?;
    }
    Ok(config)
}

fn audit(raw: raw::Audit, place: &Place<'_>) -> Result<Audit, ConfigError> {
    if let Some(recent) = raw.recent.as_ref().filter(|recent| *recent.get_ref() > RECENT) {
        let message = format!("`recent` is at most {RECENT}, not `{}`", recent.get_ref());
        return Err(place.wrong(&recent.span(), message));
    }
    let file = raw.file.filter(|file| file != "-").map(|file| AuditTo::File(place.path(&file)));
    let to = match (file, raw.syslog) {
        (Some(_), Some(syslog)) => {
            return Err(place.wrong(&syslog.span(), "records go to `file` or to `syslog`, not to both"));
        }
        (None, Some(syslog)) => AuditTo::Syslog(match syslog.get_ref().strip_prefix("udp:") {
            Some(address) => Syslog::Udp(address.to_owned()),
            None => Syslog::Unix(place.path(syslog.get_ref())),
        }),
        (Some(file), None) => file,
        (None, None) => AuditTo::Stdout,
    };
    let commit = match raw.commit.as_ref().map(|commit| commit.get_ref().as_str()) {
        None | Some("written") => Commit::Written,
        Some("queued") => Commit::Queued,
        Some(other) => {
            let span = raw.commit.as_ref().map(Spanned::span).unwrap_or_default();
            return Err(place.wrong(&span, format!("`commit` is `written` or `queued`, not `{other}`")));
        }
    };
    Ok(Audit { to, commit, recent: raw.recent.map_or(1000, Spanned::into_inner) })
}

fn docker(raw: raw::Docker, place: &Place<'_>) -> Result<DoorSettings, ConfigError> {
    let mut settings = DoorSettings::default();
    if let Some(daemon) = raw.daemon {
        settings.daemon = daemon;
    }
    if let Some(operations) = raw.always_allow {
        settings.always_allow =
            operations.into_iter().map(|name| operation(name, place)).collect::<Result<_, _>>()?;
    }
    for name in raw.assume_no_body {
        let span = name.span();
        let name = operation(name, place)?;
        if !portcullis_docker::canonical::may_lack_body(&name) {
            let message = format_args!(
                "`{name}` cannot be assumed to have no body: either it needs one, or one that is not shown \
                 changes nothing"
            );
            return Err(place.wrong(&span, message));
        }
        settings.assume_no_body.insert(name);
    }
    Ok(settings)
}

fn operation(name: Spanned<String>, place: &Place<'_>) -> Result<String, ConfigError> {
    if portcullis_docker::routes::all().any(|known| known == name.get_ref()) {
        return Ok(name.into_inner());
    }
    let message = format_args!(
        "`{}` is no operation of the Docker Engine API; they are written as Docker's operationIds, e.g. \
         `SystemPing`",
        name.get_ref()
    );
    Err(place.wrong(&name.span(), message))
}
