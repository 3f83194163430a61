//! Which directories to watch for a file, and whether inotify sees changes there.

use rustix::fs::{StatFs, statfs};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// A path may have that many symbolic links, as in Linux (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// Every directory in which a change can make `path` another file: the one of the file itself, and that of each
/// symbolic link on the way to it. Kubernetes swaps such a link (`..data`) when it changes a volume.
pub(crate) fn directories(path: &Path) -> BTreeSet<PathBuf> {
    ways(path).directories
}

/// The names in these directories that are on the way to `path`: an event of another name does not concern it.
pub(crate) fn names(path: &Path) -> BTreeSet<OsString> {
    ways(path).names
}

#[derive(Default)]
struct Ways {
    directories: BTreeSet<PathBuf>,
    names: BTreeSet<OsString>,
}

fn ways(path: &Path) -> Ways {
    let mut found = Ways::default();
    let mut pending = vec![std::path::absolute(path).unwrap_or_else(|_| path.to_owned())];
    let mut links = 0;
    while let Some(path) = pending.pop() {
        found.directories.extend(path.parent().map(Path::to_owned));
        for ancestor in path.ancestors() {
            found.names.extend(ancestor.file_name().map(OsStr::to_owned));
            let (Ok(target), Some(folder)) = (fs::read_link(ancestor), ancestor.parent()) else { continue };
            links += 1;
            if links > MAX_LINKS {
                return found;
            }
            found.directories.insert(folder.to_owned());
            let mut resolved = folder.join(target);
            // `join` of an empty rest would add a slash.
            resolved.extend(path.strip_prefix(ancestor).unwrap_or(Path::new("")).iter());
            pending.push(resolved);
        }
    }
    found
}

/// File systems that other machines or programs change without the kernel's inotify seeing it (`statfs(2)`).
const REMOTE: [u64; 12] = [
    0x6969,      // NFS
    0x517b,      // SMB
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB2
    0x6573_5546, // FUSE: sshfs, virtiofs, gcsfuse
    0x0102_1997, // 9P
    0x00c3_6400, // Ceph
    0x5346_414f, // AFS
    0x0bd0_0bd0, // Lustre
    0x0116_1970, // GFS2
    0x7461_636f, // OCFS2
    0x786f_4256, // VirtualBox shared folders
];

/// Whether `directory` is on a file system where inotify misses changes. Unknown is taken for yes: polling always works.
pub(crate) fn misses_changes(directory: &Path) -> bool {
    statfs(directory).map_or(true, |found| is_remote(&found))
}

/// Whether other machines, or a program that is no kernel, say what is on a file system.
#[must_use]
pub fn is_remote(file_system: &StatFs) -> bool {
    // The type is 32 bits wide, and sign-extended on some machines.
    #[expect(clippy::cast_sign_loss, reason = "bits, and another width on some machines")]
    let kind = file_system.f_type as u64 & 0xffff_ffff;
    REMOTE.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_directory_on_the_way_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let at = |name: &str| root.join(name);
        fs::create_dir_all(at("volume/..one")).unwrap();
        fs::write(at("volume/..one/key"), "").unwrap();
        symlink("..one", at("volume/..data")).unwrap();
        symlink("..data/key", at("volume/key")).unwrap();
        symlink(at("volume"), at("live")).unwrap();
        symlink("loop", at("loop")).unwrap();
        let found = |name: &str| directories(&at(name));
        let has = |name: &str, expected: &[&str]| {
            let found = found(name);
            for expected in expected {
                let resolves = |path: &PathBuf| path.canonicalize().ok() == at(expected).canonicalize().ok();
                assert!(found.iter().any(resolves), "{name}: {expected} is not in {found:?}");
            }
        };
        has("volume/key", &["volume", "volume/..one"]);
        has("live/key", &["", "volume", "volume/..one"]);
        has("volume/missing", &["volume"]);
        let names = names(&at("live/key"));
        for (name, concerns) in
            [("live", true), ("..data", true), ("..one", true), ("key", true), ("log", false)]
        {
            assert_eq!(names.contains(OsStr::new(name)), concerns, "{name}");
        }
        assert!(found("loop").contains(&root));
    }

    #[test]
    fn a_local_file_system_is_watched_and_an_unknown_one_polled() {
        assert!(misses_changes(Path::new("/nowhere/at/all")));
        assert!(!misses_changes(Path::new("/proc")));
    }
}
