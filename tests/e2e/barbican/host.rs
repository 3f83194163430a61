//! A portcullis with the Barbican door, that trusts the tests' Keystone.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the bench uses a part; this is how a test fails"
)]

use portcullis_testing::{KeyManager, Openstack, Portcullis};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

/// A running host.
pub(crate) struct Host {
    pub(crate) portcullis: Portcullis,
    pub(crate) key_manager: KeyManager,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    template: String,
    _secrets: TempDir,
}

impl Host {
    /// One with a database file in its own folder, and Barbican's default rules.
    pub(crate) fn start(openstack: &Openstack) -> Self {
        Self::with_store(openstack, "sqlite:portcullis.db")
    }

    /// One with this store (`sqlite:FILE`, `postgres://...`).
    pub(crate) fn with_store(openstack: &Openstack, store: &str) -> Self {
        let secrets = tempfile::tempdir().unwrap();
        let password = secrets.path().join("password");
        fs::write(&password, "svcpass\n").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let url = format!("http://127.0.0.1:{}", free_port());
        let keystone = openstack.keystone.url();
        let template = format!(
            r#"
state = "state"
[listen]
api = ["{address}"]
docker = []
admin = []
[audit]
file = "decisions.jsonl"
[store]
url = "{store}"
key = {{ file = "store.key" }}
[barbican]
host_href = "{url}"
oslo_services = ["barbican"]
[barbican.keystone]
url = "{keystone}"
www_authenticate_uri = "{keystone}"
username = "barbican"
password = {{ file = "{}" }}
user_domain_name = "Default"
project_name = "service"
project_domain_name = "Default"
service_type = "key-manager"
[[policies]]
name = "barbican-acl"
module = "builtin:barbican-acl"
settings = {{ SETTINGS }}
"#,
            password.display(),
            address = url.strip_prefix("http://").unwrap(),
        );
        let portcullis = Portcullis::start(PROGRAM, &with(&template, r#"regime = "default""#));
        Self { portcullis, key_manager: KeyManager::new(&url), url, template, _secrets: secrets }
    }

    /// Gives the policy other settings, by SIGHUP.
    #[track_caller]
    pub(crate) fn set(&mut self, settings: &str) {
        self.portcullis.configure(&with(&self.template, settings));
        self.portcullis.reload();
    }

    /// The decision records up to now.
    pub(crate) fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.portcullis.folder().join("decisions.jsonl")).unwrap_or_default();
        // The last line may be on its way.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn with(template: &str, settings: &str) -> String {
    template.replace("SETTINGS", settings)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
