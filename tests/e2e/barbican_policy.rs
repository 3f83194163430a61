//! `builtin:barbican-acl` as WebAssembly, through the engine, pre-initialized as in service: every row that oslo.policy
//! answered under Barbican 23.0.0's rules gets the same answer, in both regimes, and the policy's own cases hold.

mod sample;

use portcullis_contract::hook::SecretAccess;
use portcullis_contract::secrets;
use portcullis_engine::build::{Builder, ChildProgram, Confinement};
use portcullis_engine::case::{Case, CaseFile, Format};
use portcullis_engine::source::Source;
use portcullis_engine::{Caller, Generation, Host, HostOptions, Limits, LoadError, Mode, PolicySpec};
use std::sync::Arc;
use std::time::{Duration, Instant};

const MODULE: &[u8] = include_bytes!("../../policies/prebuilt/barbican-acl.wasm");
const CASES: [&str; 3] = [
    include_str!("../../policies/barbican-acl/cases.json"),
    include_str!("../../policies/barbican-acl/cases-legacy.json"),
    include_str!("../../policies/barbican-acl/cases-settings.json"),
];

/// The policy under these settings, once it has passed the cases.
async fn load(settings: &str, cases: Vec<Case>) -> Result<Arc<Generation>, LoadError> {
    let program = env!("CARGO_BIN_EXE_portcullis").into();
    let program = ChildProgram { program, arguments: vec!["build-policy".into()] };
    let builder = Builder::new(program, Confinement::Required);
    let host =
        Host::new(HostOptions { builder, cache: None, time_budget: HostOptions::TIME_BUDGET }).unwrap();
    let spec = PolicySpec {
        name: "barbican-acl".into(),
        source: Source::Builtin("barbican-acl".into(), MODULE.into()),
        sha256: None,
        hooks: portcullis_engine::Hooks::Exported,
        mode: Mode::Enforce,
        settings: settings.into(),
        // A busy machine is not what is tested.
        limits: Limits { deadline: Duration::from_secs(20), ..Limits::default() },
        wasi: Vec::new(),
        cases,
        record_inputs: false,
        preinitialize: true,
    };
    host.load(vec![spec]).await
}

/// How many rows there were, and what is wrong.
async fn ask_rows(regime: &str, rows: &[sample::Row]) -> (usize, Vec<String>) {
    let generation = load(&format!(r#"{{"regime":"{regime}"}}"#), Vec::new()).await.unwrap();
    assert!(generation.status().all(|policy| policy.not_preinitialized_because.is_none()));
    let (mut asked, mut wrong, mut micros) = (0, Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.regime == regime) {
        asked += 1;
        for question in &row.questions {
            let caller = Caller::new(None, None, Instant::now() + Duration::from_mins(1));
            let decision = generation.decide::<SecretAccess>(&Arc::new(question.clone()), &caller).await;
            micros.push(decision.elapsed.as_micros());
            if decision.fault || decision.allowed != row.allow {
                let (operation, rule) = (&question.operation, &decision.rule);
                wrong.push(format!("{}: {operation}: `{rule}`: {}", row.line, decision.reason));
            } else if !decision.allowed {
                assert!(!decision.rule.is_empty() && !decision.reason.is_empty(), "{}", row.line);
            }
        }
    }
    micros.sort_unstable();
    eprintln!("{regime}: {asked} rows, a decision p50 {} us", micros[micros.len() / 2]);
    (asked, wrong)
}

#[tokio::test]
async fn every_row_is_answered_as_oslo_policy_answered_it() {
    // The default regime's rows and the legacy ones, as counted in the files.
    for (file, expected) in sample::FILES.into_iter().zip([(1543, 1457), (496, 496)]) {
        let rows = sample::rows(file);
        let (default, mut wrong) = ask_rows("default", &rows).await;
        let (legacy, more) = ask_rows("legacy", &rows).await;
        wrong.extend(more);
        assert_eq!((default, legacy), expected);
        assert_eq!(rows.len(), default + legacy, "no row is left out");
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    }
}

#[tokio::test]
async fn its_cases_hold() {
    for file in CASES {
        let CaseFile { settings, cases } = CaseFile::parse(Format::Json, file).unwrap();
        let count = cases.len();
        let generation = load(&settings.unwrap().to_string(), cases).await.unwrap();
        assert!(
            generation.status().all(|policy| policy.not_preinitialized_because.is_none()),
            "{count} cases"
        );
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_name() {
    let table = [
        (r#"{"regime":"newest"}"#, "`regime`: unknown variant `newest`"),
        (r#"{"shut_out_admin":true}"#, "unknown key: `shut_out_admin`"),
        (r#"{"principals":["users"]}"#, "`principals[0]`: unknown variant `users`"),
        (r#"{"allow":["role:"]}"#, "`allow`: `role:` names nobody"),
    ];
    for (settings, wanted) in table {
        let error = load(settings, Vec::new()).await.unwrap_err().to_string();
        assert!(error.contains("the policy refuses them") && error.contains(wanted), "{error}");
    }
}
