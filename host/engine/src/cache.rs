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
mod tests {
    use super::*;
    use crate::Limits;
    use crate::build::{Confinement, PoolRequirements};

    fn request(settings: &str) -> BuildRequest {
        BuildRequest {
            name: "x".into(),
            settings: settings.into(),
            limits: Limits::default(),
            wasi: vec![],
            cases: vec![],
            not_preinitialized_because: None,
            confinement: Confinement::Required,
        }
    }

    fn report() -> BuildReport {
        BuildReport {
            imports: vec![],
            hooks: vec![],
            not_preinitialized_because: None,
            needs: PoolRequirements::default(),
            log: vec![],
            answers: vec![],
        }
    }

    #[test]
    fn what_was_kept_is_found_under_the_same_order_alone() {
        let state = tempfile::tempdir().unwrap();
        let cache = Cache::open(state.path()).unwrap();
        let module = Digest::of(b"module");
        cache.put(&request("{}"), module, &report(), b"code");
        assert_eq!(cache.get(&request("{}"), module), Some((report(), b"code".to_vec())));
        assert_eq!(cache.get(&request(r#"{"a":1}"#), module), None);
        assert_eq!(cache.get(&request("{}"), Digest::of(b"other")), None);
        let reopened = Cache::open(state.path()).unwrap();
        assert!(reopened.get(&request("{}"), module).is_some());
    }

    #[test]
    fn a_flipped_byte_anywhere_is_noticed() {
        let state = tempfile::tempdir().unwrap();
        let cache = Cache::open(state.path()).unwrap();
        let module = Digest::of(b"module");
        cache.put(&request("{}"), module, &report(), b"code");
        let path = cache.path(&key_of(&request("{}"), module).unwrap());
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert_eq!(cache.get(&request("{}"), module), None, "byte {at}");
        }
        for end in 0..good.len() {
            fs::write(&path, &good[..end]).unwrap();
            assert_eq!(cache.get(&request("{}"), module), None, "cut at {end}");
        }
    }

    #[test]
    fn what_was_kept_for_one_order_is_nothing_to_another() {
        let state = tempfile::tempdir().unwrap();
        let cache = Cache::open(state.path()).unwrap();
        let module = Digest::of(b"module");
        cache.put(&request("{}"), module, &report(), b"code");
        let other = request(r#"{"a":1}"#);
        fs::copy(
            cache.path(&key_of(&request("{}"), module).unwrap()),
            cache.path(&key_of(&other, module).unwrap()),
        )
        .unwrap();
        assert_eq!(cache.get(&other, module), None);
    }

    /// The cache of many policies of one module is no smaller for what these share.
    #[test]
    fn as_many_artifacts_are_kept_beside_what_modules_share() {
        let state = tempfile::tempdir().unwrap();
        let cache = Cache::open(state.path()).unwrap();
        let module = |number: usize| Digest::of(&number.to_le_bytes());
        for number in 0..KEPT + 3 {
            cache.put(&request("{}"), module(number), &report(), b"code");
            cache.keep(cache.write(&key_of_module(module(number), &[]), b"shared"));
        }
        let names = fs::read_dir(&cache.directory).unwrap().map(|entry| entry.unwrap().file_name());
        let shared = names.filter(|name| name.to_string_lossy().starts_with(MODULE)).count();
        assert_eq!((shared, fs::read_dir(&cache.directory).unwrap().count()), (KEPT, 2 * KEPT));
    }

    #[test]
    fn a_damaged_key_is_named() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(KEY_FILE), b"short").unwrap();
        set_mode(&state.path().join(KEY_FILE), 0o600);
        let error = Cache::open(state.path()).unwrap_err().to_string();
        assert!(error.ends_with("is damaged; remove it, and all policies are built anew"), "{error}");
    }

    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_may_open_or_own_is_not_used() {
        let state = tempfile::tempdir().unwrap();
        let cache = Cache::open(state.path()).unwrap();
        let module = Digest::of(b"module");
        cache.put(&request("{}"), module, &report(), b"code");
        let path = cache.path(&key_of(&request("{}"), module).unwrap());
        let key = state.path().join(KEY_FILE);
        for mode in [0o640, 0o604, 0o660, 0o606, 0o601, 0o610] {
            set_mode(&path, mode);
            assert_eq!(cache.get(&request("{}"), module), None, "mode {mode:o}");
            set_mode(&key, mode);
            let error = Cache::open(state.path()).unwrap_err().to_string();
            assert!(
                error.contains(&format!("can be opened by others (mode {mode:o}); remove it")),
                "{error}"
            );
        }
        set_mode(&path, 0o600);
        set_mode(&key, 0o600);
        assert!(cache.get(&request("{}"), module).is_some());
        let moved = state.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, &path).unwrap();
        assert_eq!(cache.get(&request("{}"), module), None, "a link");
        fs::rename(&moved, &path).unwrap();
        assert!(cache.get(&request("{}"), module).is_some());
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
            assert_eq!(cache.get(&request("{}"), module), None, "another owner");
        }
    }

    #[test]
    fn files_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let state = tempfile::tempdir().unwrap();
        let cache = Cache::open(state.path()).unwrap();
        cache.put(&request("{}"), Digest::of(b"m"), &report(), b"code");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state.path().join(KEY_FILE)), 0o600);
        assert_eq!(mode(&cache.path(&key_of(&request("{}"), Digest::of(b"m")).unwrap())), 0o600);
        assert_eq!(mode(&cache.directory), 0o700);
    }
}
