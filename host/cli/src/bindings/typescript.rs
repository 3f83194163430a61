//! TypeScript: one file with the types of all interfaces, as componentize-qjs hands them over.

use std::fmt::Write as _;
use wit_parser::{Type, TypeDefKind, TypeId};

use super::{Package, camel};

/// Path below `guest-sdk/` and text of each file.
pub(super) fn files(package: &Package) -> Vec<(String, String)> {
    let mut text = String::from("// Generated from wit/ by the tests of host/cli: do not edit.\n");
    for id in package.types().into_values().flatten() {
        declaration(&mut text, package, id);
    }
    text.push_str(
        "\n// Called once, with the policy's settings as a JSON object.\nexport interface Lifecycle {\n  configure(settings: \
         string): void;\n}\n",
    );
    for hook in package.hooks() {
        text.push('\n');
        comment(&mut text, "", hook.docs);
        let _ = writeln!(text, "export interface {}Hook {{", camel(hook.name));
        comment(&mut text, "  ", hook.function.docs.contents.as_deref().unwrap_or_default());
        let (input, answer) = (type_of(package, &hook.input), type_of(package, &hook.answer));
        let _ = writeln!(
            text,
            "  {}({}: {input}): {answer};\n}}",
            property(&hook.function.name),
            hook.function.params[0].name
        );
    }
    vec![("js/types.d.ts".into(), text)]
}

fn comment(text: &mut String, indent: &str, docs: &str) {
    for line in docs.lines() {
        let _ = writeln!(text, "{}", format!("{indent}// {line}").trim_end());
    }
}

/// A name with a small first letter.
fn property(name: &str) -> String {
    let name = camel(name);
    name[..1].to_lowercase() + &name[1..]
}

/// With the interface's name before it, unless that is `types`.
fn named(package: &Package, id: TypeId) -> String {
    match package.name(id) {
        ("types" | "docker-edits", name) => camel(name),
        (interface, name) => camel(interface) + &camel(name),
    }
}

fn type_of(package: &Package, of: &Type) -> String {
    match of {
        Type::Bool => "boolean".into(),
        // componentize-qjs makes a number of 64 bits too, which is exact up to 2^53.
        Type::U16 | Type::U32 | Type::S32 | Type::U64 => "number".into(),
        Type::String => "string".into(),
        Type::Id(id) => {
            let id = package.resolved(*id);
            match package.kind(id) {
                TypeDefKind::List(inner) => match type_of(package, inner) {
                    inner if inner.contains(' ') && !inner.starts_with('[') => format!("({inner})[]"),
                    inner => format!("{inner}[]"),
                },
                TypeDefKind::Option(inner) => format!("{} | null", type_of(package, inner)),
                TypeDefKind::Tuple(tuple) => {
                    let types: Vec<_> = tuple.types.iter().map(|of| type_of(package, of)).collect();
                    format!("[{}]", types.join(", "))
                }
                _ => named(package, id),
            }
        }
        other => panic!("no type of TypeScript for {other:?}"),
    }
}

fn declaration(text: &mut String, package: &Package, id: TypeId) {
    let name = named(package, id);
    text.push('\n');
    comment(text, "", package.docs(id));
    match package.kind(id) {
        TypeDefKind::Record(record) => {
            let _ = writeln!(text, "export interface {name} {{");
            for field in &record.fields {
                comment(text, "  ", field.docs.contents.as_deref().unwrap_or_default());
                let _ = writeln!(text, "  {}: {};", property(&field.name), type_of(package, &field.ty));
            }
            text.push_str("}\n");
        }
        TypeDefKind::Enum(of) => {
            let cases: Vec<_> = of.cases.iter().map(|case| format!("'{}'", case.name)).collect();
            let _ = writeln!(text, "export type {name} = {};", cases.join(" | "));
        }
        TypeDefKind::Variant(of) => {
            let _ = writeln!(text, "export type {name} =");
            let cases: Vec<_> = of
                .cases
                .iter()
                .map(|case| {
                    let value =
                        case.ty.map(|of| format!("; val: {}", type_of(package, &of))).unwrap_or_default();
                    format!("  | {{ tag: '{}'{value} }}", case.name)
                })
                .collect();
            let _ = writeln!(text, "{};", cases.join("\n"));
        }
        other => panic!("no declaration for {other:?}"),
    }
}
