//! Checks on networks that are made: which driver, and which interface of the host the containers come onto.

use crate::judge::{Advice, Check, Judge};
use crate::rule::Rule;
use crate::settings::NETWORK_DRIVERS;
use portcullis_policy_docker_common::network::Network;

pub(crate) fn check(judge: &Judge<'_>) -> Check {
    if judge.operation() != Some("NetworkCreate") {
        return Ok(());
    }
    // `operations` refuses a body that was not shown.
    match Network::of(judge.request) {
        None => Ok(()),
        Some(Ok(network)) => self::network(judge, &network),
        Some(Err(error)) => judge.refuse(Rule::UnseenBody, Advice::None, || {
            format!("the body cannot be read: {error}; send the JSON of Docker's API")
        }),
    }
}

fn network(judge: &Judge<'_>, network: &Network) -> Check {
    let settings = &judge.settings.written;
    let driver = network.driver();
    let known = driver.is_empty() || NETWORK_DRIVERS.contains(&driver);
    if !known && !settings.allowed_network_drivers.contains(driver) {
        let advice = Advice::entry("allowed_network_drivers", driver);
        judge.refuse(Rule::NetworkDriver, advice, || {
            format!("the network driver `{driver}` may not be used; use `bridge`")
        })?;
    }
    network.interfaces().try_for_each(|(option, name)| interface(judge, option, name))?;
    let Some(config) = network.config_from() else { return Ok(()) };
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
