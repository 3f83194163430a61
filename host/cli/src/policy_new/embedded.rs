//! The files of this repository that projects are made of.

use include_dir::{Dir, include_dir};

pub(super) static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/templates");
static RUST_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/rust");
static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../contract");
static C_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/c");
static GO_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/go");
static JAVASCRIPT_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/js");
const HOST: &str = include_str!("../../../../Cargo.toml");
const POLICIES: &str = include_str!("../../../../policies/Cargo.toml");

/// A file of a template.
pub(super) fn template(path: &str) -> &'static str {
    // INVARIANT: a test makes every project of every language and hook.
    TEMPLATES.get_file(path).and_then(|file| file.contents_utf8()).unwrap_or_default()
}

/// The interfaces, below `sdk/wit`.
pub(super) fn wit() -> Vec<(String, Vec<u8>)> {
    below("sdk/wit", &crate::interfaces::WIT)
}

/// What a policy in Rust is built with, laid out as in this repository: both workspaces, the SDK, the contract and the
/// interfaces.
pub(super) fn rust_sdk() -> Vec<(String, Vec<u8>)> {
    let mut files = wit();
    files.extend(below("sdk/guest-sdk/rust", &RUST_SDK));
    files.extend(below("sdk/host/contract", &CONTRACT));
    files.push(("sdk/Cargo.toml".into(), with_members(HOST, r#"["host/contract"]"#).into_bytes()));
    files.push((
        "sdk/policies/Cargo.toml".into(),
        with_members(POLICIES, r#"["../guest-sdk/rust"]"#).into_bytes(),
    ));
    files
}

/// The helpers for Go.
pub(super) fn go_sdk() -> Vec<(String, Vec<u8>)> {
    below("sdk/guest-sdk/go", &GO_SDK)
}

/// The helpers for JavaScript, with their types.
pub(super) fn javascript_sdk() -> Vec<(String, Vec<u8>)> {
    below("sdk/guest-sdk/js", &JAVASCRIPT_SDK)
}

/// The bindings of one world in C, and the helpers.
pub(super) fn c_sdk(world: &str) -> Vec<(String, Vec<u8>)> {
    let bindings = [".c", ".h", "_component_type.o"].map(|ending| format!("bindings/{world}{ending}"));
    let files = bindings.into_iter().chain(["portcullis.h".to_owned()]);
    let found = files.filter_map(|path| {
        let contents = C_SDK.get_file(&path)?.contents();
        Some((format!("sdk/guest-sdk/c/{path}"), contents.to_vec()))
    });
    found.collect()
}

/// The manifest of a workspace with other members.
fn with_members(manifest: &str, members: &str) -> String {
    let lines = manifest.lines().map(|line| match line.strip_prefix("members = ") {
        Some(_) => format!("members = {members}\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// Every file in the folder and those below.
fn below(root: &str, folder: &'static Dir<'_>) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for file in folder.files() {
        files.push((format!("{root}/{}", file.path().display()), file.contents().to_vec()));
    }
    for folder in folder.dirs() {
        files.extend(below(root, folder));
    }
    files
}
