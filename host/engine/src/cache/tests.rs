//! What is kept is found under the same request alone, unchanged, and by its owner.

use super::*;
use crate::Limits;
use crate::build::{Confinement, PoolRequirements};

fn request(settings: &str) -> BuildRequest {
    BuildRequest {
        name: "x".into(),
        settings: settings.into(),
        limits: Limits::default(),
        wasi: vec![],
        cases: vec![],
        not_preinitialized_because: None,
        confinement: Confinement::Required,
    }
}

fn report() -> BuildReport {
    BuildReport {
        imports: vec![],
        hooks: vec![],
        not_preinitialized_because: None,
        needs: PoolRequirements::default(),
        log: vec![],
        answers: vec![],
    }
}

#[test]
fn what_was_kept_is_found_under_the_same_order_alone() {
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::open(state.path()).unwrap();
    let module = Digest::of(b"module");
    cache.put(&request("{}"), module, &report(), b"code");
    assert_eq!(cache.get(&request("{}"), module), Some((report(), b"code".to_vec())));
    assert_eq!(cache.get(&request(r#"{"a":1}"#), module), None);
    assert_eq!(cache.get(&request("{}"), Digest::of(b"other")), None);
    let reopened = Cache::open(state.path()).unwrap();
    assert!(reopened.get(&request("{}"), module).is_some());
}

#[test]
fn a_flipped_byte_anywhere_is_noticed() {
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::open(state.path()).unwrap();
    let module = Digest::of(b"module");
    cache.put(&request("{}"), module, &report(), b"code");
    let path = cache.path(&key_of(&request("{}"), module).unwrap());
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert_eq!(cache.get(&request("{}"), module), None, "byte {at}");
    }
    for end in 0..good.len() {
        fs::write(&path, &good[..end]).unwrap();
        assert_eq!(cache.get(&request("{}"), module), None, "cut at {end}");
    }
}

#[test]
fn what_was_kept_for_one_order_is_nothing_to_another() {
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::open(state.path()).unwrap();
    let module = Digest::of(b"module");
    cache.put(&request("{}"), module, &report(), b"code");
    let other = request(r#"{"a":1}"#);
    fs::copy(
        cache.path(&key_of(&request("{}"), module).unwrap()),
        cache.path(&key_of(&other, module).unwrap()),
    )
    .unwrap();
    assert_eq!(cache.get(&other, module), None);
}

/// The cache of many policies of one module is no smaller for what these share.
#[test]
fn as_many_artifacts_are_kept_beside_what_modules_share() {
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::open(state.path()).unwrap();
    let module = |number: usize| Digest::of(&number.to_le_bytes());
    for number in 0..KEPT + 3 {
        cache.put(&request("{}"), module(number), &report(), b"code");
        cache.keep(cache.write(&key_of_module(module(number), &[]), b"shared"));
    }
    let names = fs::read_dir(&cache.directory).unwrap().map(|entry| entry.unwrap().file_name());
    let shared = names.filter(|name| name.to_string_lossy().starts_with(MODULE)).count();
    assert_eq!((shared, fs::read_dir(&cache.directory).unwrap().count()), (KEPT, 2 * KEPT));
}

#[test]
fn a_damaged_key_is_named() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join(KEY_FILE), b"short").unwrap();
    set_mode(&state.path().join(KEY_FILE), 0o600);
    let error = Cache::open(state.path()).unwrap_err().to_string();
    assert!(error.ends_with("is damaged; remove it, and all policies are built anew"), "{error}");
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_others_may_open_or_own_is_not_used() {
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::open(state.path()).unwrap();
    let module = Digest::of(b"module");
    cache.put(&request("{}"), module, &report(), b"code");
    let path = cache.path(&key_of(&request("{}"), module).unwrap());
    let key = state.path().join(KEY_FILE);
    for mode in [0o640, 0o604, 0o660, 0o606, 0o601, 0o610] {
        set_mode(&path, mode);
        assert_eq!(cache.get(&request("{}"), module), None, "mode {mode:o}");
        set_mode(&key, mode);
        let error = Cache::open(state.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("can be opened by others (mode {mode:o}); remove it")), "{error}");
    }
    set_mode(&path, 0o600);
    set_mode(&key, 0o600);
    assert!(cache.get(&request("{}"), module).is_some());
    let moved = state.path().join("moved");
    fs::rename(&path, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &path).unwrap();
    assert_eq!(cache.get(&request("{}"), module), None, "a link");
    fs::rename(&moved, &path).unwrap();
    assert!(cache.get(&request("{}"), module).is_some());
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
        assert_eq!(cache.get(&request("{}"), module), None, "another owner");
    }
}

#[test]
fn files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let state = tempfile::tempdir().unwrap();
    let cache = Cache::open(state.path()).unwrap();
    cache.put(&request("{}"), Digest::of(b"m"), &report(), b"code");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state.path().join(KEY_FILE)), 0o600);
    assert_eq!(mode(&cache.path(&key_of(&request("{}"), Digest::of(b"m")).unwrap())), 0o600);
    assert_eq!(mode(&cache.directory), 0o700);
}
