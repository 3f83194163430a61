//! A project in C, for one hook: the bindings of a hook have names of their own for the same types.

use portcullis_contract::HookName;

use super::embedded::{c_sdk, template};
use super::project::{Project, script};

const BUILD: &str = include_str!("../../../../examples/c/build");

/// The world that the hook's bindings are of, as a file's name.
fn world(hook: HookName) -> &'static str {
    match hook {
        HookName::DockerRequest => "docker_policy",
        HookName::DockerResponse => "docker_response_policy",
        HookName::DockerEdit => "docker_edit_policy",
        HookName::SecretAccess => "secret_policy",
        HookName::AwsRoles => "aws_policy",
    }
}

pub(super) fn project(name: &str, hook: HookName) -> Project {
    let world = world(hook);
    Project::built("C", "Python 3 with venv; the compiler is zig's, from PyPI", &[hook], name)
        .source("policy.c", template(&format!("c/{hook}.c")).replace("@name@", name))
        .script("build", script(BUILD).replace("docker_policy", world))
        .files(c_sdk(world))
}
