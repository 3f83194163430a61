//! What differs when a file has changed, so that a look does not have to read it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::Access;

/// File systems keep time in steps: a file that changed less than that ago may change again and look the same.
const STEP: Duration = Duration::from_secs(2);

/// Where a file is and when it changed. Its owner and mode are part of the time of its change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Of all files; none if one is missing, or changed so lately that its stamp cannot be relied on.
    pub(crate) fn of_all(files: &[(PathBuf, Access)]) -> Option<Vec<Self>> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let old = i64::try_from(now.saturating_sub(STEP).as_secs()).ok()?;
        files.iter().map(|(path, _)| Self::of(path)?.settled(old)).collect()
    }

    /// Of one file; none if it is missing.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            place: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    fn settled(self, old: i64) -> Option<Self> {
        (self.changed.0 < old).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_relied_on_only_when_it_is_old() {
        let stamp = |changed| Stamp { place: (1, 1), size: 1, modified: (0, 0), changed: (changed, 0) };
        assert_eq!(stamp(1000).settled(1000), None);
        assert_eq!(stamp(1060).settled(1000), None);
        assert_eq!(stamp(999).settled(1000), Some(stamp(999)));
    }

    #[test]
    fn a_missing_file_and_a_new_one_have_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(Stamp::of_all(&[(path.clone(), Access::Public)]), None);
        fs::write(&path, "").unwrap();
        assert_eq!(Stamp::of_all(&[(path, Access::Public)]), None);
        assert!(Stamp::of_all(&[("/etc/passwd".into(), Access::Public)]).is_some());
    }
}
