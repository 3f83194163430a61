//! A project in Python, for componentize-py.

use portcullis_contract::HookName;

use super::embedded::template;
use super::project::{Project, rules, script, wit_with_world};
use super::sample;

const BUILD: &str = include_str!("../../../../examples/python/build");
const SDK: &str = include_str!("../../../../guest-sdk/python/portcullis.py");

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let fields: Vec<_> =
        hooks.iter().map(|hook| format!("\"{}\": strings", sample::setting(*hook).0)).collect();
    let source = template("python/policy.py")
        .replace("@name@", name)
        .replace("@fields@", &fields.join(", "))
        .replace("@hooks@\n", &rules("python", "py", "\n\n", hooks));
    Project::built("Python", "Python 3.10 with venv; componentize-py comes from PyPI", hooks, name)
        .source("policy.py", source)
        .script("build", script(BUILD).replace("docker-policy", "project"))
        .file("sdk/guest-sdk/python/portcullis.py", SDK.into())
        .files(wit_with_world(hooks))
}
