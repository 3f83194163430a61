//! Looks at times that the test chooses: nothing here waits.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("it is bad")]
    Bad,
}

struct Scene {
    folder: TempDir,
    watched: Watched<String>,
    parsed: Arc<AtomicUsize>,
    start: Instant,
}

impl Scene {
    fn new(max_stale: Option<Duration>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, "one");
        Self::open(folder, vec![(path, Access::Secret)], max_stale)
    }

    fn open(folder: TempDir, files: Vec<(PathBuf, Access)>, max_stale: Option<Duration>) -> Self {
        let parsed = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&parsed);
        let set = FileSet { kind: "texts", files, max_stale };
        let watched = Watched::open(set, &FileWatcher::idle(), move |contents| {
            counted.fetch_add(1, Ordering::SeqCst);
            let texts: Vec<_> =
                contents.iter().map(|text| String::from_utf8(text.to_vec()).unwrap()).collect();
            let text = texts.join("+");
            if text.contains("bad") { Err(TestError::Bad) } else { Ok(text) }
        });
        Self { folder, watched: watched.unwrap(), parsed, start: Instant::now() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("file")
    }

    /// A look so many milliseconds after the start, and how long after it another one is wanted.
    fn look(&self, millis: u64) -> Option<Duration> {
        let now = self.at(millis);
        self.watched.0.look(now, false).map(|again| again - now)
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    fn value(&self) -> String {
        String::clone(&self.watched.last_good())
    }

    fn failure(&self, millis: u64) -> Option<Failure> {
        self.watched.0.file_status(self.at(millis)).failure
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    mode(path, 0o600);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What happens, seconds since the start, seconds of the failure, the value, and lines in the log.
type Step<'a> = (&'a dyn Fn(), u64, Option<u64>, &'a str, usize);

#[test]
fn a_change_is_taken_when_it_has_settled() {
    let scene = Scene::new(None);
    let path = scene.path();
    let steps: &[Step<'_>] = &[
        (&|| {}, 0, None, "one", 1),
        (&|| write(&path, "tw"), 10, Some(200), "one", 1),
        // Still being written: the time begins anew.
        (&|| write(&path, "two"), 210, Some(200), "one", 1),
        (&|| {}, 300, Some(110), "one", 1),
        (&|| {}, 410, None, "two", 2),
        (&|| {}, 500, None, "two", 2),
        // Empty for a moment, and then what it was.
        (&|| write(&path, ""), 600, Some(200), "two", 2),
        (&|| write(&path, "two"), 700, None, "two", 2),
        (&|| {}, 900, None, "two", 2),
    ];
    for (step, (change, millis, again, value, parsed)) in steps.iter().enumerate() {
        change();
        assert_eq!(scene.look(*millis), again.map(Duration::from_millis), "step {step}");
        assert_eq!(scene.value(), *value, "step {step}");
        assert_eq!(scene.parsed.load(Ordering::SeqCst), *parsed, "step {step}");
    }
}

#[test]
fn a_file_that_cannot_be_used_keeps_its_last_good_value_and_says_so() {
    let scene = Scene::new(None);
    let path = scene.path();
    assert_eq!(scene.failure(0), None);
    fs::remove_file(&path).unwrap();
    scene.look(1000);
    let failure = scene.failure(3500).unwrap();
    assert_eq!((failure.lasting, failure.denies), (Duration::from_millis(2500), false));
    assert!(
        failure.reason.contains("cannot read `") && failure.reason.contains("No such file"),
        "{failure:?}"
    );
    // Another reason, and the same beginning.
    write(&path, "one");
    mode(&path, 0o604);
    scene.look(4000);
    let failure = scene.failure(4000).unwrap();
    assert!(failure.reason.contains("mode 0604") && failure.lasting == Duration::from_secs(3), "{failure:?}");
    write(&path, "bad");
    scene.look(5000);
    scene.look(5200);
    assert_eq!(scene.failure(5200).unwrap().reason, "it is bad");
    assert_eq!(scene.value(), "one");
    let shown = scene.watched.0.file_status(scene.at(61_000)).to_string();
    assert!(shown.contains("cannot be used for 1m, its last good state is in force: it is bad"), "{shown}");
    assert_eq!(**scene.watched.current(scene.at(1 << 40)).unwrap(), *"one", "without a limit it is kept");
    // The same contents as before, readable again.
    write(&path, "one");
    scene.look(6000);
    assert_eq!(scene.failure(6000), None);
    write(&path, "bad");
    scene.look(7000);
    scene.look(7200);
    write(&path, "two");
    scene.look(8000);
    assert!(scene.failure(8000).is_some(), "not before it has settled");
    scene.look(8200);
    assert_eq!((scene.failure(8200), scene.value()), (None, "two".into()));
}

#[test]
fn a_stale_value_is_denied_after_the_limit() {
    let scene = Scene::new(Some(Duration::from_mins(1)));
    fs::remove_file(scene.path()).unwrap();
    assert!(scene.watched.current(scene.at(1 << 40)).is_ok(), "nobody has looked yet");
    scene.look(1000);
    assert!(scene.watched.current(scene.at(61_000)).is_ok());
    let error = scene.watched.current(scene.at(61_001)).unwrap_err().to_string();
    assert!(error.contains("the file of texts cannot be used for longer than 1m: cannot read `"), "{error}");
    assert!(scene.failure(61_001).unwrap().denies);
    let shown = scene.watched.0.file_status(scene.at(62_000)).to_string();
    assert!(shown.contains("for 1m 1s, requests that need it are denied"), "{shown}");
    write(&scene.path(), "one");
    scene.look(70_000);
    assert!(scene.watched.current(scene.at(70_000)).is_ok());
}

#[test]
fn several_files_are_taken_together() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a", "b"].map(|name| folder.path().join(name));
    write(&first, "a1");
    write(&second, "b1");
    let scene =
        Scene::open(folder, vec![(first.clone(), Access::Public), (second.clone(), Access::Secret)], None);
    assert_eq!(scene.value(), "a1+b1");
    write(&first, "a2");
    scene.look(0);
    write(&second, "b2");
    scene.look(200);
    assert_eq!(scene.value(), "a1+b1", "the second one has changed since");
    scene.look(400);
    assert_eq!(scene.value(), "a2+b2");
}

#[test]
fn a_swapped_link_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, text) in [("..one", "one"), ("..two", "two")] {
        fs::create_dir(at(name)).unwrap();
        write(&at(name).join("file"), text);
    }
    symlink("..one", at("..data")).unwrap();
    symlink("..data/file", at("file")).unwrap();
    let (file, link, new) = (at("file"), at("..data"), at("..new"));
    let scene = Scene::open(folder, vec![(file, Access::Secret)], None);
    // As kubelet does (`AtomicWriter`): a new link is renamed over the old one.
    symlink("..two", &new).unwrap();
    fs::rename(&new, &link).unwrap();
    scene.look(0);
    scene.look(200);
    assert_eq!(scene.value(), "two");
}

#[test]
fn a_reload_is_immediate_and_tells_what_is_wrong() {
    let scene = Scene::new(None);
    let path = scene.path();
    assert!(!scene.watched.reload().unwrap());
    write(&path, "two");
    assert!(scene.watched.reload().unwrap());
    assert_eq!(scene.value(), "two");
    write(&path, "bad");
    assert_eq!(scene.watched.reload().unwrap_err().to_string(), "it is bad");
    assert!(scene.failure(0).is_some());
    fs::remove_file(&path).unwrap();
    assert!(scene.watched.reload().is_err());
    assert_eq!(scene.value(), "two");
    write(&path, "two");
    assert!(!scene.watched.reload().unwrap());
    assert_eq!(scene.failure(0), None);
}

#[test]
fn a_file_that_cannot_be_used_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let open = || {
        let set = FileSet::file("texts", path.clone(), Access::Secret);
        Watched::<()>::open(set, &FileWatcher::idle(), |_| Err(TestError::Bad))
    };
    assert!(matches!(open(), Err(TestError::File(error)) if error.is_not_found()));
    write(&path, "");
    assert!(matches!(open(), Err(TestError::Bad)));
}
