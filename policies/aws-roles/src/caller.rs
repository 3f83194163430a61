//! What is proved of the caller.

use portcullis_policy_sdk::aws;
use std::net::IpAddr;

use crate::network;

/// The attribute in which the identity source says the name of the host that asks, proved by a look-up both ways.
const HOST_NAME: &str = "host-name";

/// A caller with a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) name: &'a str,
    pub(crate) groups: &'a [String],
    attributes: &'a [(String, String)],
    /// The address that is the caller's name where it was proved so, or else that of the connection: a proxy's, where
    /// the name comes from one.
    pub(crate) address: Option<IpAddr>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) now: u64,
}

impl<'a> Caller<'a> {
    /// None, where the caller is anonymous.
    pub(crate) fn of(request: &'a aws::Request) -> Option<Self> {
        let principal = &request.principal;
        let name = principal.name.as_deref().filter(|name| !name.is_empty())?;
        if principal.authentication == "anonymous" {
            return None;
        }
        let by_address = principal.authentication == "address";
        let address = if by_address { Some(name) } else { request.context.peer.as_deref() };
        Some(Self {
            name,
            groups: &principal.groups,
            attributes: &principal.attributes,
            address: address.and_then(network::address),
            now: request.context.now,
        })
    }

    /// The value of an attribute that has exactly one.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut values = self.values(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Names of the host that asks, each parted at its first dot: `("berweb01", "example.com")`.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values(HOST_NAME).filter_map(|name| name.split_once('.'))
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let of_name = move |(known, _): &&(String, String)| known == name;
        self.attributes.iter().filter(of_name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_anonymous_are_nobody() {
        let mut request = aws::Request::default();
        assert!(Caller::of(&request).is_none());
        request.principal.name = Some(String::new());
        assert!(Caller::of(&request).is_none());
        request.principal.name = Some("alice".into());
        assert!(Caller::of(&request).is_some());
        request.principal.authentication = "anonymous".into();
        assert!(Caller::of(&request).is_none());
    }

    #[test]
    fn the_address_is_the_proved_one_or_the_connections() {
        for (authentication, name, peer, expected) in [
            ("address", "10.0.0.1", Some("192.0.2.1"), Some("10.0.0.1")),
            ("address", "not-an-address", Some("192.0.2.1"), None),
            ("header", "10.0.0.1", Some("192.0.2.1:4711"), Some("192.0.2.1")),
            ("header", "alice", Some("unix"), None),
            ("header", "alice", None, None),
        ] {
            let mut request = aws::Request::default();
            request.principal.name = Some(name.into());
            request.principal.authentication = authentication.into();
            request.context.peer = peer.map(str::to_owned);
            let address = Caller::of(&request).unwrap().address.map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{authentication} {name} {peer:?}");
        }
    }
}
