//! What is kept on disk is used where it is right, and never where it is not.

use std::fs;
use std::path::PathBuf;

use super::asking::{Asked, hostile};

const ALLOWS: &str = "deadline = \"20s\"";
const DENIES: &str = "deadline = \"20s\"\nsettings = { require_user = true }";
const CHANGED: &str = "a cached artifact was changed; it is built anew";

/// Artifacts.
fn kept(asked: &Asked) -> Vec<PathBuf> {
    files(asked, false)
}

/// Artifacts, or what the settings of a module share.
fn files(asked: &Asked, shared: bool) -> Vec<PathBuf> {
    let folder = fs::read_dir(asked.portcullis.folder().join("state/artifacts")).unwrap();
    let is_shared = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("module-");
    let mut files: Vec<_> =
        folder.map(|entry| entry.unwrap().path()).filter(|path| is_shared(path) == shared).collect();
    files.sort();
    files
}

fn restart(asked: &mut Asked, rest: &str) {
    asked.configure(&hostile(rest));
    asked.portcullis.restart();
}

fn complaints(asked: &Asked) -> usize {
    asked.portcullis.log().matches(CHANGED).count()
}

#[test]
fn the_same_module_with_other_settings_gives_the_other_verdict_on_a_warm_cache() {
    let mut asked = Asked::start(&hostile(ALLOWS));
    asked.door.get("/containers/json").allowed();
    restart(&mut asked, DENIES);
    asked.door.get("/containers/json").refused("unknown-user");
    let both = kept(&asked);
    assert_eq!(both.len(), 2);
    let built = |files: &[PathBuf]| -> Vec<_> { files.iter().map(|file| fs::read(file).unwrap()).collect() };
    let before = built(&both);
    for _ in 0..2 {
        restart(&mut asked, ALLOWS);
        asked.door.get("/containers/json").allowed();
        asked.reload(&hostile(DENIES));
        asked.door.get("/containers/json").refused("unknown-user");
        // Other limits are another revision.
        asked.reload(&hostile("deadline = \"19s\""));
        asked.door.get("/containers/json").allowed();
    }
    assert_eq!(kept(&asked).len(), 3);
    assert_eq!(built(&both), before, "what was kept was built again");
    assert_eq!(complaints(&asked), 0);
}

#[test]
fn a_changed_artifact_is_noticed_and_built_anew() {
    let mut asked = Asked::start(&hostile(DENIES));
    let file = kept(&asked).remove(0);
    let good = fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 1;
        bad
    };
    let bad = [
        flipped(0),
        flipped(40),
        flipped(good.len() / 2),
        flipped(good.len() - 1),
        good[..good.len() / 2].to_vec(),
        good[..20].to_vec(),
        Vec::new(),
        [&good[..], b"x"].concat(),
    ];
    for (number, bad) in bad.iter().enumerate() {
        fs::write(&file, bad).unwrap();
        asked.portcullis.restart();
        assert_eq!(complaints(&asked), number + 1, "change {number}");
        asked.door.get("/containers/json").refused("unknown-user");
        assert_ne!(fs::read(&file).unwrap(), *bad, "change {number}");
    }
    asked.portcullis.restart();
    assert_eq!(complaints(&asked), bad.len(), "what was built anew was kept");
}

/// Nor is code that the settings of a module share, which is read where there is no artifact.
#[test]
fn changed_code_of_a_module_is_noticed_and_made_anew() {
    let mut asked = Asked::start(&hostile(DENIES));
    let [file] = files(&asked, true).try_into().unwrap();
    let good = fs::read(&file).unwrap();
    for (number, at) in [0, 40, good.len() / 4, good.len() / 2, good.len() - 1].into_iter().enumerate() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, &bad).unwrap();
        kept(&asked).into_iter().for_each(|artifact| fs::remove_file(artifact).unwrap());
        asked.portcullis.restart();
        assert_eq!(complaints(&asked), number + 1, "byte {at}");
        asked.door.get("/containers/json").refused("unknown-user");
        assert_ne!(fs::read(&file).unwrap(), bad, "byte {at}");
    }
}

/// A seal says for what its artifact was built, and not only that we made it.
#[test]
fn an_artifact_in_anothers_place_is_noticed() {
    let mut asked = Asked::start(&hostile(ALLOWS));
    let allows = kept(&asked).remove(0);
    restart(&mut asked, DENIES);
    let denies = kept(&asked).into_iter().find(|file| *file != allows).unwrap();
    fs::copy(&allows, &denies).unwrap();
    asked.portcullis.restart();
    asked.door.get("/containers/json").refused("unknown-user");
    assert_eq!(complaints(&asked), 1);
}

#[test]
fn another_key_makes_everything_be_built_anew() {
    let mut asked = Asked::start(&hostile(DENIES));
    let key = asked.portcullis.folder().join("state/artifacts.key");
    fs::write(&key, [7; 32]).unwrap();
    asked.portcullis.restart();
    // The artifact, and what the settings of its module share.
    assert_eq!(complaints(&asked), 2);
    asked.door.get("/containers/json").refused("unknown-user");
    fs::remove_file(&key).unwrap();
    asked.portcullis.restart();
    assert_eq!(complaints(&asked), 4);
    asked.door.get("/containers/json").refused("unknown-user");
}
