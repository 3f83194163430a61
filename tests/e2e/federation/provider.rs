//! OpenID providers as processes, which end with the value.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::pki::Issued;

/// A provider for the client `the-client`, in which alice is signed in.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    /// Who vouches for its certificate, if it has one.
    pub(crate) ca: Option<PathBuf>,
    process: Child,
    /// The provider runs until it is closed.
    _input: ChildStdin,
}

impl Provider {
    /// Its tokens last for so many seconds.
    #[track_caller]
    pub(crate) fn start(tools: &Tools, home: &Path, lasts: u32, tls: Option<&Issued>) -> Self {
        Self::start_as("127.0.0.1", tools, home, lasts, tls)
    }

    /// One that browsers take for another site than `127.0.0.1`.
    #[track_caller]
    pub(crate) fn of_another_site(tools: &Tools, home: &Path, lasts: u32) -> Self {
        Self::start_as("localhost", tools, home, lasts, None)
    }

    #[track_caller]
    fn start_as(host: &str, tools: &Tools, home: &Path, lasts: u32, tls: Option<&Issued>) -> Self {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/federation/openid_provider.py");
        let mut command = tools.python(script, home);
        command.env("PROVIDER_HOST", host).args(["the-client", "alice", &lasts.to_string()]);
        if let Some(tls) = tls {
            command.arg(&tls.certificate).arg(&tls.key);
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let mut issuer = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        Self { issuer, ca: tls.map(|tls| tls.ca.clone()), process, _input: input }
    }

    /// The body of a response to `GET`.
    #[track_caller]
    pub(crate) fn get(&self, url: &str) -> String {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "--location"]);
        if let Some(ca) = &self.ca {
            command.arg("--cacert").arg(ca);
        }
        Run::of(command.arg(url)).ok()
    }

    /// A request of the test itself, e.g. `register`, with these parameters.
    #[track_caller]
    pub(crate) fn tell(&self, path: &str, parameters: &[(&str, &str)]) {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "--get"]);
        for (name, value) in parameters {
            command.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        Run::of(command.arg(format!("{}/{path}", self.issuer))).ok();
    }

    /// A token with these claims put over the usual ones, as JSON, as the header `Authorization` has it.
    #[track_caller]
    pub(crate) fn token(&self, claims: &str) -> String {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "--get", "--data-urlencode"]);
        command.arg(format!("claims={claims}"));
        if let Some(ca) = &self.ca {
            command.arg("--cacert").arg(ca);
        }
        format!("Bearer {}", Run::of(command.arg(format!("{}/issue", self.issuer))).ok().trim())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
