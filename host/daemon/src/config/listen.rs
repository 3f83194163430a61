//! Places to listen at.

use portcullis_listen::{Address, TlsFiles};
use toml::Spanned;

use super::error::ConfigError;
use super::place::Place;
use super::{Endpoint, Listen, defaults, raw};

pub(super) fn listen(raw: raw::Listen, place: &Place<'_>) -> Result<Listen, ConfigError> {
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
    Ok(Listen { api, docker, admin })
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
