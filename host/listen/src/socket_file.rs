//! A unix socket's file: made where no other process listens, and removed only while it is ours.

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::{ListenError, Options};

/// The file of a socket that we have bound. It is removed when this is dropped, unless another one has taken
/// its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// Binds a socket at that path.
pub(crate) fn bind(path: &Path, options: &Options) -> Result<(UnixListener, SocketFile), ListenError> {
    let failed = |step| move |source| ListenError::Unix { path: path.to_owned(), step, source };
    let group = options.group.as_deref().map(|group| group_id(path, group)).transpose()?;
    folder(path)?;
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(failed("bind it"))?;
    let metadata = fs::symlink_metadata(path).map_err(failed("read its file"))?;
    let file = SocketFile { path: path.to_owned(), identity: (metadata.dev(), metadata.ino()) };
    if let Some(group) = group {
        chown(path, None, Some(group)).map_err(failed("give it to its group"))?;
    }
    fs::set_permissions(path, Permissions::from_mode(options.mode)).map_err(failed("set its mode"))?;
    listener.set_nonblocking(true).map_err(failed("set it up"))?;
    Ok((listener, file))
}

/// Docker's plugin folder is there only once dockerd has run, and we are to be there before it.
fn folder(path: &Path) -> Result<(), ListenError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let failed = |step| move |source| ListenError::Unix { path: path.to_owned(), step, source };
    DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(failed("make its folder"))?;
    let mode = fs::metadata(folder).map_err(failed("read its folder"))?.mode();
    if mode & 0o002 != 0 {
        return Err(ListenError::OpenFolder(path.to_owned()));
    }
    Ok(())
}

/// Removes what a process that is gone has left.
fn remove_stale(path: &Path) -> Result<(), ListenError> {
    let failed = |step| move |source| ListenError::Unix { path: path.to_owned(), step, source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("read its file")(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(ListenError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match answers(path) {
        Ok(()) | Err(Errno::AGAIN) => Err(ListenError::InUse(path.to_owned())),
        Err(Errno::NOENT) => Ok(()),
        Err(Errno::CONNREFUSED) => {
            fs::remove_file(path).map_err(failed("remove the file that was left there"))
        }
        Err(error) => Err(failed("find out whether another process answers there")(error.into())),
    }
}

/// Never blocks: a queue that is full belongs to a process.
fn answers(path: &Path) -> Result<(), Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)
}

fn group_id(path: &Path, group: &str) -> Result<u32, ListenError> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    match nix::unistd::Group::from_name(group) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        _ => Err(ListenError::Group { path: path.to_owned(), group: group.to_owned() }),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.identity);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the socket's file");
        }
    }
}
