//! A policy without its module's bytes, as it is kept on disk, and what it is recognized by.

use portcullis_contract::HookName;
use portcullis_engine::case::Case;
use portcullis_engine::source::Source;
use portcullis_engine::{Digest, Hooks, Limits, Mode, PolicySpec};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A policy without its module's bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPolicy {
    /// The operator's name for it.
    pub name: String,
    /// The module's digest, by which its bytes are found.
    pub module_sha256: Digest,
    /// Where the module came from: a file, `builtin:NAME`, or `api`.
    pub source: String,
    hooks: SavedHooks,
    /// Whether its word counts.
    pub mode: Mode,
    /// Its settings: one JSON object.
    pub settings: String,
    limits: Limits,
    wasi: Vec<String>,
    /// What it must answer before it goes live.
    pub cases: Vec<Case>,
    preinitialize: bool,
    #[serde(default)]
    record_inputs: bool,
}

/// [`Hooks`], as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SavedHooks {
    Exported,
    Listed(Vec<HookName>),
    Sole(HookName),
}

impl SavedPolicy {
    /// What is kept of `spec`, whose module has the digest `module`.
    pub(crate) fn new(spec: &PolicySpec, module: Digest) -> Self {
        // Destructured, so that a new field is not forgotten. `sha256` was compared with the module's digest.
        let PolicySpec {
            name,
            source,
            sha256: _,
            hooks,
            mode,
            settings,
            limits,
            wasi,
            cases,
            preinitialize,
            record_inputs,
        } = spec;
        Self {
            name: name.clone(),
            module_sha256: module,
            source: source.to_string(),
            hooks: match hooks {
                Hooks::Exported => SavedHooks::Exported,
                Hooks::Listed(hooks) => SavedHooks::Listed(hooks.clone()),
                Hooks::Sole(hook) => SavedHooks::Sole(*hook),
            },
            mode: *mode,
            settings: settings.clone(),
            limits: *limits,
            wasi: wasi.clone(),
            cases: cases.clone(),
            preinitialize: *preinitialize,
            record_inputs: *record_inputs,
        }
    }

    /// The policy with its module's bytes.
    pub(crate) fn spec(&self, module: Arc<[u8]>) -> PolicySpec {
        PolicySpec {
            name: self.name.clone(),
            source: match self.source.strip_prefix("builtin:") {
                // No path of the configuration and no upload has such a source.
                Some(name) => Source::Builtin(name.to_owned(), module),
                None => Source::Stored { from: self.source.clone(), bytes: module },
            },
            sha256: Some(self.module_sha256),
            hooks: match &self.hooks {
                SavedHooks::Exported => Hooks::Exported,
                SavedHooks::Listed(hooks) => Hooks::Listed(hooks.clone()),
                SavedHooks::Sole(hook) => Hooks::Sole(*hook),
            },
            mode: self.mode,
            settings: self.settings.clone(),
            limits: self.limits,
            wasi: self.wasi.clone(),
            cases: self.cases.clone(),
            preinitialize: self.preinitialize,
            record_inputs: self.record_inputs,
        }
    }
}

/// Changes with the serialization in [`file_entry`].
const VERSION: &str = "portcullis-policy-file-entry-1";

/// Recognizes a policy of the configuration: the same until its entry, its module or its settings change. It does not
/// change with the host's version: a built-in module counts by its name, and limits count where they are not the usual
/// ones. Otherwise an upgrade would undo what was put through the admin API.
pub(crate) fn file_entry(spec: &PolicySpec, module: Digest) -> Digest {
    let module = match &spec.source {
        Source::Builtin(name, _) => format!("builtin:{name}"),
        Source::File(_) | Source::Stored { .. } => module.to_string(),
    };
    let hooks = match &spec.hooks {
        Hooks::Exported => "exported".to_owned(),
        Hooks::Listed(hooks) => hooks.iter().map(|hook| hook.as_str()).collect::<Vec<_>>().join(","),
        Hooks::Sole(hook) => format!("sole:{hook}"),
    };
    let limits = unusual(&spec.limits).to_string();
    let mut wasi = spec.wasi.join(",");
    if spec.record_inputs {
        wasi.push_str(";record_inputs");
    }
    let parts = [VERSION, &spec.name, &module, &hooks, spec.mode.as_str(), &spec.settings, &limits, &wasi];
    Digest::of_parts(&parts.map(str::as_bytes))
}

/// The limits that differ from the usual ones.
fn unusual(limits: &Limits) -> Value {
    let fields = |limits: &Limits| match serde_json::to_value(limits) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let usual = fields(&Limits::default());
    Value::Object(fields(limits).into_iter().filter(|(name, value)| usual.get(name) != Some(value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::spec;
    use std::time::Duration;

    #[test]
    fn a_file_entry_is_recognized_by_every_version() {
        let spec = spec("one", b"module");
        let found = file_entry(&spec, Digest::of(b"module")).to_string();
        assert_eq!(found, "8e9e40ba2b06b367e598e75e6df14c9ec9964c876b1f790b216652218b91ecf4");
    }

    #[test]
    fn a_built_in_module_counts_by_its_name_and_a_file_by_its_content() {
        let mut builtin = spec("one", b"old");
        builtin.source = Source::Builtin("allow".into(), b"old".as_slice().into());
        let entry = |spec: &PolicySpec, module: &[u8]| file_entry(spec, Digest::of(module));
        assert_eq!(entry(&builtin, b"old"), entry(&builtin, b"new"));
        let file = spec("one", b"old");
        assert_ne!(entry(&file, b"old"), entry(&file, b"new"));
    }

    #[test]
    fn settings_mode_and_limits_are_part_of_an_entry_and_cases_are_not() {
        let (before, module) = (spec("one", b"m"), Digest::of(b"m"));
        let settings = PolicySpec { settings: r#"{"a":1}"#.into(), ..before.clone() };
        let mode = PolicySpec { mode: Mode::Monitor, ..before.clone() };
        let limits = Limits { deadline: Duration::from_millis(7), ..Limits::default() };
        let limits = PolicySpec { limits, ..before.clone() };
        for other in [settings, mode, limits] {
            assert_ne!(file_entry(&before, module), file_entry(&other, module), "{other:?}");
        }
    }

    #[test]
    fn what_was_kept_is_the_same_policy() {
        let before = spec("one", b"module");
        let saved = SavedPolicy::new(&before, Digest::of(b"module"));
        let text = serde_json::to_string(&saved).unwrap();
        let saved: SavedPolicy = serde_json::from_str(&text).unwrap();
        let after = saved.spec(b"module".as_slice().into());
        assert_eq!(file_entry(&before, Digest::of(b"module")), file_entry(&after, Digest::of(b"module")));
        assert_eq!(after.source, before.source);
        let builtin =
            PolicySpec { source: Source::Builtin("allow".into(), b"module".as_slice().into()), ..before };
        let saved = SavedPolicy::new(&builtin, Digest::of(b"module"));
        assert_eq!(
            saved.spec(b"module".as_slice().into()).source,
            builtin.source,
            "built and cached as before"
        );
    }
}
