//! Whole configurations, from YAML to TOML.

mod good;
mod refused;

use super::*;
use std::fs;
use tempfile::TempDir;

/// Configuration and accounts that work, to be spoiled or added to.
const API: &str = "api: {user_identification: {environment_field: REMOTE_USER}}\n";
const MACHINES: &str = "api: {user_identification: {environment_field: REMOTE_ADDR}}\n";
const GRP: &str =
    "provider: {module: aws_federation_proxy.provider.grp_provider, regex: '(?P<account>.*)-(?P<role>.*)'}\n";
const ACCOUNTS: &str = "prod: {id: \"123456789012\"}\n";

/// Files in a folder each: `(name, contents)`.
struct Afp {
    root: TempDir,
}

impl Afp {
    fn new(config: &[(&str, &str)], accounts: &[(&str, &str)]) -> Self {
        let root = TempDir::new().unwrap();
        for (folder, files) in [("config", config), ("accounts", accounts)] {
            fs::create_dir(root.path().join(folder)).unwrap();
            for (name, text) in files {
                fs::write(root.path().join(folder).join(name), text).unwrap();
            }
        }
        Self { root }
    }

    fn import(&self) -> Result<Imported, ImportError> {
        import(&self.root.path().join("config"), &self.root.path().join("accounts"))
    }

    /// What is said, with the folder cut out.
    fn error(&self) -> String {
        let root = format!("{}/", self.root.path().display());
        self.import().err().map_or_else(String::new, |error| error.to_string().replace(&root, ""))
    }
}

fn import_of(config: &str, accounts: &str) -> (toml::Table, Imported) {
    let imported = Afp::new(&[("a.yaml", config)], &[("a.yaml", accounts)]).import().unwrap();
    (imported.toml.parse().unwrap(), imported)
}

fn error_of(config: &str, accounts: &str) -> String {
    Afp::new(&[("a.yaml", config)], &[("a.yaml", accounts)]).error()
}
