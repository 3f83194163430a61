//! Go: a package for the types of each interface, what reads and writes them in memory, and a package for each hook.
//!
//! The text is as gofmt has it: an empty line between fields, so that there is nothing to align.

use std::fmt::Write as _;
use wit_parser::{Type, TypeDefKind, TypeId};

use super::{HookInterface, Package, camel};

const HEAD: &str = "// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.\n";
const MODULE: &str = "portcullis/policy";

/// Words that Go writes in capitals. <https://go.dev/wiki/CodeReviewComments#initialisms>
const INITIALISMS: [&str; 7] = ["acl", "api", "dns", "id", "ip", "json", "uri"];

/// Path below `guest-sdk/` and text of each file.
pub(super) fn files(package: &Package) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (interface, types) in package.types() {
        let of = go_package(interface);
        let file = match (interface, of) {
            ("docker-edits", _) => "go/docker/edits.go".into(),
            (_, "policy") => "go/types.go".into(),
            _ => format!("go/{of}/types.go"),
        };
        let mut text = String::new();
        for id in types {
            declaration(&mut text, package, of, id);
        }
        let is_used = |name: &str| text.contains(&format!("{name}."));
        let imports: Vec<_> = [("errors", "errors".to_owned()), ("policy", MODULE.to_owned())]
            .into_iter()
            .filter(|(name, _)| is_used(name))
            .map(|(_, path)| path)
            .collect();
        files.push((file, format!("{HEAD}\npackage {of}\n{}{text}", import(&imports))));
    }
    files.push(("go/internal/abi/types.go".into(), memory(package)));
    for hook in package.hooks() {
        let folder = hook.name.replace('-', "");
        files.push((format!("go/{folder}/hook.go"), handle(package, &hook)));
        files.push((format!("go/{folder}/export.go"), export(package, &hook)));
    }
    files
}

fn import(paths: &[String]) -> String {
    let (std, ours): (Vec<_>, Vec<_>) = paths.iter().partition(|path| !path.starts_with(MODULE));
    let groups = [std, ours].into_iter().filter(|group| !group.is_empty());
    let groups: Vec<_> = groups
        .map(|group| group.into_iter().flat_map(|path| ["\t\"", path, "\"\n"]).collect::<String>())
        .collect();
    match groups.as_slice() {
        [] => String::new(),
        groups => format!("\nimport (\n{})\n", groups.join("\n")),
    }
}

/// The package of an interface's types.
fn go_package(interface: &str) -> &'static str {
    match interface {
        "types" => "policy",
        "docker" | "docker-edits" => "docker",
        "secrets" => "secrets",
        "aws" => "aws",
        other => panic!("no package for `{other}`"),
    }
}

fn exported(name: &str) -> String {
    let plural =
        |word: &str| word.strip_suffix('s').filter(|one| INITIALISMS.contains(one)).map(str::to_uppercase);
    let word = |word: &str| match plural(word) {
        _ if INITIALISMS.contains(&word) => word.to_uppercase(),
        Some(one) => one + "s",
        None => camel(word),
    };
    name.split('-').map(word).collect()
}

fn docs(text: &mut String, indent: &str, docs: &str) {
    for line in docs.lines() {
        let _ = writeln!(text, "{}", format!("{indent}// {line}").trim_end());
    }
}

/// The type's name, as a file of `within` writes it.
fn named(package: &Package, within: &str, id: TypeId) -> String {
    let (interface, name) = package.name(id);
    qualified(within, go_package(interface), &exported(name))
}

fn qualified(within: &str, of: &str, name: &str) -> String {
    if within == of { name.into() } else { format!("{of}.{name}") }
}

fn is_pair(package: &Package, of: &Type) -> bool {
    let Type::Id(id) = of else { return false };
    matches!(package.kind(*id), TypeDefKind::Tuple(tuple) if tuple.types == [Type::String, Type::String])
}

/// The type in Go.
fn go_type(package: &Package, within: &str, of: &Type) -> String {
    match of {
        Type::Bool => "bool".into(),
        Type::U16 => "uint16".into(),
        Type::U32 => "uint32".into(),
        Type::S32 => "int32".into(),
        Type::U64 => "uint64".into(),
        Type::String => "string".into(),
        Type::Id(id) => {
            let id = package.resolved(*id);
            match package.kind(id) {
                TypeDefKind::List(inner) if is_pair(package, inner) => qualified(within, "policy", "Pairs"),
                TypeDefKind::List(inner) => format!("[]{}", go_type(package, within, inner)),
                TypeDefKind::Option(inner) => format!("*{}", go_type(package, within, inner)),
                TypeDefKind::Tuple(_) if is_pair(package, of) => qualified(within, "policy", "Pair"),
                TypeDefKind::Tuple(tuple) => {
                    assert!(tuple.types.iter().all(|other| *other == Type::U32), "{tuple:?}");
                    format!("[{}]uint32", tuple.types.len())
                }
                _ => named(package, within, id),
            }
        }
        other => panic!("no type of Go for {other:?}"),
    }
}

fn declaration(text: &mut String, package: &Package, within: &str, id: TypeId) {
    let name = exported(package.name(id).1);
    text.push('\n');
    docs(text, "", package.docs(id));
    match package.kind(id) {
        TypeDefKind::Record(record) => {
            let _ = writeln!(text, "type {name} struct {{");
            for (at, field) in record.fields.iter().enumerate() {
                if at > 0 {
                    text.push('\n');
                }
                docs(text, "\t", field.docs.contents.as_deref().unwrap_or_default());
                let of = go_type(package, within, &field.ty);
                let key = field.name.replace('-', "_");
                let _ = writeln!(text, "\t{} {of} `json:\"{key}\"`", exported(&field.name));
            }
            text.push_str("}\n");
        }
        TypeDefKind::Enum(of) => {
            let _ = writeln!(text, "type {name} uint8\n\n// The zero value is none of them.\nconst (");
            for (at, case) in of.cases.iter().enumerate() {
                docs(text, "\t", case.docs.contents.as_deref().unwrap_or_default());
                let value = if at == 0 { format!(" {name} = iota + 1") } else { String::new() };
                let _ = writeln!(text, "\t{name}{}{value}", exported(&case.name));
            }
            let names: Vec<_> = of.cases.iter().map(|case| format!("\"{}\"", case.name)).collect();
            let variable = name.to_lowercase() + "Names";
            let _ = write!(
                text,
                ")\n\nvar {variable} = [...]string{{\"\", {}}}\n\nfunc (v {name}) String() string {{\n\tif int(v) >= \
                 len({variable}) {{\n\t\treturn \"\"\n\t}}\n\treturn {variable}[v]\n}}\n\n// UnmarshalText reads it from its name.\nfunc (v *{name}) UnmarshalText(text \
                 []byte) error {{\n\tfor value, name := range {variable} {{\n\t\tif value > 0 && name == string(text) \
                 {{\n\t\t\t*v = {name}(value)\n\t\t\treturn nil\n\t\t}}\n\t}}\n\treturn errors.New(\"unknown value: \" + \
                 string(text))\n}}\n",
                names.join(", ")
            );
        }
        TypeDefKind::Variant(of) => {
            let _ = write!(
                text,
                "type {name} struct {{\n\tKind {name}Kind\n\n\t// Of the kinds that have one.\n\tText string\n}}\n\n// \
                 {name}Kind says which {name} it is.\ntype {name}Kind uint8\n\nconst (\n"
            );
            for (at, case) in of.cases.iter().enumerate() {
                assert!(case.ty.is_none_or(|of| of == Type::String), "{case:?}");
                docs(text, "\t", case.docs.contents.as_deref().unwrap_or_default());
                let value = if at == 0 { format!(" {name}Kind = iota") } else { String::new() };
                let _ = writeln!(text, "\t{name}{}{value}", exported(&case.name));
            }
            text.push_str(")\n");
        }
        other => panic!("no declaration for {other:?}"),
    }
}

/// What reads and writes each type in memory, as the canonical ABI lays it out.
fn memory(package: &Package) -> String {
    let mut text = String::new();
    for id in package.types().into_values().flatten() {
        let (_, name) = package.name(id);
        let of = named(package, "abi", id);
        let function = of.split('.').map(camel).collect::<String>();
        match package.kind(id) {
            TypeDefKind::Record(record) => {
                let offsets = package.offsets(record.fields.iter().map(|field| &field.ty));
                let mut fields = String::new();
                let mut stores = String::new();
                for (field, offset) in record.fields.iter().zip(&offsets) {
                    let name = exported(&field.name);
                    let _ = writeln!(fields, "\tv.{name} = {}", lift(package, &field.ty, &at(*offset)));
                    let _ = writeln!(
                        stores,
                        "\t{}",
                        lower(package, &field.ty, &at(*offset), &format!("v.{name}"))
                    );
                }
                let _ = write!(
                    text,
                    "\n// Lift{function} reads the record.\nfunc Lift{function}(p unsafe.Pointer) (v {of}) {{\n{fields}\treturn \
                     v\n}}\n\n// Lower{function} writes the record.\nfunc Lower{function}(p unsafe.Pointer, v {of}) \
                     {{\n{stores}}}\n"
                );
            }
            TypeDefKind::Enum(cases) => {
                let _ = write!(
                    text,
                    "\n// Lift{function} reads the value.\nfunc Lift{function}(p unsafe.Pointer) {of} {{\n\treturn \
                     {of}(memory.Load[uint8](p) + 1)\n}}\n\n// Lower{function} writes the value; one that is not set is a \
                     fault.\nfunc Lower{function}(p unsafe.Pointer, v {of}) {{\n\tif v < 1 || v > {} {{\n\t\tpanic(\"the answer \
                     has no {name}\")\n\t}}\n\tmemory.Store(p, uint8(v)-1)\n}}\n",
                    cases.cases.len()
                );
            }
            TypeDefKind::Variant(variant) => {
                let payload = package.payload(&Type::String);
                let with_text: Vec<_> = variant
                    .cases
                    .iter()
                    .filter(|case| case.ty.is_some())
                    .map(|case| format!("{of}{}", exported(&case.name)))
                    .collect();
                let _ = write!(
                    text,
                    "\n// Lift{function} reads the variant.\nfunc Lift{function}(p unsafe.Pointer) (v {of}) {{\n\tv.Kind = \
                     {of}Kind(memory.Load[uint8](p))\n\tswitch v.Kind {{\n\tcase {}:\n\t\tv.Text = \
                     memory.String(unsafe.Add(p, {payload}))\n\t}}\n\treturn v\n}}\n\n// Lower{function} writes the \
                     variant.\nfunc Lower{function}(p unsafe.Pointer, v {of}) {{\n\tmemory.Store(p, \
                     uint8(v.Kind))\n\tmemory.StoreString(unsafe.Add(p, {payload}), v.Text)\n}}\n",
                    with_text.join(", ")
                );
            }
            other => panic!("no layout for {other:?}"),
        }
    }
    let packages = ["aws", "docker", "internal/memory", "secrets"].map(|name| format!("{MODULE}/{name}"));
    let imports: Vec<_> = ["unsafe".to_owned(), MODULE.to_owned()].into_iter().chain(packages).collect();
    format!(
        "{HEAD}\n//go:build wasip1\n\n// Package abi reads and writes the types of the interfaces in memory.\npackage abi\n{}{text}",
        import(&imports)
    )
}

fn at(offset: usize) -> String {
    if offset == 0 { "p".into() } else { format!("unsafe.Add(p, {offset})") }
}

/// An expression that reads the type.
fn lift(package: &Package, of: &Type, p: &str) -> String {
    let Type::Id(id) = of else { return format!("{}({p})", lifter(package, of)) };
    let id = package.resolved(*id);
    match package.kind(id) {
        TypeDefKind::List(inner) => {
            format!("memory.List({p}, {}, {})", package.size(inner), lifter(package, inner))
        }
        TypeDefKind::Option(inner) => {
            format!("memory.Option({p}, {}, {})", package.payload(inner), lifter(package, inner))
        }
        _ => format!("{}({p})", lifter(package, of)),
    }
}

/// A function that reads the type.
fn lifter(package: &Package, of: &Type) -> String {
    match of {
        Type::String => "memory.String".into(),
        Type::Id(id) => {
            let id = package.resolved(*id);
            match package.kind(id) {
                TypeDefKind::List(_) | TypeDefKind::Option(_) => {
                    let result = go_type(package, "abi", of);
                    format!("func(p unsafe.Pointer) {result} {{ return {} }}", lift(package, of, "p"))
                }
                TypeDefKind::Tuple(_) if is_pair(package, of) => "liftPair".into(),
                TypeDefKind::Tuple(_) => format!("memory.Load[{}]", go_type(package, "abi", of)),
                _ => format!("Lift{}", named(package, "abi", id).split('.').map(camel).collect::<String>()),
            }
        }
        _ => format!("memory.Load[{}]", go_type(package, "abi", of)),
    }
}

/// A statement that writes the type.
fn lower(package: &Package, of: &Type, p: &str, value: &str) -> String {
    let Type::Id(id) = of else { return format!("{}({p}, {value})", lowerer(package, of)) };
    let id = package.resolved(*id);
    match package.kind(id) {
        TypeDefKind::List(inner) => {
            format!("memory.StoreList({p}, {}, {value}, {})", package.size(inner), lowerer(package, inner))
        }
        TypeDefKind::Option(inner) => {
            format!(
                "memory.StoreOption({p}, {}, {value}, {})",
                package.payload(inner),
                lowerer(package, inner)
            )
        }
        _ => format!("{}({p}, {value})", lowerer(package, of)),
    }
}

/// A function that writes the type.
fn lowerer(package: &Package, of: &Type) -> String {
    match of {
        Type::String => "memory.StoreString".into(),
        Type::Id(id) => {
            let id = package.resolved(*id);
            match package.kind(id) {
                TypeDefKind::List(_) | TypeDefKind::Option(_) => {
                    let value = go_type(package, "abi", of);
                    format!("func(p unsafe.Pointer, v {value}) {{ {} }}", lower(package, of, "p", "v"))
                }
                TypeDefKind::Tuple(_) if is_pair(package, of) => "lowerPair".into(),
                TypeDefKind::Tuple(_) => format!("memory.Store[{}]", go_type(package, "abi", of)),
                _ => format!("Lower{}", named(package, "abi", id).split('.').map(camel).collect::<String>()),
            }
        }
        _ => format!("memory.Store[{}]", go_type(package, "abi", of)),
    }
}

fn of_hook(package: &Package, of: &Type) -> String {
    go_type(package, "", of)
}

fn imports_of(types: &[&str], more: &[&str]) -> String {
    let all = ["", "aws", "docker", "secrets"].into_iter().filter(|name| {
        let name = if name.is_empty() { "policy." } else { name };
        types.iter().any(|of| of.starts_with(name))
    });
    let path = |name: &str| if name.is_empty() { MODULE.to_owned() } else { format!("{MODULE}/{name}") };
    let mut imports: Vec<_> = all.chain(more.iter().copied()).map(path).collect();
    imports.sort();
    import(&imports)
}

fn handle(package: &Package, hook: &HookInterface<'_>) -> String {
    let (input, answer) = (of_hook(package, &hook.input), of_hook(package, &hook.answer));
    let folder = hook.name.replace('-', "");
    let mut comment = String::new();
    docs(&mut comment, "", &format!("Package {folder} serves the hook `{}`.\n\n{}", hook.name, hook.docs));
    let mut of_function = String::new();
    docs(&mut of_function, "", hook.function.docs.contents.as_deref().unwrap_or_default());
    if !of_function.is_empty() {
        of_function.insert_str(0, "//\n");
    }
    format!(
        "{HEAD}\n{comment}package {folder}\n{}\nvar served = hook.Link[{input}, {answer}](\"{}\")\n\n// Handle makes handler \
         answer the hook. It is called once, from an init function.\n{of_function}func Handle(handler func(*{input}) ({answer}, \
         error)) {{\n\tserved.Handle(handler)\n}}\n",
        imports_of(&[&input, &answer], &["internal/hook"]),
        hook.name
    )
}

fn in_abi(function: &str) -> String {
    format!("abi.{function}")
}

fn export(package: &Package, hook: &HookInterface<'_>) -> String {
    let folder = hook.name.replace('-', "");
    let (prefix, version) = package.name.split_once('@').unwrap();
    let imports = ["unsafe", "portcullis/policy/internal/abi", "portcullis/policy/internal/memory"];
    format!(
        "{HEAD}\n//go:build wasip1\n\npackage {folder}\n{}\n//go:wasmexport {prefix}/{}@{version}#{}\nfunc export(p \
         unsafe.Pointer) unsafe.Pointer {{\n\tinput := {}(p)\n\tanswer, err := served.Ask(&input)\n\treturn \
         memory.Respond({}, {}, answer, err, {})\n}}\n",
        import(&imports.map(str::to_owned)),
        hook.name,
        hook.function.name,
        in_abi(&lifter(package, &hook.input)),
        hook.size,
        hook.payload,
        in_abi(&lowerer(package, &hook.answer)),
    )
}
