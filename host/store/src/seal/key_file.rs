//! A key in a file of its own.

use portcullis_files::{Access, FileError};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use zeroize::Zeroizing;

use super::{MasterKey, SealError};

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

/// Only the owner may be able to read it: unlike with other secret files, not even the group.
fn read(path: &Path) -> Result<MasterKey, SealError> {
    let bytes = portcullis_files::read(path, Access::Private).map_err(|error| match error {
        FileError::Read { path, source } => SealError::KeyFile { path, step: "read it", source },
        FileError::Mode { path, mode, .. } => SealError::OpenKeyFile { path, mode },
        error => SealError::KeyFileAccess(error),
    })?;
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
