//! A moto that verifies signatures: an STS that is not ours. One serves all the tests of a process.
//!
//! In it there is one user, who may assume any role of any account but `not-ours` of the user's own.

use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use super::aws_tools::Tools;

pub struct Moto {
    pub url: String,
    pub access_key: String,
    pub secret_key: String,
    /// The user's own account.
    pub account: String,
    /// It ends with its standard input, which is when this process does.
    _child: Child,
}

static MOTO: OnceLock<Moto> = OnceLock::new();

impl Moto {
    /// The one that tests share.
    pub fn shared(tools: &Tools) -> &'static Self {
        MOTO.get_or_init(|| Self::start(tools))
    }

    fn start(tools: &Tools) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/aws/serve_moto.py");
        let log = folder.path().join("log");
        let mut child = tools
            .python(script, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("moto did not come up\n{}", said()));
        let part = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self {
            url: part("url"),
            access_key: part("access_key"),
            secret_key: part("secret_key"),
            account: part("account"),
            _child: child,
        }
    }
}
