//! Where a module's bytes come from, how many there may be, and whether they are the ones that were named.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use wasmtime::Engine;

use crate::Digest;

/// Bytes of a module, at most.
pub const MODULE_BYTES: u64 = 64 << 20;

/// Where a module's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A policy that is part of the program: its name and its bytes.
    Builtin(String, Arc<[u8]>),
    /// A file.
    File(PathBuf),
    /// Bytes that were read or received before.
    Stored {
        /// Where they came from.
        from: String,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
}

/// Why a module was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file is not there.
    #[error("there is no file `{}`", .0.display())]
    Missing(PathBuf),
    /// It is a directory, a pipe or a device.
    #[error("`{}` is no file", .0.display())]
    NotAFile(PathBuf),
    /// The file is not readable.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There are too many bytes.
    #[error("`{}` is larger than {} MiB", .0.display(), MODULE_BYTES >> 20)]
    Size(PathBuf),
    /// The digest is another than the configuration says.
    #[error("its sha256 is {found}, but the configuration says {wanted}")]
    Digest {
        /// The module's.
        found: Digest,
        /// The configuration's.
        wanted: Digest,
    },
    /// It is native code already: nothing in it could be checked.
    #[error("this is a compiled artifact, not WebAssembly; only modules are loaded")]
    Native,
}

impl Source {
    /// The bytes and their digest, which is `wanted` where that is given.
    pub fn read(&self, wanted: Option<Digest>) -> Result<(Arc<[u8]>, Digest), SourceError> {
        let bytes = match self {
            Self::Builtin(_, bytes) | Self::Stored { bytes, .. } => Arc::clone(bytes),
            Self::File(path) => read_file(path)?.into(),
        };
        let found = Digest::of(&bytes);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            return Err(SourceError::Digest { found, wanted });
        }
        if Engine::detect_precompiled(&bytes).is_some() {
            return Err(SourceError::Native);
        }
        Ok((bytes, found))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Builtin(name, _) => write!(f, "builtin:{name}"),
            Self::File(path) => path.display().fmt(f),
            Self::Stored { from, .. } => f.write_str(from),
        }
    }
}

fn read_file(path: &PathBuf) -> Result<Vec<u8>, SourceError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(path.clone()),
        _ => SourceError::Read { path: path.clone(), error },
    };
    // Opening a pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(SourceError::NotAFile(path.clone()));
    }
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > MODULE_BYTES {
        return Err(SourceError::Size(path.clone()));
    }
    let mut bytes = Vec::new();
    file.take(MODULE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MODULE_BYTES {
        return Err(SourceError::Size(path.clone()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(200 << 20).unwrap();
        let error = Source::File(file.path().into()).read(None).unwrap_err();
        assert!(error.to_string().ends_with("is larger than 64 MiB"), "{error}");
    }

    #[test]
    fn another_digest_is_refused_and_both_are_named() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"module").unwrap();
        let source = Source::File(file.path().into());
        assert!(source.read(Some(Digest::of(b"module"))).is_ok());
        let error = source.read(Some(Digest::of(b"other"))).unwrap_err().to_string();
        assert!(error.contains(&Digest::of(b"other").to_string()), "{error}");
    }

    #[test]
    fn native_code_is_refused() {
        let engine = Engine::default();
        let native = engine.precompile_component(&wat::parse_str("(component)").unwrap()).unwrap();
        let source = Source::Builtin("native".into(), native.into());
        assert!(matches!(source.read(None), Err(SourceError::Native)));
    }
}
