//! What a host is called: its address is looked up, and the name that comes of it is looked up in turn (RFC 1912,
//! 2.1).

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::super::HostNames;
use crate::{AuthError, IdentityError};

/// Of one address no more names are tried.
const MAX_NAMES: usize = 8;
/// How many answers are kept, each for as long as its owner says and no longer than [`MAX_TTL`].
const CACHED: u64 = 1024;
const MAX_TTL: Duration = Duration::from_mins(5);

pub(super) struct Resolver {
    resolver: TokioResolver,
    timeout: Duration,
}

impl Resolver {
    pub(super) fn new(options: &HostNames) -> Result<Self, IdentityError> {
        if options.timeout.is_zero() {
            return Err(IdentityError::Value { key: "timeout", reason: "must not be zero" });
        }
        let failed = |error: NetError| IdentityError::Resolver(error.to_string());
        let mut builder = if options.servers.is_empty() {
            TokioResolver::builder_tokio().map_err(failed)?
        } else {
            let servers = options.servers.iter().map(name_server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            builder
        };
        tune(builder.options_mut(), options.timeout);
        Ok(Self { resolver: builder.build().map_err(failed)?, timeout: options.timeout })
    }

    /// The name, in lower case and without the dot at its end. Of several that are confirmed, the first one in the
    /// order of the alphabet: servers turn the order of their answers.
    pub(super) async fn confirmed_name(&self, address: IpAddr) -> Result<Option<String>, AuthError> {
        tokio::time::timeout(self.timeout, self.search(address)).await.unwrap_or_else(|_| {
            let limit = humantime::format_duration(self.timeout);
            Err(AuthError::unavailable(format!(
                "the DNS did not say within {limit} what `{address}` is called"
            )))
        })
    }

    async fn search(&self, address: IpAddr) -> Result<Option<String>, AuthError> {
        let answers = self.lookup(Name::from(address), RecordType::PTR).await?;
        let pointers = answers.into_iter().filter_map(|data| match data {
            RData::PTR(name) => Some(name.0),
            _ => None,
        });
        let mut names: Vec<String> = pointers.filter_map(|name| plain(&name)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names.into_iter().take(MAX_NAMES) {
            if self.addresses(&name, address).await?.contains(&address) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    async fn addresses(&self, name: &str, like: IpAddr) -> Result<Vec<IpAddr>, AuthError> {
        let kind = if like.is_ipv4() { RecordType::A } else { RecordType::AAAA };
        let Ok(name) = Name::from_ascii(name) else { return Ok(Vec::new()) };
        let answers = self.lookup(name, kind).await?;
        let addresses = answers.into_iter().filter_map(|data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        Ok(addresses.collect())
    }

    /// What stands under `name`; nothing, if the DNS says that there is nothing.
    async fn lookup(&self, mut name: Name, kind: RecordType) -> Result<Vec<RData>, AuthError> {
        // Else the search list of the system would be tried: `1.2.0.192.in-addr.arpa.example.org`.
        name.set_fqdn(true);
        match self.resolver.lookup(name.clone(), kind).await {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(NetError::Dns(DnsError::NoRecordsFound(nothing)))
                if matches!(nothing.response_code, ResponseCode::NoError | ResponseCode::NXDomain) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(AuthError::unavailable(format!("the DNS cannot look up `{name}`: {error}"))),
        }
    }
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    server.connections = connections.into();
    server
}

/// A datagram that is lost is sent once more within the time.
fn tune(options: &mut ResolverOpts, timeout: Duration) {
    options.timeout = timeout / 2;
    options.attempts = 1;
    options.cache_size = CACHED;
    options.positive_max_ttl = Some(MAX_TTL);
    options.negative_max_ttl = Some(MAX_TTL);
}

/// The name as a policy may see it; none if it is no host's name (RFC 1123, 2.1), but for the underscores that are
/// in use.
fn plain(name: &Name) -> Option<String> {
    let text = name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!text.is_empty() && text.bytes().all(fine)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_may_be_called() {
        for (labels, expected) in [
            (&["Host-1", "Example", "ORG"][..], Some("host-1.example.org")),
            (&["a_b", "example"], Some("a_b.example")),
            (&["host"], Some("host")),
            (&[], None),
            (&["a b", "example"], None),
            (&["a.b", "example"], None),
            (&["a\u{1b}[2J", "example"], None),
            (&["\u{f6}", "example"], None),
        ] {
            let name = Name::from_labels(labels.iter().map(|label| label.as_bytes())).unwrap();
            assert_eq!(plain(&name).as_deref(), expected, "{labels:?}");
        }
    }

    #[test]
    fn a_resolver_needs_time() {
        assert!(Resolver::new(&HostNames { timeout: Duration::ZERO, ..HostNames::default() }).is_err());
    }
}
