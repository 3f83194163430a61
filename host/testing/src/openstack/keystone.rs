//! A Keystone, and in it everybody whom the recordings know: who ends in `_a` belongs to `project_a`, who ends in `_b` to `project_b`.

use super::client::{Answer, Client};
use super::{Place, Server, Tools, script};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::process::Command;
use std::sync::Mutex;

use crate::child::Run;

/// User, password, project and role, as they were when the recordings were made.
const GRANTS: [(&str, &str, &str, &str); 15] = [
    ("barbican", "svcpass", "service", "admin"),
    ("owner_a", "pw", "project_a", "member"),
    ("owner_a", "pw", "project_a", "creator"),
    ("member_a", "pw", "project_a", "member"),
    ("reader_a", "pw", "project_a", "reader"),
    ("creator_a", "pw", "project_a", "creator"),
    ("observer_a", "pw", "project_a", "observer"),
    ("audit_a", "pw", "project_a", "audit"),
    ("admin_a", "pw", "project_a", "admin"),
    ("admin_b", "pw", "project_b", "admin"),
    ("member_b", "pw", "project_b", "member"),
    ("reader_b", "pw", "project_b", "reader"),
    ("observer_b", "pw", "project_b", "observer"),
    ("both", "pw", "project_a", "member"),
    ("both", "pw", "project_b", "member"),
];
/// What `keystone-manage bootstrap` does not make.
const ROLES: [&str; 4] = ["creator", "observer", "audit", "key-manager:service-admin"];

/// A running Keystone.
pub struct Keystone {
    tools: Tools,
    server: Server,
    client: Client,
    admin: String,
    users: BTreeMap<String, String>,
    projects: BTreeMap<String, String>,
    service: String,
    regions: Mutex<BTreeSet<String>>,
    tokens: Mutex<HashMap<String, String>>,
}

impl Keystone {
    /// Starts it, and makes roles, projects and users.
    pub fn start(tools: &Tools) -> Self {
        let place = Place::new();
        let server = Server::start(tools, "keystone", place, |folder| {
            // Without the cache each validation takes half a second.
            let text = "[DEFAULT]\nlog_file = FOLDER/log\n[database]\nconnection = sqlite:///FOLDER/keystone.sqlite\n\
                [fernet_tokens]\nkey_repository = FOLDER/fernet\n[fernet_receipts]\nkey_repository = FOLDER/fernet\n\
                [credential]\nkey_repository = FOLDER/credential\n[identity]\npassword_hash_rounds = 4\n\
                [cache]\nenabled = true\nbackend = oslo_cache.dict\n";
            let text = text.replace("FOLDER", &folder.to_string_lossy());
            fs::write(folder.join("keystone.conf"), text).unwrap();
        });
        let client = Client::new(server.url());
        let mut started = Self {
            tools: tools.clone(),
            server,
            client,
            admin: String::new(),
            users: BTreeMap::new(),
            projects: BTreeMap::new(),
            service: String::new(),
            regions: Mutex::default(),
            tokens: Mutex::default(),
        };
        started.provision();
        started
    }

    fn provision(&mut self) {
        let project = json!({ "project": { "name": "admin", "domain": { "id": "default" } } });
        self.admin = self.new_token("admin", "adminpass", Some(&project));
        let mut roles = self.list("roles");
        for name in ROLES {
            roles.insert(name.to_owned(), self.create("role", &json!({ "name": name })));
        }
        (self.projects, self.users) = (self.list("projects"), self.list("users"));
        for (user, password, project, role) in GRANTS {
            if !self.projects.contains_key(project) {
                let id = self.create("project", &json!({ "name": project, "domain_id": "default" }));
                self.projects.insert(project.to_owned(), id);
            }
            if !self.users.contains_key(user) {
                let id = self
                    .create("user", &json!({ "name": user, "password": password, "domain_id": "default" }));
                self.users.insert(user.to_owned(), id);
            }
            let (project, user) = (&self.projects[project], &self.users[user]);
            self.admin("PUT", &format!("/projects/{project}/users/{user}/roles/{}", roles[role]), None);
        }
        let (user, role) = (&self.users["admin"], &roles["admin"]);
        self.admin("PUT", &format!("/domains/default/users/{user}/roles/{role}"), None);
        self.service = self.create("service", &json!({ "type": "key-manager", "name": "barbican" }));
    }

    /// Its URL, with `/v3`.
    pub fn url(&self) -> String {
        format!("{}/v3", self.server.url())
    }

    /// A user's id.
    pub fn user(&self, name: &str) -> &str {
        &self.users[name]
    }

    pub fn users(&self) -> &BTreeMap<String, String> {
        &self.users
    }

    /// A project's id.
    pub fn project(&self, name: &str) -> &str {
        &self.projects[name]
    }

    /// The region in which the catalog has this key manager, and no other.
    pub fn region(&self, url: &str) -> String {
        let region = url.rsplit(':').next().unwrap().to_owned();
        let mut regions = self.regions.lock().unwrap();
        if regions.contains(&region) {
            return region;
        }
        self.admin("POST", "/regions", Some(&json!({ "region": { "id": region } })));
        for interface in ["public", "internal"] {
            let endpoint = json!({ "endpoint": {
                "service_id": self.service, "interface": interface, "region_id": region, "url": url,
            } });
            self.admin("POST", "/endpoints", Some(&endpoint));
        }
        regions.insert(region.clone());
        region
    }

    /// The token of one of the recordings' actors; the same one each time.
    pub fn token(&self, actor: &str) -> String {
        if let Some(token) = self.tokens.lock().unwrap().get(actor) {
            return token.clone();
        }
        let token = match actor {
            "unscoped" => self.new_token("both", "pw", None),
            "domain" => self.new_token("admin", "adminpass", Some(&json!({ "domain": { "id": "default" } }))),
            "system" => self.new_token("admin", "adminpass", Some(&json!({ "system": { "all": true } }))),
            "bogus" => "not-a-token".to_owned(),
            "expired" => self.expired_token("owner_a"),
            "revoked" => {
                let token = self.fresh_token("owner_a");
                self.revoke(&token);
                token
            }
            _ => self.fresh_token(actor),
        };
        self.tokens.lock().unwrap().entry(actor.to_owned()).or_insert(token).clone()
    }

    /// A new token of a user, for the project that the name ends with.
    pub fn fresh_token(&self, user: &str) -> String {
        let name = format!("project_{}", user.chars().last().unwrap());
        let scope = json!({ "project": { "name": name, "domain": { "id": "default" } } });
        self.new_token(user, "pw", Some(&scope))
    }

    /// A token that this Keystone would have issued, but that expired an hour ago.
    fn expired_token(&self, user: &str) -> String {
        let project = format!("project_{}", user.chars().last().unwrap());
        let mut command = Command::new(self.tools.program("python"));
        command.arg(script("expired.py")).arg(self.server.folder().join("keystone.conf"));
        let token = Run::of(command.args([self.user(user), self.project(&project)])).ok();
        token.lines().last().unwrap().to_owned()
    }

    pub fn revoke(&self, token: &str) {
        let call = self.client.call("DELETE", "/v3/auth/tokens").token(&self.admin);
        call.header("X-Subject-Token", token).send().expect(204);
    }

    fn new_token(&self, user: &str, password: &str, scope: Option<&Value>) -> String {
        let user = json!({ "name": user, "domain": { "id": "default" }, "password": password });
        let mut auth = json!({ "identity": { "methods": ["password"], "password": { "user": user } } });
        if let Some(scope) = scope {
            auth["scope"] = scope.clone();
        }
        let call = self.client.call("POST", "/v3/auth/tokens").json(&json!({ "auth": auth }));
        call.send().expect(201).header("X-Subject-Token").unwrap().to_owned()
    }

    /// A call as the administrator, below `/v3`.
    #[track_caller]
    pub fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut call = self.client.call(method, &format!("/v3{path}")).token(&self.admin);
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = call.send();
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer
    }

    /// Ids by name.
    fn list(&self, what: &str) -> BTreeMap<String, String> {
        let answer = self.admin("GET", &format!("/{what}"), None).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        answer[what].as_array().unwrap().iter().map(|each| (text(&each["name"]), text(&each["id"]))).collect()
    }

    /// Makes one, and gives its id.
    fn create(&self, what: &str, value: &Value) -> String {
        let answer = self.admin("POST", &format!("/{what}s"), Some(&json!({ what: value })));
        answer.json()[what]["id"].as_str().unwrap().to_owned()
    }

    pub fn show_log(&self) {
        self.server.show_log();
    }
}
