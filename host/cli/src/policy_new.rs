//! `portcullis policy new LANGUAGE FOLDER`: a project that builds, and passes its own cases.
//!
//! Each language has the same rules for the same hooks, and so the same cases: the sources are the folders of
//! `guest-sdk/templates`, one file for each hook. The build scripts are those of `examples/`. A new language is a module
//! here, with a variant of [`Language`]; a new hook is a row in `sample` and a file for each language.

mod c;
mod cedar;
mod embedded;
mod go;
mod javascript;
mod project;
mod python;
mod rego;
mod rust;
mod sample;
mod typescript;

use clap::ValueEnum;
use portcullis_contract::HookName;
use portcullis_engine::PolicySpec;
use std::path::PathBuf;

use self::project::Project;
use super::print;
use portcullis_server::ServeError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The language; `c` takes one hook, and `rego` and `cedar` need no build
    language: Language,
    /// The folder to make; its name is the policy's
    folder: PathBuf,
    /// The hooks that the policy serves
    #[arg(
        long,
        value_name = "HOOK,...",
        value_delimiter = ',',
        default_value = "docker-request",
        value_parser = super::hook_parser()
    )]
    hooks: Vec<HookName>,
}

/// The policy that stands beside the new one in its configuration.
const BESIDE: &str = "allow";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Rust,
    Python,
    Javascript,
    Typescript,
    Go,
    C,
    Rego,
    Cedar,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let folder = &arguments.folder;
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // Also the name of a crate.
    if name == BESIDE || (arguments.language == Language::Rust && rust::is_taken(name)) {
        return Err(ServeError::Usage(format!(
            "`{name}` is the name of something that the project uses: write another one"
        )));
    }
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '-');
    if !is_name || !PolicySpec::is_name(name) {
        return Err(ServeError::Usage(format!(
            "`{name}` cannot be a policy's name: write a folder that is named by a letter, then letters, digits and `-`, \
             all lower case"
        )));
    }
    let project = project(arguments.language, name, &arguments.hooks).map_err(ServeError::Usage)?;
    project
        .write(folder)
        .map_err(|error| ServeError::Usage(format!("`{}` cannot be made: {error}", folder.display())))?;
    print(format_args!("{} is a policy in {}. Next:\n", folder.display(), project.language));
    print(format_args!("    cd {}", folder.display()));
    for command in &project.commands {
        print(format_args!("    {command}"));
    }
    print("\nREADME.md says how it goes into a configuration.");
    Ok(())
}

/// All files of the project. A hook that is named twice counts once.
///
/// # Errors
/// The language takes one hook, and more are named; or it cannot serve one of them.
fn project(language: Language, name: &str, hooks: &[HookName]) -> Result<Project, String> {
    let hooks: Vec<_> = HookName::ALL.into_iter().filter(|hook| hooks.contains(hook)).collect();
    let project = match language {
        Language::Rust => rust::project(name, &hooks),
        Language::Python => python::project(name, &hooks),
        Language::Javascript => javascript::project(name, &hooks),
        Language::Typescript => typescript::project(name, &hooks),
        Language::Go => go::project(name, &hooks),
        Language::C => match hooks.as_slice() {
            [hook] => c::project(name, *hook),
            _ => return Err(
                "a policy in C serves one hook: make a project for each, and list all in the configuration"
                    .into(),
            ),
        },
        Language::Rego => rego::project(name, &hooks),
        Language::Cedar if hooks.contains(&HookName::DockerEdit) => return Err(
            "Cedar says yes or no, and edits nothing: leave out `docker-edit`, and use `builtin:docker-ownership` for it"
                .into(),
        ),
        Language::Cedar => cedar::project(name, &hooks),
    };
    Ok(project.with_cases(&hooks).with_readme(name, &hooks))
}

#[cfg(test)]
mod tests;
