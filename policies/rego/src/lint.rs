//! What regorus would find only when a decision comes to it.

use portcullis_policy_sdk::prelude::*;
use regorus::{Engine, Source};
use serde_json::{Map, Value};

use crate::builtins::{self, Now};
use crate::query::is_declared;

/// Of the syntax tree, one file.
#[derive(Deserialize)]
struct File {
    ast: Value,
}

/// Refuses what regorus reads and then finds undefined, though OPA does not: a rule that denies by it would not deny.
///
/// * `default f["x"](_) := 1`: the default of a function whose name ends in brackets
/// * `[path, value] := walk(x)`: `walk` with one argument
pub(crate) fn silently_undefined(engine: &Engine) -> Result<(), String> {
    let trees = engine.get_ast_as_json().map_err(|error| format!("{error:#}"))?;
    let trees: Vec<File> = serde_json::from_str(&trees).map_err(|error| error.to_string())?;
    let sources = engine.get_policies().map_err(|error| format!("{error:#}"))?;
    for (File { ast }, source) in trees.iter().zip(&sources) {
        let rules = ast["rules"].as_array().into_iter().flatten().filter_map(|rule| rule.get("Default"));
        for rule in rules {
            let has_arguments = rule["args"].as_array().is_some_and(|args| !args.is_empty());
            if has_arguments && rule["refr"].get("RefBrack").is_some() {
                let what = "the default of a function whose name ends in a keyword or in brackets cannot be read: give it \
                            another name";
                return Err(at(source, &rule["span"], what));
            }
        }
        let mut calls = Vec::new();
        collect(ast, &mut calls);
        let is_walk = |call: &&&Value| {
            path_of(&call["fcn"]).as_deref() == Some("walk")
                && call["params"].as_array().is_some_and(|params| params.len() == 1)
        };
        if let Some(call) = calls.iter().find(is_walk) {
            return Err(at(
                source,
                &call["span"],
                "`walk` needs two arguments here: `walk(x, [path, value])`",
            ));
        }
    }
    Ok(())
}

fn at(source: &Source, span: &Value, message: &str) -> String {
    let place = |key: &str| span[key].as_u64().and_then(|at| u32::try_from(at).ok()).unwrap_or(1);
    format!("the Rego text:{}", source.error(place("line"), place("col"), message))
}

/// Refuses calls of functions that neither the files nor regorus have, with their place.
pub(crate) fn unknown_functions(engine: &Engine) -> Result<(), String> {
    let trees = engine.get_ast_as_json().map_err(|error| format!("{error:#}"))?;
    let trees: Vec<File> = serde_json::from_str(&trees).map_err(|error| error.to_string())?;
    let sources = engine.get_policies().map_err(|error| format!("{error:#}"))?;
    let mut known = BTreeSet::new();
    for (File { ast }, source) in trees.iter().zip(&sources) {
        let package = path_of(&ast["package"]["refr"]).unwrap_or_default();
        let imports = imports(ast, source);
        let mut calls = Vec::new();
        collect(ast, &mut calls);
        for call in calls {
            let Some(name) = path_of(&call["fcn"]) else { continue };
            let builtin = imported(&name, &imports).unwrap_or_else(|| name.clone());
            if known.contains(&builtin) {
                continue;
            }
            let of_package = format!("data.{package}.{name}");
            if is_declared(engine, &builtin) || is_declared(engine, &of_package) {
                continue;
            }
            if !is_builtin(&builtin) {
                return Err(unknown(source, call, &name));
            }
            known.insert(builtin);
        }
    }
    Ok(())
}

fn unknown(source: &Source, call: &Value, name: &str) -> String {
    let mut first = &call["fcn"];
    while let Some(inner) = first.get("RefDot").or(first.get("RefBrack")) {
        first = &inner["refr"];
    }
    at(source, &first["Var"]["span"], &format!("there is no function `{name}`"))
}

/// Every call of a tree.
fn collect<'tree>(tree: &'tree Value, calls: &mut Vec<&'tree Value>) {
    match tree {
        Value::Object(fields) => {
            calls.extend(fields.get("Call"));
            fields.values().for_each(|field| collect(field, calls));
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, calls)),
        _ => {}
    }
}

/// `a.b.c`, where a reference is that.
fn path_of(reference: &Value) -> Option<String> {
    if let Some(variable) = reference.get("Var") {
        return variable["value"].as_str().map(str::to_owned);
    }
    let (inner, last) = match (reference.get("RefDot"), reference.get("RefBrack")) {
        (Some(dot), _) => (&dot["refr"], dot["field"][1].as_str()),
        (_, Some(bracket)) => (&bracket["refr"], bracket["index"]["String"]["value"].as_str()),
        _ => return None,
    };
    Some(format!("{}.{}", path_of(inner)?, last?))
}

/// Paths by the name that they are imported as.
fn imports(ast: &Value, source: &Source) -> BTreeMap<String, String> {
    let name = |span: &Value| {
        let at = |key: &str| span[key].as_u64().and_then(|at| usize::try_from(at).ok());
        source.get_contents().get(at("start")?..at("end")?).map(str::to_owned)
    };
    let import = |import: &Value| {
        let path = path_of(&import["refr"])?;
        let name = match name(&import["as"]) {
            Some(name) => name,
            None => path.rsplit('.').next()?.to_owned(),
        };
        Some((name, path))
    };
    ast["imports"].as_array().into_iter().flatten().filter_map(import).collect()
}

fn imported(name: &str, imports: &BTreeMap<String, String>) -> Option<String> {
    let (first, rest) = name.split_once('.').map_or((name, ""), |(first, rest)| (first, rest));
    let path = imports.get(first)?;
    Some(if rest.is_empty() { path.clone() } else { format!("{path}.{rest}") })
}

/// Whether regorus or `builtins` has it: another engine is asked, with too few arguments or wrong ones.
fn is_builtin(name: &str) -> bool {
    let mut engine = Engine::new();
    if builtins::add(&mut engine, &Now::default(), true).is_err() {
        return false;
    }
    let error = engine.eval_query(format!("{name}()"), false).err().map(|error| format!("{error:#}"));
    error.is_none_or(|error| !error.contains("could not find function"))
}

/// Refuses data at a place where a rule is: OPA refuses it too, and one of both would be hidden.
pub(crate) fn data_conflicts(engine: &Engine, data: &Map<String, Value>) -> Result<(), String> {
    for package in engine.get_packages().unwrap_or_default() {
        let mut object = data;
        let mut path = "data".to_owned();
        let mut parts = package.trim_start_matches("data.").split('.');
        let reached = loop {
            let Some(part) = parts.next() else { break true };
            path = format!("{path}.{part}");
            match object.get(part) {
                None => break false,
                Some(Value::Object(inner)) => object = inner,
                Some(_) => {
                    return Err(format!("`data`: `{path}` is a value, and the package `{package}` is there"));
                }
            }
        };
        let conflict =
            object.keys().map(|key| format!("{path}.{key}")).find(|path| is_declared(engine, path));
        if let Some(path) = conflict.filter(|_| reached) {
            return Err(format!("`data`: `{path}` is there as data, and as a rule"));
        }
    }
    Ok(())
}
