//! Files of the user's: read with a bound, and replaced at once or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use crate::error::AwsClientError;

/// The longest file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// The whole file; none if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, AwsClientError> {
    let read = || {
        let mut bytes = Zeroizing::new(Vec::new());
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other(format!("it is longer than {MAX_BYTES} bytes")));
        }
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AwsClientError::Read { path: path.into(), source }),
    }
}

/// A token or password that the user put into a file: its one line. Its mode is the user's affair, e.g. Kubernetes
/// projects tokens that all users of the container may read.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, AwsClientError> {
    let bytes = read(path)?.ok_or_else(|| {
        let source = io::Error::new(io::ErrorKind::NotFound, "it is not there");
        AwsClientError::Read { path: path.into(), source }
    })?;
    let text = std::str::from_utf8(&bytes).ok().map(str::trim_end);
    let text = text.filter(|text| !text.is_empty() && !text.contains(char::is_control));
    text.map(|text| Zeroizing::new(text.to_owned())).ok_or_else(|| AwsClientError::SecretFile(path.into()))
}

/// A file that this program wrote for its user alone.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, AwsClientError> {
    let bytes = read(path)?;
    let mode = fs::metadata(path).map_or(0, |status| status.mode());
    if bytes.is_some() && mode & 0o077 != 0 {
        return Err(AwsClientError::Exposed(path.into()));
    }
    Ok(bytes)
}

/// Replaces a file that no other user may open, and makes the folder for it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), AwsClientError> {
    replace(path, bytes, Some(0o600)).map_err(|source| AwsClientError::Write { path: path.into(), source })
}

/// Replaces a file that keeps its mode, and its place where it is a symbolic link. A new one is for its user alone.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), AwsClientError> {
    let linked = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&linked, bytes, None).map_err(|source| AwsClientError::Write { path: path.into(), source })
}

fn replace(path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    // It is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(bytes)?;
    let mode = mode.or_else(|| Some(fs::metadata(path).ok()?.mode() & 0o777));
    file.as_file().set_permissions(fs::Permissions::from_mode(mode.unwrap_or(0o600)))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_replaced_file_keeps_mode_and_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let new = folder.path().join("a/b");
        write(&new, b"x").unwrap();
        assert_eq!(fs::metadata(&new).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(folder.path().join("a")).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no temporary file is left");
    }

    #[test]
    fn a_private_file_belongs_to_one_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        assert!(read_private(&file).unwrap().is_none());
        write_private(&file, b"x").unwrap();
        assert_eq!(read_private(&file).unwrap().unwrap().as_slice(), b"x");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read_private(&file), Err(AwsClientError::Exposed(_))));
        write_private(&file, b"y").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_secret_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        for (text, expected) in [
            ("secret", Some("secret")),
            ("secret\r\n", Some("secret")),
            ("", None),
            ("\n", None),
            ("a\nb", None),
            ("a\u{1b}b", None),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(read_secret(&file).ok().as_deref().map(String::as_str), expected, "{text:?}");
        }
        assert!(matches!(read_secret(&folder.path().join("none")), Err(AwsClientError::Read { .. })));
    }
}
