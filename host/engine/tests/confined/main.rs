//! The children that build policies, as an attacker finds them: confined, and without a way to hand over another policy.
//!
//! This executable is the child too, and its doubles: a child that attacks the machine ([`attack`]), one that forges its
//! answer ([`forge`]), and one on a kernel that lacks a feature ([`lacking`]). So it has its own `main`.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "this is how a test fails, and says what it measured"
)]

mod attack;
mod forge;
mod lacking;

use libtest_mimic::{Arguments, Trial};
use portcullis_engine::Limits;
use portcullis_engine::build::{
    BuildError, BuildReport, BuildRequest, Builder, ChildProgram, Confinement, ModuleCode, child_main,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    let double = arguments.get(1).map(String::as_str).unwrap_or_default();
    let kind = arguments.get(2).map(String::as_str).unwrap_or_default();
    match double {
        "build-policy" => return child_main(),
        "attack" => return attack::double(kind),
        "forge" => return forge::double(kind),
        "lack" => return lacking::double(kind),
        _ => {}
    }
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let trials = vec![
        trial(
            "attack::what_a_confined_child_tries_is_refused",
            attack::what_a_confined_child_tries_is_refused,
        ),
        trial("attack::a_confined_child_has_nothing", attack::a_confined_child_has_nothing),
        trial("forge::a_forged_answer_is_refused", forge::a_forged_answer_is_refused),
        trial("forge::claims_beside_the_state_change_nothing", forge::claims_beside_the_state_change_nothing),
        trial(
            "lacking::a_kernel_without_a_feature_is_refused",
            lacking::a_kernel_without_a_feature_is_refused,
        ),
        trial("lacking::what_is_built_in_needs_no_feature", lacking::what_is_built_in_needs_no_feature),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// This executable as a child.
fn program(arguments: &[&str]) -> ChildProgram {
    ChildProgram {
        program: std::env::current_exe().unwrap(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
    }
}

/// Both children as they are.
fn builder() -> Builder {
    Builder::new(program(&["build-policy"]), Confinement::Required)
}

/// Builds a policy that allows everything.
fn build(builder: &Builder) -> Result<(BuildReport, Vec<u8>), BuildError> {
    build_with(builder, builder.confinement)
}

fn build_with(builder: &Builder, confinement: Confinement) -> Result<(BuildReport, Vec<u8>), BuildError> {
    let request = BuildRequest {
        name: "allow".into(),
        settings: "{}".into(),
        limits: Limits::default(),
        wasi: Vec::new(),
        cases: Vec::new(),
        not_preinitialized_because: None,
        confinement,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let module = include_bytes!("../../../../policies/prebuilt/allow.wasm");
    runtime.block_on(builder.build(&request, module, &mut ModuleCode::default()))
}
