//! Everything wired together: policies first, then the log, then the APIs; signals until the end.
//!
//! Nothing listens before every policy is loaded: a configuration that does not hold starts nothing.

use portcullis_admin::{Admin, AdminApi, Metrics, ReloadStatus};
use portcullis_api::Api;
use portcullis_audit::{Log, Sink};
use portcullis_authorization::Authorizer;
use portcullis_docker_gateway::GuardedSocket;
use portcullis_engine::build::{Builder, ChildProgram, Confinement};
use portcullis_engine::cache::Cache;
use portcullis_engine::{Attached, Host, HostOptions};
use portcullis_files::{FileChanges, FileWatcher};
use portcullis_listen::{Activation, Cores, Drain, Options, Proxies, notify};
use portcullis_policy_store::{FilePolicies, ManagerOptions, PolicyManager, PolicyStore, Prepared};
use portcullis_telemetry::Telemetry;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::barbican;
use crate::config::{AuditTo, Config, Endpoint};
use crate::config_source::ConfigSource;
use crate::docker_gateway;
use crate::docker_plugin;
use crate::error::ServeError;
use crate::listeners::{self, BoundListener, Register, Registration};
use crate::mounts::MountResources;
use crate::reload::{Reloadable, Seen, Trigger, blame, contents, reload};
use crate::shared_store::SharedStore;
use crate::user_groups;

/// The engine. `state` is where compiled policies are kept, `time_budget` how long a request may take in all,
/// `confinement` what a kernel must have to build modules that are not built in.
///
/// # Errors
/// The folder cannot be used, or the engine cannot be started.
pub fn engine(
    state: Option<&Path>,
    time_budget: Duration,
    confinement: Confinement,
) -> Result<Arc<Host>, ServeError> {
    // The very program that runs, also after its file was replaced by a newer one.
    let program = ChildProgram { program: "/proc/self/exe".into(), arguments: vec![crate::BUILD.into()] };
    let builder = Builder::new(program, confinement);
    let cache = state.map(Cache::open).transpose()?;
    Ok(Arc::new(Host::new(HostOptions { builder, cache, time_budget })?))
}

/// Serves until a signal ends it. `more` are APIs beside the program's own.
///
/// # Errors
/// It cannot start, or the last records cannot be written.
pub async fn serve(
    source: ConfigSource,
    activation: Activation,
    more: &[Register],
) -> Result<(), ServeError> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut end = End::on_signals()?;
    let files_changed = Arc::<Notify>::default();
    let (config, watching) = load(&source, &files_changed).await?;
    raise_descriptor_limit();
    // Policies that are being built do not keep it from ending.
    let stopping = watch::Sender::new(false);
    let (bound, reloadable, telemetry) = tokio::select! {
        started = start(&source, &config, activation, more, watching, &stopping) => started?,
        () = end.asked() => return Ok(()),
    };
    let drain = Drain::default();
    let mut serving = JoinSet::new();
    for BoundListener { listener, apis } in bound {
        serving.spawn(portcullis_listen::serve(listener, apis, drain.clone()));
    }
    notify::ready();
    loop {
        tokio::select! {
            () = next(&mut hangup) => tokio::select! {
                () = reload(Trigger::Signal, &source, &config, &reloadable) => {}
                () = end.asked() => break,
            },
            () = files_changed.notified() => tokio::select! {
                () = reload(Trigger::Files, &source, &config, &reloadable) => {}
                () = end.asked() => break,
            },
            () = end.asked() => break,
        }
    }
    notify::stopping();
    tracing::info!("ending: requests under way are answered");
    drain.start();
    stopping.send_replace(true);
    while let Some(served) = serving.join_next().await {
        if let Ok(cut @ 1..) = served {
            tracing::warn!(cut, "connections were cut off");
        }
    }
    let closed = reloadable.log.close().await;
    if let Some(telemetry) = telemetry {
        telemetry.close().await;
    }
    Ok(closed?)
}

/// Files that are watched, and how they were found at the start.
struct Watching {
    files: FileWatcher,
    changes: Option<FileChanges>,
    seen: Seen,
    /// Why files that policies name cannot be read. The configuration is without them then.
    error: Option<String>,
}

/// The configuration. Its files are watched before they are read, so that a change in between is noticed.
async fn load(source: &ConfigSource, files_changed: &Arc<Notify>) -> Result<(Config, Watching), ServeError> {
    let files = FileWatcher::start()?;
    let first = source.load().or_else(|_| source.load_without_policy_files());
    // What is wrong is told below.
    let paths = first.as_ref().map(|config| source.watched(config)).unwrap_or_default();
    let watches = first.is_ok_and(|config| config.watch_policies);
    let changes = watches.then(|| {
        let changed = Arc::clone(files_changed);
        FileChanges::watch(paths.clone(), &files, move || changed.notify_one())
    });
    let contents = contents(paths).await;
    let (config, error) = match source.load() {
        Ok(config) => (config, None),
        Err(error) => match source.load_without_policy_files() {
            // Only the files that policies name are wrong.
            Ok(config) => (config, Some(error.to_string())),
            Err(_) => return Err(error.into()),
        },
    };
    let seen = Seen { contents, text: Some(config.text_sha256) };
    Ok((config, Watching { files, changes, seen, error }))
}

/// Everything up to the point where requests are accepted.
async fn start(
    source: &ConfigSource,
    config: &Config,
    mut activation: Activation,
    more: &[Register],
    watching: Watching,
    stopping: &watch::Sender<bool>,
) -> Result<(Vec<BoundListener>, Reloadable, Option<Telemetry>), ServeError> {
    if let Some(location) = &config.barbican_disabled_at {
        tracing::warn!(
            "{location}: the Barbican API stays off: `[barbican.keystone]` or `tokens` in `[barbican]` says whose a \
             token is and turns it on"
        );
    }
    user_groups::warn(config);
    for endpoint in config.in_clear_text() {
        tracing::warn!(
            "{}: `{}` is reached from other machines without TLS, so tokens, passwords and credentials can be read on \
             the way; give it `tls = {{ certificate = ..., key = ... }}`, unless a proxy in front of it speaks TLS",
            endpoint.location,
            endpoint.address
        );
    }
    let host = engine(config.state.as_deref(), config.time_budget, config.confinement)?;
    let Watching { files, changes, seen, error } = watching;
    let resources = MountResources::new(files.clone());
    let opened = match &config.federation {
        Some(federation) => Some(resources.mounts(federation).await?),
        None => None,
    };
    let (attached, parts) = opened.unzip();
    let prepared = prepare_policies(source, config, &host, (attached, error)).await?;
    resources.commit(parts.unwrap_or_default()).await;
    let status = Arc::<ReloadStatus>::default();
    if let Some(error) = prepared.fallback_because() {
        status.count(Some(blame(config, error)));
    }
    let more: Vec<_> = more.iter().map(|register| register(config)).collect();
    let pending = listeners::with_tls(config, &more, &files)?;
    let cores = Some(Cores::start()?);
    let options = Options { limits: config.listen.limits.clone(), cores, ..Options::default() };
    options.proxies.set(config.proxies());
    let metrics = Metrics::new(options.stats.clone());
    let (log, telemetry) = open_log(config, metrics.clone())?;
    let authorizer = Authorizer::new(Arc::clone(&host), log.clone());
    let mut registered = register(config, &authorizer, &log, &files, &options.proxies).await?;
    registered.extend(more);
    let apis: Vec<_> = registered.iter().map(|registered| Arc::clone(&registered.api)).collect();
    let mut hooks: Vec<_> = apis.iter().flat_map(|api| api.hooks()).copied().collect();
    let generation = Arc::clone(prepared.generation());
    let manager = prepared.serve(log.clone())?;
    let (followers, bodies) = Admin::permits();
    let admin = Admin {
        break_glass: authorizer.break_glass().clone(),
        tokens: config.admin_tokens.clone(),
        stopping: stopping.subscribe(),
        followers,
        bodies,
        manager: manager.clone(),
        authorizer: authorizer.clone(),
        host: Arc::clone(&host),
        log: log.clone(),
        telemetry: telemetry.as_ref().map(|telemetry| Arc::clone(telemetry.counts())),
        metrics,
        apis: apis.into(),
        files,
        reloads: Arc::clone(&status),
    };
    let seen = Mutex::new(seen);
    let proxies = options.proxies.clone();
    let reloadable = Reloadable { manager, log, resources, proxies, status, changes, seen };
    let for_admin = Registration { api: Arc::new(AdminApi::new(admin)), endpoints: &config.listen.admin };
    let registered: Vec<_> = registered.into_iter().chain([for_admin]).collect();
    let bound = listeners::bind(pending, &options, &registered, &mut activation)?;
    for address in activation.unused() {
        tracing::warn!(
            address,
            "a socket was passed to us that the configuration does not name; nobody answers there"
        );
    }
    let names: Vec<_> = generation.status().map(|status| &*status.name).collect();
    tracing::info!(generation = generation.number(), policies = names.join(", "), "policies are in force");
    // One API may be served at several listeners.
    hooks.dedup();
    for hook in hooks.into_iter().filter(|hook| !generation.has_enforced(*hook)) {
        tracing::warn!("no policy serves `{hook}`: everything that is asked there is refused");
    }
    bound.iter().for_each(BoundListener::announce);
    if !config.listen.docker.is_empty() {
        tracing::info!("ready; `portcullis docker spec` shows how dockerd is told to ask");
    }
    Ok((bound, reloadable, telemetry))
}

/// The decision log, which `metrics` counts, and what sends it to a collector.
fn open_log(config: &Config, metrics: Metrics) -> Result<(Log, Option<Telemetry>), ServeError> {
    let sink = match config.audit.to.clone() {
        AuditTo::Stdout => Sink::Stdout,
        AuditTo::File(file) => Sink::File(file),
        AuditTo::Syslog(daemon) => Sink::Syslog(daemon),
    };
    let log = Log::open(
        sink,
        portcullis_audit::Options {
            commit: config.audit.commit,
            recent: config.audit.recent,
            observe: Box::new(move |record| metrics.count(record)),
        },
    )?;
    let telemetry = match config.telemetry.clone() {
        Some(options) => Some(Telemetry::start(options, log.follow())?),
        None => None,
    };
    Ok((log, telemetry))
}

/// Puts policies in force before there is a log.
async fn prepare_policies(
    source: &ConfigSource,
    config: &Config,
    host: &Arc<Host>,
    (attached, error): (Option<Attached>, Option<String>),
) -> Result<Prepared, ServeError> {
    let store = match &config.state {
        Some(state) => PolicyStore::open(state, source.path())?,
        None => PolicyStore::in_memory(),
    };
    let specs = config.policies.clone();
    let policies = FilePolicies { specs, attached, attached_changed: true, error };
    let options = ManagerOptions { host: Arc::clone(host), store };
    let prepared = PolicyManager::prepare(options, policies).await;
    prepared.map_err(|error| ServeError::Policies(blame(config, &error)))
}

/// The APIs that are on, in the order in which they are asked for a path. A new API is one line here.
async fn register<'a>(
    config: &'a Config,
    authorizer: &Authorizer,
    log: &Log,
    files: &FileWatcher,
    proxies: &Proxies,
) -> Result<Vec<Registration<'a>>, ServeError> {
    let mut registered = Vec::new();
    let store = SharedStore::new(&config.store);
    let mut add =
        |api: Arc<dyn Api>, endpoints: &'a [Endpoint]| registered.push(Registration { api, endpoints });
    if !config.listen.docker.is_empty() {
        let api = docker_plugin::open(&config.docker, authorizer.clone(), files).await?;
        add(Arc::new(api), &config.listen.docker);
    }
    if let Some(gateway) = &config.docker_gateway {
        let groups = user_groups::open(gateway.groups.as_ref(), files).await?;
        if let Some(endpoints) = &gateway.listen {
            let api = {
                let (authorizer, log) = (authorizer.clone(), log.clone());
                docker_gateway::open(gateway, &store, authorizer, log, proxies, groups.clone()).await?
            };
            for (name, endpoints) in &gateway.endpoints {
                add(Arc::new(api.at_own_address(name)), endpoints);
            }
            add(Arc::new(api), endpoints);
        }
        if let Some((endpoints, engine)) = &gateway.guard {
            let api = GuardedSocket::new(authorizer.clone(), engine.clone(), gateway.proxy(groups));
            add(Arc::new(api), endpoints);
        }
    }
    if let (Some(settings), Some(endpoints)) = (&config.barbican, config.barbican_listens()) {
        let api = barbican::open(settings, &store, authorizer.clone(), files).await?;
        add(Arc::new(api), endpoints);
    }
    if let Some(federation) = &config.federation {
        let key = federation.token_key.as_ref().map(|key| key.expose().as_bytes());
        let requests = if federation.has_requests() {
            Some(store.open(portcullis_federation::AccessRequests::open).await?)
        } else {
            None
        };
        let api = portcullis_federation::api::FederationApi::new(authorizer.clone(), key, requests);
        let api = api.map_err(|error| ServeError::Usage(error.to_string()))?;
        for (at, (name, endpoint)) in config.federation_listens().into_iter().enumerate() {
            add(Arc::new(api.at_listener(name, at == 0)), std::slice::from_ref(endpoint));
        }
    }
    Ok(registered)
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
