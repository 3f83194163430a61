//! A project in TypeScript: types are checked, and the rest is as in JavaScript.

use portcullis_contract::HookName;

use super::embedded::{javascript_sdk, template};
use super::project::{Project, rules, script, wit_with_world};
use super::sample;

const BUILD: &str = include_str!("../../../../examples/typescript/build");
const CONFIG: &str = include_str!("../../../../examples/typescript/tsconfig.json");

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let settings: Vec<_> = hooks.iter().map(|hook| sample::setting(*hook).0).collect();
    let each = |value: &str, separator: &str| {
        settings.iter().map(|key| format!("{key}: {value}")).collect::<Vec<_>>().join(separator)
    };
    let rules = rules("typescript", "ts", "\n", hooks);
    let used = ["abstain", "deny", "edits", "grant", "roles"];
    let imports: Vec<_> = used.into_iter().filter(|name| rules.contains(&format!("{name}("))).collect();
    let of_hooks =
        ["AwsRolesHook", "DockerEditHook", "DockerRequestHook", "DockerResponseHook", "SecretAccessHook"];
    let types = of_hooks.into_iter().filter(|name| rules.contains(&format!(": {name}")));
    let types: Vec<_> = types.chain(["Lifecycle"]).collect();
    let source = template("typescript/policy.ts")
        .replace("@name@", name)
        .replace("@imports@", &imports.join(", "))
        .replace("@types@", &types.join(", "))
        .replace("@types_of_fields@", &each("string[]", "; "))
        .replace("@fields@", &each("strings", ", "))
        .replace("@hooks@\n", &rules);
    Project::built("TypeScript", "node and npm; componentize-qjs and typescript come from npm", hooks, name)
        .source("policy.ts", source)
        .file("tsconfig.json", script(CONFIG))
        .script("build", script(BUILD).replace("docker-policy", "project"))
        .files(javascript_sdk())
        .files(wit_with_world(hooks))
}
