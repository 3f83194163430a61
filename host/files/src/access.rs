//! Who may read and change a file that we rely on.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest file: some 5,000 tokens.
pub const MAX_BYTES: u64 = 1 << 20;

/// What a file's mode may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The owner alone, e.g. the store's master key.
    Private,
    /// The owner reads and writes, the group reads, e.g. a private key or hashes of passwords.
    Secret,
    /// The owner writes, everybody reads, e.g. groups.
    Public,
    /// Neither mode nor owner is checked, e.g. a certificate, which is worth nothing without its key.
    Any,
}

impl Access {
    /// The forbidden permission bits, what they allow, and a mode without them.
    fn forbidden(self) -> (u32, &'static str, &'static str) {
        match self {
            Self::Private => (0o077, "read or change", "600"),
            Self::Secret => (0o027, "read or change", "600"),
            Self::Public => (0o022, "change", "644"),
            Self::Any => (0, "", ""),
        }
    }
}

/// Why a file cannot be relied on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read `{path}`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is a directory, a pipe or a device.
    #[error("`{path}`: it is no file", path = .0.display())]
    NotAFile(PathBuf),
    /// Its mode allows others too much.
    #[error("`{path}`: others may {what} it (mode {mode:04o}); `chmod {better}` mends that", path = path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What others may do.
        what: &'static str,
        /// A mode that would do.
        better: &'static str,
    },
    /// It is owned by another user, who could change it at any time.
    #[error("`{path}`: it belongs to user {owner}, who is neither root nor us", path = path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
    },
    /// It is longer than [`MAX_BYTES`].
    #[error("`{path}`: it is longer than {MAX_BYTES} bytes", path = .0.display())]
    TooLong(PathBuf),
}

impl FileError {
    /// Whether the file does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The contents of a regular file. It must belong to root or to the user that we run as, and its mode must allow no
/// more than `access`. Mode and owner are those of the opened file, so a file that is swapped meanwhile changes nothing.
///
/// # Errors
/// The file cannot be read, or others may do too much with it.
pub fn read(path: &Path, access: Access) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = |source: io::Error| FileError::Read { path: path.into(), source };
    // Opening a pipe would wait for a writer: its type is looked at first, and again below.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FileError::NotAFile(path.into()));
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile(path.into()));
    }
    let mode = metadata.mode() & 0o777;
    let (forbidden, what, better) = access.forbidden();
    if mode & forbidden != 0 {
        return Err(FileError::Mode { path: path.into(), mode, what, better });
    }
    let owner = metadata.uid();
    if access != Access::Any && owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(FileError::Owner { path: path.into(), owner });
    }
    // Room for all of it: a vector that grows leaves copies of a secret behind.
    let room = usize::try_from(metadata.len().min(MAX_BYTES)).unwrap_or_default().saturating_add(1);
    let mut contents = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX_BYTES + 1).read_to_end(&mut contents).map_err(failed)?;
    if contents.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLong(path.into()));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_mode_that_allows_others_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "text").unwrap();
        for (mode, private, secret, public) in [
            (0o600, true, true, true),
            (0o400, true, true, true),
            (0o640, false, true, true),
            (0o440, false, true, true),
            (0o644, false, false, true),
            (0o604, false, false, true),
            (0o601, false, false, true),
            (0o660, false, false, false),
            (0o666, false, false, false),
            (0o602, false, false, false),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for (access, good) in [
                (Access::Private, private),
                (Access::Secret, secret),
                (Access::Public, public),
                (Access::Any, true),
            ] {
                match read(&path, access) {
                    Ok(contents) => assert!(good && &contents[..] == b"text", "{mode:o} {access:?}"),
                    Err(error) => {
                        let text = error.to_string();
                        assert!(!good && text.contains(&format!("mode {mode:04o}")), "{mode:o} {text}");
                        assert!(text.contains("`chmod 6"), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_file_or_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("long"), vec![b'x'; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
        fs::write(path("longest"), vec![b'x'; usize::try_from(MAX_BYTES).unwrap()]).unwrap();
        assert!(matches!(read(&path("long"), Access::Public), Err(FileError::TooLong(_))));
        assert!(read(&path("longest"), Access::Public).is_ok());
        assert!(matches!(read(folder.path(), Access::Public), Err(FileError::NotAFile(_))));
        assert!(matches!(read(Path::new("/dev/null"), Access::Public), Err(FileError::NotAFile(_))));
        let missing = read(&path("missing"), Access::Public).unwrap_err();
        assert!(missing.is_not_found() && missing.source().is_some());
        assert!(!missing.to_string().contains("No such"), "the cause is printed by whoever prints the chain");
    }
}
