//! The body of `NetworkCreate`: the driver, and which interface of the host the containers come onto.

use portcullis_policy_sdk::docker::{Body, Request};
use portcullis_policy_sdk::parse;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Options of drivers that name interfaces of the host, several with `:` between them (moby libnetwork/drivers: macvlan
/// and ipvlan, bridge). A bridge by the name of one that the host already has is used as it is.
const INTERFACES: [&str; 3] =
    ["parent", "com.docker.network.bridge.name", "com.docker.network.bridge.trusted_host_interfaces"];

/// A network that is made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Network {
    #[serde(rename = "Driver")]
    driver: Option<String>,
    #[serde(rename = "Options")]
    options: Option<BTreeMap<String, Option<String>>>,
    #[serde(rename = "ConfigFrom")]
    config_from: Option<ConfigFrom>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigFrom {
    #[serde(rename = "Network")]
    network: Option<String>,
    #[serde(flatten)]
    _others: IgnoredAny,
}

impl Network {
    /// The network of a body that was shown. None where it was not.
    ///
    /// # Errors
    /// Why the body cannot be read.
    pub fn of(request: &Request) -> Option<Result<Self, String>> {
        let Body::Json(json) = &request.body else { return None };
        Some(parse(json))
    }

    /// The driver; empty means dockerd's default, a bridge.
    pub fn driver(&self) -> &str {
        self.driver.as_deref().unwrap_or_default()
    }

    /// The interfaces of the host that are named, each with the option that names it.
    pub fn interfaces(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let value = |option: &str| self.options.as_ref()?.get(option)?.as_deref();
        INTERFACES.into_iter().flat_map(move |option| {
            let names = value(option).unwrap_or_default().split(':').filter(|name| !name.is_empty());
            names.map(move |name| (option, name))
        })
    }

    /// The network whose options are taken over, which are not in this request.
    pub fn config_from(&self) -> Option<&str> {
        let network = self.config_from.as_ref()?.network.as_deref()?;
        (!network.is_empty()).then_some(network)
    }
}
