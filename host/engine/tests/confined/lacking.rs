//! A kernel without Landlock or without seccomp: a child in whose place the kernel says that it has none.

use portcullis_engine::build::{Builder, Confinement};
use portcullis_engine::source::Source;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use super::{build, build_with, builder, program};

/// Feature, and what the operator reads.
const FEATURES: [(&str, &str); 2] = [
    ("landlock", "this kernel has no Landlock (`CONFIG_SECURITY_LANDLOCK`, and `landlock` among `lsm=`); "),
    ("seccomp", "this kernel has no seccomp filters (`CONFIG_SECCOMP_FILTER`); "),
];

/// Becomes the child as it is, to which the kernel denies that it has the feature.
pub fn double(feature: &str) -> ExitCode {
    let call = if feature == "landlock" { libc::SYS_landlock_create_ruleset } else { libc::SYS_seccomp };
    let filter: BpfProgram = SeccompFilter::new(
        [(call, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    )
    .unwrap()
    .try_into()
    .unwrap();
    seccompiler::apply_filter(&filter).unwrap();
    let options = std::env::args().next_back().unwrap();
    let error = Command::new(std::env::current_exe().unwrap()).args(["build-policy", &options]).exec();
    panic!("{error}");
}

pub fn a_kernel_without_a_feature_is_refused() {
    for (feature, wanted) in FEATURES {
        let lacks = program(&["lack", feature]);
        for builder in
            [Builder { configure: lacks.clone(), ..builder() }, Builder { compile: lacks, ..builder() }]
        {
            let error = build(&builder).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot be confined: {wanted}")), "{feature}: {error}");
            assert!(error.ends_with("`confinement = \"best-effort\"` in `[build]`"), "{feature}: {error}");
            let built = build_with(&builder, Confinement::BestEffort);
            assert!(built.is_ok(), "{feature}: {built:?}");
        }
    }
}

pub fn what_is_built_in_needs_no_feature() {
    let builder = builder();
    let builtin = Source::Builtin("allow".into(), Vec::new().into());
    assert_eq!(builder.confinement_for(&builtin), Confinement::BestEffort);
    assert_eq!(builder.confinement_for(&Source::File("/x.wasm".into())), Confinement::Required);
}
