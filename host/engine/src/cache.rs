//! Artifacts kept on disk, so that a start does not compile what was compiled before.
//!
//! An artifact is native code: an attacker who can write one can run code in the host. Each file therefore carries an
//! HMAC under a key that only the host can read, over its bytes and over what it was built for: one that was put in
//! another's place is no better than one that was changed. It is read once, checked over those very bytes, and those
//! bytes are used. A pre-initialized artifact also holds its policy's settings, so files are for the owner only: a file or a
//! key that another user owns or may open is not used.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustix::fs::OFlags;
use sha2::Sha256;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::Digest;
use crate::build::{self, BUILD_VERSION, BuildReport, BuildRequest, ModuleCode};
use crate::sealed;

/// Artifacts that are kept, and as many files of what all settings of a module share: the ones used last.
const KEPT: usize = 64;
/// What the name of a file of the second kind begins with.
const MODULE: &str = "module-";
const MAC: usize = 32;
const KEY_FILE: &str = "artifacts.key";

/// A directory of artifacts.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    key: [u8; 32],
}

/// Why there is no cache.
#[derive(Debug, thiserror::Error)]
#[error("cannot use `{}` as a cache: {source}", .path.display())]
pub struct CacheError {
    path: PathBuf,
    source: io::Error,
}

impl Cache {
    /// A cache below `state`, a directory that is made if it is not there.
    pub fn open(state: &Path) -> Result<Self, CacheError> {
        let failed = |source| CacheError { path: state.to_owned(), source };
        let directory = state.join("artifacts");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(failed)?;
        let key = key(&state.join(KEY_FILE)).map_err(failed)?;
        Ok(Self { directory, key })
    }

    /// What was built for this request, if it is there and unchanged.
    pub fn get(&self, request: &BuildRequest, module: Digest) -> Option<(BuildReport, Vec<u8>)> {
        self.read(&key_of(request, module).ok()?, build::unpack_artifact)
    }

    /// What builds of this module left for others of it, with any settings.
    pub fn module_code(&self, module: Digest, wasi: &[String]) -> ModuleCode {
        self.read(&key_of_module(module, wasi), ModuleCode::trusted).unwrap_or_default()
    }

    /// Keeps what a build added.
    pub fn put_module_code(&self, module: Digest, wasi: &[String], code: &ModuleCode) {
        let Some(bytes) = code.changed() else { return };
        self.keep(bytes.and_then(|bytes| self.write(&key_of_module(module, wasi), &bytes)));
    }

    /// The file of that name, if all of it is as it was written there.
    fn read<T>(&self, name: &str, unpack: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let path = self.path(name);
        let file = match read_own(&path) {
            Ok(file) => file?,
            Err(error) => {
                tracing::warn!(file = %path.display(), "a cached artifact is not used: {error}; it is built anew");
                return None;
            }
        };
        let Some(kept) = self.unseal(name, &file).and_then(unpack) else {
            tracing::warn!(file = %path.display(), "a cached artifact was changed; it is built anew");
            return None;
        };
        // The time of last use decides what is thrown away.
        let _ =
            OpenOptions::new().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        Some(kept)
    }

    /// Keeps what was built; a cache that cannot be written only costs the next start.
    pub fn put(&self, request: &BuildRequest, module: Digest, report: &BuildReport, artifact: &[u8]) {
        let written = key_of(request, module)
            .and_then(|name| self.write(&name, &build::pack_artifact(report, artifact)?));
        self.keep(written);
    }

    /// Says what could not be written, and throws away what was used longest ago.
    fn keep(&self, written: io::Result<()>) {
        if let Err(error) = written {
            tracing::warn!(directory = %self.directory.display(), %error, "an artifact could not be kept");
        }
        self.prune();
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(&self.mac(name, bytes).finalize().into_bytes())?;
        file.write_all(bytes)?;
        file.persist(self.path(name))?;
        Ok(())
    }

    /// What is in the bytes of a file of that name, if its MAC fits.
    fn unseal<'a>(&self, name: &str, file: &'a [u8]) -> Option<&'a [u8]> {
        let (mac, bytes) = file.split_first_chunk::<MAC>()?;
        self.mac(name, bytes).verify_slice(mac).ok()?;
        Some(bytes)
    }

    fn mac(&self, name: &str, bytes: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "INVARIANT: an HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        // Names of one kind have one length, and those of the other begin with letters that no digest has: no part can pass
        // for the other.
        mac.update(name.as_bytes());
        mac.update(bytes);
        mac
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let used = |entry: &fs::DirEntry| entry.metadata().and_then(|data| data.modified()).ok();
        let mut files: Vec<_> =
            entries.flatten().filter_map(|entry| Some((used(&entry)?, entry.path()))).collect();
        files.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        let is_of_module = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(MODULE.as_bytes()))
        };
        let (modules, artifacts): (Vec<_>, Vec<_>) =
            files.into_iter().map(|(_, path)| path).partition(is_of_module);
        for path in modules.into_iter().skip(KEPT).chain(artifacts.into_iter().skip(KEPT)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The digest over everything that an artifact depends on. Without one the cache is not used.
fn key_of(request: &BuildRequest, module: Digest) -> io::Result<String> {
    let request = serde_json::to_vec(request)?;
    let digest = Digest::of_parts(&[
        module.to_string().as_bytes(),
        &request,
        BUILD_VERSION.as_bytes(),
        &sealed::compatibility(),
    ]);
    Ok(digest.to_string())
}

/// The same for what all builds of a module share.
fn key_of_module(module: Digest, wasi: &[String]) -> String {
    let wasi = wasi.join(",");
    let (module, compatibility) = (module.to_string(), sealed::compatibility());
    let digest = Digest::of_parts(&[
        b"module",
        module.as_bytes(),
        wasi.as_bytes(),
        BUILD_VERSION.as_bytes(),
        &compatibility,
    ]);
    format!("{MODULE}{digest}")
}

/// The key in that file, which is made if it is not there: whole or not at all, since a crash may come between, and
/// another process may look.
fn key(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(key) = existing_key(path)? {
        return Ok(key);
    }
    let mut key = [0; 32];
    fill_random(&mut key)?;
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        // Another process was first.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            existing_key(path)?.ok_or(error.error)
        }
        Err(error) => Err(error.error),
    }
}

fn existing_key(path: &Path) -> io::Result<Option<[u8; 32]>> {
    let unusable = |what: &dyn std::fmt::Display| {
        io::Error::other(format!("`{KEY_FILE}` in it {what}; remove it, and all policies are built anew"))
    };
    let Some(bytes) = read_own(path).map_err(|error| unusable(&error))? else { return Ok(None) };
    bytes.try_into().map(Some).map_err(|_| unusable(&"is damaged"))
}

/// The bytes of a file that belongs to this user, and that no other may open. `None` where there is none.
fn read_own(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut file = match OpenOptions::new().read(true).custom_flags(no_link).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io::Error::new(error.kind(), format!("cannot be opened: {error}"))),
    };
    // Of the open file, which no other process can exchange.
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(io::Error::other("is no file"));
    }
    if data.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!("belongs to another user ({})", data.uid())));
    }
    if data.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!("can be opened by others (mode {:03o})", data.mode() & 0o777)));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
