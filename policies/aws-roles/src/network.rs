//! Networks in CIDR notation, and the address that a question came from.

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error};
use std::net::{IpAddr, SocketAddr};

use crate::names::Names;

/// One network or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// The network that holds the address; the first, where several do.
    pub(crate) fn holding(&self, address: IpAddr) -> Option<&IpNet> {
        self.0.iter().find(|network| network.contains(&address))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Names::deserialize(deserializer)?;
        names.iter().map(network).collect::<Result<_, _>>().map(Self).map_err(D::Error::custom)
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let network: IpNet = text
        .parse()
        .map_err(|_| format!("`{text}` is no network; write `10.0.0.0/8`, `fd00::/8` or one address"))?;
    // Written so, one host or its whole network may have been meant.
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(format!("`{text}` has bits beyond its mask; write `{}` or `{}`", network.trunc(), network.addr()))
    }
}

/// Reads `ADDRESS` or `ADDRESS:PORT`. An IPv4 address in IPv6 clothes is the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_port() {
        for (text, expected) in [
            ("10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.3:4711", Some("10.1.2.3")),
            ("[fd00::1]:80", Some("fd00::1")),
            ("fd00::1", Some("fd00::1")),
            ("::ffff:10.1.2.3", Some("10.1.2.3")),
            ("[::ffff:10.1.2.3]:80", Some("10.1.2.3")),
            ("unix", None),
            ("10.1.2", None),
            ("010.1.2.3", None),
            ("", None),
        ] {
            assert_eq!(address(text), expected.map(|address| address.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let networks: Networks =
            serde_json::from_str(r#"["10.0.0.0/8","192.0.2.7","fd00::/8","2001:db8::1"]"#).unwrap();
        for (address, expected) in [
            ("10.0.0.0", Some("10.0.0.0/8")),
            ("10.255.255.255", Some("10.0.0.0/8")),
            ("11.0.0.0", None),
            ("9.255.255.255", None),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("192.0.2.8", None),
            ("fdff::1", Some("fd00::/8")),
            ("fe00::1", None),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("::a00:1", None),
        ] {
            let found = networks.holding(address.parse().unwrap()).map(ToString::to_string);
            assert_eq!(found.as_deref(), expected, "{address}");
        }
        let all: Networks = serde_json::from_str(r#""0.0.0.0/0""#).unwrap();
        assert!(all.holding("192.0.2.1".parse().unwrap()).is_some());
        assert!(all.holding("::1".parse().unwrap()).is_none());
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for (json, expected) in [
            (r#""10.0.0.1/8""#, "`10.0.0.1/8` has bits beyond its mask; write `10.0.0.0/8` or `10.0.0.1`"),
            (r#"["10.0.0.0/33"]"#, "`10.0.0.0/33` is no network"),
            (r#""intranet""#, "`intranet` is no network"),
            ("[]", "the list is empty"),
        ] {
            let error = serde_json::from_str::<Networks>(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
