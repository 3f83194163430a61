//! OPA bundles: `.rego` files, `data.json` files whose folder is their path in `data`, and `.manifest`.

use portcullis_policy_sdk::prelude::*;
use serde_json::{Map, Value};

/// Of `.manifest`, what matters here.
#[derive(Deserialize)]
struct Manifest {
    /// What of `data` the bundle may have. All, where there are none.
    #[serde(default)]
    roots: Option<Vec<String>>,
    rego_version: Option<u8>,
    file_rego_versions: Option<BTreeMap<String, u8>>,
    wasm: Option<Vec<Value>>,
}

/// The Rego texts of a bundle; its data is merged into `data`.
pub(crate) fn read(
    bundle: BTreeMap<String, String>,
    data: &mut Map<String, Value>,
) -> Result<Vec<(String, String)>, String> {
    let mut texts = Vec::new();
    let mut manifest = None;
    for (path, text) in bundle {
        let path = path.trim_start_matches("./").trim_start_matches('/');
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let json = || serde_json::from_str(&text).map_err(|error| format!("`bundle`: `{path}`: {error}"));
        match name {
            ".manifest" if folder.is_empty() => manifest = Some(text),
            "data.json" => merge(data, folder, json()?)?,
            "data.yaml" | "data.yml" => {
                return Err(format!("`bundle`: `{path}`: YAML is not read: `opa build` writes `data.json`"));
            }
            ".signatures.json" => {
                return Err("`bundle`: its signatures cannot be verified here: verify the file with `opa` and build it \
                            without them"
                    .into());
            }
            // Tests stand beside what they test, and are no part of the policy.
            name if name.ends_with("_test.rego") => {}
            name if name.rsplit_once('.').is_some_and(|(_, extension)| extension == "rego") => {
                texts.push((path.to_owned(), text));
            }
            // OPA ignores other files too.
            _ => {}
        }
    }
    if let Some(manifest) = manifest {
        check(&manifest, data, &texts)?;
    }
    Ok(texts)
}

fn check(manifest: &str, data: &Map<String, Value>, texts: &[(String, String)]) -> Result<(), String> {
    let wrong = |what: &str| format!("`bundle`: `.manifest`: {what}");
    let manifest: Manifest = serde_json::from_str(manifest).map_err(|error| wrong(&error.to_string()))?;
    if manifest.wasm.is_some_and(|modules| !modules.is_empty()) {
        return Err(wrong(
            "it has compiled policies, which are not run here: build it with `opa build -t rego`",
        ));
    }
    if manifest.file_rego_versions.is_some_and(|versions| !versions.is_empty()) {
        return Err(wrong("`file_rego_versions` is not known: use one dialect for all files"));
    }
    if let Some(version @ (0 | 2..)) = manifest.rego_version {
        return Err(wrong(&format!(
            "`rego_version` is {version}: remove it, and set `dialect = \"v0\"` for Rego of before OPA 1.0"
        )));
    }
    let roots: Vec<_> = manifest.roots.into_iter().flatten().map(|root| root.replace('/', ".")).collect();
    let roots: Vec<_> = roots.iter().map(|root| root.trim_matches('.')).collect();
    if roots.is_empty() || roots.contains(&"") {
        return Ok(());
    }
    let inside = |path: &str| {
        roots
            .iter()
            .any(|root| path == *root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('.')))
    };
    let outside = texts.iter().find_map(|(name, text)| {
        let package = text.lines().find_map(|line| line.trim().strip_prefix("package "))?;
        let package = package.split(['#', ' ', ';']).next()?.trim();
        (!inside(package))
            .then(|| format!("`{name}` has the package `{package}`, which is in none of its roots"))
    });
    if let Some(message) = outside {
        return Err(wrong(&message));
    }
    match outside_of_roots(&roots, data) {
        Some(path) => Err(wrong(&format!("`data.{path}` is in none of its roots"))),
        None => Ok(()),
    }
}

/// A path of the data that no root reaches.
fn outside_of_roots(roots: &[&str], data: &Map<String, Value>) -> Option<String> {
    data.iter().find_map(|(key, value)| {
        if roots.contains(&key.as_str()) {
            return None;
        }
        let below: Vec<_> =
            roots.iter().filter_map(|root| root.strip_prefix(key.as_str())?.strip_prefix('.')).collect();
        match value.as_object().filter(|_| !below.is_empty()) {
            Some(object) => outside_of_roots(&below, object).map(|path| format!("{key}.{path}")),
            None => Some(key.clone()),
        }
    })
}

/// Puts `value` at the path `folder` of `data`.
fn merge(data: &mut Map<String, Value>, folder: &str, value: Value) -> Result<(), String> {
    let conflict = |key: &str| format!("`bundle`: `data.{key}` is there twice");
    let mut object = data;
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        object = object
            .entry(part)
            .or_insert_with(|| Map::new().into())
            .as_object_mut()
            .ok_or_else(|| conflict(&folder.replace('/', ".")))?;
    }
    let Value::Object(value) = value else {
        return Err(format!("`bundle`: `{folder}/data.json` is no object"));
    };
    for (key, value) in value {
        match (object.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, "", more.into())?,
            (Some(_), _) => return Err(conflict(&key)),
            (None, value) => {
                object.insert(key, value);
            }
        }
    }
    Ok(())
}
