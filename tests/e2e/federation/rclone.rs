//! rclone, which has the AWS SDK for Go v1: that leaves out the path of a metadata endpoint, and takes the container endpoint.

use std::process::Command;

use super::boto::{BASIC, PASSWORDS};
use super::host::{Host, PREFIX, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::clean;
use portcullis_testing::needs::missing;

const MOUNTS: &str = r#"
[[federation.mounts]]
identity = { address = true }
metadata = { v2_only = true }
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/m"
identity = { address = true }
metadata = true
policies = ["machines"]
accounts = { production = "222222222222" }
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { password_file = "FOLDER/passwords" }
policies = ["machines"]
accounts = { production = "333333333333" }
[[policies]]
name = "machines"
module = "builtin:aws-roles"
settings = { single = { account = "production", role = "machine" } }
"#;

/// Whether rclone finds credentials in this environment. It then goes on to a server that does not listen.
#[track_caller]
fn finds_credentials(host: &Host, variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new("rclone");
    clean(&mut command, host.files());
    command.args(["--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "lsd"]);
    command.arg(":s3,provider=Other,env_auth=true,region=eu-central-1,endpoint='http://127.0.0.1:1':");
    let said = Run::of(command.envs(variables.iter().copied())).refused();
    let went_on = said.contains("connection refused");
    assert!(went_on || said.contains("NoCredentialProviders"), "{said}");
    went_on
}

#[test]
fn by_metadata_at_the_root_and_by_the_container_endpoint() {
    if Command::new("rclone").arg("version").output().is_err() {
        return missing("rclone", "it is not installed (tests/run does it)").unwrap_or_default();
    }
    let host = Setup::new().file("passwords", PASSWORDS).start(MOUNTS);
    let path = format!("{PREFIX}/account/production/machine/credentials");
    // The SDK waits a second, which a busy machine may need for the first response.
    host.client.get(&path).header("Authorization", BASIC).send();
    host.client.get("/m/latest/meta-data/iam/security-credentials/machine").send();
    let asked = |account: &str| host.decisions().matches(&format!("arn:aws:iam::{account}:")).count();
    let before = asked("222222222222");
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", host.url());
    assert!(finds_credentials(&host, &[(endpoint.0, &endpoint.1)]));
    assert!(asked("111111111111") > 0, "{}", host.decisions());
    // Below a prefix it asks the mount at the root, whose machine is another.
    let below = format!("{}/m", host.url());
    finds_credentials(&host, &[(endpoint.0, &below)]);
    assert_eq!(asked("222222222222"), before, "{}", host.decisions());
    let url = format!("{}{path}", host.url());
    let container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", BASIC),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    assert!(finds_credentials(&host, &container));
}
