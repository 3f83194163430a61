//! A project in Go: one package, with the SDK beside it, so that a build needs no other module.

use portcullis_contract::HookName;

use super::embedded::{go_sdk, template};
use super::project::{Project, rules, script};
use super::sample;

const BUILD: &str = include_str!("../../../../examples/go/build");

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let rules = rules("go", "go", "\n", hooks);
    let fields: Vec<_> = hooks.iter().map(|hook| sample::setting(*hook).0).collect();
    let longest = fields.iter().map(|key| exported(key).len()).max().unwrap_or_default();
    let fields: Vec<_> = fields
        .iter()
        // As gofmt aligns them.
        .map(|key| format!("\t{:longest$} []string `json:\"{key}\"`", exported(key)))
        .collect();
    let package = |hook: &HookName| hook.as_str().replace('-', "");
    let handlers: Vec<_> =
        hooks.iter().map(|hook| format!("\t{}.Handle({})", package(hook), function(hook.as_str()))).collect();
    let types = ["aws", "docker", "secrets"].into_iter().filter(|name| rules.contains(&format!("*{name}.")));
    let mut packages: Vec<_> = types.map(str::to_owned).chain(hooks.iter().map(package)).collect();
    packages.sort();
    let mut imports: Vec<_> = packages.iter().map(|name| format!("\t\"portcullis/policy/{name}\"")).collect();
    imports.insert(0, "\t\"portcullis/policy\"".into());
    if rules.contains("slices.") {
        imports.insert(0, "\t\"slices\"\n".into());
    }
    let source = template("go/policy.go")
        .replace("@name@", name)
        .replace("@imports@", &imports.join("\n"))
        .replace("@fields@", &fields.join("\n"))
        .replace("@handlers@", &handlers.join("\n"))
        .replace("@hooks@", &rules);
    let mut project = Project::built("Go", "Python 3 with venv: Go comes from PyPI", hooks, name);
    project.commands.insert(0, "sdk/guest-sdk/go/go test".into());
    project
        .source("policy.go", source)
        .file("policy_test.go", template("go/policy_test.go").into())
        .file("go.mod", template("go/go.mod.txt").replace("@name@", name))
        .script("build", script(BUILD))
        .files(go_sdk())
}

/// `allowed_registries` is `AllowedRegistries`.
fn exported(key: &str) -> String {
    key.split('_').filter_map(|word| Some(word.get(..1)?.to_uppercase() + word.get(1..)?)).collect()
}

/// `docker-request` is `dockerRequest`.
fn function(hook: &str) -> String {
    let name = exported(&hook.replace('-', "_"));
    name.get(..1).map(str::to_lowercase).unwrap_or_default() + name.get(1..).unwrap_or_default()
}
