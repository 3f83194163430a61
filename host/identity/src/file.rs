//! Files that say who somebody is. Only those are read that nobody else can have had a hand in: they belong to root
//! or to the user that we run as, and neither their group nor others can write them.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::IdentityError;

/// A file may not be longer: some 5,000 tokens.
const MAX_FILE: u64 = 1 << 20;

/// What others may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: who holds it can try out guesses as fast as a hash is computed.
    Secret,
    /// Read it.
    Public,
}

impl Kind {
    fn forbidden(self) -> (u32, &'static str, &'static str) {
        match self {
            Self::Secret => (0o027, "read or change", "600"),
            Self::Public => (0o022, "change", "644"),
        }
    }
}

/// Its bytes, or why they cannot be believed.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<Vec<u8>, IdentityError> {
    let failed = |source: io::Error| IdentityError::Read { path: path.into(), source };
    let wrong = |reason: String| IdentityError::File { path: path.into(), line: None, reason };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(wrong("it is no file".into()));
    }
    let mode = metadata.mode() & 0o777;
    let (forbidden, what, better) = kind.forbidden();
    if mode & forbidden != 0 {
        let reason = format!("others may {what} it (mode {mode:04o}); `chmod {better}` mends that");
        return Err(wrong(reason));
    }
    let ours = rustix::process::geteuid().as_raw();
    if metadata.uid() != 0 && metadata.uid() != ours {
        return Err(wrong(format!("it belongs to user {}, who is neither root nor us", metadata.uid())));
    }
    let mut contents = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut contents).map_err(failed)?;
    if contents.len() as u64 > MAX_FILE {
        return Err(wrong(format!("it is longer than {MAX_FILE} bytes")));
    }
    Ok(contents)
}
