//! A project in JavaScript, for componentize-qjs.

use portcullis_contract::HookName;

use super::embedded::{javascript_sdk, template};
use super::project::{Project, rules, script, wit_with_world};
use super::sample;

const BUILD: &str = include_str!("../../../../examples/javascript/build");
/// Makes an editor check the types of `policy.js`.
const CONFIG: &str = include_str!("../../../../examples/typescript/tsconfig.json");

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let fields: Vec<_> = hooks.iter().map(|hook| format!("{}: strings", sample::setting(*hook).0)).collect();
    let rules = rules("javascript", "js", "\n", hooks);
    // A name that is imported and not used is what a linter complains of first.
    let used = ["abstain", "deny", "edits", "grant", "roles"];
    let imports: Vec<_> = used.into_iter().filter(|name| rules.contains(&format!("{name}("))).collect();
    let source = template("javascript/policy.js")
        .replace("@name@", name)
        .replace("@imports@", &imports.join(", "))
        .replace("@fields@", &fields.join(", "))
        .replace("@hooks@\n", &rules);
    Project::built("JavaScript", "node and npm; componentize-qjs comes from npm", hooks, name)
        .source("policy.js", source)
        .script("build", script(BUILD).replace("docker-policy", "project"))
        .file("jsconfig.json", script(CONFIG).replace("policy.ts", "policy.js"))
        .files(javascript_sdk())
        .files(wit_with_world(hooks))
}
