//! Containers and execs by name: from the cache, where the daemon's events say that they are what they were, or from the
//! daemon.

use axum::body::Bytes;
use portcullis_contract::docker::{Target, Workload};
use portcullis_docker_api::inspect::{
    self, Container, DaemonDefaults, Described, Exec, Volume, bare_name, is_of_no_id, path_of_ids, volumes,
};
use portcullis_docker_api::json::{self, Value};
use portcullis_errors::chain;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

use super::cache::{Entry, Memory};
use super::changes::{Change, Changes, Named};
use super::daemon::Daemon;
use super::error::LookUpError;
use super::events;
use crate::daemon_version::DaemonVersion;

/// Before each attempt to follow the daemon's events.
const PAUSE: Duration = Duration::from_millis(500);

/// Before the daemon is asked again for a version that it could not say.
const VERSION_PAUSE: Duration = Duration::from_secs(1);

/// How long the daemon's defaults are used.
const DEFAULTS_KEPT: Duration = Duration::from_secs(30);

/// Volumes that one container or request names.
const MAX_VOLUMES: usize = 64;

/// The name of a container in a request.
#[derive(Debug, Clone, Copy)]
struct Sent<'n> {
    /// Without a slash before it.
    name: &'n str,
    /// A slash before it says that it is no id.
    is_name: bool,
}

impl<'n> Sent<'n> {
    fn of(name: &'n str) -> Self {
        Self { name: bare_name(name), is_name: bare_name(name).len() < name.len() }
    }
}

/// A container that a name stands for.
#[derive(Debug, Clone)]
pub(super) enum Resolved {
    Whole(Arc<Entry>),
    /// For requests that do not reach into it.
    Described(Arc<Described>),
}

impl Resolved {
    /// Its id and name.
    pub(super) fn names(&self) -> (&str, &str) {
        match self {
            Self::Whole(entry) => (&entry.container.id, &entry.container.name),
            Self::Described(found) => {
                (found.id.as_deref().unwrap_or_default(), found.name.as_deref().unwrap_or_default())
            }
        }
    }

    /// Completes a target that names it.
    pub(super) fn describe(&self, target: &mut Target) {
        match self {
            Self::Whole(entry) => entry.container.describe(target),
            Self::Described(found) => found.describe(target),
        }
    }
}

/// What is known of the daemon.
pub(super) struct Containers {
    pub(super) daemon: Daemon,
    pub(super) memory: Memory,
    pub(super) changes: Changes,
    /// Whether the daemon's events arrive. Without them nothing that is kept is used.
    pub(super) follows: AtomicBool,
    /// The daemon's version, while its events arrive.
    pub(super) version: RwLock<Option<DaemonVersion>>,
    defaults: Mutex<Option<(Arc<DaemonDefaults>, Instant)>>,
    runtime: tokio::runtime::Handle,
}

impl Containers {
    /// Nothing is connected to yet. Requests to the daemon run on the runtime that calls.
    pub(super) fn new(socket: &Path) -> Self {
        Self {
            daemon: Daemon::new(socket),
            memory: Memory::new(),
            changes: Changes::default(),
            follows: AtomicBool::new(false),
            version: RwLock::default(),
            defaults: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    /// The container of that name, id or beginning of an id; none if the daemon has none.
    pub(super) async fn container(self: &Arc<Self>, name: &str) -> Result<Option<Arc<Entry>>, LookUpError> {
        let follows = self.follows.load(Ordering::Acquire);
        let sent = Sent::of(name);
        if follows && let Some(entry) = self.cached(sent).await {
            return Ok(Some(entry));
        }
        // In a task of its own: a request that is given up does not end a look-up that others may use.
        let (shared, name) = (Arc::clone(self), name.to_owned());
        let asking = self.runtime.spawn(async move { shared.ask(Sent::of(&name), follows).await });
        asking.await.unwrap_or(Err(LookUpError::TooMany))
    }

    /// Id, name and labels of the container of that name, id or beginning of an id; none if the daemon has none, or says
    /// more of it than can be read.
    pub(super) async fn described(self: &Arc<Self>, name: &str) -> Result<Option<Resolved>, LookUpError> {
        if self.follows.load(Ordering::Acquire)
            && let Some(entry) = self.cached(Sent::of(name)).await
        {
            return Ok(Some(Resolved::Whole(entry)));
        }
        let (shared, name) = (Arc::clone(self), name.to_owned());
        let asking = self.runtime.spawn(async move { shared.describe(Sent::of(&name)).await });
        asking.await.unwrap_or(Err(LookUpError::TooMany))
    }

    async fn cached(&self, sent: Sent<'_>) -> Option<Arc<Entry>> {
        let entry = self.memory.container(sent.name).await?;
        let latest = self.changes.latest();
        let found = Some((&*entry.container.id, &*entry.container.name));
        let is_certain = !sent.is_name || entry.container.name == sent.name;
        if !is_certain || self.changes.concern(Named { as_sent: sent.name, found }, entry.checked()) {
            return None;
        }
        entry.set_checked(latest);
        Some(entry)
    }

    async fn ask(&self, sent: Sent<'_>, keep: bool) -> Result<Option<Arc<Entry>>, LookUpError> {
        let since = self.changes.latest();
        let Some(body) = self.inspect(sent.name).await? else { return Ok(None) };
        let defaults = self.defaults().await?;
        let mut container = Container::read(&body, &defaults)?;
        for name in owned(container.volumes())? {
            if let Some(volume) = self.volume(&name).await? {
                container.add_volume(&name, &volume)?;
            }
        }
        self.check_name(sent, &container.id, &container.name).await?;
        let entry = Entry::new(container, since);
        if keep {
            self.memory.keep(&entry).await;
        }
        Ok(Some(entry))
    }

    async fn describe(&self, sent: Sent<'_>) -> Result<Option<Resolved>, LookUpError> {
        let body = match self.inspect(sent.name).await {
            Ok(Some(body)) => body,
            Ok(None) | Err(LookUpError::Broken(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Ok(described) = Described::read(&body) else { return Ok(None) };
        let (Some(id), Some(name)) = (&described.id, &described.name) else { return Ok(None) };
        self.check_name(sent, id, name).await?;
        Ok(Some(Resolved::Described(Arc::new(described))))
    }

    async fn inspect(&self, name: &str) -> Result<Option<Bytes>, LookUpError> {
        let target = Target { kind: "container".to_owned(), as_sent: name.to_owned(), ..Target::default() };
        let path = inspect::path_of(&target).ok_or(LookUpError::Ambiguous)?;
        self.daemon.get(&path).await
    }

    /// Refuses a name that stands for another container as soon as the one that was found is gone: another id begins so.
    async fn check_name(&self, sent: Sent<'_>, id: &str, name: &str) -> Result<(), LookUpError> {
        let certain = |is_certain: bool| is_certain.then_some(()).ok_or(LookUpError::Ambiguous);
        if sent.is_name {
            return certain(name == sent.name);
        }
        let Some(path) = path_of_ids(sent.name, id) else { return Ok(()) };
        let body = self.daemon.get(&path).await?;
        certain(is_of_no_id(&body.unwrap_or_default())?)
    }

    /// Adds what the volumes are that a workload names.
    pub(super) async fn add_volumes(self: &Arc<Self>, workload: &mut Workload) -> Result<(), LookUpError> {
        let names = owned(volumes(workload))?;
        if names.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(self);
        let asking = self.runtime.spawn(async move {
            let mut found = Vec::new();
            for name in names {
                if let Some(volume) = shared.volume(&name).await? {
                    found.push((name, volume));
                }
            }
            Ok(found)
        });
        for (name, volume) in asking.await.unwrap_or(Err(LookUpError::TooMany))? {
            volume.add_to(&name, workload)?;
        }
        Ok(())
    }

    /// The volume of that name; none if the daemon has none.
    async fn volume(&self, name: &str) -> Result<Option<Volume>, LookUpError> {
        let target = Target { kind: "volume".to_owned(), as_sent: name.to_owned(), ..Target::default() };
        let path = inspect::path_of(&target).ok_or(LookUpError::Ambiguous)?;
        let body = self.daemon.get(&path).await?;
        Ok(body.map(|body| Volume::read(&body)).transpose()?)
    }

    /// The exec with that id; none if the daemon has none.
    pub(super) async fn exec(self: &Arc<Self>, target: &Target) -> Result<Option<Arc<Exec>>, LookUpError> {
        let id = &target.as_sent;
        if let Some(exec) = self.memory.exec(id).await {
            return Ok(Some(exec));
        }
        let path = inspect::path_of(target).ok_or(LookUpError::Ambiguous)?;
        let shared = Arc::clone(self);
        let asking = self.runtime.spawn(async move { shared.daemon.get(&path).await });
        let Some(body) = asking.await.unwrap_or(Err(LookUpError::TooMany))? else { return Ok(None) };
        let exec = Arc::new(Exec::read(&body)?);
        self.memory.keep_exec(id, Arc::clone(&exec)).await;
        Ok(Some(exec))
    }

    /// What the daemon fills in itself. One request asks at a time, the others wait for what it learns.
    async fn defaults(&self) -> Result<Arc<DaemonDefaults>, LookUpError> {
        let mut known = self.defaults.lock().await;
        if let Some((defaults, read)) = &*known
            && read.elapsed() < DEFAULTS_KEPT
        {
            return Ok(Arc::clone(defaults));
        }
        let body = self.daemon.get("/info").await?.unwrap_or_default();
        let defaults = Arc::new(DaemonDefaults::read(&body)?);
        *known = Some((Arc::clone(&defaults), Instant::now()));
        Ok(defaults)
    }

    /// The version that the daemon says of itself. None where it cannot be read, as of a daemon that was built by hand.
    pub(super) async fn ask_version(&self) -> Result<Option<DaemonVersion>, LookUpError> {
        let body = self.daemon.get("/version").await?.unwrap_or_default();
        let read = || {
            let value = json::parse(&body).ok()?;
            value.as_object()?.get("Version").and_then(Value::as_str)?.parse().ok()
        };
        Ok(read())
    }

    /// Asks for the version. Returns false where the daemon gave no answer.
    async fn learn_version(&self) -> bool {
        let version = self.ask_version().await;
        if let Err(error) = &version {
            tracing::debug!(error = chain(error), "the daemon's version is not known");
        }
        let is_answered = version.is_ok();
        self.set_version(version.ok().flatten());
        is_answered
    }

    /// Asks again and again until the daemon answers, and does not return.
    async fn retry_version(&self, mut is_answered: bool) {
        if !is_answered {
            tracing::warn!(
                "the Docker daemon does not say its version, which is taken for the oldest until it does"
            );
        }
        while !is_answered {
            tokio::time::sleep(VERSION_PAUSE).await;
            is_answered = self.learn_version().await;
        }
        std::future::pending::<()>().await;
    }

    fn set_version(&self, version: Option<DaemonVersion>) {
        *self.version.write().unwrap_or_else(PoisonError::into_inner) = version;
    }

    /// Follows the daemon's events, for ever.
    pub(super) async fn follow(self: Arc<Self>, socket: PathBuf) {
        let mut was_told = false;
        loop {
            // At the start this host does not listen yet, and dockerd would ask it in vain.
            tokio::time::sleep(PAUSE).await;
            match self.daemon.follow(&events::target()).await {
                Ok((events, _nonce)) => {
                    *self.defaults.lock().await = None;
                    self.changes.add(Change::all());
                    let is_answered = self.learn_version().await;
                    self.follows.store(true, Ordering::Release);
                    tracing::info!(socket = %socket.display(), "follows the events of the Docker daemon");
                    was_told = false;
                    tokio::select! {
                        () = events::follow(events, &self.changes) => {}
                        () = self.retry_version(is_answered) => {}
                    }
                    self.follows.store(false, Ordering::Release);
                    // A daemon of another version may come.
                    self.set_version(None);
                }
                Err(error) if !was_told => {
                    was_told = true;
                    tell(&socket, &error);
                }
                Err(_) => {}
            }
        }
    }
}

fn tell(socket: &Path, error: &LookUpError) {
    tracing::warn!(
        socket = %socket.display(),
        error = chain(error),
        "the events of the Docker daemon cannot be followed: each request is looked up anew until they can"
    );
}

/// The names of volumes, no more than may be looked up.
fn owned(names: BTreeSet<&str>) -> Result<Vec<String>, LookUpError> {
    if names.len() > MAX_VOLUMES {
        return Err(LookUpError::Volumes(MAX_VOLUMES));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}
