//! Everything wired together: policies first, then the log, then the doors; signals until the end.
//!
//! Nothing listens before every policy is loaded: a configuration that does not hold starts nothing.

use portcullis_audit::{Log, Sink};
use portcullis_contract::HookName;
use portcullis_docker::door::{self, Door};
use portcullis_engine::build::{Builder, Confines};
use portcullis_engine::cache::Cache;
use portcullis_engine::{Host, HostOptions};
use portcullis_listen::{Activation, Drain, Listener, Options, Tls, notify};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::admin::{self, Admin};
use crate::config::{Config, ConfigError, Endpoint};
use crate::metrics::Metrics;

/// How often certificates are looked at.
const CERTIFICATES: Duration = Duration::from_secs(10);

/// Why it did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Load(#[from] portcullis_engine::LoadError),
    #[error(transparent)]
    Cache(#[from] portcullis_engine::cache::CacheError),
    #[error(transparent)]
    Audit(#[from] portcullis_audit::AuditError),
    #[error(transparent)]
    Listen(#[from] portcullis_listen::ListenError),
    #[error(transparent)]
    Tls(#[from] portcullis_listen::TlsError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
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

/// How policies are built and kept.
pub(crate) fn host(config: &Config) -> Result<Arc<Host>, ServeError> {
    let builder = Builder {
        // The very program that runs, also after its file was replaced by a newer one.
        program: "/proc/self/exe".into(),
        arguments: vec![crate::BUILD.into()],
        confines: Confines::default(),
    };
    let cache = config.state.as_deref().map(Cache::open).transpose()?;
    Ok(Arc::new(Host::new(HostOptions { builder, cache })?))
}

/// Serves until it is told to end.
pub(crate) async fn serve(source: ConfigSource, mut activation: Activation) -> Result<(), ServeError> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let config = source.load()?;
    for section in &config.dormant {
        tracing::warn!("[{section}] belongs to a door that this version does not have yet; it is not used");
    }
    let host = host(&config)?;
    let generation = host.load(config.policies.clone()).await?;
    let metrics = Metrics::new();
    let counting = metrics.clone();
    let sink = config.audit.file.clone().map_or(Sink::Stdout, Sink::File);
    let log = Log::open_observed(sink, config.audit.recent, move |record| counting.count(record))?;
    let admin = Admin {
        host: Arc::clone(&host),
        log: log.clone(),
        metrics,
        hooks: [HookName::DockerRequest].into(),
        complaint: Arc::new(Mutex::new(None)),
    };
    let docker = door::router(Door::new(Arc::clone(&host), log.clone(), config.docker.clone()));
    let routers = [(&config.listen.docker, docker), (&config.listen.admin, admin::router(admin.clone()))];
    let mut bound = Vec::new();
    for (endpoints, router) in routers {
        for endpoint in endpoints {
            bound.push((bind(endpoint, &mut activation)?, router.clone()));
        }
    }
    for address in activation.unused() {
        tracing::warn!(
            address,
            "a socket was passed to us that the configuration does not name; nobody answers there"
        );
    }
    announce(&config, generation.number(), &bound);
    let drain = Drain::default();
    let mut serving = JoinSet::new();
    for (listener, router) in bound {
        serving.spawn(portcullis_listen::serve(listener, router, drain.clone()));
    }
    notify::ready();
    loop {
        tokio::select! {
            () = next(&mut hangup) => reload(&source, &admin).await,
            () = next(&mut terminate) => break,
            () = next(&mut interrupt) => break,
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
    log.close().await?;
    Ok(())
}

async fn next(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

fn bind(endpoint: &Endpoint, activation: &mut Activation) -> Result<Listener, ServeError> {
    let tls = endpoint.tls.clone().map(Tls::load).transpose()?;
    if let Some(tls) = &tls {
        tokio::spawn(tls.clone().watch(CERTIFICATES));
    }
    let mut options = Options::default();
    options.mode = endpoint.mode.unwrap_or(options.mode);
    options.group.clone_from(&endpoint.group);
    Ok(Listener::bind(&endpoint.address, tls, &options, activation)?)
}

/// Reads configuration and modules again. Whatever is wrong with them, the policies in force stay.
async fn reload(source: &ConfigSource, admin: &Admin) {
    notify::reloading();
    let loaded = match source.load() {
        Ok(config) => admin.host.load(config.policies).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let reopened = admin.log.reopen().await;
    if let Err(error) = reopened {
        tracing::error!(%error, "the decision log could not be opened again; the old file is written to");
    }
    let complaint = match loaded {
        Ok(generation) => {
            tracing::info!(generation = generation.number(), "policies were read again and are in force");
            None
        }
        Err(error) => {
            tracing::error!("the new policies were not taken, the old ones stay in force: {error}");
            Some(error)
        }
    };
    *admin.complaint.lock().unwrap_or_else(PoisonError::into_inner) = complaint;
    notify::ready();
}

/// What listens where, and a line to try each door that is on.
fn announce(config: &Config, generation: u64, bound: &[(Listener, axum::Router)]) {
    let names: Vec<_> = config.policies.iter().map(|policy| policy.name.as_str()).collect();
    tracing::info!(generation, policies = names.join(", "), "policies are in force");
    let doors =
        ["docker"].into_iter().cycle().take(config.listen.docker.len()).chain(std::iter::repeat("admin"));
    for ((listener, _), door) in bound.iter().zip(doors) {
        let local = listener.local();
        let scheme = if listener.is_tls() { "https" } else { "http" };
        let path = if door == "admin" { "/readyz" } else { "/" };
        let attempt = match local {
            portcullis_listen::Local::Unix(socket) => {
                format!("curl --unix-socket {} http://localhost{path}", socket.display())
            }
            portcullis_listen::Local::Tcp(address) => format!("curl {scheme}://{address}{path}"),
        };
        tracing::info!("{door} listens on {local}; try: {attempt}");
    }
    tracing::info!("ready; `portcullis docker spec` shows how dockerd is told to ask");
}
