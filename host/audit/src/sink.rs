//! Where records go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use crate::AuditError;
use crate::syslog::{Socket, Syslog};

/// Where records go.
pub enum Sink {
    /// Standard output.
    Stdout,
    /// A file: appended to, made with mode 0640 where there is none.
    File(PathBuf),
    /// A syslog daemon.
    Syslog(Syslog),
    /// Anything else that can be written to.
    Writer(Box<dyn Write + Send>),
}

/// A sink that is open.
pub(crate) enum Output {
    File { path: PathBuf, file: File },
    Syslog { daemon: Syslog, socket: Socket },
    Writer(Box<dyn Write + Send>),
}

impl Output {
    pub(crate) fn open(sink: Sink) -> Result<Self, AuditError> {
        match sink {
            // Not `Stdout` itself: that takes a closed descriptor for a success.
            Sink::Stdout => {
                let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(AuditError::Start)?;
                Ok(Self::Writer(Box::new(File::from(stdout))))
            }
            Sink::File(path) => match open(&path) {
                Ok(file) => Ok(Self::File { path, file }),
                Err(source) => Err(AuditError::Open { path, source }),
            },
            Sink::Syslog(daemon) => {
                let socket = connect(&daemon)?;
                Ok(Self::Syslog { daemon, socket })
            }
            Sink::Writer(writer) => Ok(Self::Writer(writer)),
        }
    }

    /// Opens the file by its path once more. Says whether it is another file now. On an error the one that was
    /// open stays so.
    pub(crate) fn reopen(&mut self) -> Result<bool, AuditError> {
        let (path, file) = match self {
            Self::File { path, file } => (path, file),
            Self::Syslog { daemon, socket } => {
                *socket = connect(daemon)?;
                return Ok(false);
            }
            Self::Writer(_) => return Ok(false),
        };
        let new = open(path).map_err(|source| AuditError::Open { path: path.clone(), source })?;
        let other = match (file.metadata(), new.metadata()) {
            (Ok(old), Ok(new)) => (old.dev(), old.ino()) != (new.dev(), new.ino()),
            _ => true,
        };
        *file = new;
        Ok(other)
    }
}

fn connect(daemon: &Syslog) -> Result<Socket, AuditError> {
    daemon.connect().map_err(|source| AuditError::Syslog { daemon: daemon.clone(), source })
}

fn open(path: &std::path::Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { file, .. } => file.write(bytes),
            Self::Syslog { socket, .. } => socket.write(bytes),
            Self::Writer(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } => file.flush(),
            Self::Syslog { .. } => Ok(()),
            Self::Writer(writer) => writer.flush(),
        }
    }
}
