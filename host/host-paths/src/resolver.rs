//! Off the threads that serve requests, and with limits: a file system of another machine may take any time.

use portcullis_contract::docker::Request;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::{OpenRootError, ResolveError};
use crate::{request, walk};

/// As many requests may wait for the file system at once: each holds a thread.
const MAX_AT_ONCE: usize = 32;
/// As many of one user: a file system that does not answer keeps the others waiting for no other's path.
const MAX_OF_USER: usize = 8;
/// A local file system answers in microseconds.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Files of root are not changed by others.
const ROOT: u32 = 0;

/// Resolves paths below the root of the daemon's file system.
#[derive(Debug, Clone)]
pub struct PathResolver {
    root: Arc<OwnedFd>,
    path: Arc<PathBuf>,
    permits: Arc<Semaphore>,
    users: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

impl PartialEq for PathResolver {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for PathResolver {}

impl PathResolver {
    /// Opens the root of the daemon's file system: `/`, or where it is mounted.
    ///
    /// # Errors
    /// It is no directory, or cannot be opened.
    pub fn open(root: &Path) -> Result<Self, OpenRootError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = open(root, flags, Mode::empty())
            .map_err(|error| OpenRootError { root: root.to_owned(), source: error.into() })?;
        let permits = Arc::new(Semaphore::new(MAX_AT_ONCE));
        Ok(Self { root: Arc::new(file), path: Arc::new(root.to_owned()), permits, users: Arc::default() })
    }

    /// Adds to `request` what the paths that it names lead to:
    ///
    /// * `extra` of the request gets `real-paths`
    /// * each mount gets `real-path` in `extra`, and `changeable-directory` for each directory on the way in which users
    ///   other than root can put something else
    /// * where the real path is another one, a further mount is added with it, and `real-path-of` says which was named
    /// * `link-directory` names the directories that hold the links on the way
    /// * the paths without a mount likewise; `extra` of the request names their directories as `changeable-directory:PATH`
    ///
    /// # Errors
    /// It cannot be found out: the request must be refused.
    pub async fn add_real_paths(&self, request: &mut Request) -> Result<(), ResolveError> {
        let named = request::named(request)?;
        if named.is_empty() {
            return Ok(());
        }
        // The permit is given back when the thread is done, also where no request waits for it any more.
        let of_user = self.of_user(request.principal.name.as_deref().unwrap_or_default());
        let waiting = timeout(TIMEOUT, async {
            let of_user = of_user.acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>((of_user, Arc::clone(&self.permits).acquire_owned().await?))
        });
        let Ok(Ok(permit)) = waiting.await else { return Err(ResolveError::Overloaded) };
        let (root, begun) = (Arc::clone(&self.root), Instant::now());
        let walking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut found = BTreeMap::new();
            for path in named {
                if begun.elapsed() > TIMEOUT {
                    return Err(ResolveError::Timeout);
                }
                let real = walk::real_path(&*root, &path, ROOT)?;
                found.insert(path, real);
            }
            Ok(found)
        });
        let found = match timeout(TIMEOUT, walking).await {
            Ok(Ok(found)) => found?,
            Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Err(ResolveError::Timeout),
        };
        request::add(request, &found);
        Ok(())
    }

    /// The permits of one user, which are there while one of them is held or waited for.
    fn of_user(&self, name: &str) -> Arc<Semaphore> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.retain(|_, permits| permits.strong_count() > 0);
        if let Some(permits) = users.get(name).and_then(Weak::upgrade) {
            return permits;
        }
        let permits = Arc::new(Semaphore::new(MAX_OF_USER));
        users.insert(name.to_owned(), Arc::downgrade(&permits));
        permits
    }
}
