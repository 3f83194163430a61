//! The schema of what Portcullis asks, and the operator's declarations beside it.
//!
//! The operator's text is in Cedar's schema syntax. An entity type of ours that is declared in it is not replaced: parents
//! and optional attributes are added. Actions of ours can be put in groups.

use cedar_policy::{Schema, SchemaFragment};
use serde_json::{Map, Value, json};

use crate::{limits, place};

/// The schema. The README has it too.
pub(crate) const TEXT: &str = include_str!("portcullis.cedarschema");
/// How the operator's text is called in errors.
const FILE: &str = "schema";
/// Entity types whose entities, or parts of them, are made of requests.
pub(crate) const OF_REQUESTS: [&str; 6] =
    ["User", "Anonymous", "Map", "MultiMap", "Docker::Target", "Secrets::Entity"];

type Json = Map<String, Value>;

/// What policies, requests and entities must fit.
pub(crate) struct Schemas {
    pub(crate) requests: Schema,
    /// As `requests`, but without attributes that are required of entities that requests are made of: the operator's
    /// entities have none of them.
    pub(crate) entities: Schema,
}

impl Schemas {
    pub(crate) fn new(extension: Option<&str>) -> Result<Self, String> {
        let mut schema = json_of(TEXT)?;
        if let Some(text) = extension {
            limits::check(FILE, text)?;
            for (namespace, theirs) in json_of(text)? {
                let ours = schema.entry(namespace.clone()).or_insert_with(|| json!({}));
                merge(&namespace, ours, &theirs).map_err(|error| format!("`schema`: {error}"))?;
            }
        }
        let requests = parse(schema.clone())?;
        for name in OF_REQUESTS.into_iter().chain(["Aws::Role"]) {
            let (namespace, name) = name.rsplit_once("::").unwrap_or(("", name));
            let attributes = schema.get_mut(namespace).and_then(|namespace| {
                namespace.pointer_mut(&format!("/entityTypes/{name}/shape/attributes"))
            });
            for attribute in attributes.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
                attribute["required"] = false.into();
            }
        }
        Ok(Self { requests, entities: parse(schema)? })
    }
}

fn json_of(text: &str) -> Result<Json, String> {
    let (fragment, _) = SchemaFragment::from_cedarschema_str(text)
        .map_err(|error| format!("the Cedar schema:{}", place::describe(FILE, text, [&error as _])))?;
    match fragment.to_json_value() {
        Ok(Value::Object(namespaces)) => Ok(namespaces),
        Ok(_) => Ok(Json::new()),
        Err(error) => Err(format!("`schema`: {}", place::chain(&error))),
    }
}

fn parse(schema: Json) -> Result<Schema, String> {
    Schema::from_json_value(schema.into()).map_err(|error| format!("`schema`: {}", place::chain(&error)))
}

/// Adds a namespace of the operator's.
fn merge(namespace: &str, ours: &mut Value, theirs: &Value) -> Result<(), String> {
    let full =
        |name: &str| if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") };
    let section = |theirs: &Value, key: &str| theirs[key].as_object().cloned().unwrap_or_default();
    for (name, declaration) in section(theirs, "commonTypes") {
        if ours["commonTypes"].get(&name).is_some() {
            return Err(format!("the type `{}` is declared by Portcullis", full(&name)));
        }
        ours["commonTypes"][name] = declaration;
    }
    for (name, declaration) in section(theirs, "entityTypes") {
        match ours["entityTypes"].get_mut(&name) {
            Some(known) => add_to_entity(&full(&name), known, &declaration)?,
            None => ours["entityTypes"][name] = declaration,
        }
    }
    for (name, declaration) in section(theirs, "actions") {
        let has = |key: &str| declaration["appliesTo"][key].as_array().is_some_and(|types| !types.is_empty());
        if has("principalTypes") || has("resourceTypes") {
            return Err(format!(
                "the action `{}` has `appliesTo`, but only the actions of Portcullis are asked; without it, it is a \
                 group: `action Read; action ContainerList in [Read];`",
                full(&name)
            ));
        }
        match ours["actions"].get_mut(&name) {
            Some(known) => extend(known, "memberOf", &declaration),
            None => ours["actions"][name] = declaration,
        }
    }
    for key in ["commonTypes", "entityTypes", "actions"] {
        if ours[key].is_null() {
            ours[key] = json!({});
        }
    }
    Ok(())
}

fn add_to_entity(name: &str, ours: &mut Value, theirs: &Value) -> Result<(), String> {
    if !theirs["enum"].is_null() || !theirs["tags"].is_null() {
        return Err(format!(
            "`{name}` is declared by Portcullis: only parents and optional attributes can be added"
        ));
    }
    extend(ours, "memberOfTypes", theirs);
    for (attribute, declaration) in theirs["shape"]["attributes"].as_object().into_iter().flatten() {
        if !ours["shape"]["attributes"][attribute].is_null() {
            return Err(format!("the attribute `{attribute}` of `{name}` is declared by Portcullis"));
        }
        if declaration["required"] != Value::Bool(false) {
            return Err(format!(
                "the attribute `{attribute}` of `{name}` must be optional, `{attribute}?: ...`: not every request has \
                 an entity in `entities`"
            ));
        }
        if ours["shape"].is_null() {
            ours["shape"] = json!({"type": "Record", "attributes": {}});
        }
        ours["shape"]["attributes"][attribute] = declaration.clone();
    }
    Ok(())
}

/// Adds the entries of a list.
fn extend(ours: &mut Value, key: &str, theirs: &Value) {
    let Some(added) = theirs[key].as_array().filter(|added| !added.is_empty()) else { return };
    let mut all = ours[key].as_array().cloned().unwrap_or_default();
    all.extend(added.iter().cloned());
    ours[key] = all.into();
}
