//! A key in a file of its own.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

use super::{MasterKey, SealError};

/// More is no key, and may be anything.
const LONGEST: u64 = 1024;

/// A key that was read from a file, or made and written to it.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// The key.
    pub key: MasterKey,
    /// It was made now: the operator must be told to keep a copy, without which nothing that it seals can be opened.
    pub made: bool,
}

impl KeyFile {
    /// Reads the file's key. Where there is no file one is made, mode 0600; processes that start at once agree on one
    /// key.
    pub fn open_or_make(path: &Path) -> Result<Self, SealError> {
        match read(path) {
            Err(SealError::KeyFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            other => return other.map(|key| Self { key, made: false }),
        }
        let key = MasterKey::generate()?;
        let made = make(path, &key)?;
        if made { Ok(Self { key, made }) } else { read(path).map(|key| Self { key, made }) }
    }
}

fn failed(path: &Path, step: &'static str) -> impl Fn(io::Error) -> SealError {
    move |source| SealError::KeyFile { path: path.to_owned(), step, source }
}

fn read(path: &Path) -> Result<MasterKey, SealError> {
    let file = File::open(path).map_err(failed(path, "open it"))?;
    let mode = file.metadata().map_err(failed(path, "read its mode"))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(SealError::OpenKeyFile { path: path.to_owned(), mode: mode & 0o777 });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    file.take(LONGEST).read_to_end(&mut bytes).map_err(failed(path, "read it"))?;
    MasterKey::parse(&bytes).map_err(|_| SealError::KeyFileLength(path.to_owned()))
}

/// Whether it was made; not where there is one by now. It is on the disk, whole, before anything is sealed with it.
fn make(path: &Path, key: &MasterKey) -> Result<bool, SealError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed(path, "make it"))?;
    let text = Zeroizing::new(format!("{}\n", *key.to_base64()));
    file.write_all(text.as_bytes()).map_err(failed(path, "write it"))?;
    file.as_file().sync_all().map_err(failed(path, "write it"))?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(path, "make it")(error.error)),
        Ok(_) => {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed(path, "write its folder"))?;
            Ok(true)
        }
    }
}
