//! The types of `wit/` in Go and TypeScript, as `guest-sdk/` has them.
//!
//! Nothing of this is in the program: a test writes the files where `PORTCULLIS_WRITE_BINDINGS` is set, and otherwise
//! compares them with what is committed. A new hook, record or field needs nothing here; a kind of type that no interface
//! has used so far needs an arm in `go` and `typescript`.

mod go;
mod typescript;

use std::collections::BTreeMap;
use std::path::Path;
use wit_parser::{
    Function, InterfaceId, Resolve, SizeAlign, SourceMap, Type, TypeDefKind, TypeId, TypeOwner,
};

use crate::interfaces;

/// The package of the interfaces, taken apart.
struct Package {
    resolve: Resolve,
    sizes: SizeAlign,
    /// With the version.
    name: String,
}

/// An interface that a policy exports, other than the lifecycle.
struct HookInterface<'a> {
    name: &'a str,
    docs: &'a str,
    function: &'a Function,
    input: Type,
    /// What the function returns where it does not fail.
    answer: Type,
    /// Bytes of `result<answer, string>`, and where its payload is.
    size: usize,
    payload: usize,
}

impl Package {
    fn read() -> Self {
        let mut sources = SourceMap::default();
        for (path, text) in interfaces::texts() {
            sources.push_str(path, text);
        }
        let mut resolve = Resolve::default();
        let id = resolve.push_group(sources.parse().unwrap()).unwrap();
        let name = resolve.packages[id].name.to_string();
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        Self { resolve, sizes, name }
    }

    fn interface(&self, id: InterfaceId) -> &str {
        self.resolve.interfaces[id].name.as_deref().unwrap()
    }

    /// The records, enums and variants of each interface, in the order of the text.
    fn types(&self) -> BTreeMap<&str, Vec<TypeId>> {
        let mut types: BTreeMap<&str, Vec<TypeId>> = BTreeMap::new();
        for (id, of) in &self.resolve.types {
            let TypeOwner::Interface(interface) = of.owner else { continue };
            let is_declared =
                matches!(of.kind, TypeDefKind::Record(_) | TypeDefKind::Enum(_) | TypeDefKind::Variant(_));
            if is_declared && self.interface(interface) != "log" {
                types.entry(self.interface(interface)).or_default().push(id);
            }
        }
        types
    }

    fn hooks(&self) -> Vec<HookInterface<'_>> {
        let interfaces = self.resolve.interfaces.iter().map(|(_, interface)| interface);
        let hooks = interfaces.filter_map(|interface| {
            let name = interface.name.as_deref()?;
            let function = interface.functions.values().next()?;
            let Some(Type::Id(result)) = function.result else { return None };
            let TypeDefKind::Result(result_type) = &self.resolve.types[result].kind else { return None };
            let (answer, error) = (result_type.ok?, result_type.err?);
            let (ok, err) = (self.sizes.size(&answer), self.sizes.align(&answer));
            assert!(ok.size_wasm32() >= self.sizes.size(&error).size_wasm32() && err.align_wasm32() >= 4);
            Some(HookInterface {
                name,
                docs: interface.docs.contents.as_deref().unwrap_or_default(),
                function,
                input: function.params[0].ty,
                answer,
                size: self.sizes.size(&Type::Id(result)).size_wasm32(),
                payload: err.align_wasm32(),
            })
        });
        hooks.collect()
    }

    /// The type itself, where this is another name of it.
    fn resolved(&self, id: TypeId) -> TypeId {
        match self.resolve.types[id].kind {
            TypeDefKind::Type(Type::Id(other)) => self.resolved(other),
            _ => id,
        }
    }

    fn kind(&self, id: TypeId) -> &TypeDefKind {
        &self.resolve.types[id].kind
    }

    fn docs(&self, id: TypeId) -> &str {
        self.resolve.types[id].docs.contents.as_deref().unwrap_or_default()
    }

    /// The interface and the name of a record, an enum or a variant.
    fn name(&self, id: TypeId) -> (&str, &str) {
        let of = &self.resolve.types[id];
        let TypeOwner::Interface(interface) = of.owner else { panic!("{of:?} is of no interface") };
        (self.interface(interface), of.name.as_deref().unwrap())
    }

    /// Bytes that one value takes.
    fn size(&self, of: &Type) -> usize {
        self.sizes.size(of).size_wasm32()
    }

    /// Where each of these is, one after another.
    fn offsets<'a>(&self, types: impl IntoIterator<Item = &'a Type>) -> Vec<usize> {
        self.sizes.field_offsets(types).into_iter().map(|(offset, _)| offset.size_wasm32()).collect()
    }

    /// Where the value of an option is.
    fn payload(&self, of: &Type) -> usize {
        self.sizes.align(of).align_wasm32()
    }
}

/// Every word of a name in WIT begins with a capital.
fn camel(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect()
}

#[test]
fn the_bindings_are_those_of_the_interfaces() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk");
    let package = Package::read();
    let files = go::files(&package).into_iter().chain(typescript::files(&package));
    let mut different = Vec::new();
    for (path, text) in files {
        let path = root.join(path);
        if std::fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        if std::env::var_os("PORTCULLIS_WRITE_BINDINGS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        } else {
            different.push(path);
        }
    }
    assert!(
        different.is_empty(),
        "not what wit/ says: {different:?}; run this test with PORTCULLIS_WRITE_BINDINGS=1"
    );
}
