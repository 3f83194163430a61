//! `[listen]`: addresses, and the limits of every listener.

use bytesize::ByteSize;
use ipnet::IpNet;
use portcullis_listen::{Address, Limits, TlsFiles};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::Spanned;

use super::barbican::duration;
use super::error::ConfigError;
use super::place::Place;
use super::{Endpoint, Listen, defaults, raw};

/// Connections that a limit may allow: more than any machine has descriptors for.
const CONNECTIONS: RangeInclusive<usize> = 1..=1_000_000;

/// Bytes of a request's head that a limit may allow. hyper reads at least 8 KiB at once.
const HEADER_BYTES: RangeInclusive<u64> = 8 << 10..=1 << 20;

pub(super) fn listen(mut raw: raw::Listen, place: &Place<'_>) -> Result<Listen, ConfigError> {
    let limits = limits(&raw, place)?;
    let proxies = raw.proxies.take().unwrap_or_default();
    let proxies = proxies.iter().map(|text| network(text, place)).collect::<Result<_, _>>()?;
    let api = endpoints(raw.api, Some(defaults::api()), place)?;
    let docker = endpoints(raw.docker, Some(defaults::docker_socket()), place)?;
    let admin = endpoints(raw.admin, Some(defaults::admin()), place)?;
    let named = [("api", &api), ("docker", &docker), ("admin", &admin)];
    let all: Vec<_> = named.iter().flat_map(|(name, list)| list.iter().map(move |at| (name, at))).collect();
    for (at, (name, endpoint)) in all.iter().enumerate() {
        if let Some((other, _)) = all[..at].iter().find(|(_, other)| collide(other, endpoint)) {
            let (address, origin) = (&endpoint.address, &endpoint.origin);
            return Err(origin.wrong(format_args!(
                "`{address}` stands twice, in `{other}` and in `{name}`: give each an address of its own"
            )));
        }
    }
    Ok(Listen { api, docker, admin, limits, proxies })
}

fn limits(raw: &raw::Listen, place: &Place<'_>) -> Result<Limits, ConfigError> {
    let defaults = Limits::default();
    let count = |raw: &Option<Spanned<usize>>, default, key| {
        raw.as_ref().map_or(Ok(default), |raw| connections(raw, key, place))
    };
    let time = |raw: &Option<Spanned<String>>, default, least, key| {
        raw.as_ref().map_or(Ok(default), |raw| duration(raw, least, Duration::from_hours(1), key, place))
    };
    let second = Duration::from_secs(1);
    Ok(Limits {
        max_connections: count(&raw.max_connections, defaults.max_connections, "max_connections")?,
        max_connections_per_peer: count(
            &raw.max_connections_per_peer,
            defaults.max_connections_per_peer,
            "max_connections_per_peer",
        )?,
        header_timeout: time(
            &raw.header_timeout,
            defaults.header_timeout,
            Duration::from_millis(100),
            "header_timeout",
        )?,
        max_header_bytes: match &raw.max_header_bytes {
            Some(raw) => header_bytes(raw, place)?,
            None => defaults.max_header_bytes,
        },
        body_timeout: time(&raw.body_timeout, defaults.body_timeout, second, "body_timeout")?,
        write_timeout: time(&raw.write_timeout, defaults.write_timeout, second, "write_timeout")?,
        idle_timeout: Some(time(&raw.idle_timeout, defaults::IDLE_TIMEOUT, second, "idle_timeout")?),
    })
}

fn connections(raw: &Spanned<usize>, key: &str, place: &Place<'_>) -> Result<usize, ConfigError> {
    let (least, most) = CONNECTIONS.into_inner();
    match *raw.get_ref() {
        0 => {
            let message = format!("`{key}` is at least {least}: with `0` every connection would be refused");
            Err(place.wrong(&raw.span(), message))
        }
        count if count > most => {
            Err(place.wrong(&raw.span(), format!("`{key}` is between {least} and {most}, not `{count}`")))
        }
        count => Ok(count),
    }
}

fn header_bytes(raw: &Spanned<String>, place: &Place<'_>) -> Result<usize, ConfigError> {
    let text = raw.get_ref();
    let wrong = |message: String| place.wrong(&raw.span(), message);
    let size: ByteSize = text
        .parse()
        .map_err(|_| wrong(format!("`{text}` is no size: write a number and a unit, e.g. \"64KiB\"")))?;
    let bytes = Some(size.as_u64()).filter(|bytes| HEADER_BYTES.contains(bytes));
    bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| wrong(format!("`max_header_bytes` is between 8KiB and 1MiB, not `{text}`")))
}

/// An address or a network of proxies.
pub(super) fn network(raw: &Spanned<String>, place: &Place<'_>) -> Result<IpNet, ConfigError> {
    let text = raw.get_ref();
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        let message = format!("`{text}` is neither an address nor a network, e.g. \"10.0.0.0/8\"");
        place.wrong(&raw.span(), message)
    })
}

/// Port 0 is another one each time.
fn collide(one: &Endpoint, other: &Endpoint) -> bool {
    one.address == other.address && !matches!(one.address, Address::Tcp { port: 0, .. })
}

pub(super) fn endpoints(
    raw: Option<Vec<Spanned<raw::Endpoint>>>,
    default: Option<Address>,
    place: &Place<'_>,
) -> Result<Vec<Endpoint>, ConfigError> {
    let Some(raw) = raw else {
        let bare = |address| Endpoint { address, tls: None, mode: None, group: None, origin: place.whole() };
        return Ok(default.into_iter().map(bare).collect());
    };
    raw.into_iter().map(|raw| endpoint(raw, place)).collect()
}

fn endpoint(raw: Spanned<raw::Endpoint>, place: &Place<'_>) -> Result<Endpoint, ConfigError> {
    let origin = place.at(&raw.span());
    let table = match raw.into_inner() {
        raw::Endpoint::Address(address) => raw::EndpointTable { address, tls: None, mode: None, group: None },
        raw::Endpoint::Table(table) => table,
    };
    let address = Address::parse(&table.address).map_err(|error| origin.wrong(error))?;
    match &address {
        Address::Unix(_) if table.tls.is_some() => {
            return Err(origin.wrong(format_args!(
                "`{address}`: a unix socket has no TLS; `mode` and `group` say who may connect"
            )));
        }
        Address::Tcp { .. } if table.mode.is_some() || table.group.is_some() => {
            return Err(origin.wrong(format_args!(
                "`{address}`: `mode` and `group` are for unix sockets; for TCP `tls` with a `client_ca` says who \
                 may connect"
            )));
        }
        _ => {}
    }
    let mode = table.mode.as_deref().map(mode).transpose().map_err(|error| origin.wrong(error))?;
    let tls = table.tls.map(|tls| TlsFiles {
        certificate: place.path(&tls.certificate),
        key: place.path(&tls.key),
        client_ca: tls.client_ca.map(|file| place.path(&file)),
    });
    Ok(Endpoint { address, tls, mode, group: table.group, origin })
}

fn mode(text: &str) -> Result<u32, String> {
    let digits = (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| digits && *mode <= 0o777)
        .ok_or_else(|| format!("`{text}` is no mode for a socket: write it in octal, e.g. \"0660\""))
}
