//! Containers and execs by name: from the cache, where the daemon's events say that they are what they were, or from the
//! daemon.

use portcullis_contract::docker::Target;
use portcullis_docker_api::inspect::{self, Container, DaemonDefaults, Exec};
use portcullis_errors::chain;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::cache::{Entry, Memory};
use super::changes::{Change, Changes, Named};
use super::daemon::Daemon;
use super::error::LookUpError;
use super::events;

/// Before each attempt to follow the daemon's events.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the daemon.
pub(super) struct Containers {
    pub(super) daemon: Daemon,
    pub(super) memory: Memory,
    pub(super) changes: Changes,
    /// Whether the daemon's events arrive. Without them nothing that is kept is used.
    pub(super) follows: AtomicBool,
    defaults: Mutex<Option<Arc<DaemonDefaults>>>,
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
            defaults: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    /// The container of that name, id or beginning of an id; none if the daemon has none.
    pub(super) async fn container(self: &Arc<Self>, name: &str) -> Result<Option<Arc<Entry>>, LookUpError> {
        let follows = self.follows.load(Ordering::Acquire);
        let name = (bare(name), bare(name).len() < name.len());
        if follows && let Some(entry) = self.memory.container(name.0).await {
            let latest = self.changes.latest();
            let found = Some((&*entry.container.id, &*entry.container.name));
            let is_certain = !name.1 || entry.container.name == name.0;
            if is_certain && !self.changes.concern(Named { as_sent: name.0, found }, entry.checked()) {
                entry.set_checked(latest);
                return Ok(Some(entry));
            }
        }
        // In a task of its own: a request that is given up does not end a look-up that others may use.
        let (shared, owned) = (Arc::clone(self), (name.0.to_owned(), name.1));
        let asking = self.runtime.spawn(async move { shared.ask(&owned.0, owned.1, follows).await });
        asking.await.unwrap_or(Err(LookUpError::TooMany))
    }

    /// Asks the daemon. `as_name` where a slash before it says that it is no id.
    async fn ask(&self, name: &str, as_name: bool, keep: bool) -> Result<Option<Arc<Entry>>, LookUpError> {
        let since = self.changes.latest();
        let target = Target { kind: "container".to_owned(), as_sent: name.to_owned(), ..Target::default() };
        let path = inspect::path_of(&target).ok_or(LookUpError::Ambiguous)?;
        let defaults = self.defaults(keep).await?;
        let Some(body) = self.daemon.get(&path).await? else { return Ok(None) };
        let container = Container::read(&body, &defaults)?;
        if as_name && container.name != name {
            return Err(LookUpError::Ambiguous);
        }
        let entry = Entry::new(container, since);
        if keep {
            self.memory.keep(&entry).await;
        }
        Ok(Some(entry))
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

    /// What the daemon fills in itself.
    async fn defaults(&self, keep: bool) -> Result<Arc<DaemonDefaults>, LookUpError> {
        let known = || self.defaults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(defaults) = known().clone().filter(|_| keep) {
            return Ok(defaults);
        }
        let body = self.daemon.get("/info").await?.unwrap_or_default();
        let defaults = Arc::new(DaemonDefaults::read(&body)?);
        *known() = Some(Arc::clone(&defaults));
        Ok(defaults)
    }

    /// Follows the daemon's events, for ever.
    pub(super) async fn follow(self: Arc<Self>, socket: PathBuf) {
        let mut was_told = false;
        loop {
            // At the start this host does not listen yet, and dockerd would ask it in vain.
            tokio::time::sleep(PAUSE).await;
            match self.daemon.follow(&events::target()).await {
                Ok((events, _nonce)) => {
                    *self.defaults.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    self.changes.add(Change::all());
                    self.follows.store(true, Ordering::Release);
                    tracing::info!(socket = %socket.display(), "follows the events of the Docker daemon");
                    was_told = false;
                    events::follow(events, &self.changes).await;
                    self.follows.store(false, Ordering::Release);
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

/// dockerd takes a name with a slash before it as well.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}
