//! OPA's own cases, by folder: run by hand with `PORTCULLIS_OPA_CASES` naming the folder `v1` of them, as swift-opa's
//! `ComplianceSuite` has them. The README's table is what this prints.

use regorus::{Engine, Value as Rego};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::*;
use crate::{builtins, lint, record, spelling};

/// The time at which every case is asked: 2026-11-27.
const NOW: u64 = 1_795_780_815_885;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Case {
    note: String,
    query: String,
    modules: Vec<String>,
    data: Option<Value>,
    input: Option<Value>,
    input_term: Option<String>,
    want_result: Option<Vec<Value>>,
    want_error: Option<String>,
    want_error_code: Option<String>,
    strict_error: bool,
    /// Lists are in any order.
    sort_bindings: bool,
}

impl Case {
    /// The error is what the case wanted and did not get.
    fn run(&self) -> Result<(), String> {
        let wants_error = self.want_error.is_some() || self.want_error_code.is_some();
        match (self.bindings(), &self.want_result) {
            (Err(_), _) if wants_error => Ok(()),
            (Err(error), _) => Err(format!("error: {error}")),
            (Ok(found), _) if wants_error => Err(format!("no error but {found:?}")),
            (Ok(found), wanted) => {
                let texts = |bindings: &[Value]| {
                    let sorted =
                        |value: &Value| if self.sort_bindings { sorted(value) } else { value.clone() };
                    let mut texts: Vec<_> = bindings.iter().map(|value| sorted(value).to_string()).collect();
                    texts.sort();
                    texts
                };
                let (found, wanted) = (texts(&found), texts(wanted.as_deref().unwrap_or_default()));
                if found == wanted { Ok(()) } else { Err(format!("{found:?} and not {wanted:?}")) }
            }
        }
    }

    fn bindings(&self) -> Result<Vec<Value>, String> {
        let text = |error: &dyn std::fmt::Display| format!("{error:#}");
        let mut engine = Engine::new();
        engine.set_rego_v0(false);
        engine.set_strict_builtin_errors(self.strict_error);
        engine.clear_policy_length_config();
        for (at, module) in self.modules.iter().enumerate() {
            engine
                .add_policy(format!("{at}.rego"), spelling::rewritten(&assigned(module)).into_owned())
                .map_err(|error| text(&error))?;
        }
        if let Some(data) = &self.data {
            engine.add_data(record::of(data)?).map_err(|error| text(&error))?;
        }
        let now = builtins::Now::new(NOW.into());
        builtins::add(&mut engine, &now, self.strict_error).map_err(|error| text(&error))?;
        lint::silently_undefined(&engine)?;
        if let Some(input) = &self.input {
            engine.set_input(record::of(input)?);
        } else if let Some(term) = &self.input_term {
            let input = Engine::new().eval_query(term.clone(), false).map_err(|error| text(&error))?;
            engine.set_input(input.result[0].expressions[0].value.clone());
        }
        let results = engine
            .eval_query(spelling::rewritten(&self.query).into_owned(), false)
            .map_err(|error| text(&error))?;
        let plain = |value: &Rego| serde_json::from_str::<Value>(&value.to_json_str().unwrap()).unwrap();
        Ok(results.result.iter().map(|result| plain(&result.bindings)).collect())
    }
}

#[test]
fn opas_own_cases() {
    let Some(folder) = std::env::var_os("PORTCULLIS_OPA_CASES") else { return };
    let mut folders = BTreeMap::<String, (usize, Vec<String>)>::new();
    for folder in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (count, failed) = folders.entry(name).or_default();
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            for case in read(&file) {
                *count += 1;
                let ran = catch_unwind(AssertUnwindSafe(|| case.run()));
                if let Err(why) = ran.unwrap_or_else(|_| Err("a panic".into())) {
                    failed.push(format!("{}: {why}", case.note));
                }
            }
        }
    }
    let mut report = String::new();
    for (name, (count, failed)) in &folders {
        let _ = writeln!(report, "{name} {}/{count}", count - failed.len());
        for failure in failed {
            let short: String = failure.replace('\n', " ").chars().take(300).collect();
            let _ = writeln!(report, "    {short}");
        }
    }
    let all: usize = folders.values().map(|(count, _)| count).sum();
    let failed: usize = folders.values().map(|(_, failed)| failed.len()).sum();
    println!("{report}{} of {all} cases, {} folders", all - failed, folders.len());
}

fn read(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str::<File>(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).cases
}

/// The value with the lists of its variables in one order.
fn sorted(value: &Value) -> Value {
    let Value::Object(variables) = value else { return value.clone() };
    let variables = variables.iter().map(|(name, value)| {
        let mut value = value.clone();
        if let Value::Array(list) = &mut value {
            list.sort_by_key(ToString::to_string);
        }
        (name.clone(), value)
    });
    Value::Object(variables.collect())
}

/// `f(a, x)` as `x = f(a)`, of functions that `builtins` adds: OPA's compiler has written the modules so, and regorus
/// knows the form of its own functions alone.
fn assigned(module: &str) -> String {
    let added = [
        ("crypto.md5(", 1),
        ("crypto.sha1(", 1),
        ("crypto.sha256(", 1),
        ("json.is_valid(", 1),
        ("net.cidr_merge(", 1),
        ("net.cidr_intersects(", 2),
        ("net.cidr_contains_matches(", 2),
        ("time.now_ns(", 0),
        ("time.clock(", 1),
        ("time.date(", 1),
        ("time.weekday(", 1),
        ("time.parse_rfc3339_ns(", 1),
        ("time.add_date(", 4),
    ];
    let mut lines = Vec::new();
    for line in module.lines() {
        let call = added.iter().find_map(|(name, arity)| {
            let (before, rest) = line.split_once(name)?;
            let (arguments, after) = rest.rsplit_once(')')?;
            let mut depth = 0;
            let mut commas = Vec::new();
            for (at, letter) in arguments.char_indices() {
                match letter {
                    '[' | '{' | '(' => depth += 1,
                    ']' | '}' | ')' => depth -= 1,
                    ',' if depth == 0 => commas.push(at),
                    _ => {}
                }
            }
            let (count, last) = (commas.len() + usize::from(!arguments.is_empty()), commas.last());
            let (arguments, out) =
                last.map_or(("", arguments), |at| (&arguments[..*at], &arguments[at + 1..]));
            (count == arity + 1 && depth == 0)
                .then(|| format!("{before}{} = {name}{arguments}){after}", out.trim()))
        });
        lines.push(call.unwrap_or_else(|| line.to_owned()));
    }
    lines.join("\n")
}
