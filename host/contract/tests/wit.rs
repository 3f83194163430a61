//! Holds every Rust type of the contract against `wit/`: a component made from the WIT alone must take and
//! answer them. A field that is missing, misnamed or out of order on either side fails here.
#![cfg(feature = "wasmtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is how a test fails")]

use portcullis_contract::hook::{AwsRoles, DockerEdit, DockerRequest, DockerResponse, SecretAccess};
use portcullis_contract::{Hook, HookName};
use wasmtime::component::{Component, ComponentNamedList, Lift, Linker, Lower};
use wasmtime::{Engine, Store};

fn component_of_the_wit(engine: &Engine) -> Component {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")).unwrap();
    let world = resolve.select_world(&[package], Some("policy")).unwrap();
    let mangling = wit_parser::ManglingAndAbi::Standard32;
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        wit_component::StringEncoding::UTF8,
    )
    .unwrap();
    let bytes = wit_component::ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    Component::new(engine, bytes).unwrap()
}

fn check<H: Hook>(component: &Component, linker: &Linker<()>)
where
    (H::Input,): ComponentNamedList + Lower + 'static,
    (Result<H::Answer, String>,): ComponentNamedList + Lift + 'static,
{
    let interface = format!("portcullis:policy/{}@0.1.0", H::NAME);
    let mut store = Store::new(component.engine(), ());
    let instance = linker.instantiate(&mut store, component).unwrap();
    let index = instance.get_export_index(&mut store, None, &interface).expect(&interface);
    let function = instance.get_export_index(&mut store, Some(&index), H::NAME.function()).unwrap();
    instance
        .get_typed_func::<(H::Input,), (Result<H::Answer, String>,)>(&mut store, function)
        .unwrap_or_else(|error| panic!("{interface}: {error:?}"));
}

#[test]
fn every_type_is_as_the_wit_says() {
    let engine = Engine::default();
    let component = component_of_the_wit(&engine);
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    check::<DockerRequest>(&component, &linker);
    check::<DockerResponse>(&component, &linker);
    check::<DockerEdit>(&component, &linker);
    check::<SecretAccess>(&component, &linker);
    check::<AwsRoles>(&component, &linker);
}

#[test]
fn every_hook_is_found_by_its_name() {
    for hook in HookName::ALL {
        assert_eq!(HookName::from_name(hook.as_str()), Some(hook));
    }
    assert_eq!(HookName::from_name("docker-requests"), None);
}
