//! A project in Cedar: policies, and entities where they are needed, that `builtin:cedar` reads.

use portcullis_contract::HookName;

use super::embedded::template;
use super::project::Project;

pub(super) fn project(name: &str, hooks: &[HookName]) -> Project {
    let files: Vec<_> =
        hooks.iter().map(|hook| format!("{}.cedar", hook.as_str().replace('-', "_"))).collect();
    let listed: Vec<_> = files.iter().map(|file| format!("\"{file}\"")).collect();
    let names: Vec<_> = hooks.iter().map(|hook| format!("\"{hook}\"")).collect();
    // The roles that can be granted are entities.
    let has_roles = hooks.contains(&HookName::AwsRoles);
    let entities = if has_roles { ", entities = \"entities.json\"" } else { "" };
    let policy = format!(
        "name     = \"{name}\"\nmodule   = \"builtin:cedar\"\nhooks    = [{}]\nsettings_files = {{ files = [{}]{entities} }}\n",
        names.join(", "),
        listed.join(", ")
    );
    let command = format!(
        "portcullis policy test builtin:cedar --config portcullis.toml --policy {name} --cases cases.jsonl"
    );
    let project = Project::text("Cedar", policy, command);
    let project = files.iter().zip(hooks).fold(project, |project, (file, hook)| {
        project.source(file, template(&format!("cedar/{hook}.cedar")).to_owned())
    });
    if has_roles { project.file("entities.json", template("cedar/aws-roles.json").into()) } else { project }
}
