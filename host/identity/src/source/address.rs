//! The peer's address says who asks, and the DNS what the host is called.
//!
//! For machines that have no secret to prove who they are with, in networks where no host can take another's address.
//! It is the address of the connection: what a proxy says of one (`Forwarded`, `X-Forwarded-For`) is never believed, so
//! behind a proxy everybody would be the proxy.

mod dns;

use portcullis_contract::types::Principal;
use std::net::IpAddr;

use super::HostNames;
use crate::{AuthError, IdentityError};
use dns::Resolver;

/// The attribute that the name becomes.
const HOST_NAME: &str = "host-name";

pub(super) struct Address {
    resolver: Option<Resolver>,
}

impl Address {
    pub(super) fn new(host_names: Option<&HostNames>) -> Result<Self, IdentityError> {
        Ok(Self { resolver: host_names.map(Resolver::new).transpose()? })
    }

    /// A host without a name that the DNS confirms has no attribute; a DNS that does not answer is told apart from
    /// that, or a policy that refuses certain hosts could be got around by keeping it busy.
    pub(super) async fn identify(&self, peer: Option<IpAddr>) -> Result<Principal, AuthError> {
        let Some(peer) = peer else {
            return Err(AuthError::unauthorized("the peer is on a unix socket and has no address"));
        };
        let peer = peer.to_canonical();
        let mut principal = super::principal(peer.to_string(), "address");
        if let Some(resolver) = &self.resolver {
            let name = resolver.confirmed_name(peer).await?;
            principal.attributes.extend(name.map(|name| (HOST_NAME.to_owned(), name)));
        }
        Ok(principal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_address_is_the_name() {
        let address = Address::new(None).unwrap();
        for (peer, expected) in [
            (Some("192.0.2.1"), Some("192.0.2.1")),
            (Some("::ffff:192.0.2.1"), Some("192.0.2.1")),
            (Some("2001:DB8:0:0:0::1"), Some("2001:db8::1")),
            (None, None),
        ] {
            match (address.identify(peer.map(|peer| peer.parse().unwrap())).await, expected) {
                (Ok(principal), Some(name)) => {
                    assert_eq!(principal, super::super::principal(name.into(), "address"));
                }
                (Err(AuthError::Unauthorized { .. }), None) => {}
                (result, _) => panic!("{peer:?} gave {result:?}"),
            }
        }
    }
}
