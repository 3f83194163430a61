//! A gateway with users in front of a dockerd, and requests to it.

use super::PROGRAM;
use portcullis_testing::{Dockerd, Portcullis, http};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use tempfile::TempDir;

pub(super) const PASSWORD: &str = "correct horse battery";

/// A gateway, with the endpoint 1, `local`, and an administrator.
pub(super) struct Gateway {
    pub(super) portcullis: Portcullis,
    pub(super) dockerd: Dockerd,
    /// `HOST:PORT` of the API, and of the endpoint's own address.
    pub(super) address: String,
    pub(super) own_address: String,
    pub(super) sockets: TempDir,
    pub(super) admin: String,
}

fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Gateway {
    /// `policies` follows the other sections.
    #[track_caller]
    pub(super) fn start(dockerd: Dockerd, policies: &str) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let password = sockets.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let (address, own_address) = (free_address(), free_address());
        let config = format!(
            r#"
state = "state"
[listen]
docker = []
admin = []
[docker_gateway]
listen = ["unix:{sockets}/api.sock", "{address}"]
admin_password = {{ file = "{sockets}/password" }}
engines = ["unix://{engine}"]
[[docker_gateway.endpoints]]
name = "local"
listen = ["{own_address}", {{ address = "unix:{sockets}/local.sock", mode = "0666" }}]
[audit]
file = "decisions.jsonl"
{policies}
"#,
            sockets = sockets.path().display(),
            engine = dockerd.socket().display(),
        );
        let portcullis = Portcullis::start(PROGRAM, &config);
        let mut started = Self { portcullis, dockerd, address, own_address, sockets, admin: String::new() };
        started.admin = started.login("admin", PASSWORD);
        let engine = format!("unix://{}", started.dockerd.socket().display());
        let endpoint = json!({ "Name": "local", "EndpointCreationType": 1, "URL": engine });
        let (status, answer) = started.call("POST", "/api/endpoints", &started.admin, &endpoint);
        assert_eq!((status, &answer["Id"]), (200, &1.into()), "{answer}");
        started
    }

    /// With docker-baseline, which allows what it does not deny.
    #[track_caller]
    pub(super) fn with_baseline(dockerd: Dockerd, settings: &str) -> Self {
        let policies = format!(
            "[[policies]]\nname = \"docker-baseline\"\nmodule = \"builtin:docker-baseline\"\n\
             settings = {{ otherwise = \"allow\", {settings} }}\n"
        );
        Self::start(dockerd, &policies)
    }

    fn socket(&self) -> PathBuf {
        self.sockets.path().join("api.sock")
    }

    #[track_caller]
    pub(super) fn login(&self, name: &str, password: &str) -> String {
        let credentials = json!({ "Username": name, "Password": password });
        let (status, answer) = self.call("POST", "/api/auth", "", &credentials);
        assert_eq!(status, 200, "{answer}");
        answer["jwt"].as_str().unwrap().to_owned()
    }

    /// One request with a token, or none where it is empty.
    #[track_caller]
    pub(super) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.send(method, path, token, &headers, &body)
    }

    /// One request with these headers.
    #[track_caller]
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &str,
        body: &str,
    ) -> (u16, Value) {
        let token = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n{token}{headers}\r\n{body}"
        );
        let (status, answer) = http::send_unix(&self.socket(), request.as_bytes()).unwrap();
        // Chunked, where Docker's own answer was.
        let text = answer.find(['{', '[']).map_or("", |start| &answer[start..]);
        let end = text.rfind(['}', ']']).map_or(0, |end| end + 1);
        (status, serde_json::from_str(&text[..end]).unwrap_or_else(|_| Value::String(answer.clone())))
    }

    /// A user who was granted the endpoint, and a token.
    #[track_caller]
    pub(super) fn user(&self, name: &str) -> (i64, String) {
        let user = json!({ "Username": name, "Password": PASSWORD, "Role": 2 });
        let (status, answer) = self.call("POST", "/api/users", &self.admin, &user);
        assert_eq!(status, 200, "{answer}");
        let id = answer["Id"].as_i64().unwrap();
        self.grant(&[id]);
        (id, self.login(name, PASSWORD))
    }

    /// Grants the endpoint to these users and no others.
    #[track_caller]
    pub(super) fn grant(&self, users: &[i64]) {
        let policies: serde_json::Map<_, _> =
            users.iter().map(|id| (id.to_string(), json!({ "RoleId": 0 }))).collect();
        let body = json!({ "UserAccessPolicies": policies });
        let (status, answer) = self.call("PUT", "/api/endpoints/1", &self.admin, &body);
        assert_eq!(status, 200, "{answer}");
    }

    /// A folder for a Docker CLI's configuration that sends this token.
    pub(super) fn client_folder(&self, name: &str, token: &str) -> PathBuf {
        let folder = self.sockets.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        let config = json!({ "HttpHeaders": { "Authorization": format!("Bearer {token}") } });
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        folder
    }

    pub(super) fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.portcullis.folder().join("decisions.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
