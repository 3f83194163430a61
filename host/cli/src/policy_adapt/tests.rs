use super::*;
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};
use wit_component::ComponentEncoder;

const CONFIGURE: &str = "portcullis:policy/lifecycle@0.1.0#configure";
const AUTHORIZE: &str = "portcullis:policy/secret-access@0.1.0#authorize";

/// A module whose functions have the types of the policy's exports, and of what it imports.
fn module(imports: &[(&str, &str)], exports: &[&str]) -> Vec<u8> {
    let i32s = |count| vec![ValType::I32; count];
    let mut types = TypeSection::new();
    for (parameters, results) in [(2, 1), (1, 1), (4, 1), (3, 0), (1, 0)] {
        types.ty().function(i32s(parameters), i32s(results));
    }
    types.ty().function([ValType::I32, ValType::I64, ValType::I32], [ValType::I32]);
    let mut imported = ImportSection::new();
    for (module, name) in imports {
        let of_type = match *name {
            "fd_write" => 2,
            "log" => 3,
            "proc_exit" => 4,
            "clock_time_get" => 5,
            _ => 0,
        };
        imported.import(module, name, wasm_encoder::EntityType::Function(of_type));
    }
    let (mut functions, mut exported, mut code) =
        (FunctionSection::new(), ExportSection::new(), CodeSection::new());
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    exported.export("memory", ExportKind::Memory, 0);
    let first = u32::try_from(imports.len()).unwrap();
    for (at, name) in (first..).zip(exports) {
        functions.function(match *name {
            CONFIGURE => 0,
            "cabi_realloc" => 2,
            _ => 1,
        });
        exported.export(name, ExportKind::Func, at);
        let mut function = Function::new([]);
        // Each calls what is imported last, by its old index.
        if let Some((_, "log")) = imports.last() {
            function.instructions().i32_const(1).i32_const(0).i32_const(0).call(first - 1);
        }
        function.instructions().i32_const(0).end();
        code.function(&function);
    }
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imported)
        .section(&functions)
        .section(&memories)
        .section(&exported)
        .section(&code);
    module.finish()
}

const EXPORTS: [&str; 3] = [CONFIGURE, AUTHORIZE, "cabi_realloc"];
const LOG: (&str, &str) = ("portcullis:policy/log@0.1.0", "log");

fn wasi(name: &str) -> (&str, &str) {
    ("wasi_snapshot_preview1", name)
}

#[test]
fn a_module_for_wasi_becomes_one_that_the_host_encodes() {
    let imports = [wasi("fd_write"), wasi("proc_exit"), wasi("clock_time_get"), wasi("environ_get"), LOG];
    let adapted = adapt(&module(&imports, &EXPORTS)).unwrap();
    assert_eq!(adapted.hooks, ["secret-access"]);
    let outline = wasi::Outline::read(&adapted.module).unwrap();
    assert_eq!(outline.imported(), [LOG]);
    assert!(outline.has_types);
    ComponentEncoder::default().validate(true).module(&adapted.module).unwrap().encode().unwrap();
    // Once more changes nothing.
    assert_eq!(adapt(&adapted.module).unwrap().module, adapted.module);
    // Neither does it matter where the import of the host is.
    let adapted = adapt(&module(&[LOG, wasi("sched_yield")], &EXPORTS)).unwrap();
    assert_eq!(wasi::Outline::read(&adapted.module).unwrap().imported(), [LOG]);
}

#[test]
fn what_is_no_policy_is_refused_by_name() {
    let component = b"\0asm\x0d\0\x01\0".to_vec();
    let exports = |names: &[&str]| module(&[], names);
    for (module, refusal) in [
        (component, "it is a component already"),
        (b"#!/bin/sh".to_vec(), "it begins with other bytes"),
        (b"\0asm\x01\0\0\0\x01".to_vec(), "it is not a WebAssembly module"),
        (exports(&["cabi_realloc"]), "it exports no `lifecycle`"),
        (exports(&[CONFIGURE]), "it exports no hook"),
        (
            exports(&[CONFIGURE, AUTHORIZE, "portcullis:policy/other@0.1.0#ask"]),
            "`portcullis:policy/other@0.1.0#ask`",
        ),
        (
            exports(&[CONFIGURE, "portcullis:policy/secret-access@9.0.0#authorize"]),
            "secret-access@9.0.0#authorize",
        ),
        (module(&[("env", "system")], &EXPORTS), "it imports `env`, `system`"),
    ] {
        let error = adapt(&module).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(refusal), "{refusal}: {error}");
    }
}

#[test]
fn the_environment_is_as_long_as_it_says() {
    assert_eq!(usize::try_from(wasi::ENVIRONMENT_SIZE).unwrap(), wasi::ENVIRONMENT.len());
}
