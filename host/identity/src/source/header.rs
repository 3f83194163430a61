//! A proxy in front of us says who asks.
//!
//! Any peer can send the header. So it is read only from peers that are named, and from any other peer
//! the request is refused: it is never answered as if the header were not there. The proxy must set the header, or
//! take it away, on every request.

use http::HeaderName;
use ipnet::IpNet;
use portcullis_contract::types::Principal;
use std::net::IpAddr;

use super::{AuthRequest, name};
use crate::{AuthError, IdentityError};

pub(super) struct TrustedHeader {
    name: HeaderName,
    trusted: Vec<IpNet>,
    trust_unix: bool,
}

impl TrustedHeader {
    pub(super) fn new(name: &str, trusted: Vec<IpNet>, trust_unix: bool) -> Result<Self, IdentityError> {
        if trusted.is_empty() && !trust_unix {
            return Err(IdentityError::Value { key: "trusted", reason: "must name at least one network" });
        }
        Ok(Self { name: header_name("header", name)?, trusted, trust_unix })
    }

    pub(super) fn identify(&self, asked: AuthRequest<'_>) -> Result<Principal, AuthError> {
        self.trust(asked.peer)?;
        let Some(user) = name::header(asked.headers, &self.name)? else {
            return Err(AuthError::unauthorized(format!("there is no header `{}`", self.name)));
        };
        Ok(super::principal(name::user(user)?, "header"))
    }

    fn trust(&self, peer: Option<IpAddr>) -> Result<(), AuthError> {
        let Some(peer) = peer else {
            if self.trust_unix {
                return Ok(());
            }
            let reason = "the peer is on a unix socket, and such peers are not trusted to say who asks";
            return Err(AuthError::unauthorized(reason));
        };
        let peer = peer.to_canonical();
        if self.trusted.iter().any(|network| network.contains(&peer)) {
            return Ok(());
        }
        Err(AuthError::unauthorized(format!("the peer `{peer}` is not trusted to say who asks")))
    }
}

/// The name of a header that a proxy sets.
pub(super) fn header_name(key: &'static str, text: &str) -> Result<HeaderName, IdentityError> {
    text.parse().map_err(|_| IdentityError::Text {
        key,
        text: text.into(),
        reason: "it is not the name of a header",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    fn header(trusted: &[&str], trust_unix: bool) -> TrustedHeader {
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        TrustedHeader::new("X-Remote-User", trusted, trust_unix).unwrap()
    }

    fn ask(header: &TrustedHeader, peer: Option<&str>, users: &[&str]) -> Result<Principal, AuthError> {
        let mut headers = HeaderMap::new();
        for user in users {
            headers.append("x-remote-user", HeaderValue::from_str(user).unwrap());
        }
        let peer = peer.map(|peer| peer.parse().unwrap());
        header.identify(AuthRequest { headers: &headers, peer, certificate: None })
    }

    #[test]
    fn only_named_peers_are_believed() {
        let networks = header(&["10.1.0.0/16", "::1/128", "192.0.2.7/32"], false);
        let unix = header(&[], true);
        let table: &[(&TrustedHeader, Option<&str>, bool)] = &[
            (&networks, Some("10.1.255.9"), true),
            (&networks, Some("::ffff:10.1.2.3"), true),
            (&networks, Some("::1"), true),
            (&networks, Some("192.0.2.7"), true),
            (&networks, Some("192.0.2.8"), false),
            (&networks, Some("10.2.0.1"), false),
            (&networks, Some("::2"), false),
            (&networks, None, false),
            (&unix, None, true),
            (&unix, Some("127.0.0.1"), false),
        ];
        for (header, peer, trusted) in table {
            match ask(header, *peer, &["alice"]) {
                Ok(principal) if *trusted => {
                    assert_eq!(principal, super::super::principal("alice".into(), "header"));
                }
                Err(AuthError::Unauthorized { reason, .. }) if !trusted => {
                    assert!(reason.contains("trusted to say who asks"), "{reason}");
                }
                result => panic!("{peer:?} gave {result:?}"),
            }
        }
    }

    #[test]
    fn a_header_that_is_not_there_or_there_twice_names_nobody() {
        let header = header(&["127.0.0.1/32"], false);
        for users in [&[][..], &[""], &["alice", "alice"], &["alice", "bob"]] {
            let result = ask(&header, Some("127.0.0.1"), users);
            assert!(matches!(result, Err(AuthError::Unauthorized { .. })), "{users:?}: {result:?}");
        }
    }

    #[test]
    fn options_that_make_no_sense() {
        assert!(TrustedHeader::new("X-User", Vec::new(), false).is_err());
        for name in ["", "X User", "X-\u{dc}ser", "X:"] {
            assert!(TrustedHeader::new(name, Vec::new(), true).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_peer_outside_the_networks_is_ever_believed(peer in any::<[u8; 4]>(), mapped: bool) {
            let header = header(&["10.0.0.0/8"], false);
            let v4 = std::net::Ipv4Addr::from(peer);
            let peer = if mapped { v4.to_ipv6_mapped().to_string() } else { v4.to_string() };
            prop_assert_eq!(ask(&header, Some(&peer), &["alice"]).is_ok(), v4.octets()[0] == 10);
        }
    }
}
