//! Modules and state on disk, in the folder `policies` of the state directory:
//!
//! * `modules/SHA256`: a module, by its digest
//! * `KEY.json`: the [`State`] of one configuration, by a digest of the configuration's path, so that hosts with several
//!   configurations can share a state directory
//! * `KEY.lock`: held by the host that may change it
//!
//! Each file is written beside its place, synced and renamed, so that it is whole or not there after a crash. Modules are
//! written before the state that names them.

use portcullis_engine::{Digest, PolicySpec};
use rustix::fs::{FlockOperation, flock};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::state::State;

/// A module that no state names is removed when it is older than that: another host may be about to name it.
const UNUSED: Duration = Duration::from_hours(1);

/// Why modules or state cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state is no state of ours.
    #[error(
        "`{}` is damaged ({reason}); remove it to begin with the configuration's policies: what was put through the \
         admin API, and which revisions were withdrawn, is forgotten then", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A module that the state names is not there, or was changed.
    #[error("the module {0} is not in the state directory, or was changed there")]
    Module(Digest),
    /// Another host holds the lock.
    #[error("`{}` is in use by another process with this configuration; change policies there", .0.display())]
    InUse(PathBuf),
    /// Another host held the lock, and changed policies that this one has not read.
    #[error(
        "another process with this configuration has changed policies since this one started: restart this one"
    )]
    ChangedElsewhere,
}

/// Modules and state. Without a folder they are kept in memory, and a restart begins with the configuration.
#[derive(Debug)]
pub struct PolicyStore {
    disk: Option<Disk>,
    modules: BTreeMap<String, Arc<[u8]>>,
}

#[derive(Debug)]
struct Disk {
    folder: PathBuf,
    modules: PathBuf,
    state: PathBuf,
    lock: File,
    /// False while another process holds the lock, e.g. the one before this, which is still answering its last requests.
    is_held: bool,
    /// The state as it was read; none if there was none.
    found: Option<Digest>,
}

impl PolicyStore {
    /// Nothing is kept.
    pub fn in_memory() -> Self {
        Self { disk: None, modules: BTreeMap::new() }
    }

    /// Keeps the policies of the configuration `config` in the state directory.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn open(state_directory: &Path, config: &Path) -> Result<Self, StoreError> {
        let folder = state_directory.join("policies");
        let modules = folder.join("modules");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&modules)
            .map_err(|source| failed(&modules, source))?;
        let config = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
        let key = Digest::of(config.as_os_str().as_encoded_bytes()).to_string();
        let at = |ending: &str| folder.join(format!("{}.{ending}", &key[..16]));
        let path = at("lock");
        let mut options = File::options();
        let lock = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(|source| failed(&path, source))?;
        let is_held = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let state = at("json");
        let disk = Disk { folder, modules, state, lock, is_held, found: None };
        Ok(Self { disk: Some(disk), modules: BTreeMap::new() })
    }

    /// The policy that was in force as `revision`, in the state of any configuration in the state directory; none if it is
    /// not kept any more. Files are replaced whole, so that a running host may keep more meanwhile.
    ///
    /// # Errors
    /// The folder cannot be read, a state is damaged, or the module is gone.
    pub fn find_revision(state_directory: &Path, revision: &str) -> Result<Option<PolicySpec>, StoreError> {
        let folder = state_directory.join("policies");
        let entries = fs::read_dir(&folder).map_err(|source| failed(&folder, source))?;
        let paths = entries.flatten().map(|entry| entry.path());
        for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
            let Some(text) = contents(&path)? else { continue };
            let state: State = serde_json::from_slice(&text)
                .map_err(|error| StoreError::Damaged { path: path.clone(), reason: error.to_string() })?;
            if let Some(found) = state.with_revision(revision) {
                let digest = found.module_sha256;
                let module = fs::read(folder.join("modules").join(digest.to_string())).ok();
                let module = module.filter(|bytes| Digest::of(bytes) == digest);
                return module
                    .map_or(Err(StoreError::Module(digest)), |bytes| Ok(Some(found.spec(bytes.into()))));
            }
        }
        Ok(None)
    }

    /// Whether changes can be kept: there is no other process that keeps them.
    pub(crate) fn check(&mut self) -> Result<(), StoreError> {
        let Some(disk) = self.disk.as_mut().filter(|disk| !disk.is_held) else { return Ok(()) };
        if flock(&disk.lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(StoreError::InUse(disk.folder.clone()));
        }
        if digest(&disk.state)? != disk.found {
            let _ = flock(&disk.lock, FlockOperation::Unlock);
            return Err(StoreError::ChangedElsewhere);
        }
        disk.is_held = true;
        Ok(())
    }

    /// The state that was saved last; none if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub fn load(&mut self) -> Result<Option<State>, StoreError> {
        let Some(Disk { state: path, found, .. }) = &mut self.disk else { return Ok(None) };
        let Some(text) = contents(path)? else { return Ok(None) };
        *found = Some(Digest::of(&text));
        let damaged =
            |error: serde_json::Error| StoreError::Damaged { path: path.clone(), reason: error.to_string() };
        serde_json::from_slice(&text).map(Some).map_err(damaged)
    }

    /// Saves the state, and removes modules that nothing names any more.
    ///
    /// # Errors
    /// It cannot be written. What was saved before is still there.
    pub(crate) fn save(&mut self, state: &State) -> Result<(), StoreError> {
        self.check()?;
        let needed = state.modules();
        self.modules.retain(|module, _| needed.contains(module));
        let Some(disk) = &self.disk else { return Ok(()) };
        let text = serde_json::to_vec(state).map_err(|error| failed(&disk.state, error.into()))?;
        write(&disk.state, &text)?;
        disk.prune(needed);
        Ok(())
    }

    /// Keeps a module.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn put_module(&mut self, digest: Digest, bytes: &Arc<[u8]>) -> Result<(), StoreError> {
        let name = digest.to_string();
        if let Some(disk) = &self.disk {
            let path = disk.modules.join(&name);
            if !disk.is_held {
                return Ok(());
            }
            // One that is there already counts as new, so that no other host removes it before the state names it.
            let is_good = fs::read(&path).is_ok_and(|found| Digest::of(&found) == digest);
            let touched =
                is_good && File::open(&path).and_then(|file| file.set_modified(SystemTime::now())).is_ok();
            return if touched { Ok(()) } else { write(&path, bytes) };
        }
        self.modules.insert(name, Arc::clone(bytes));
        Ok(())
    }

    /// A module that was kept.
    ///
    /// # Errors
    /// It is not there, or other bytes are.
    pub(crate) fn module(&self, digest: Digest) -> Result<Arc<[u8]>, StoreError> {
        let name = digest.to_string();
        let bytes = match &self.disk {
            None => self.modules.get(&name).cloned(),
            Some(disk) => fs::read(disk.modules.join(&name)).ok().map(Into::into),
        };
        bytes.filter(|bytes| Digest::of(bytes) == digest).ok_or(StoreError::Module(digest))
    }
}

impl Disk {
    /// Removes modules that no configuration's state names.
    fn prune(&self, mut needed: BTreeSet<String>) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path != self.state && path.extension().is_some_and(|extension| extension == "json") {
                let other = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<State>(&text).ok());
                // What cannot be read may name any of them.
                let Some(other) = other else { return };
                needed.extend(other.modules());
            }
        }
        let Ok(modules) = fs::read_dir(&self.modules) else { return };
        for entry in modules.flatten() {
            let old = entry.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
            let named = entry.file_name().to_str().is_some_and(|name| needed.contains(name));
            if !named && old.is_some_and(|age| age > UNUSED) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn contents(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed(path, source)),
    }
}

fn digest(path: &Path) -> Result<Option<Digest>, StoreError> {
    Ok(contents(path)?.map(|contents| Digest::of(&contents)))
}

/// Writes a file so that it is whole or not there after a crash.
fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::SavedPolicy;
    use crate::state::Revision;

    fn open(folder: &Path) -> PolicyStore {
        PolicyStore::open(folder, Path::new("/etc/portcullis.toml")).unwrap()
    }

    #[test]
    fn a_module_is_found_by_its_digest_and_a_changed_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let (bytes, digest): (Arc<[u8]>, _) = (b"module".as_slice().into(), Digest::of(b"module"));
        assert!(matches!(store.module(digest), Err(StoreError::Module(_))));
        store.put_module(digest, &bytes).unwrap();
        assert_eq!(store.module(digest).unwrap(), bytes);
        fs::write(folder.path().join("policies/modules").join(digest.to_string()), "other").unwrap();
        assert!(matches!(store.module(digest), Err(StoreError::Module(_))));
    }

    #[test]
    fn one_process_changes_the_policies_of_a_configuration_and_others_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = open(folder.path());
        first.save(&State::default()).unwrap();
        let mut second = open(folder.path());
        assert!(second.load().unwrap().is_some());
        let error = second.save(&State::default()).unwrap_err();
        assert!(matches!(error, StoreError::InUse(_)), "{error}");
        let mut other = PolicyStore::open(folder.path(), Path::new("/etc/other.toml")).unwrap();
        assert!(other.load().unwrap().is_none());
        other.save(&State::default()).unwrap();
        drop(first);
        second.save(&State::default()).unwrap();
        assert!(matches!(open(folder.path()).save(&State::default()), Err(StoreError::InUse(_))));
    }

    #[test]
    fn what_another_process_changed_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = open(folder.path());
        first.save(&State::default()).unwrap();
        let mut second = open(folder.path());
        second.load().unwrap();
        let mut changed = State::default();
        changed.withdraw("docker-baseline", "5f1c");
        first.save(&changed).unwrap();
        drop(first);
        let error = second.save(&State::default()).unwrap_err();
        assert!(matches!(error, StoreError::ChangedElsewhere), "{error}");
        // The lock is left to one that has read them.
        open(folder.path()).save(&changed).unwrap();
    }

    #[test]
    fn a_damaged_state_is_named_and_never_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        store.save(&State::default()).unwrap();
        let path = store.disk.as_ref().unwrap().state.clone();
        fs::write(&path, "{\"active\":[").unwrap();
        let error = store.load().unwrap_err().to_string();
        assert!(error.contains("is damaged") && error.contains("remove it"), "{error}");
    }

    #[test]
    fn a_revision_is_found_with_its_module_whichever_configuration_it_was_in_force_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let bytes: Arc<[u8]> = b"module".as_slice().into();
        let saved = SavedPolicy::new(&crate::tests::spec("one", &bytes), Digest::of(&bytes));
        store.put_module(Digest::of(&bytes), &bytes).unwrap();
        let before = Revision {
            revision: "5f1c".into(),
            policy: saved,
            hooks: Vec::new(),
            origin: crate::Origin::File,
            since: 0,
            by: String::new(),
        };
        let history = BTreeMap::from([("one".to_owned(), vec![before])]);
        store.save(&State { history, ..State::default() }).unwrap();
        PolicyStore::open(folder.path(), Path::new("/etc/other.toml"))
            .unwrap()
            .save(&State::default())
            .unwrap();
        let find = |revision| PolicyStore::find_revision(folder.path(), revision);
        assert_eq!(find("5f1c").unwrap().map(|spec| spec.name).as_deref(), Some("one"));
        assert!(find("5f").unwrap().is_none(), "a part of a digest names nothing");
        let module = folder.path().join("policies/modules").join(Digest::of(&bytes).to_string());
        fs::write(module, "other").unwrap();
        assert!(matches!(find("5f1c"), Err(StoreError::Module(_))));
        assert!(matches!(
            PolicyStore::find_revision(&folder.path().join("none"), "5f1c"),
            Err(StoreError::Io { .. })
        ));
    }
}
