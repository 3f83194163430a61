//! `[listen]`: addresses, and the limits of every listener.

use bytesize::ByteSize;
use portcullis_config::{ConfigError, SourceFile, duration, network};
use portcullis_listen::{Address, Limits, TlsFiles};
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::Spanned;

use super::{Endpoint, Listen, defaults, raw};

/// Connections that a limit may allow: more than any machine has descriptors for.
const CONNECTIONS: RangeInclusive<usize> = 1..=1_000_000;

/// Bytes of a request's head that a limit may allow. hyper reads at least 8 KiB at once.
const HEADER_BYTES: RangeInclusive<u64> = 8 << 10..=1 << 20;

pub(super) fn listen(mut raw: raw::Listen, source_file: &SourceFile<'_>) -> Result<Listen, ConfigError> {
    let limits = limits(&raw, source_file)?;
    let proxies = raw.proxies.take().unwrap_or_default();
    let proxies = proxies.iter().map(|text| network(text, source_file)).collect::<Result<_, _>>()?;
    let api = endpoints(raw.api, Some(defaults::api()), source_file)?;
    let docker = endpoints(raw.docker, Some(defaults::docker_socket()), source_file)?;
    let mut admin = endpoints(raw.admin, Some(defaults::admin()), source_file)?;
    for endpoint in &mut admin {
        if let Address::Unix(_) = endpoint.address {
            endpoint.mode.get_or_insert(defaults::ADMIN_MODE);
        }
    }
    let named = [("api", &api), ("docker", &docker), ("admin", &admin)];
    let all: Vec<_> = named.iter().flat_map(|(name, list)| list.iter().map(move |at| (name, at))).collect();
    for (at, (name, endpoint)) in all.iter().enumerate() {
        if let Some((other, _)) = all[..at].iter().find(|(_, other)| collide(other, endpoint)) {
            let (address, location) = (&endpoint.address, &endpoint.location);
            return Err(location.wrong(format_args!(
                "`{address}` stands twice, in `{other}` and in `{name}`: give each an address of its own"
            )));
        }
    }
    Ok(Listen { api, docker, admin, limits, proxies })
}

fn limits(raw: &raw::Listen, source_file: &SourceFile<'_>) -> Result<Limits, ConfigError> {
    let defaults = Limits::default();
    let count = |raw: &Option<Spanned<usize>>, default, key| {
        raw.as_ref().map_or(Ok(default), |raw| connections(raw, key, source_file))
    };
    let time = |raw: &Option<Spanned<String>>, default, least, key| {
        raw.as_ref()
            .map_or(Ok(default), |raw| duration(raw, least, Duration::from_hours(1), key, source_file))
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
            Some(raw) => header_bytes(raw, source_file)?,
            None => defaults.max_header_bytes,
        },
        body_timeout: time(&raw.body_timeout, defaults.body_timeout, second, "body_timeout")?,
        write_timeout: time(&raw.write_timeout, defaults.write_timeout, second, "write_timeout")?,
        idle_timeout: Some(time(&raw.idle_timeout, defaults::IDLE_TIMEOUT, second, "idle_timeout")?),
    })
}

fn connections(raw: &Spanned<usize>, key: &str, source_file: &SourceFile<'_>) -> Result<usize, ConfigError> {
    let (least, most) = CONNECTIONS.into_inner();
    match *raw.get_ref() {
        0 => {
            let message = format!("`{key}` is at least {least}: with `0` every connection would be refused");
            Err(source_file.wrong(&raw.span(), message))
        }
        count if count > most => {
            Err(source_file
                .wrong(&raw.span(), format!("`{key}` is between {least} and {most}, not `{count}`")))
        }
        count => Ok(count),
    }
}

fn header_bytes(raw: &Spanned<String>, source_file: &SourceFile<'_>) -> Result<usize, ConfigError> {
    let text = raw.get_ref();
    let wrong = |message: String| source_file.wrong(&raw.span(), message);
    let size: ByteSize = text
        .parse()
        .map_err(|_| wrong(format!("`{text}` is no size: write a number and a unit, e.g. \"64KiB\"")))?;
    let bytes = Some(size.as_u64()).filter(|bytes| HEADER_BYTES.contains(bytes));
    bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| wrong(format!("`max_header_bytes` is between 8KiB and 1MiB, not `{text}`")))
}

/// Port 0 is another one each time.
fn collide(one: &Endpoint, other: &Endpoint) -> bool {
    one.address == other.address && !matches!(one.address, Address::Tcp { port: 0, .. })
}

pub(super) fn endpoints(
    raw: Option<Vec<Spanned<raw::Endpoint>>>,
    default: Option<Address>,
    source_file: &SourceFile<'_>,
) -> Result<Vec<Endpoint>, ConfigError> {
    let Some(raw) = raw else {
        let bare =
            |address| Endpoint { address, tls: None, mode: None, group: None, location: source_file.whole() };
        return Ok(default.into_iter().map(bare).collect());
    };
    raw.into_iter().map(|raw| endpoint(raw, source_file)).collect()
}

pub(super) fn endpoint(
    raw: Spanned<raw::Endpoint>,
    source_file: &SourceFile<'_>,
) -> Result<Endpoint, ConfigError> {
    let location = source_file.at(&raw.span());
    let table = match raw.into_inner() {
        raw::Endpoint::Address(address) => raw::EndpointTable { address, tls: None, mode: None, group: None },
        raw::Endpoint::Table(table) => table,
    };
    let address = Address::parse(&table.address).map_err(|error| location.wrong(error))?;
    match &address {
        Address::Unix(_) if table.tls.is_some() => {
            return Err(location.wrong(format_args!(
                "`{address}`: a unix socket has no TLS; `mode` and `group` say who may connect"
            )));
        }
        Address::Tcp { .. } if table.mode.is_some() || table.group.is_some() => {
            return Err(location.wrong(format_args!(
                "`{address}`: `mode` and `group` are for unix sockets; for TCP `tls` with a `client_ca` says who \
                 may connect"
            )));
        }
        _ => {}
    }
    let mode = table.mode.as_deref().map(mode).transpose().map_err(|error| location.wrong(error))?;
    let tls = table.tls.map(|tls| TlsFiles {
        certificate: source_file.path(&tls.certificate),
        key: source_file.path(&tls.key),
        client_ca: tls.client_ca.map(|file| source_file.path(&file)),
    });
    Ok(Endpoint { address, tls, mode, group: table.group, location })
}

fn mode(text: &str) -> Result<u32, String> {
    let digits = (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| digits && *mode <= 0o777)
        .ok_or_else(|| format!("`{text}` is no mode for a socket: write it in octal, e.g. \"0660\""))
}
