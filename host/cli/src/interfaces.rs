//! The interfaces of `wit/`, which are part of the program.

use include_dir::{Dir, include_dir};

pub(super) static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

/// Each file's name and text.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    WIT.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
}

/// A world that exports the lifecycle and these hooks.
pub(super) fn world<'a>(name: &str, hooks: impl Iterator<Item = &'a str>) -> String {
    let exports: String = hooks.flat_map(|hook| ["  export ", hook, ";\n"]).collect();
    format!(
        "/// What this policy imports and exports.\nworld {name} {{\n  include imports;\n  export lifecycle;\n{exports}}}\n"
    )
}
