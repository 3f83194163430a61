//! A Barbican, and what every key manager's client does, whichever key manager it is.

use super::client::Client;
use super::keystone::Keystone;
use super::{Place, Server, Tools};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Whose rules Barbican's own policy follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// `enforce_new_defaults = true`, as 23.0.0 is delivered.
    Default,
    /// `enforce_new_defaults = false`.
    Legacy,
}

/// What its plugin `simple_crypto` encrypts the keys of projects with.
pub const KEK: &str = "dGhpcnR5X3R3b19ieXRlX2tleWJsYWhibGFoYmxhaGg=";

/// A running Barbican.
pub struct Barbican {
    server: Server,
    pub key_manager: KeyManager,
}

impl Barbican {
    /// Starts it with these rules in its `policy.yaml`. Its first answer may take a while.
    pub fn start(tools: &Tools, keystone: &Keystone, regime: Regime, rules: &str) -> Self {
        Self::start_with(tools, keystone, regime, rules, "")
    }

    /// The same, with further lines for `[oslo_policy]`.
    pub fn start_with(
        tools: &Tools,
        keystone: &Keystone,
        regime: Regime,
        rules: &str,
        oslo_policy: &str,
    ) -> Self {
        let place = Place::new();
        let url = place.url.clone();
        let server = Server::start(tools, "barbican", place, |folder| {
            let text = "[DEFAULT]\nhost_href = URL\nlog_file = FOLDER/log\n\
                [database]\nconnection = sqlite:///FOLDER/barbican.sqlite\n\
                [secretstore]\nenabled_secretstore_plugins = store_crypto\n\
                [crypto]\nenabled_crypto_plugins = simple_crypto\n\
                [simple_crypto_plugin]\nkek = KEK\n\
                [keystone_authtoken]\nauth_url = KEYSTONE\nwww_authenticate_uri = KEYSTONE\nauth_type = password\n\
                username = barbican\npassword = svcpass\nproject_name = service\nuser_domain_id = default\n\
                project_domain_id = default\nservice_type = key-manager\n\
                [oslo_policy]\nenforce_new_defaults = NEW\npolicy_file = FOLDER/policy.yaml\n";
            let text = text.replace("FOLDER", &folder.to_string_lossy()).replace("URL", &url);
            let text = text.replace("KEYSTONE", &keystone.url()).replace("KEK", KEK);
            let text = text.replace("NEW", if regime == Regime::Default { "true" } else { "false" });
            fs::create_dir(folder.join(".barbican")).unwrap();
            fs::write(folder.join(".barbican/barbican.conf"), text + oslo_policy).unwrap();
            fs::write(folder.join("policy.yaml"), rules).unwrap();
        });
        let key_manager = KeyManager::new(server.url());
        Self { server, key_manager }
    }

    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The file of its database, in SQLite.
    pub fn database(&self) -> PathBuf {
        self.server.folder().join("barbican.sqlite")
    }

    pub fn show_log(&self) {
        self.server.show_log();
    }
}

/// Anything that serves Barbican's API.
#[derive(Debug, Clone)]
pub struct KeyManager {
    pub client: Client,
}

impl KeyManager {
    pub fn new(base: &str) -> Self {
        Self { client: Client::new(base) }
    }

    /// Makes a secret with the payload `hello`, and gives its id.
    #[track_caller]
    pub fn secret(&self, token: &str) -> String {
        let secret = json!({ "name": "s", "payload": "hello", "payload_content_type": "text/plain" });
        self.create(token, "secret", &secret)
    }

    /// Makes a container of one such secret, and gives its id.
    #[track_caller]
    pub fn container(&self, token: &str) -> String {
        let secret = format!("http://{}/v1/secrets/{}", self.client.address(), self.secret(token));
        let references = json!([{ "name": "k", "secret_ref": secret }]);
        let container = json!({ "name": "c", "type": "generic", "secret_refs": references });
        self.create(token, "container", &container)
    }

    /// Makes a `secret` or a `container`, and gives its id.
    #[track_caller]
    pub fn create(&self, token: &str, kind: &str, value: &Value) -> String {
        let answer = self.client.call("POST", &format!("/v1/{kind}s")).token(token).json(value).send();
        let answer = answer.expect(201).json();
        let reference = answer[format!("{kind}_ref")].as_str().unwrap();
        reference.rsplit('/').next().unwrap().to_owned()
    }

    /// The ACL of a secret, without its times and with its users in order: `[project-access, users]`; the users
    /// are null where no ACL is set.
    #[track_caller]
    pub fn acl(&self, token: &str, secret: &str) -> Value {
        let answer = self.client.get(&format!("/v1/secrets/{secret}/acl")).token(token).send();
        simple(&answer.expect(200).json())
    }

    /// PUT or PATCH of a secret's ACL, which must succeed.
    #[track_caller]
    pub fn set_acl(&self, token: &str, method: &str, secret: &str, read: &Value) {
        let call = self.client.call(method, &format!("/v1/secrets/{secret}/acl")).token(token);
        call.json(&json!({ "read": read })).send().expect(200);
    }
}

/// `[project-access, users]` of what GET answers.
pub fn simple(acl: &Value) -> Value {
    let mut users = acl["read"]["users"].clone();
    if let Some(users) = users.as_array_mut() {
        users.sort_by_key(ToString::to_string);
    }
    json!([acl["read"]["project-access"], users])
}
