//! Everything wired together: policies first, then the log, then the doors; signals until the end.
//!
//! Nothing listens before every policy is loaded: a configuration that does not hold starts nothing.

use axum::Router;
use portcullis_audit::{Log, Sink};
use portcullis_contract::HookName;
use portcullis_docker::door::{self, Door};
use portcullis_engine::build::{Builder, Confines};
use portcullis_engine::cache::Cache;
use portcullis_engine::{Host, HostOptions};
use portcullis_files::FileWatcher;
use portcullis_listen::{Activation, Drain, Options, notify};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::admin::{self, Admin};
use crate::barbican;
use crate::config::{AuditTo, Config, ConfigError};
use crate::federation::{self, InUse};
use crate::metrics::Metrics;
use crate::open::{self, Opened, Routers};
use crate::reload::reload;

/// Why it did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Load(#[from] portcullis_engine::LoadError),
    /// The same, with the place of the policy that is at fault.
    #[error("{0}")]
    Policies(String),
    #[error(transparent)]
    Cache(#[from] portcullis_engine::cache::CacheError),
    #[error(transparent)]
    Audit(#[from] portcullis_audit::AuditError),
    #[error(transparent)]
    Listen(#[from] portcullis_listen::ListenError),
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The command cannot do what it was asked.
    #[error("{0}")]
    Usage(String),
}

/// Where the configuration comes from.
#[derive(Debug, Clone)]
pub(crate) enum ConfigSource {
    File(PathBuf),
    BuiltIn,
}

impl ConfigSource {
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        match self {
            Self::File(file) => Config::load(file),
            Self::BuiltIn => Config::default_without_file(),
        }
    }
}

/// How policies are built; `state` is where they are kept.
pub(crate) fn host(state: Option<&Path>) -> Result<Arc<Host>, ServeError> {
    let builder = Builder {
        // The very program that runs, also after its file was replaced by a newer one.
        program: "/proc/self/exe".into(),
        arguments: vec![crate::BUILD.into()],
        confines: Confines::default(),
    };
    let cache = state.map(Cache::open).transpose()?;
    Ok(Arc::new(Host::new(HostOptions { builder, cache })?))
}

/// Serves until it is told to end.
pub(crate) async fn serve(source: ConfigSource, activation: Activation) -> Result<(), ServeError> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut end = End::on_signals()?;
    let config = source.load()?;
    raise_descriptor_limit();
    // Policies that are being built do not keep it from ending.
    let (opened, admin) = tokio::select! {
        started = start(&config, activation) => started?,
        () = end.asked() => return Ok(()),
    };
    let drain = Drain::default();
    let mut serving = JoinSet::new();
    for Opened { listener, router, .. } in opened {
        serving.spawn(portcullis_listen::serve(listener, router, drain.clone()));
    }
    notify::ready();
    loop {
        tokio::select! {
            () = next(&mut hangup) => tokio::select! {
                () = reload(&source, &config, &admin) => {}
                () = end.asked() => break,
            },
            () = end.asked() => break,
        }
    }
    notify::stopping();
    tracing::info!("ending: requests under way are answered");
    drain.start();
    while let Some(served) = serving.join_next().await {
        if let Ok(cut @ 1..) = served {
            tracing::warn!(cut, "connections were cut off");
        }
    }
    admin.log.close().await?;
    Ok(())
}

/// Everything up to the point where somebody may come in.
async fn start(config: &Config, mut activation: Activation) -> Result<(Vec<Opened>, Admin), ServeError> {
    for section in &config.dormant {
        tracing::warn!("[{section}] is for a part that this version does not have yet; it is not used");
    }
    if let Some(origin) = &config.unidentified {
        tracing::warn!(
            "{origin}: the Barbican door stays off: `[barbican.keystone]` or `tokens` in `[barbican]` says whose a \
             token is and turns it on"
        );
    }
    for endpoint in config.in_clear_text() {
        tracing::warn!(
            "{}: `{}` is reached from other machines without TLS, so tokens, passwords and credentials can be read on \
             the way; give it `tls = {{ certificate = ..., key = ... }}`, unless a proxy in front of it speaks TLS",
            endpoint.origin,
            endpoint.address
        );
    }
    let host = host(config.state.as_deref())?;
    let files = FileWatcher::start()?;
    let in_use = InUse::new(files.clone());
    let opened = match &config.federation {
        Some(federation) => Some(in_use.mounts(federation).await?),
        None => None,
    };
    let (mounts, parts) = opened.unzip();
    let generation = host.load_with(config.policies.clone(), mounts).await;
    let generation = generation.map_err(|error| ServeError::Policies(config.blame(&error)))?;
    in_use.keep(parts.unwrap_or_default()).await;
    let sealed = open::with_tls(config, &files)?;
    let options = Options { limits: config.listen.limits.clone(), ..Options::default() };
    options.proxies.set(config.proxies());
    let metrics = Metrics::new(options.stats.clone());
    let counting = metrics.clone();
    let sink = match config.audit.to.clone() {
        AuditTo::Stdout => Sink::Stdout,
        AuditTo::File(file) => Sink::File(file),
        AuditTo::Syslog(daemon) => Sink::Syslog(daemon),
    };
    let log = Log::open_observed(sink, config.audit.recent, move |record| counting.count(record))?;
    let docker_is_on = !config.listen.docker.is_empty();
    let mut hooks = Vec::new();
    if docker_is_on {
        hooks.push(HookName::DockerRequest);
    }
    let (mut barbican, mut vault) = (Router::new(), None);
    if let Some(door) = &config.barbican {
        hooks.push(HookName::SecretAccess);
        let opened = barbican::open(door, &config.store, Arc::clone(&host), log.clone(), &files).await?;
        (barbican, vault) = (opened.0, Some(opened.1));
    }
    let mut federation = Router::new();
    let mut both = barbican.clone();
    let mut status = String::new();
    if let Some(door) = &config.federation {
        hooks.push(HookName::AwsRoles);
        status = door.mounts.first().map(|mount| format!("{}/status", mount.prefix)).unwrap_or_default();
        let door = portcullis_federation::door::Door::new(Arc::clone(&host), log.clone());
        let door = door.map_err(|error| ServeError::Usage(error.to_string()))?;
        both = federation::beside(door.clone(), barbican.clone());
        federation = portcullis_federation::door::router(door);
    }
    let complaint = Arc::new(Mutex::new(None));
    let admin = Admin {
        host: Arc::clone(&host),
        log: log.clone(),
        metrics,
        hooks: hooks.into(),
        vault,
        in_use,
        files,
        proxies: options.proxies.clone(),
        complaint,
    };
    let docker = door::router(Door::new(host, log, config.docker.clone()));
    let routers = Routers { docker, barbican, federation, both, status, admin: admin::router(admin.clone()) };
    let opened = open::open(sealed, &options, &routers, &mut activation)?;
    for address in activation.unused() {
        tracing::warn!(
            address,
            "a socket was passed to us that the configuration does not name; nobody answers there"
        );
    }
    let names: Vec<_> = config.policies.iter().map(|policy| policy.name.as_str()).collect();
    tracing::info!(generation = generation.number(), policies = names.join(", "), "policies are in force");
    for hook in admin.hooks.iter().filter(|hook| !generation.serves(**hook)) {
        tracing::warn!("no policy serves `{hook}`: everything that is asked there is refused");
    }
    opened.iter().for_each(Opened::announce);
    if docker_is_on {
        tracing::info!("ready; `portcullis docker spec` shows how dockerd is told to ask");
    }
    Ok((opened, admin))
}

/// Takes every descriptor that the hard limit allows. The soft limit is 1024 almost everywhere, for the sake of
/// select(2), which is not used here; the connections of one listener alone would exhaust it.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, limit = ?limit.current, "cannot raise the limit of open files");
    }
}

/// The signals that ask it to end.
struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    fn on_signals() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            () = next(&mut self.terminate) => {}
            () = next(&mut self.interrupt) => {}
        }
    }
}

async fn next(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}
