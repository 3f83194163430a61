//! What a component imports and exports: everything not granted or not known is refused by its name.

use portcullis_contract::HookName;
use portcullis_contract::hook::PACKAGE;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};
use wasmparser::types::Types;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::{Failure, Step};

/// Interfaces of the contract that hold types and nothing to call.
const TYPES: [&str; 5] = ["types", "docker", "docker-edits", "secrets", "aws"];

/// What a component turned out to be.
pub(super) struct Inspected {
    /// The interfaces it imports that give it something to call.
    pub(super) imports: Vec<String>,
    /// The hooks it exports, each with its export's full name.
    pub(super) hooks: Vec<HookName>,
    /// An import that hands out handles: they do not outlive pre-initialization.
    pub(super) handles: Option<String>,
    /// Core instances in it, at most.
    pub(super) instances: u32,
}

/// Looks at `component`, which may import the interfaces in `granted`.
pub(super) fn inspect(component: &[u8], granted: &[String]) -> Result<Inspected, Failure> {
    let features = WasmFeatures::default() | WasmFeatures::COMPONENT_MODEL;
    let types = Validator::new_with_features(features)
        .validate_all(component)
        .map_err(|error| Step::Encode.failed(format_args!("it does not validate: {error}")))?;
    let (imports, exports, instances) = names(component)?;
    let mut found = Inspected { imports: Vec::new(), hooks: Vec::new(), handles: None, instances };
    for name in &imports {
        let item = types.component_item_for_import(name);
        let callable = item.is_none_or(|item| gives_something_to_call(&types, item));
        admit_import(name, callable, granted)?;
        if callable {
            found.imports.push(name.clone());
        }
        if item.is_some_and(|item| hands_out_handles(&types, item)) {
            found.handles.get_or_insert_with(|| name.clone());
        }
    }
    let mut lifecycle = false;
    for name in &exports {
        match contract_interface(name)? {
            None => {}
            Some("lifecycle") => lifecycle = true,
            Some(interface) => match HookName::from_name(interface) {
                Some(hook) => found.hooks.push(hook),
                None => return Err(unknown(name)),
            },
        }
    }
    if found.hooks.is_empty() {
        let hooks = HookName::ALL.map(|hook| format!("`{PACKAGE}/{hook}`")).join(", ");
        return Err(Step::Inspect.failed(format_args!("it exports no hook; there are {hooks}")));
    }
    if !lifecycle {
        return Err(Step::Inspect.failed(format_args!("it does not export `{PACKAGE}/lifecycle`")));
    }
    found.hooks.sort_unstable();
    Ok(found)
}

fn admit_import(name: &str, callable: bool, granted: &[String]) -> Result<(), Failure> {
    if let Some(interface) = contract_interface(name)? {
        let known = interface == "log" || (!callable && TYPES.contains(&interface));
        return if known { Ok(()) } else { Err(unknown(name)) };
    }
    let unversioned = name.split('@').next().unwrap_or(name);
    if !callable || granted.iter().any(|grant| grant == name || grant == unversioned) {
        return Ok(());
    }
    let remedy = if name.starts_with("wasi:") {
        format!("add it to the policy's `wasi` list, or build the policy without it: `{unversioned}`")
    } else {
        "a policy can call `log` and what its `wasi` list grants".to_owned()
    };
    Err(Step::Inspect.failed(format_args!("it imports `{name}`, which it was not given; {remedy}")))
}

/// The interface's name if it is one of the contract in a version that this host speaks, `None` if it is not of
/// the contract.
fn contract_interface(name: &str) -> Result<Option<&str>, Failure> {
    if !name.starts_with("portcullis:") {
        return Ok(None);
    }
    let known = name
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.split_once('@'))
        .filter(|(_, version)| {
            version.strip_prefix("0.1.").is_some_and(|patch| patch.parse::<u32>().is_ok())
        });
    known.map(|(interface, _)| Some(interface)).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    Step::Inspect.failed(format_args!("this host does not know `{name}`; it speaks `{PACKAGE}` 0.1"))
}

/// Names of imports and exports at the top, and how many core instances there are in all.
fn names(component: &[u8]) -> Result<(Vec<String>, Vec<String>, u32), Failure> {
    let (mut imports, mut exports, mut instances, mut depth) = (Vec::new(), Vec::new(), 0_u32, 0_u32);
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| Step::Encode.failed(error))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::InstanceSection(section) => instances = instances.saturating_add(section.count()),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(|error| Step::Encode.failed(error))?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(|error| Step::Encode.failed(error))?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports, instances))
}

fn gives_something_to_call(types: &Types, item: &ComponentItem) -> bool {
    match item.ty {
        ComponentEntityType::Instance(instance) => {
            types[instance].exports.values().any(|export| match export.ty {
                ComponentEntityType::Type { .. } => is_resource(types, export),
                _ => true,
            })
        }
        ComponentEntityType::Type { .. } => is_resource(types, item),
        _ => true,
    }
}

fn hands_out_handles(types: &Types, item: &ComponentItem) -> bool {
    match item.ty {
        ComponentEntityType::Instance(instance) => {
            types[instance].exports.values().any(|export| is_resource(types, export))
        }
        _ => is_resource(types, item),
    }
}

fn is_resource(_types: &Types, item: &ComponentItem) -> bool {
    matches!(
        item.ty,
        ComponentEntityType::Type {
            created: wasmparser::component_types::ComponentAnyTypeId::Resource(_),
            ..
        }
    )
}
