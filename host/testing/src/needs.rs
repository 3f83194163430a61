//! Real parts that not every machine has: a test without one is skipped by name, or fails where it must run.

use std::path::PathBuf;

/// Says that a test is skipped for want of a part, and gives `None`. Where the environment variable
/// `PORTCULLIS_NEED_<PART>` is set, as `tests/run` does for each part that it could install, it panics instead.
///
/// `part` is e.g. `dockerd`; `why` is what a person can do about it.
#[track_caller]
pub fn missing<T>(part: &str, why: &str) -> Option<T> {
    let text = format!("SKIPPED: {part}: {why}");
    let variable = format!("PORTCULLIS_NEED_{}", part.to_ascii_uppercase());
    assert!(std::env::var_os(variable).is_none(), "{text}");
    eprintln!("{text}");
    None
}

/// The virtual environment of Python that `tests/run` made under this name, or that `PORTCULLIS_<NAME>` points to.
pub fn virtual_environment(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os(format!("PORTCULLIS_{}", name.to_ascii_uppercase())).map(PathBuf::from);
    given.or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        Some(cache.or_else(home)?.join("portcullis/tools").join(name))
    })
}
