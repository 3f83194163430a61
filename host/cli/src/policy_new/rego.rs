//! A project in Rego: texts and data that `builtin:rego` reads.

use portcullis_contract::HookName;

use super::embedded::template;
use super::project::Project;
use super::sample;

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let files: Vec<_> =
        hooks.iter().map(|hook| format!("{}.rego", hook.as_str().replace('-', "_"))).collect();
    let listed: Vec<_> = files.iter().map(|file| format!("\"{file}\"")).collect();
    let names: Vec<_> = hooks.iter().map(|hook| format!("\"{hook}\"")).collect();
    let policy = format!(
        "name     = \"{name}\"\nmodule   = \"builtin:rego\"\nhooks    = [{}]\nsettings_files = {{ files = [{}], data = \
         \"data.json\" }}\n",
        names.join(", "),
        listed.join(", ")
    );
    let command = format!(
        "portcullis policy test builtin:rego --config portcullis.toml --policy {name} --cases cases.jsonl"
    );
    let project = Project::text("Rego", policy, command);
    let project = files.iter().zip(hooks).fold(project, |project, (file, hook)| {
        project.source(file, template(&format!("rego/{hook}.rego")).to_owned())
    });
    project.file("data.json", format!("{:#}\n", sample::settings(hooks)))
}
