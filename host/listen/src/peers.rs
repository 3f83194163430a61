//! Connections per peer, so that one address cannot take every connection of a listener.

use arc_swap::ArcSwap;
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Networks of proxies: their connections carry the requests of many clients and are not counted per peer. Clones
/// share the list, so that a reload reaches listeners that are open.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<ArcSwap<Vec<IpNet>>>);

impl Proxies {
    /// Replaces the list. Connections that are open stay counted as they were.
    pub fn set(&self, networks: Vec<IpNet>) {
        self.0.store(Arc::new(networks));
    }

    /// Whether the address is a proxy's.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.load().iter().any(|network| network.contains(&address))
    }
}

/// The open connections of one listener, by peer.
pub(crate) struct PeerCounts {
    limit: usize,
    proxies: Proxies,
    /// A peer without connections has no entry, so the map is no larger than the listener's connections.
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One counted connection.
pub(crate) struct PeerPermit {
    counts: Arc<PeerCounts>,
    /// None for a proxy.
    key: Option<IpAddr>,
}

impl PeerCounts {
    pub(crate) fn new(limit: usize, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self { limit, proxies, open: Mutex::default() })
    }

    /// Counts a connection from this address. None if the peer has as many as it may have.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<PeerPermit> {
        // A socket that listens on `[::]` shows IPv4 peers as ::ffff:a.b.c.d, all in one /64.
        let address = address.to_canonical();
        if self.proxies.contains(address) {
            return Some(PeerPermit { counts: Arc::clone(self), key: None });
        }
        let key = peer_key(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(key).or_insert(0);
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(PeerPermit { counts: Arc::clone(self), key: Some(key) })
    }
}

impl Drop for PeerPermit {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut open = self.counts.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&key);
            }
        }
    }
}

/// The address itself, or its /64 network: one host usually has a whole /64 to choose from (RFC 7421).
fn peer_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_ipv4_address_and_ipv6_network() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ] {
            let counts = PeerCounts::new(1, Proxies::default());
            let _one = counts.admit(one.parse().unwrap()).unwrap();
            assert_eq!(counts.admit(other.parse().unwrap()).is_none(), same, "{one} and {other}");
        }
    }

    #[test]
    fn a_closed_connection_is_no_longer_counted() {
        let counts = PeerCounts::new(2, Proxies::default());
        let address = "192.0.2.1".parse().unwrap();
        let (one, two) = (counts.admit(address).unwrap(), counts.admit(address).unwrap());
        assert!(counts.admit(address).is_none());
        drop(one);
        let one = counts.admit(address).unwrap();
        assert!(counts.admit(address).is_none());
        drop((one, two));
        assert!(counts.open.lock().unwrap().is_empty());
    }

    #[test]
    fn proxies_are_not_counted_and_can_change() {
        let proxies = Proxies::default();
        let counts = PeerCounts::new(1, proxies.clone());
        proxies.set(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let admitted: Vec<_> = ["10.1.2.3", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "2001:db8::1"]
            .map(|text| counts.admit(address(text)).unwrap())
            .into();
        proxies.set(Vec::new());
        drop(admitted);
        let _counted = counts.admit(address("10.1.2.3")).unwrap();
        assert!(counts.admit(address("10.1.2.3")).is_none());
    }
}
