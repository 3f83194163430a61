//! A project in Rust: one crate, with the SDK beside it.

use portcullis_contract::HookName;

use super::embedded::{rust_sdk, template};
use super::project::{Project, rules, script};
use super::sample;

const BUILD: &str = include_str!("../../../../examples/rust/build");
const LOCK: &str = include_str!("../../../../examples/rust/Cargo.lock");
/// The package's name in the example.
const EXAMPLE: &str = "example-policy";
const NEEDS: &str =
    "`rustup target add wasm32-unknown-unknown`, or Debian's `rustc-web cargo-web rust-web-src lld-19`";

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let function = |hook: &HookName| hook.as_str().replace('-', "_");
    let fields: Vec<_> =
        hooks.iter().map(|hook| format!("    {}: BTreeSet<String>,", sample::setting(*hook).0)).collect();
    let exports: Vec<_> = hooks.iter().map(function).collect();
    let tests: Vec<_> = exports
        .iter()
        .map(|hook| {
            format!(
                "    #[test]\n    fn {hook}_answers_as_the_cases_say() {{\n        \
                 cases::{hook}::<Rules>(CASES).unwrap();\n    }}"
            )
        })
        .collect();
    let source = template("rust/lib.rs")
        .replace("@name@", name)
        .replace("@fields@", &fields.join("\n"))
        .replace("@hooks@", &rules("rust", "rs", "\n", hooks))
        .replace("@exports@", &exports.join(", "))
        .replace("@tests@", &tests.join("\n\n"));
    let build = script(BUILD).replace("example_policy", &name.replace('-', "_"));
    let mut project = Project::built("Rust", NEEDS, hooks, name);
    project.commands.insert(0, "cargo test".into());
    project
        .source("src/lib.rs", source)
        .file("Cargo.toml", template("rust/Cargo.toml").replace("@name@", name))
        .file("Cargo.lock", lock(name))
        .script("build", build)
        .files(rust_sdk())
}

/// Whether a crate cannot have that name: it depends on one that has it, or cargo and the compiler have it already.
pub(super) fn is_taken(name: &str) -> bool {
    let reserved = ["test", "core", "std", "alloc", "proc-macro", "build", "deps", "examples", "incremental"];
    LOCK.lines().any(|line| line == format!("name = \"{name}\""))
        || reserved.contains(&name)
        || is_keyword(name)
}

/// Of the names that a policy can have. <https://doc.rust-lang.org/reference/keywords.html>
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else enum extern false final fn \
         for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true \
         try type typeof unsafe unsized use virtual where while yield ";
    KEYWORDS.contains(&format!(" {name} "))
}

/// The example's lock file for a package of another name: cargo wants packages in the order of their names.
fn lock(name: &str) -> String {
    let mut packages: Vec<_> = LOCK.split("\n[[package]]\n").collect();
    let head = packages.remove(0);
    let renamed: Vec<_> = packages
        .into_iter()
        .map(|package| {
            package.trim_end().replacen(&format!("name = \"{EXAMPLE}\""), &format!("name = \"{name}\""), 1)
        })
        .collect();
    let mut packages = renamed;
    packages.sort_by(|a, b| a.lines().next().cmp(&b.lines().next()));
    format!("{head}\n[[package]]\n{}\n", packages.join("\n\n[[package]]\n"))
}
