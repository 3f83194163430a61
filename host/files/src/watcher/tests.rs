//! With the real inotify.

use super::*;
use crate::{Access, FileError, FileSet, Watched};
use std::fs;
use std::os::unix::fs::symlink;

/// Longer than a loaded machine takes, shorter than a poll beside inotify takes to notice.
const PATIENCE: Duration = Duration::from_secs(8);

fn open(path: &Path, watcher: &FileWatcher) -> Watched<String> {
    Watched::open::<FileError>(FileSet::file("texts", path, Access::Public), watcher, |contents| {
        Ok(String::from_utf8_lossy(contents[0]).into_owned())
    })
    .unwrap()
}

/// Waits until the watcher has taken `text`.
fn becomes(watched: &Watched<String>, text: &str) {
    let begun = Instant::now();
    while **watched.last_good() != *text {
        assert!(begun.elapsed() < PATIENCE, "`{}` has not become `{text}`", watched.last_good());
        thread::yield_now();
    }
}

#[test]
fn every_way_to_change_a_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("volume/..one")).unwrap();
    fs::create_dir_all(at("volume/..two")).unwrap();
    fs::write(at("volume/..one/file"), "in one").unwrap();
    fs::write(at("volume/..two/file"), "in two").unwrap();
    symlink("..one", at("volume/..data")).unwrap();
    symlink("..data/file", at("volume/file")).unwrap();
    fs::write(at("plain"), "first").unwrap();
    let watcher = FileWatcher::start().unwrap();
    let (plain, linked) = (open(&at("plain"), &watcher), open(&at("volume/file"), &watcher));
    // Rewritten in place.
    fs::write(at("plain"), "second").unwrap();
    becomes(&plain, "second");
    // Another file renamed over it, twice: the watch must not stay with the first one's inode.
    for text in ["third", "fourth"] {
        fs::write(at("new"), text).unwrap();
        fs::rename(at("new"), at("plain")).unwrap();
        becomes(&plain, text);
    }
    // Gone, and there again.
    fs::remove_file(at("plain")).unwrap();
    let begun = Instant::now();
    while watcher.statuses().iter().all(|status| status.failure.is_none()) {
        assert!(begun.elapsed() < PATIENCE);
        thread::yield_now();
    }
    fs::write(at("plain"), "fifth").unwrap();
    becomes(&plain, "fifth");
    // Told a moment after the value.
    let begun = Instant::now();
    while plain.status().failure.is_some() {
        assert!(begun.elapsed() < PATIENCE);
        thread::yield_now();
    }
    // A link swapped as kubelet does, and then a change where it leads to now.
    symlink("..two", at("volume/..new")).unwrap();
    fs::rename(at("volume/..new"), at("volume/..data")).unwrap();
    becomes(&linked, "in two");
    fs::write(at("volume/..two/file"), "changed in two").unwrap();
    becomes(&linked, "changed in two");
}

#[test]
fn a_file_that_nobody_uses_any_more_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let watcher = FileWatcher::idle();
    let file = open(&path, &watcher);
    let statuses = watcher.statuses();
    assert_eq!((statuses.len(), statuses[0].kind, &statuses[0].path), (1, "texts", &path));
    drop(file.clone());
    assert_eq!(watcher.statuses().len(), 1);
    drop(file);
    assert!(watcher.statuses().is_empty());
}

#[test]
fn the_thread_ends_with_the_last_watcher() {
    let watcher = FileWatcher::start().unwrap();
    let weak = Arc::downgrade(&watcher.0.watched);
    drop(watcher.clone());
    assert!(weak.strong_count() > 0);
    drop(watcher);
    let begun = Instant::now();
    while weak.strong_count() > 0 {
        assert!(begun.elapsed() < PATIENCE);
        thread::yield_now();
    }
}

#[test]
fn polling_does_without_inotify() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "first").unwrap();
    let watcher = FileWatcher::idle();
    let file = open(&path, &watcher);
    let mut thread = Thread {
        names: Names::default(),
        watched: Arc::clone(&watcher.0.watched),
        inotify: None,
        directories: BTreeSet::new(),
        polls_fast: false,
        told: None,
    };
    let now = Instant::now();
    assert_eq!(thread.look(now, false), now + POLL_REMOTE);
    fs::write(&path, "second").unwrap();
    let settled = thread.look(now + POLL_REMOTE, false);
    assert!(settled < now + POLL_REMOTE * 2, "it is looked at again before the next poll");
    thread.look(settled, false);
    assert_eq!(**file.last_good(), *"second");
    assert_eq!(thread.look(settled, false), settled + POLL_REMOTE);
    drop(file);
    assert_eq!(thread.look(settled, false), settled + POLL, "there is nothing to poll");
}

#[test]
fn reading_is_no_change() {
    let event = |kind| Event { kind, ..Event::default() };
    assert!(!is_change(&event(EventKind::Access(AccessKind::Open(AccessMode::Any)))));
    assert!(!is_change(&event(EventKind::Access(AccessKind::Close(AccessMode::Read)))));
    assert!(is_change(&event(EventKind::Access(AccessKind::Close(AccessMode::Write)))));
    assert!(is_change(&event(EventKind::Any)));
}
