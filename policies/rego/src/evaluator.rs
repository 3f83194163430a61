//! The engine, prepared once. Every decision finds it as `configure` left it.

use portcullis_policy_sdk::log;
use regorus::Value;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::builtins::{self, Now};
use crate::query::{self, Hook, Query};
use crate::settings::{Dialect, Engine, Settings};
use crate::{lint, record, spelling};

/// The package of the rules that ask the operator's. A name of its own, so that no file can add to it.
const ASKING: &str = "portcullis_asks";

/// The operator's files, and what is asked of them.
pub(crate) struct Evaluator {
    queries: Vec<Query>,
    engine: Mutex<regorus::Engine>,
    now: Now,
}

/// What the rules of a query came to: `None` where a rule is undefined.
pub(crate) type Rules = Vec<(&'static str, Option<Value>)>;

impl Evaluator {
    pub(crate) fn new(mut settings: Settings) -> Result<Self, String> {
        if matches!(settings.engine, Engine::Register) {
            return Err(
                "`engine`: `register` is not offered: regorus's register machine does not answer every rule \
                        as its tree walker does, e.g. `[]` for `default p := [x | ...]`; use `tree`"
                    .into(),
            );
        }
        let sources = settings.sources()?;
        let now = Now::default();
        let mut engine = regorus::Engine::new();
        engine.set_rego_v0(settings.dialect == Dialect::V0);
        let strict = settings.has_strict_builtins();
        engine.set_strict_builtin_errors(strict);
        engine.set_gather_prints(true);
        // Its limits are for texts of strangers: lines of 1024 columns are too short for a certificate.
        engine.clear_policy_length_config();
        for (name, text) in sources.files {
            engine
                .add_policy(name, spelling::rewritten(&text).into_owned())
                .map_err(|error| rego(&error, settings.dialect))?;
        }
        let is_reserved = |package: &String| package.trim_start_matches("data.").starts_with(ASKING);
        if engine.get_packages().is_ok_and(|packages| packages.iter().any(is_reserved)) {
            return Err(format!("the package `{ASKING}` is reserved"));
        }
        lint::unknown_functions(&engine)?;
        lint::silently_undefined(&engine)?;
        lint::data_conflicts(&engine, &sources.data)?;
        engine.add_data(record::of(&sources.data)?).map_err(|error| format!("`data`: {error:#}"))?;
        builtins::add(&mut engine, &now, strict).map_err(|error| format!("{error:#}"))?;
        let queries = query::resolve(settings.query.take(), &engine)?;
        engine
            .add_policy("query".to_owned(), asking(&queries))
            .map_err(|error| format!("the query: {error:#}"))?;
        // Finds what only the whole of the files shows, e.g. variables that are never bound.
        for query in &queries {
            engine.set_input(Value::new_object());
            let mut trial = engine.clone();
            if let Err(error) = trial.compile_with_entrypoint(&path(query.hook).into()) {
                return Err(rego(&error, settings.dialect));
            }
        }
        Ok(Self { queries, engine: Mutex::new(engine), now })
    }

    pub(crate) fn has(&self, hook: Hook) -> bool {
        self.queries.iter().any(|query| query.hook == hook)
    }

    /// The values of the hook's rules at `now`, in milliseconds since 1970; `None` where the hook has no query.
    pub(crate) fn evaluate(&self, hook: Hook, now: u64, input: Value) -> Result<Option<Rules>, String> {
        let Some(query) = self.queries.iter().find(|query| query.hook == hook) else { return Ok(None) };
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        self.now.store(now, Ordering::Relaxed);
        engine.set_input(input);
        let value = engine.eval_rule(path(hook));
        for line in engine.take_prints().unwrap_or_default() {
            log::info(&line);
        }
        let value = value.map_err(|error| format!("{error:#}").trim_start().to_owned())?;
        // Each entry is a list of the one value, which is empty where the rule is undefined.
        Ok(Some(query.rules.iter().map(|(name, _)| (*name, defined(&value[*name]))).collect()))
    }
}

fn defined(value: &Value) -> Option<Value> {
    value.as_array().ok()?.first().cloned()
}

fn path(hook: Hook) -> String {
    format!("data.{ASKING}.{}", hook.package())
}

/// One rule for each hook, so that what its rules share is evaluated once.
fn asking(queries: &[Query]) -> String {
    let rule = |query: &Query| {
        let entries: Vec<_> =
            query.rules.iter().map(|(name, rule)| format!("\"{name}\": [x | x := {rule}]")).collect();
        format!("{} := {{{}}}\n", query.hook.package(), entries.join(", "))
    };
    let rules: String = queries.iter().map(rule).collect();
    format!("package {ASKING}\n{rules}")
}

/// regorus's text has file, line, column and a caret; what a reader of other dialects needs is added.
fn rego(error: &impl std::fmt::Display, dialect: Dialect) -> String {
    let text = format!("{error:#}");
    let looks_old = dialect == Dialect::V1 && (text.contains("`if` keyword") || text.contains("`contains`"));
    let hint = if looks_old { "\nRego of before OPA 1.0 needs `dialect = \"v0\"`" } else { "" };
    format!("the Rego text:{text}{hint}")
}
