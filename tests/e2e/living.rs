//! Policies that change while the host runs: by file, by the admin API, by rollback; shadows, break-glass, and what
//! survives a crash.

mod admin;
mod break_glass;
mod crash;
mod flat;
mod refused;
mod shadow;
mod swap;

use portcullis_testing::{Portcullis, http};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use super::program::place::{PROGRAM, Place, ask, get_json, message};

/// Settings of docker-baseline that allow what no rule denies.
const ALLOWS: &str = r#"{ "otherwise": "allow" }"#;
/// Settings that leave it to another policy, of which there is none.
const DENIES: &str = r#"{ "otherwise": "abstain" }"#;

/// A host with one policy, `docker-baseline`.
struct Host {
    place: Place,
    portcullis: Portcullis,
}

impl Host {
    fn start(settings: &str) -> Self {
        let place = Place::new();
        let portcullis = Portcullis::start(PROGRAM, &Self::config(&place, settings, ""));
        Self { place, portcullis }
    }

    /// `settings` as JSON, which is TOML here but for its colons.
    fn config(place: &Place, settings: &str, more: &str) -> String {
        let settings = settings.replace(':', " =").replace("\" =", " =").replace("{ \"", "{ ");
        let rest = format!(
            "[audit]\nfile = \"decisions.jsonl\"\n[[policies]]\nname = \"docker-baseline\"\n\
             module = \"builtin:docker-baseline\"\nsettings = {settings}\n{more}"
        );
        place.config(&rest)
    }

    fn configure(&self, settings: &str, more: &str) {
        self.portcullis.configure(&Self::config(&self.place, settings, more));
    }

    fn admin(&self) -> PathBuf {
        self.place.admin()
    }

    /// Whether a list of containers is allowed now.
    fn allows(&self) -> bool {
        ask(&self.place.door(), &message("GET", "/containers/json", None)).1["Allow"] == json!(true)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (status, text) = http::call_unix(&self.admin(), method, path, "application/json", &body).unwrap();
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {status} {text}")))
    }

    #[track_caller]
    fn accepted(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    #[track_caller]
    fn put_settings(&self, settings: &str) -> Value {
        let settings: Value = serde_json::from_str(settings).unwrap();
        self.accepted("PUT", "/policies/docker-baseline", &json!({ "settings": settings }))
    }

    fn policies(&self) -> Value {
        get_json(&self.admin(), "/policies")
    }

    fn policy(&self) -> Value {
        get_json(&self.admin(), "/policies/docker-baseline")
    }

    fn records(&self, kind: &str) -> Vec<Value> {
        let mut records = Vec::new();
        self.each_record(|record| {
            if record["kind"] == kind {
                records.push(record);
            }
        });
        records
    }

    /// Reads one record after another: a long run leaves more than memory holds.
    fn each_record(&self, mut take: impl FnMut(Value)) {
        let Ok(file) = fs::File::open(self.portcullis.folder().join("decisions.jsonl")) else { return };
        let mut file = BufReader::new(file);
        let mut line = String::new();
        // A last line without an end is still being written.
        while file.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
            take(serde_json::from_str(&line).unwrap());
            line.clear();
        }
    }
}
