//! The world of a module: the hooks that it exports, with their types.

use portcullis_contract::HookName;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

use super::AdaptError;
use crate::interfaces;

const PACKAGE: &str = "portcullis:policy/";

/// What a module exports, as a world.
pub(super) struct World {
    resolve: Resolve,
    id: WorldId,
    pub(super) hooks: Vec<String>,
}

/// The world of a module with these exports.
///
/// # Errors
/// The module has no lifecycle or no hook, or something of another version.
pub(super) fn of_exports(exports: &[String]) -> Result<World, AdaptError> {
    let names: Vec<_> = exports.iter().filter_map(|export| export.strip_prefix(PACKAGE)).collect();
    let interface = |name: &str| name.split(['@', '#']).next().unwrap_or_default().to_owned();
    let has = |wanted: &str| names.iter().any(|name| interface(name) == wanted);
    if !has("lifecycle") {
        return Err(AdaptError::Missing("lifecycle"));
    }
    let hooks: Vec<_> =
        HookName::ALL.into_iter().map(|hook| hook.to_string()).filter(|hook| has(hook)).collect();
    if hooks.is_empty() {
        return Err(AdaptError::NoHook(HookName::ALL.map(|hook| format!("`{hook}`")).join(", ")));
    }
    let world = interfaces::world("adapted", hooks.iter().map(String::as_str));
    let (resolve, id) = parse(&world).map_err(AdaptError::Interfaces)?;
    let version = resolve.packages.iter().find_map(|(_, package)| package.name.version.as_ref());
    let suffix = version.map(|version| format!("@{version}")).unwrap_or_default();
    for name in names {
        let known = interface(name);
        let is_known = known == "lifecycle" || hooks.contains(&known);
        if !is_known || !name.starts_with(&format!("{known}{suffix}#")) {
            return Err(AdaptError::UnknownExport(format!("{PACKAGE}{name}")));
        }
    }
    Ok(World { resolve, id, hooks })
}

fn parse(world: &str) -> Result<(Resolve, WorldId), String> {
    let mut sources = SourceMap::default();
    for (path, text) in interfaces::texts() {
        sources.push_str(path, text);
    }
    sources.push_str("adapted.wit", world);
    let group = sources.parse().map_err(|(_, error)| error.to_string())?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(group).map_err(|error| error.to_string())?;
    let world = resolve.select_world(&[package], Some("adapted")).map_err(|error| error.to_string())?;
    Ok((resolve, world))
}

impl World {
    /// Adds the custom section `component-type`, from which the host makes a component.
    pub(super) fn embed(&self, module: &mut Vec<u8>) -> Result<(), AdaptError> {
        embed_component_metadata(module, &self.resolve, self.id, StringEncoding::UTF8)
            .map_err(|error| AdaptError::Rewrite(format!("{error:#}")))
    }
}
