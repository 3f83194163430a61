//! A project: its files, and what is typed to build and try it.

use portcullis_contract::HookName;
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::embedded::template;
use super::sample;

pub(super) struct Project {
    /// As people write it.
    pub(super) language: &'static str,
    /// The files with the rules, for a sentence.
    pub(super) source: String,
    /// What a build needs, or nothing where there is no build.
    pub(super) needs: &'static str,
    /// What is typed, in order.
    pub(super) commands: Vec<String>,
    /// `[[policies]]` of its configuration.
    pub(super) policy: String,
    /// Path, contents, and whether it can be run.
    files: Vec<(String, Vec<u8>, bool)>,
    /// Whether cases name the settings, which a policy of settings files has elsewhere.
    has_settings: bool,
}

impl Project {
    /// A project with a build script that makes `policy.wasm`.
    pub(super) fn built(language: &'static str, needs: &'static str, hooks: &[HookName], name: &str) -> Self {
        let settings = sample::settings_as_toml(hooks);
        Self {
            language,
            source: String::new(),
            needs,
            commands: vec![
                "./build policy.wasm".into(),
                "portcullis policy test policy.wasm --cases cases.jsonl".into(),
            ],
            policy: format!("name     = \"{name}\"\nmodule   = \"policy.wasm\"\nsettings = {settings}\n"),
            files: Vec::new(),
            has_settings: true,
        }
    }

    /// A project of text that a built-in policy reads, with its own commands.
    pub(super) fn text(language: &'static str, policy: String, command: String) -> Self {
        let commands = vec![command];
        let (source, files) = (String::new(), Vec::new());
        Self { language, source, needs: "", commands, policy, files, has_settings: false }
    }

    pub(super) fn source(mut self, path: &str, text: String) -> Self {
        let separator = if self.source.is_empty() { "" } else { ", " };
        self.source = format!("{}{separator}`{path}`", self.source);
        self.file(path, text)
    }

    pub(super) fn file(mut self, path: &str, text: String) -> Self {
        self.files.push((path.to_owned(), text.into_bytes(), false));
        self
    }

    pub(super) fn script(mut self, path: &str, text: String) -> Self {
        self.files.push((path.to_owned(), text.into_bytes(), true));
        self
    }

    pub(super) fn files(mut self, files: Vec<(String, Vec<u8>)>) -> Self {
        let is_script = |path: &str| path.ends_with("/cargo-wasm") || path.ends_with("/go/go");
        self.files.extend(files.into_iter().map(|(path, contents)| {
            let is_script = is_script(&path);
            (path, contents, is_script)
        }));
        self
    }

    /// With what the policy must decide. A language whose rules say it in other words has cases of its own.
    pub(super) fn with_cases(self, hooks: &[HookName]) -> Self {
        let settings = if self.has_settings {
            format!("{}\n", json!({ "settings": sample::settings(hooks) }))
        } else {
            String::new()
        };
        let cases = settings + &sample::cases(hooks, self.language);
        self.file("cases.jsonl", cases)
    }

    /// With README and configuration.
    pub(super) fn with_readme(self, name: &str, hooks: &[HookName]) -> Self {
        let indented = |text: &str| text.lines().flat_map(|line| ["    ", line, "\n"]).collect::<String>();
        let policy = format!("[[policies]]\n{}cases    = \"cases.jsonl\"\n", self.policy);
        let allow = "\n[[policies]]\nname   = \"allow\"\nmodule = \"builtin:allow\"\n";
        let hooks: Vec<_> = hooks.iter().map(|hook| format!("`{hook}`")).collect();
        let needs = if self.needs.is_empty() {
            String::new()
        } else {
            format!("The build needs {}.\n\n", self.needs)
        };
        let readme = template("README.md")
            .replace("@name@", name)
            .replace("@language@", self.language)
            .replace("@source@", &self.source)
            .replace("@hooks@", &hooks.join(", "))
            .replace("@needs@", &needs)
            .replace("@commands@", &indented(&self.commands.join("\n")))
            .replace("@policy@", &indented(&policy));
        self.file("README.md", readme)
            .file("portcullis.toml", format!("{policy}{allow}"))
            .file(".gitignore", "policy.wasm\ntarget/\n".into())
    }

    /// Writes all files into a new folder.
    ///
    /// # Errors
    /// The folder exists already, or cannot be written.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)?;
        for (path, contents, is_script) in &self.files {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mode = if *is_script { 0o777 } else { 0o666 };
            OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(contents)?;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn text_of(&self, path: &str) -> Option<&str> {
        self.all()
            .find(|(other, _)| *other == path)
            .and_then(|(_, contents)| std::str::from_utf8(contents).ok())
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, contents, _)| (path.as_str(), contents.as_slice()))
    }
}

/// The rules of the hooks in one language, with an empty line after each.
pub(super) fn rules(language: &str, ending: &str, between: &str, hooks: &[HookName]) -> String {
    let rules: Vec<_> = hooks.iter().map(|hook| template(&format!("{language}/{hook}.{ending}"))).collect();
    rules.join(between)
}

/// A build script of `examples/`, for a project that has the SDK below itself.
pub(super) fn script(example: &str) -> String {
    example.replace("../../", "sdk/")
}

/// The interfaces, with a world that exports the hooks: `project`.
pub(super) fn wit_with_world(hooks: &[HookName]) -> Vec<(String, Vec<u8>)> {
    let mut files = super::embedded::wit();
    let world = crate::interfaces::world("project", hooks.iter().map(|hook| hook.as_str()));
    files.push(("sdk/wit/project.wit".into(), world.into_bytes()));
    files
}
