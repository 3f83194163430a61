//! boto3, which is told nowhere how to get credentials: it finds ours by each of its ways, and moto, which verifies
//! its signature, tells it that it is the role that was meant.

use serde_json::Value;
use std::fs;
use std::path::Path;

use super::host::{Host, PREFIX, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::moto::Moto;

/// `PASSWORD`, as `htpasswd -B` writes it.
pub(crate) const PASSWORDS: &str = "alice:$2b$04$abcdefghijklmnopqrstuuQLWznNg7K9oVKTozbgThVyO8vc7yOme\n";
/// `alice:PASSWORD`
pub(crate) const BASIC: &str = "Basic YWxpY2U6UEFTU1dPUkQ=";

/// A mount for each way, and one role for whoever asks.
const MOUNTS: &str = r#"
[[federation.mounts]]
prefix = "/v2"
identity = { address = true }
metadata = { v2_only = true }
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/v1/latest"
identity = { address = true }
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { password_file = "FOLDER/passwords" }
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/ci"
identity = { jwt = { issuer = "https://issuer.example", audience = "portcullis", jwks = "FOLDER/jwks.json" } }
policies = ["machines"]
accounts = { production = "222222222222" }
[[policies]]
name = "machines"
module = "builtin:aws-roles"
settings = { single = { account = "production", role = "machine" } }
"#;

/// A host with those mounts, and what a program finds that has these variables in its environment.
struct Boto {
    tools: Tools,
    moto: &'static Moto,
    host: Host,
    /// carol's, for `/ci`.
    token: String,
}

impl Boto {
    #[track_caller]
    fn needed() -> Option<Self> {
        let tools = Tools::needed()?;
        let moto = Moto::shared(&tools);
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("jwks.json");
        let mut issue = tools.python(script("issue_token.py"), folder.path());
        // Long enough that boto3 does not want others at once, which it does with 15 minutes left.
        issue.arg(&keys).args(["https://issuer.example", "portcullis", "carol", "7200"]);
        let token = Run::of(&issue).ok().trim().to_owned();
        let jwks = fs::read_to_string(keys).unwrap();
        let host =
            Setup::new().moto(moto).file("passwords", PASSWORDS).file("jwks.json", &jwks).start(MOUNTS);
        Some(Self { tools, moto, host, token })
    }

    /// What boto3 finds out: who it is, how it got there, and what it asked on its way.
    #[track_caller]
    fn finds(&self, variables: &[(&str, &str)]) -> Value {
        let mut command = self.tools.python(script("who_am_i.py"), self.host.files());
        command.env("AWS_ENDPOINT_URL_STS", &self.moto.url).envs(variables.iter().copied());
        serde_json::from_str(&Run::of(&command).ok()).unwrap()
    }

    /// The same by the container endpoint.
    #[track_caller]
    fn finds_by_container(&self, path: &str, token: &str) -> Value {
        // boto3 waits two seconds, which a busy machine may need for the first answer.
        self.host.client.get(path).header("Authorization", token).send();
        let url = format!("{}{path}", self.host.url());
        self.finds(&[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
    }

    /// The same by the instance metadata below this prefix.
    #[track_caller]
    fn finds_by_metadata(&self, prefix: &str) -> Value {
        self.finds(&[
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &format!("{}{prefix}/", self.host.url())),
            ("AWS_METADATA_SERVICE_TIMEOUT", "60"),
        ])
    }
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/federation").join(name)
}

#[track_caller]
fn assert_found(found: &Value, method: &str, arn: &str, requests: &[&str]) {
    assert_eq!(found["error"], Value::Null, "{found}");
    assert_eq!((&found["method"], &found["arn"]), (&method.into(), &arn.into()), "{found}");
    let asked: Vec<_> =
        found["requests"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    // The last is to moto.
    assert_eq!(asked.split_last().unwrap(), (&"POST / 200", requests));
}

#[test]
fn by_instance_metadata_with_a_token() {
    let Some(boto) = Boto::needed() else { return };
    let requests = [
        "PUT /v2/latest/api/token 200",
        "GET /v2/latest/meta-data/iam/security-credentials/ 200",
        "GET /v2/latest/meta-data/iam/security-credentials/machine 200",
    ];
    let arn = "arn:aws:sts::111111111111:assumed-role/machine/127.0.0.1";
    assert_found(&boto.finds_by_metadata("/v2"), "iam-role", arn, &requests);
    // The token was not only fetched but sent: without it there is nothing.
    let bare = boto.host.client.get("/v2/latest/meta-data/iam/security-credentials/").send();
    assert_eq!(bare.status, 401, "{}", bare.text());
}

#[test]
fn by_instance_metadata_as_afp_had_them_without_a_token() {
    let Some(boto) = Boto::needed() else { return };
    let requests = [
        "PUT /v1/latest/api/token 404",
        "GET /v1/latest/meta-data/iam/security-credentials/ 200",
        "GET /v1/latest/meta-data/iam/security-credentials/machine 200",
    ];
    let arn = "arn:aws:sts::111111111111:assumed-role/machine/127.0.0.1";
    assert_found(&boto.finds_by_metadata("/v1"), "iam-role", arn, &requests);
}

#[test]
fn by_the_container_endpoint_with_a_password() {
    let Some(boto) = Boto::needed() else { return };
    let path = format!("{PREFIX}/account/production/machine/credentials");
    let arn = "arn:aws:sts::111111111111:assumed-role/machine/alice";
    let found = boto.finds_by_container(&path, BASIC);
    assert_found(&found, "container-role", arn, &[&format!("GET {path} 200")]);
}

#[test]
fn by_the_container_endpoint_with_a_token_of_an_identity_provider() {
    let Some(boto) = Boto::needed() else { return };
    let path = "/ci/account/production/machine/credentials";
    let arn = "arn:aws:sts::222222222222:assumed-role/machine/carol";
    let found = boto.finds_by_container(path, &format!("Bearer {}", boto.token));
    assert_found(&found, "container-role", arn, &[&format!("GET {path} 200")]);
    // As Kubernetes projects the token of a service account: without the scheme.
    let file = boto.host.files().join("projected");
    fs::write(&file, &boto.token).unwrap();
    let url = format!("{}{path}", boto.host.url());
    let found = boto.finds(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    assert_found(&found, "container-role", arn, &[&format!("GET {path} 200")]);
    let (signed, _) = boto.token.rsplit_once('.').unwrap();
    let found = boto.finds_by_container(path, &format!("Bearer {signed}.{}", "A".repeat(86)));
    assert!(found["error"].as_str().unwrap().contains("401"), "{found}");
}

#[test]
fn by_curl_as_a_credential_process() {
    let Some(boto) = Boto::needed() else { return };
    let url = format!("{}{PREFIX}/account/production/machine/credentials?format=process", boto.host.url());
    let config = boto.host.files().join("aws-config");
    let process = format!("curl --silent --fail-with-body --user alice:PASSWORD {url}");
    fs::write(&config, format!("[profile machine]\ncredential_process = {process}\n")).unwrap();
    let found = boto.finds(&[("AWS_CONFIG_FILE", config.to_str().unwrap()), ("AWS_PROFILE", "machine")]);
    assert_found(&found, "custom-process", "arn:aws:sts::111111111111:assumed-role/machine/alice", &[]);
}

#[test]
fn a_refusal_is_shown_with_its_reason_and_where_it_is_recorded() {
    let Some(boto) = Boto::needed() else { return };
    let found = boto.finds_by_container(&format!("{PREFIX}/account/production/admin/credentials"), BASIC);
    let error = found["error"].as_str().unwrap();
    assert!(error.contains("response 403") && error.contains("no policy grants you this role"), "{error}");
    assert_eq!(boto.host.record(error)["targets"][0]["as_sent"], "production/admin");
}

/// Keys that are no user's, a key whose secret is another, and a role that trusts somebody else: an STS that is not
/// ours tells them apart, and so do we.
#[test]
fn what_an_sts_says_that_verifies_signatures() {
    let Some(tools) = Tools::needed() else { return };
    let moto = Moto::shared(&tools);
    let mount = r#"
[[federation.mounts]]
identity = { address = true }
policies = ["machines"]
accounts = { production = "ACCOUNT" }
[[policies]]
name = "machines"
module = "builtin:aws-roles"
settings = { single = { account = "production", role = "not-ours" } }
"#;
    let mount = mount.replace("ACCOUNT", &moto.account);
    let answer = |setup: Setup| {
        let host = setup.start(&mount);
        let answer = host.client.get("/account/production/not-ours/credentials").send();
        (answer.status, answer.text(), host.portcullis.log())
    };
    let (status, text, _) = answer(Setup::new().moto(moto));
    assert!(status == 403 && text.contains("AWS does not let us have this role"), "{text}");
    let ours = "the keys of this service are not accepted; its operator must mend that";
    let (status, text, log) = answer(Setup::new().moto(moto).file("own-key", "another"));
    assert!(status == 502 && text.contains(ours), "{text}");
    assert!(log.contains("ERROR") && log.contains("`SignatureDoesNotMatch`"), "{log}");
    let (status, text, log) = answer(Setup::new().endpoints(&format!("endpoint = \"{}\"", moto.url)));
    assert!(status == 502 && text.contains(ours), "{text}");
    assert!(log.contains("ERROR") && log.contains("`InvalidClientTokenId`"), "{log}");
}
