//! Checks on networks that are made: which driver, and which interface of the host the containers come onto.

use crate::judge::{Advice, Check, Judge};
use crate::rule::Rule;
use crate::settings::NETWORK_DRIVERS;
use portcullis_policy_sdk::docker::Body;
use portcullis_policy_sdk::parse;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Options of drivers that name interfaces of the host, several with `:` between them (moby libnetwork/drivers: macvlan
/// and ipvlan, bridge). A bridge by the name of one that the host already has is used as it is.
const INTERFACES: [&str; 3] =
    ["parent", "com.docker.network.bridge.name", "com.docker.network.bridge.trusted_host_interfaces"];

/// The body of `NetworkCreate`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Network {
    #[serde(rename = "Driver")]
    driver: Option<String>,
    #[serde(rename = "Options")]
    options: Option<BTreeMap<String, Option<String>>>,
    #[serde(rename = "ConfigFrom")]
    config_from: Option<ConfigFrom>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ConfigFrom {
    #[serde(rename = "Network")]
    network: Option<String>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

pub(crate) fn check(judge: &Judge<'_>) -> Check {
    if judge.operation() != Some("NetworkCreate") {
        return Ok(());
    }
    // `operations` refuses a body that was not shown.
    let Body::Json(json) = &judge.request.body else { return Ok(()) };
    match parse::<Network>(json) {
        Ok(network) => self::network(judge, &network),
        Err(error) => judge.refuse(Rule::UnseenBody, Advice::None, || {
            format!("the body cannot be read: {error}; send the JSON of Docker's API")
        }),
    }
}

fn network(judge: &Judge<'_>, network: &Network) -> Check {
    let settings = &judge.settings.written;
    let driver = network.driver.as_deref().unwrap_or_default();
    let known = driver.is_empty() || NETWORK_DRIVERS.contains(&driver);
    if !known && !settings.allowed_network_drivers.contains(driver) {
        let advice = Advice::entry("allowed_network_drivers", driver);
        judge.refuse(Rule::NetworkDriver, advice, || {
            format!("the network driver `{driver}` may not be used; use `bridge`")
        })?;
    }
    for option in INTERFACES {
        let Some(value) = network.options.as_ref().and_then(|options| options.get(option)) else { continue };
        let mut names = value.as_deref().unwrap_or_default().split(':').filter(|name| !name.is_empty());
        names.try_for_each(|name| interface(judge, option, name))?;
    }
    let config = network.config_from.as_ref().and_then(|from| from.network.as_deref()).unwrap_or_default();
    if config.is_empty() {
        return Ok(());
    }
    judge.refuse(Rule::HostInterface, Advice::Exception, || {
        format!(
            "the options of the network `{config}` cannot be seen, and may name an interface of the host; give them here \
             instead of `--config-from`"
        )
    })
}

fn interface(judge: &Judge<'_>, option: &str, name: &str) -> Check {
    if judge.settings.written.allowed_host_interfaces.contains(name) {
        return Ok(());
    }
    let advice = Advice::entry("allowed_host_interfaces", name);
    judge.refuse(Rule::HostInterface, advice, || {
        format!(
            "containers may not be put onto the host's interface `{name}`; leave out the option `{option}`"
        )
    })
}
