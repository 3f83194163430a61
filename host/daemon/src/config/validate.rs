//! Raw values become values that hold, or one message.

use portcullis_docker::door::DoorSettings;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

use super::barbican::barbican;
use super::error::ConfigError;
use super::listen::listen;
use super::place::Place;
use super::policy::policy;
use super::store::store;
use super::{Audit, Config, defaults, raw};

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
    let sections = [("federation", raw.federation.is_some()), ("gateway", raw.gateway.is_some())];
    let state = raw.state.map(|state| place.path(&state)).or_else(defaults::state);
    let unidentified = raw.barbican.as_ref().map(|raw| place.at(&raw.span()));
    let listen = listen(raw.listen, place)?;
    let barbican = raw.barbican.map(|raw| barbican(raw, &listen.api, place)).transpose()?.flatten();
    Ok(Config {
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
    })
}

fn audit(raw: raw::Audit, place: &Place<'_>) -> Result<Audit, ConfigError> {
    if let Some(recent) = raw.recent.as_ref().filter(|recent| *recent.get_ref() > RECENT) {
        let message = format!("`recent` is at most {RECENT}, not `{}`", recent.get_ref());
        return Err(place.wrong(&recent.span(), message));
    }
    Ok(Audit {
        file: raw.file.filter(|file| file != "-").map(|file| place.path(&file)),
        recent: raw.recent.map_or(1000, Spanned::into_inner),
    })
}

fn docker(raw: raw::Docker, place: &Place<'_>) -> Result<DoorSettings, ConfigError> {
    let mut settings = DoorSettings::default();
    if let Some(daemon) = raw.daemon {
        settings.daemon = daemon;
    }
    if let Some(operations) = raw.always_allow {
        settings.always_allow = BTreeSet::new();
        for operation in operations {
            let (name, span) = (operation.get_ref(), operation.span());
            if !portcullis_docker::routes::all().any(|known| known == name) {
                return Err(place.wrong(
                    &span,
                    format_args!(
                        "`{name}` is no operation of the Docker Engine API; they are written as Docker's \
                         operationIds, e.g. `SystemPing`"
                    ),
                ));
            }
            settings.always_allow.insert(operation.into_inner());
        }
    }
    Ok(settings)
}
