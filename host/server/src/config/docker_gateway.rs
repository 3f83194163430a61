//! `[docker_gateway]`: who reaches which Docker engine, and where.

use bytesize::ByteSize;
use ipnet::IpNet;
use portcullis_config::{ConfigError, Location, SecretText, SourceFile, duration, secret};
use portcullis_docker_api::Operation;
use portcullis_docker_gateway::ProxySettings;
use portcullis_docker_gateway::endpoint::{Endpoint as DockerEndpoint, EngineUrl};
use portcullis_docker_plugin::PluginSettings;
use portcullis_host_paths::PathResolver;
use portcullis_identity::source::GroupSources;
use portcullis_listen::Address;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

use super::docker::{host_root, operations};
use super::groups::{UserGroups, user_groups};
use super::listen::{endpoint, endpoints};
use super::{Endpoint, raw};

/// Where dockerd listens, if nothing else is said.
const DOCKER_SOCKET: &str = "unix:///var/run/docker.sock";

/// Bytes of a body that a policy has to see. Portainer stacks and compose files stay far below.
const MAX_BODY: u64 = 4 << 20;

/// Requests of one user at once: half of what a listener takes.
const MAX_REQUESTS_PER_USER: usize = 512;

/// How long a token is good for, if nothing else is said: Portainer's default.
const SESSION: Duration = Duration::from_hours(8);

/// The gateway to Docker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DockerGateway {
    /// Where its own API listens; absent means that it has no users.
    pub(crate) listen: Option<Vec<Endpoint>>,
    pub(crate) admin_password: Option<SecretText>,
    pub(crate) session_lifetime: Duration,
    pub(crate) allowed: AllowedEngines,
    pub(crate) always_allow: BTreeSet<Operation>,
    pub(crate) max_body: usize,
    pub(crate) max_requests_per_user: usize,
    pub(crate) look_up: bool,
    /// What resolves paths of engines on this machine.
    paths: Option<PathResolver>,
    /// Where groups of its users come from, beside those of the system.
    pub(crate) groups: Option<UserGroups>,
    /// Endpoints with addresses of their own, by name.
    pub(crate) endpoints: Vec<(String, Vec<Endpoint>)>,
    /// The guarded socket, and the engine behind it.
    pub(crate) guard: Option<(Vec<Endpoint>, DockerEndpoint)>,
    pub(crate) location: AnyLocation,
}

impl DockerGateway {
    /// Every address that it listens at.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Endpoint> {
        let own = self.endpoints.iter().flat_map(|(_, at)| at);
        let guard = self.guard.iter().flat_map(|(at, _)| at);
        self.listen.iter().flatten().chain(own).chain(guard)
    }

    /// How its requests are decided and forwarded, with the sources of groups that were opened.
    pub(crate) fn proxy(&self, groups: Option<GroupSources>) -> ProxySettings {
        let allowed = self.allowed.clone();
        ProxySettings {
            always_allow: self.always_allow.clone(),
            max_body: self.max_body,
            max_requests_per_user: self.max_requests_per_user,
            look_up: self.look_up,
            paths: self.paths.clone(),
            groups,
            allowed: Arc::new(move |address| allowed.allows(address)),
        }
    }
}

/// Equality ignores the source location.
#[derive(Debug, Clone)]
pub(crate) struct AnyLocation(pub(crate) Location);

impl PartialEq for AnyLocation {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Which engines an administrator of the gateway may name: an administrator of Docker is none of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowedEngines {
    sockets: Vec<std::path::PathBuf>,
    /// A network, and a port; absent means any.
    networks: Vec<(IpNet, Option<u16>)>,
}

impl AllowedEngines {
    /// Whether an endpoint may be created with this URL.
    ///
    /// # Errors
    /// What the operator has to write.
    pub(crate) fn check(&self, url: &EngineUrl) -> Result<(), String> {
        let allowed = match url {
            EngineUrl::Unix(path) => self.sockets.iter().any(|socket| socket == path),
            EngineUrl::Tcp { host, port } => match host.parse::<IpAddr>() {
                Ok(ip) => self.allows(SocketAddr::new(ip, *port)),
                // What the name resolves to is asked about whenever it is connected to.
                Err(_) => true,
            },
        };
        let refusal = || {
            format!(
                "`{url}` is not among the engines that the operator allows: add it to `[docker_gateway] engines`"
            )
        };
        allowed.then_some(()).ok_or_else(refusal)
    }

    /// Whether an address may be connected to: one that the operator names, or, where none is named for TCP, any that is
    /// not on this machine or link-local (where clouds have their metadata).
    pub(crate) fn allows(&self, address: SocketAddr) -> bool {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        let is_named = |(network, only): &(IpNet, Option<u16>)| {
            network.contains(&ip) && only.is_none_or(|only| only == port)
        };
        self.networks.iter().any(is_named) || (self.networks.is_empty() && !is_local(ip))
    }
}

fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast()
        }
    }
}

/// The section, if it is there.
pub(super) fn docker_gateway(
    raw: Spanned<raw::DockerGateway>,
    source_file: &SourceFile<'_>,
) -> Result<DockerGateway, ConfigError> {
    let location = source_file.at(&raw.span());
    let raw = raw.into_inner();
    let listen = raw.listen.map(|listen| endpoints(Some(listen), None, source_file)).transpose()?;
    let mut own = Vec::with_capacity(raw.endpoints.len());
    for entry in raw.endpoints {
        let location = source_file.at(&entry.span());
        let entry = entry.into_inner();
        let at = endpoints(Some(entry.listen), None, source_file)?;
        for endpoint in &at {
            proves_users(endpoint)?;
        }
        if listen.is_none() {
            return Err(location.wrong(
                "`listen` in `[docker_gateway]` is missing: without it there are no users and no endpoints",
            ));
        }
        own.push((entry.name.into_inner(), at));
    }
    let engine = raw.engine.as_ref().map_or_else(
        || DOCKER_SOCKET.parse().map_err(|error| location.wrong(error)),
        |text| text.get_ref().parse().map_err(|error| source_file.wrong(&text.span(), error)),
    )?;
    let daemon = raw.daemon.unwrap_or_else(|| "docker".into());
    let guard = raw.socket.map(|socket| {
        let socket = endpoint(socket, source_file)?;
        match &socket.address {
            Address::Unix(path) if is_socket_of(&engine, path) => Err(socket
                .location
                .wrong("the socket is the engine's own: a guarded socket needs a path of its own")),
            Address::Unix(_) => Ok((vec![socket], DockerEndpoint { id: 0, name: daemon, engine, tls: None })),
            Address::Tcp { .. } => Err(socket.location.wrong(
                "`socket` is a unix socket, where the system says which user asks: write e.g. \
                 \"unix:/run/portcullis/docker.sock\"; for TCP there are users, with `listen`",
            )),
        }
    });
    let guard = guard.transpose()?;
    if listen.is_none() && guard.is_none() {
        return Err(location.wrong(
            "neither `listen`, for users with tokens, nor `socket`, for users of this machine, is given",
        ));
    }
    let day = Duration::from_hours(24);
    Ok(DockerGateway {
        listen,
        admin_password: raw.admin_password.map(|password| secret(&password, source_file)).transpose()?,
        session_lifetime: raw.session_lifetime.map_or(Ok(SESSION), |text| {
            duration(&text, Duration::from_mins(1), 30 * day, "session_lifetime", source_file)
        })?,
        allowed: allowed(&raw.engines, source_file)?,
        always_allow: raw.always_allow.map_or_else(
            || Ok(PluginSettings::ALWAYS_ALLOW.into()),
            |names| operations(&names, source_file),
        )?,
        max_body: raw
            .max_body
            .map_or(Ok(MAX_BODY), |text| size(&text, source_file))?
            .try_into()
            .unwrap_or(usize::MAX),
        max_requests_per_user: match raw.max_requests_per_user {
            Some(count) if *count.get_ref() == 0 => {
                let message =
                    "`max_requests_per_user` is at least 1: with `0` every request would be refused";
                return Err(source_file.wrong(&count.span(), message));
            }
            count => count.map_or(MAX_REQUESTS_PER_USER, Spanned::into_inner),
        },
        look_up: raw.look_up.unwrap_or(true),
        paths: raw.host_root.map(|root| host_root(&root, source_file)).transpose()?,
        groups: user_groups(raw.groups, raw.max_stale, source_file)?,
        endpoints: own,
        guard,
        location: AnyLocation(location),
    })
}

fn is_socket_of(engine: &EngineUrl, path: &Path) -> bool {
    matches!(engine, EngineUrl::Unix(socket) if socket == path)
}

/// Refuses an address at which requests could act as any user: on another machine's way, in clear text.
fn proves_users(endpoint: &Endpoint) -> Result<(), ConfigError> {
    if !endpoint.is_in_clear_text() {
        return Ok(());
    }
    Err(endpoint.location.wrong(format_args!(
        "`{}` is reached from other machines without TLS, and Docker's tokens are root passwords: give it \
         `tls = {{ certificate = ..., key = ... }}`, with a `client_ca` for client certificates",
        endpoint.address
    )))
}

fn allowed(raw: &[Spanned<String>], source_file: &SourceFile<'_>) -> Result<AllowedEngines, ConfigError> {
    let mut allowed = AllowedEngines::default();
    for entry in raw {
        let text = entry.get_ref();
        if let Some(path) = text.strip_prefix("unix://") {
            allowed.sockets.push(path.into());
            continue;
        }
        let network = text.strip_prefix("tcp://").and_then(network_and_port);
        let Some(found) = network else {
            let message = format!(
                "`{text}` names no engines: write `unix:///var/run/docker.sock`, `tcp://10.0.0.0/8`, or \
                 `tcp://127.0.0.1:2375`"
            );
            return Err(source_file.wrong(&entry.span(), message));
        };
        allowed.networks.push(found);
    }
    if raw.is_empty() {
        allowed.sockets = vec!["/var/run/docker.sock".into(), "/run/docker.sock".into()];
    }
    Ok(allowed)
}

fn network_and_port(text: &str) -> Option<(IpNet, Option<u16>)> {
    let network = |text: &str| {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpNet>().ok().or_else(|| bare.parse::<IpAddr>().ok().map(IpNet::from))
    };
    if let Some(network) = network(text) {
        return Some((network, None));
    }
    let (host, port) = text.rsplit_once(':')?;
    Some((network(host)?, Some(port.parse().ok()?)))
}

fn size(raw: &Spanned<String>, source_file: &SourceFile<'_>) -> Result<u64, ConfigError> {
    let text = raw.get_ref();
    let size = text.parse::<ByteSize>().ok().map(|size| size.as_u64());
    size.filter(|size| (64 << 10..=64 << 20).contains(size)).ok_or_else(|| {
        let message = format!("`max_body` is a size between 64KiB and 64MiB, not `{text}`");
        source_file.wrong(&raw.span(), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engines(entries: &[&str]) -> AllowedEngines {
        let entries: Vec<_> = entries.iter().map(|text| Spanned::new(0..0, (*text).to_owned())).collect();
        let source = SourceFile { file: Path::new("t"), text: None, folder: Path::new(".") };
        allowed(&entries, &source).unwrap()
    }

    #[test]
    fn engines_on_this_machine_are_named_by_the_operator() {
        let (none, one) =
            (engines(&[]), engines(&["tcp://127.0.0.1:2375", "tcp://10.0.0.0/8", "unix:///d.sock"]));
        for (url, by_default, where_named) in [
            ("unix:///var/run/docker.sock", true, false),
            ("unix:///d.sock", false, true),
            ("unix:///etc/passwd", false, false),
            ("tcp://127.0.0.1:2375", false, true),
            ("tcp://127.0.0.1:8182", false, false),
            ("tcp://169.254.169.254:80", false, false),
            ("tcp://[::1]:2375", false, false),
            ("tcp://[::ffff:127.0.0.1]:8182", false, false),
            ("tcp://0.0.0.0:2375", false, false),
            ("tcp://10.1.2.3:2376", true, true),
            ("tcp://192.0.2.1:2376", true, false),
            // Decided by what the name resolves to.
            ("tcp://docker.example.org:2376", true, true),
        ] {
            let url: EngineUrl = url.parse().unwrap();
            assert_eq!(none.check(&url).is_ok(), by_default, "{url}");
            assert_eq!(one.check(&url).is_ok(), where_named, "{url}");
        }
    }
}
