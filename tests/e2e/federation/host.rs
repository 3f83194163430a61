//! A portcullis with the federation door, and the AWS that it asks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::answered::key;
use portcullis_testing::Portcullis;
use portcullis_testing::child::LOOK;
use portcullis_testing::fake_sign_in::FakeSignIn;
use portcullis_testing::fake_sts::FakeSts;
use portcullis_testing::moto::Moto;
use portcullis_testing::openstack::client::{Answer, Client};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
/// The secret of our own keys, where they are not moto's.
pub(crate) const OWN_SECRET: &str = "OwnSecretAccessKey+bPxRfiCYEXAMPLEKEY";
/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Where compiled policies are kept, from one run to the next: a policy takes seconds to compile on a busy machine.
const STATE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/federation");
/// Where [`PEOPLE`] are.
pub(crate) const PREFIX: &str = "/afp-api/latest";

/// A mount for people, whom a header names, with roles by group, as AFP's own.
pub(crate) const PEOPLE: &str = r#"
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"], groups = { file = "FOLDER/groups" } }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { groups = [{ pattern = "aws-(?P<account>[^-]+)-(?P<role>.+)" }] }
"#;

/// The same mount, where everybody has the role `reader` in production.
pub(crate) const EVERYBODY: &str = r#"
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["people"]
accounts = { production = "111111111111" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { grants = [{ users = "*", accounts = ["production"], roles = ["reader"] }] }
"#;

/// Who is in which group, for [`PEOPLE`].
const GROUPS: &str = "aws-production-reader: alice, bob\naws-production-team/deploy: alice\n\
                      aws-staging-admin: alice\naws-unknown-admin: alice\n";

/// One that is about to be started.
pub(crate) struct Setup {
    files: TempDir,
    endpoints: Option<String>,
    access_key: String,
    further: String,
    program: PathBuf,
}

/// A running host. Its answers are to users whom a header names.
pub(crate) struct Host {
    pub(crate) portcullis: Portcullis,
    pub(crate) client: Client,
    pub(crate) sts: FakeSts,
    pub(crate) sign_in: FakeSignIn,
    template: String,
    files: TempDir,
    /// Both fakes end with it.
    pub(crate) runtime: Runtime,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        write(files.path(), "own-key", OWN_SECRET);
        write(files.path(), "groups", GROUPS);
        let access_key = "AKIAIOSFODNN7EXAMPLE".into();
        Self { files, endpoints: None, access_key, further: String::new(), program: PROGRAM.into() }
    }

    /// A file beside the configuration, where that says `FOLDER/name`. Nobody else may read it.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        write(self.files.path(), name, text);
        self
    }

    /// With moto as its STS, and keys of the user in it.
    pub(crate) fn moto(mut self, moto: &Moto) -> Self {
        self.access_key.clone_from(&moto.access_key);
        self.endpoints = Some(format!("endpoint = \"{}\"", moto.url));
        self.file("own-key", &moto.secret_key)
    }

    /// With these lines, `endpoint = ...` and `sign_in = ...`, instead of those of the fakes.
    pub(crate) fn endpoints(mut self, lines: &str) -> Self {
        self.endpoints = Some(lines.into());
        self
    }

    /// With further lines in `[federation.aws]`.
    pub(crate) fn aws(mut self, lines: &str) -> Self {
        self.further = lines.into();
        self
    }

    /// It logs everything that it can.
    pub(crate) fn talkative(mut self) -> Self {
        let script = self.files.path().join("talkative");
        fs::write(&script, format!("#!/bin/sh\nPORTCULLIS_LOG=trace exec '{PROGRAM}' \"$@\"\n")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        self.program = script;
        self
    }

    /// Starts it with these mounts and policies.
    #[track_caller]
    pub(crate) fn start(self, rest: &str) -> Host {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (sts, sign_in) = runtime.block_on(async { (FakeSts::start().await, FakeSignIn::start().await) });
        let mut endpoints = self.endpoints.unwrap_or_else(|| format!("endpoint = \"{}\"", sts.url()));
        if !endpoints.contains("sign_in") {
            endpoints = format!("{endpoints}\nsign_in = \"{}\"", sign_in.url());
        }
        let template = format!(
            "state = \"{STATE}\"\n[listen]\ndocker = []\nadmin = [\"unix:FOLDER/admin.sock\"]\napi = [\"127.0.0.1:0\"]\n\
             [audit]\nfile = \"decisions.jsonl\"\n\
             [federation.aws]\naccess_key = \"{}\"\nsecret_key = {{ file = \"FOLDER/own-key\" }}\n{endpoints}\n{}\n",
            self.access_key, self.further
        );
        let folder = self.files.path().display().to_string();
        let template = template.replace("FOLDER", &folder);
        let portcullis =
            Portcullis::start(self.program, &[&*template, &rest.replace("FOLDER", &folder)].concat());
        let client = Client::new(&format!("http://{}", address(&portcullis)));
        Host { portcullis, client, sts, sign_in, template, files: self.files, runtime }
    }
}

impl Host {
    /// One with these mounts and policies, that asks the fakes.
    #[track_caller]
    pub(crate) fn start(rest: &str) -> Self {
        Setup::new().start(rest)
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.client.address())
    }

    /// Where it listens, first the address that mounts have in common.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let log = self.portcullis.log();
        let after = log.split("federation listens on ").skip(1);
        after.map(|rest| rest.split(';').next().unwrap().to_owned()).collect()
    }

    /// Where its own files are, of which nothing is the program's.
    pub(crate) fn files(&self) -> &Path {
        self.files.path()
    }

    /// Puts other mounts and policies in force, by SIGHUP.
    #[track_caller]
    pub(crate) fn set(&mut self, rest: &str) {
        let rest = rest.replace("FOLDER", &self.files.path().display().to_string());
        self.portcullis.configure(&[&*self.template, &rest].concat());
        self.portcullis.reload();
    }

    /// `GET` below [`PREFIX`], as this user.
    #[track_caller]
    pub(crate) fn get(&self, user: &str, path: &str) -> Answer {
        self.client.get(&format!("{PREFIX}{path}")).header("X-Remote-User", user).send()
    }

    /// The id of the key that this user gets for `reader` in production.
    #[track_caller]
    pub(crate) fn key(&self, user: &str) -> String {
        key(&self.get(user, "/account/production/reader/credentials"))
    }

    /// The decision records, once there are so many. The last one may still be on its way when its answer is here.
    #[track_caller]
    pub(crate) fn records(&self, count: usize) -> Vec<Value> {
        let late = Instant::now() + PATIENCE;
        loop {
            let text = self.decisions();
            let records: Vec<_> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            if records.len() >= count {
                return records;
            }
            assert!(Instant::now() < late, "{count} records are expected\n{text}");
            sleep(LOOK);
        }
    }

    /// The record that a refusal's text names, once it is there.
    #[track_caller]
    pub(crate) fn record(&self, text: &str) -> Value {
        let id = text
            .split("decision ")
            .nth(1)
            .and_then(|rest| rest.get(..32))
            .unwrap_or_else(|| panic!("{text}"));
        let of_it = |record: &Value| record["id"] == id;
        let late = Instant::now() + PATIENCE;
        loop {
            if let Some(record) = self.records(0).into_iter().find(of_it) {
                return record;
            }
            assert!(Instant::now() < late, "there is no record of {text}");
            sleep(LOOK);
        }
    }

    /// All records as they are written.
    pub(crate) fn decisions(&self) -> String {
        fs::read_to_string(self.portcullis.folder().join("decisions.jsonl")).unwrap_or_default()
    }
}

/// Where the door listens: it says so itself.
fn address(portcullis: &Portcullis) -> String {
    let log = portcullis.log();
    let (_, rest) =
        log.split_once("federation listens on ").unwrap_or_else(|| panic!("the door is off\n{log}"));
    rest.split(';').next().unwrap().to_owned()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
