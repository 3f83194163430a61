//! Paths as the kernel walks them, in a directory of the test's own that stands for the root.

use proptest::prelude::*;
use rustix::fs::{Mode, OFlags, Stat, open};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{RealPath, real_path, replaceable};
use crate::error::ResolveError;
use crate::limits::MAX_DEPTH;

struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        for directory in ["etc", "srv/app/data", "home/alice"] {
            fs::create_dir_all(root.at(directory)).unwrap();
        }
        fs::write(root.at("etc/shadow"), "").unwrap();
        root
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn link(&self, at: &str, target: &str) {
        symlink(target, self.at(at)).unwrap();
    }

    fn mode(&self, at: &str, mode: u32) {
        fs::set_permissions(self.at(at), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn resolve(&self, path: &str) -> Result<RealPath, ResolveError> {
        let owner = rustix::process::getuid().as_raw();
        let root = open(self.0.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        real_path(&root, path, owner)
    }

    fn leads_to(&self, path: &str) -> String {
        self.resolve(path).unwrap().path
    }
}

#[test]
fn links_are_followed_below_the_root() {
    let root = Root::new();
    root.link("srv/etc", "/etc");
    root.link("srv/app/up", "../../etc");
    root.link("srv/app/out", "../../../../../../etc/shadow");
    root.link("srv/twice", "etc/shadow");
    root.link("srv/gone", "/nowhere/at/all");
    root.link("srv/back", "app/data/../../../etc");
    let table = [
        ("/", "/"),
        ("/etc", "/etc"),
        ("/etc/shadow", "/etc/shadow"),
        ("/srv/etc", "/etc"),
        ("/srv/etc/shadow", "/etc/shadow"),
        ("/srv/app/up/shadow", "/etc/shadow"),
        ("/srv/app/out", "/etc/shadow"),
        ("/srv/twice", "/etc/shadow"),
        ("/srv/back", "/etc"),
        // `..` is above what the link leads to, as for the kernel.
        ("/srv/etc/../srv", "/srv"),
        ("/../../etc", "/etc"),
        ("//srv/./app//data/", "/srv/app/data"),
        // What does not exist yet: dockerd makes it.
        ("/srv/new/deep", "/srv/new/deep"),
        ("/srv/gone", "/nowhere/at/all"),
        ("/srv/gone/x", "/nowhere/at/all/x"),
        ("/srv/new/../etc/shadow", "/srv/etc/shadow"),
    ];
    for (path, expected) in table {
        assert_eq!(root.leads_to(path), expected, "{path}");
    }
}

#[test]
fn directories_of_links_are_named() {
    let root = Root::new();
    root.link("srv/one", "app/two");
    root.link("srv/app/two", "/etc");
    assert_eq!(root.resolve("/srv/one").unwrap().links, ["/srv", "/srv/app"]);
    assert!(root.resolve("/srv/app/data").unwrap().links.is_empty());
}

#[test]
fn no_path_takes_many_files_or_much_memory() {
    let root = Root::new();
    let long = "/a".repeat(2048);
    assert_eq!(root.resolve(&long), Err(ResolveError::TooLong));
    let mut deep = root.at("srv");
    let mut asked = "/srv".to_owned();
    for _ in 0..MAX_DEPTH {
        deep.push("d");
        asked.push_str("/d");
    }
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(root.resolve(&asked), Err(ResolveError::TooLong));
    assert!(root.resolve(&asked[..asked.len() - 4]).is_ok());
}

#[test]
fn what_cannot_be_walked_is_said() {
    let root = Root::new();
    root.link("srv/loop", "loop");
    let error = root.resolve("/srv/loop").unwrap_err();
    assert_eq!(error.to_string(), "`/srv/loop` leads through more than 40 symbolic links");
    let error = root.resolve("/etc/shadow/x").unwrap_err();
    assert_eq!(error.to_string(), "`/etc/shadow/x` leads through `/etc/shadow`, which is no directory");
    let system = open("/", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    for path in ["/proc/self/root/etc", "/proc/1/cwd", "/dev/fd/0"] {
        let error = real_path(&system, path, 0).unwrap_err();
        assert!(matches!(error, ResolveError::ProcessLink { .. }), "{path}: {error}");
    }
}

#[test]
fn directories_that_others_can_change_are_named() {
    let root = Root::new();
    let changeable = |path: &str| root.resolve(path).unwrap().changeable;
    root.mode("srv/app", 0o777);
    root.mode("home", 0o1777);
    root.link("etc/link", "/srv/app/data");
    let table: [(&str, &[&str]); 7] = [
        ("/etc/shadow", &[]),
        ("/srv/app", &[]),
        ("/srv/app/data", &["/srv/app"]),
        ("/srv/app/data/x", &["/srv/app"]),
        ("/etc/link/x", &["/srv/app"]),
        // Sticky: what the owner has made stays, and what is not there can be made by others.
        ("/home/alice", &[]),
        ("/home/bob/x", &["/home"]),
    ];
    for (path, expected) in table {
        assert_eq!(changeable(path), expected, "{path}");
    }
}

#[test]
fn who_can_replace_an_entry() {
    let table = [
        (stat(0, 0o755), Some(stat(0, 0o644)), false),
        (stat(0, 0o755), Some(stat(1000, 0o644)), false),
        (stat(0, 0o755), None, false),
        (stat(1000, 0o755), Some(stat(0, 0o644)), true),
        (stat(1000, 0o700), None, true),
        (stat(0, 0o775), Some(stat(0, 0o644)), true),
        (stat(0, 0o757), Some(stat(0, 0o644)), true),
        (stat(0, 0o1777), Some(stat(0, 0o644)), false),
        (stat(0, 0o1777), Some(stat(1000, 0o644)), true),
        (stat(0, 0o1777), None, true),
        (stat(1000, 0o1777), Some(stat(0, 0o644)), true),
    ];
    for (directory, entry, expected) in table {
        let found = replaceable(&directory, entry.as_ref(), 0);
        assert_eq!(found, expected, "{:o} {:?}", directory.st_mode, entry.map(|entry| entry.st_uid));
    }
}

fn stat(uid: u32, mode: u32) -> Stat {
    let mut stat = rustix::fs::stat("/").unwrap();
    (stat.st_uid, stat.st_mode) = (uid, mode);
    stat
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The kernel's own reading is the judge.
    #[test]
    fn it_is_what_the_kernel_finds(links in prop::collection::vec(("[ab]{1,2}", "[ab./]{1,6}"), 0..5), path in "(/[ab.]{1,2}){1,4}") {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for directory in ["a", "b", "ab/a", "ab/b"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        for (at, target) in &links {
            // Relative ones: an absolute one would leave the directory for the kernel.
            let target = target.trim_start_matches('/');
            if !target.is_empty() && !Path::new(target).starts_with("..") {
                let _ = symlink(target, root.join("ab").join(at));
            }
        }
        let path = format!("/ab{path}");
        let file = open(&root, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let found = real_path(&file, &path, 0);
        // A path with `..` may leave the directory where it does not leave a root.
        if let Ok(expected) = root.join(&path[1..]).canonicalize()
            && let Ok(expected) = expected.strip_prefix(&root)
        {
            let expected = Path::new("/").join(expected);
            let found = found.unwrap().path;
            prop_assert_eq!(Path::new(&found), expected);
        }
    }
}
