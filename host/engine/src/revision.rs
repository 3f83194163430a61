//! A policy's revision: one digest over everything that determines what it decides and what it may do.

use portcullis_contract::HookName;

use crate::{Digest, Limits, PolicySpec};

/// Changes with the serialization below. Revisions of different versions are never equal.
const VERSION: &str = "portcullis-policy-revision-1";

/// SHA-256 over module, settings, limits, grants, hooks and mode, each with its length before it. It does not depend on
/// the host's version or machine, nor on the order in which hooks and grants are written.
///
/// `hooks` are those that the policy is asked on.
pub(crate) fn revision(module: Digest, spec: &PolicySpec, hooks: &[HookName]) -> Digest {
    let mut parts: Vec<(&str, String)> = vec![
        ("version", VERSION.into()),
        ("module", module.to_string()),
        ("settings", spec.settings.clone()),
        ("mode", spec.mode.as_str().into()),
    ];
    // Destructured, so that a new limit is not forgotten.
    let Limits {
        deadline,
        memory,
        table_elements,
        instances,
        concurrency,
        queue_timeout,
        queue_length,
        log_lines,
        log_bytes,
        answer,
        configure,
    } = spec.limits;
    parts.extend([
        ("deadline", deadline.as_nanos().to_string()),
        ("memory", memory.to_string()),
        ("table_elements", table_elements.to_string()),
        ("instances", instances.to_string()),
        ("concurrency", concurrency.to_string()),
        ("queue_timeout", queue_timeout.as_nanos().to_string()),
        ("queue_length", queue_length.to_string()),
        ("log_lines", log_lines.to_string()),
        ("log_bytes", log_bytes.to_string()),
        ("answer", answer.to_string()),
        ("configure", configure.as_nanos().to_string()),
    ]);
    let mut grants = spec.wasi.clone();
    grants.sort_unstable();
    grants.dedup();
    parts.extend(grants.into_iter().map(|interface| ("grant", interface)));
    let mut hooks: Vec<_> = hooks.iter().map(|hook| hook.as_str()).collect();
    hooks.sort_unstable();
    hooks.dedup();
    parts.extend(hooks.into_iter().map(|hook| ("hook", hook.into())));
    let parts: Vec<_> = parts.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
    Digest::of_parts(&parts)
}

/// Everything that a policy was built from and is asked with, and where it came from. Two policies of one identity are
/// the same, so that one that is in force need not be built again. Unlike the revision it has no fixed form.
pub(crate) fn identity(module: Digest, spec: &PolicySpec) -> Digest {
    // Destructured, so that a new field is not forgotten. The module has the digest that was demanded, or is refused.
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
    let rest = format!("{name:?} {hooks:?} {mode:?} {limits:?} {wasi:?} {preinitialize} {record_inputs}");
    let cases = serde_json::to_string(cases).unwrap_or_default();
    let (module, source) = (module.to_string(), source.to_string());
    let parts = [&module, &source, settings, &cases, &rest];
    Digest::of_parts(&parts.map(String::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::{Hooks, Mode};
    use std::time::Duration;

    const HOOKS: [HookName; 2] = [HookName::DockerRequest, HookName::SecretAccess];

    fn spec() -> PolicySpec {
        PolicySpec {
            name: "allow".into(),
            source: Source::Builtin("allow".into(), b"module".as_slice().into()),
            sha256: None,
            hooks: Hooks::Exported,
            mode: Mode::Enforce,
            settings: r#"{"a":1}"#.into(),
            limits: Limits::default(),
            wasi: vec!["wasi:clocks/wall-clock".into(), "wasi:random/random".into()],
            cases: Vec::new(),
            record_inputs: false,
            preinitialize: true,
        }
    }

    fn of(spec: &PolicySpec) -> String {
        revision(Digest::of(b"module"), spec, &HOOKS).to_string()
    }

    #[test]
    fn it_is_the_same_on_every_machine_and_in_every_build() {
        assert_eq!(of(&spec()), "1e3fe2bdeb68e9e71204397b677047f396b53e44491536c2be4f07703ef1c2d4");
    }

    #[test]
    fn everything_that_a_policy_is_or_may_changes_it() {
        let limits = [
            Limits { deadline: Duration::from_millis(101), ..Limits::default() },
            Limits { memory: 1, ..Limits::default() },
            Limits { table_elements: 1, ..Limits::default() },
            Limits { instances: 1, ..Limits::default() },
            Limits { concurrency: 1, ..Limits::default() },
            Limits { log_lines: 1, ..Limits::default() },
            Limits { log_bytes: 1, ..Limits::default() },
            Limits { answer: 1, ..Limits::default() },
            Limits { configure: Duration::from_secs(1), ..Limits::default() },
        ];
        let mut all = vec![of(&spec())];
        all.extend(limits.into_iter().map(|limits| of(&PolicySpec { limits, ..spec() })));
        for wasi in [
            vec![],
            vec!["wasi:random/random".into()],
            vec!["wasi:clocks/wall-clockwasi:random/random".into()],
        ] {
            all.push(of(&PolicySpec { wasi, ..spec() }));
        }
        all.push(of(&PolicySpec { mode: Mode::Monitor, ..spec() }));
        all.push(of(&PolicySpec { settings: r#"{"a":2}"#.into(), ..spec() }));
        all.push(revision(Digest::of(b"other"), &spec(), &HOOKS).to_string());
        for hooks in [&HOOKS[..1], &HOOKS[1..], &[]] {
            all.push(revision(Digest::of(b"module"), &spec(), hooks).to_string());
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn name_cases_and_order_do_not_change_it() {
        let wasi =
            vec!["wasi:random/random".into(), "wasi:clocks/wall-clock".into(), "wasi:random/random".into()];
        let other = PolicySpec { name: "other".into(), wasi, ..spec() };
        assert_eq!(of(&other), of(&spec()));
        let reversed = [HOOKS[1], HOOKS[0], HOOKS[1]];
        assert_eq!(revision(Digest::of(b"module"), &spec(), &reversed).to_string(), of(&spec()));
    }
}
