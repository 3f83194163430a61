//! Each way in which a component may differ from another in more than state.

use proptest::prelude::*;
use std::ops::Range;
use wasmparser::{Parser, Payload};

use super::super::guest_state::{GuestState, apply};
use super::only_state_differs;
use crate::Digest;

/// A component with a section of each kind that a policy has.
const ORIGINAL: &str = r#"(component
    (type $log (instance (export "log" (func))))
    (import "example:test/log" (instance $log (type $log)))
    (alias export $log "log" (func $log-func))
    (core func $lowered (canon lower (func $log-func)))
    (core module $m
        (type (func))
        (import "env" "log" (func $log (type 0)))
        (table 2 funcref)
        (memory 1 4)
        (global $counter (mut i32) (i32.const 1))
        (global $fixed i32 (i32.const 7))
        (export "memory" (memory 0))
        (export "run" (func $run))
        (start $run)
        (elem (i32.const 0) func $run $other)
        (func $run (type 0) (global.set $counter (i32.const 5)) (call $log))
        (func $other (type 0) (memory.init $kept (i32.const 0) (i32.const 0) (i32.const 1)))
        (data (i32.const 8) "hello")
        (data $kept "passive")
    )
    (core instance $env (export "log" (func $lowered)))
    (core instance $i (instantiate $m (with "env" (instance $env))))
    (func $lifted (canon lift (core func $i "run")))
    (export "run" (func $lifted))
)"#;

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// That component with a state of `pages` pages, which begin with `bytes`, and `counter` in its global.
fn with_state(original: &[u8], pages: u64, bytes: &[u8], counter: u32) -> Result<Vec<u8>, String> {
    let mut memory = vec![0; usize::try_from(pages << 16).unwrap()];
    memory[..bytes.len()].copy_from_slice(bytes);
    let state = GuestState {
        component: Digest::of(original),
        memories: vec![("memory1".into(), memory.len() as u64)],
        globals: vec![("global0".into(), counter.into())],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(apply(original, &state, &memory, 64 << 20)).map_err(|error| error.to_string())
}

fn good() -> (Vec<u8>, Vec<u8>) {
    let original = component(ORIGINAL);
    let preinitialized = with_state(&original, 2, b"state", 9).unwrap();
    (original, preinitialized)
}

#[test]
fn another_state_is_taken() {
    let (original, preinitialized) = good();
    assert_ne!(original, preinitialized);
    only_state_differs(&original, &preinitialized).unwrap();
    only_state_differs(&original, &original).unwrap();
}

#[test]
fn a_difference_in_more_than_state_is_refused_by_what_it_is() {
    let original = component(ORIGINAL);
    let cases = [
        ("another module", ORIGINAL, "(component)", "another number of sections"),
        ("a changed instruction", "(i32.const 5)", "(i32.const 6)", "section 10 differs"),
        ("a changed core import", r#"(import "env" "log""#, r#"(import "env" "lag""#, "section 2 differs"),
        (
            "an added core export",
            r#"(export "run" (func $run))"#,
            r#"(export "run" (func $run)) (export "more" (func $other))"#,
            "the exports differ",
        ),
        (
            "a changed core export",
            r#"(export "run" (func $run))"#,
            r#"(export "run" (func $other))"#,
            "the exports differ",
        ),
        ("a changed element", "func $run $other", "func $other $run", "section 9 differs"),
        ("a larger table", "(table 2 funcref)", "(table 3 funcref)", "section 4 differs"),
        ("a changed type", "(type (func))", "(type (func)) (type (func (param i32)))", "section 1 differs"),
        ("a memory with a larger maximum", "(memory 1 4)", "(memory 1 5)", "a memory has another type"),
        ("a changed constant", "(i32.const 7)", "(i32.const 8)", "a global that no policy can change"),
        (
            "a constant that became mutable",
            "(global $fixed i32",
            "(global $fixed (mut i32)",
            "a global that no policy can change",
        ),
        (
            "a changed passive segment",
            "\"passive\"",
            "\"possible\"",
            "a passive data segment has other bytes",
        ),
        ("a missing data segment", "(data (i32.const 8) \"hello\")", "", "section 10 differs"),
        ("another start function", "(start $run)", "(start $other)", "section 8 stands where"),
        (
            "an added export",
            "(export \"run\" (func $lifted))",
            "(export \"run\" (func $lifted)) (export \"more\" (func $lifted))",
            "its exports differ",
        ),
        (
            "a changed export",
            "(export \"run\" (func $lifted",
            "(export \"ran\" (func $lifted",
            "its exports differ",
        ),
        ("a changed import", "example:test/log", "example:test/lag", "its imports differ"),
        ("a changed alias", r#"(core func $i "run")"#, r#"(core func $i "ran")"#, ""),
        (
            "a changed instance",
            r#"(core instance $env (export "log""#,
            r#"(core instance $env (export "lug""#,
            "",
        ),
    ];
    let mut wrong = Vec::new();
    for (what, from, to, wanted) in cases {
        assert!(ORIGINAL.contains(from), "{what}");
        let other = wat::parse_str(ORIGINAL.replacen(from, to, 1)).unwrap();
        // Where it cannot be pre-initialized, or where that would remove the difference, it is compared as it is.
        let made = with_state(&other, 2, b"state", 9).ok().filter(|_| what != "another start function");
        let checked = only_state_differs(&original, &made.unwrap_or(other));
        if !checked.as_ref().is_err_and(|refused| refused.contains(wanted)) {
            wrong.push(format!("{what}: {checked:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let original = component(ORIGINAL);
    let refused = with_state(&original, 0, b"", 1).unwrap_err();
    assert!(
        refused.ends_with("its state is refused: in core module 0, a memory has another type"),
        "{refused}"
    );
}

/// Where data, sizes of memories and globals of the core modules are, as wasmparser finds them.
fn state_sections(component: &[u8]) -> Vec<Range<usize>> {
    let payloads = Parser::new(0).parse_all(component).map(Result::unwrap);
    payloads
        .filter_map(|payload| match payload {
            Payload::DataSection(section) => Some(section.range()),
            Payload::MemorySection(section) => Some(section.range()),
            Payload::GlobalSection(section) => Some(section.range()),
            Payload::DataCountSection { range, .. } => Some(range),
            _ => None,
        })
        .map(|range| range.start..range.end)
        .collect()
}

/// Where the name of the first import or export of the component begins: 0 and 1 are the same kind of name
/// (component-model, Binary.md, `importname'` and `exportname'`), so such a byte says nothing.
fn kinds_of_names(component: &[u8]) -> Vec<usize> {
    let payloads = Parser::new(0).parse_all(component).map(Result::unwrap);
    payloads
        .filter_map(|payload| match payload {
            // The number of items stands before the first one.
            Payload::ComponentImportSection(section) => Some(section.range().start + 1),
            Payload::ComponentExportSection(section) => Some(section.range().start + 1),
            _ => None,
        })
        .collect()
}

#[test]
fn every_changed_byte_is_refused_unless_it_is_state_or_says_the_same() {
    let (original, good) = good();
    let (state, kinds) = (state_sections(&good), kinds_of_names(&good));
    assert_eq!(kinds.len(), 2);
    let mut changed = good.clone();
    for at in (0..good.len()).filter(|at| !state.iter().any(|section| section.contains(at))) {
        for flip in 1..=u8::MAX {
            changed[at] = good[at] ^ flip;
            let says_the_same = kinds.contains(&at) && changed[at] <= 1;
            assert_eq!(
                only_state_differs(&original, &changed).is_ok(),
                says_the_same,
                "byte {at}, flip {flip}"
            );
        }
        changed[at] = good[at];
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn a_section_that_moved_or_is_missing_is_refused(a: prop::sample::Index, b: prop::sample::Index, remove: bool) {
        let (original, good) = good();
        let mut sections = super::sections(&good).unwrap();
        let (a, b) = (a.index(sections.len()), b.index(sections.len()));
        let same = sections[a] == sections[b];
        if remove {
            sections.remove(a);
        } else {
            sections.swap(a, b);
        }
        let mut changed = good[..8].to_vec();
        for (number, content) in sections {
            changed.push(number);
            let mut length = u32::try_from(content.len()).unwrap();
            while length >= 0x80 {
                changed.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                length >>= 7;
            }
            changed.push(u8::try_from(length).unwrap());
            changed.extend_from_slice(content);
        }
        let refused = only_state_differs(&original, &changed).is_err();
        prop_assert_eq!(refused, remove || !same);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn every_state_that_fits_is_taken(pages in 1_u64..5, bytes: Vec<u8>, counter: u32) {
        let original = component(ORIGINAL);
        let made = with_state(&original, pages, &bytes, counter);
        prop_assert!(made.is_ok(), "{made:?}");
        wasmparser::Validator::new().validate_all(&made.unwrap()).unwrap();
    }
}
