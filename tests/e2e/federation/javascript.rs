//! AWS's SDKs for JavaScript. Version 2 takes a key `credentials` of the container endpoint for the whole body; version 3 leaves
//! out the path of a metadata endpoint.

use serde_json::Value;
use std::path::Path;

use super::boto::{BASIC, PASSWORDS};
use super::host::{Host, PREFIX, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_javascript::JavaScriptSdks;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::moto::Moto;

const MOUNTS: &str = r#"
[[federation.mounts]]
identity = { address = true }
metadata = true
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { password_file = "FOLDER/passwords" }
policies = ["machines"]
accounts = { production = "111111111111" }
[[policies]]
name = "machines"
module = "builtin:aws-roles"
settings = { single = { account = "production", role = "machine" } }
"#;

/// A host, and both SDKs.
struct JavaScript {
    sdks: JavaScriptSdks,
    moto: &'static Moto,
    host: Host,
}

impl JavaScript {
    #[track_caller]
    fn needed() -> Option<Self> {
        let (tools, sdks) = (Tools::needed()?, JavaScriptSdks::needed()?);
        let moto = Moto::shared(&tools);
        let host = Setup::new().moto(moto).file("passwords", PASSWORDS).start(MOUNTS);
        Some(Self { sdks, moto, host })
    }

    /// Who a program is that has these variables in its environment: with version 2, and with version 3.
    #[track_caller]
    fn find(&self, variables: &[(&str, &str)]) -> [Value; 2] {
        ["javascript_v2.js", "javascript_v3.js"].map(|name| {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/aws").join(name);
            let mut command = self.sdks.node(script, self.host.files());
            command.env("STS", &self.moto.url).envs(variables.iter().copied());
            serde_json::from_str(&Run::of(&command).ok()).unwrap()
        })
    }
}

#[test]
fn by_the_container_endpoint() {
    let Some(javascript) = JavaScript::needed() else { return };
    let path = format!("{PREFIX}/account/production/machine/credentials");
    // The SDKs wait a second, which a busy machine may need for the first answer.
    javascript.host.client.get(&path).header("Authorization", BASIC).send();
    let url = format!("{}{path}", javascript.host.url());
    let found = javascript.find(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", BASIC),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    for found in found {
        assert_eq!(found["arn"], "arn:aws:sts::111111111111:assumed-role/machine/alice", "{found}");
    }
}

#[test]
fn by_instance_metadata_at_the_root() {
    let Some(javascript) = JavaScript::needed() else { return };
    javascript.host.client.get("/latest/meta-data/iam/security-credentials/machine").send();
    let url = javascript.host.url();
    for found in javascript.find(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)]) {
        assert_eq!(found["arn"], "arn:aws:sts::111111111111:assumed-role/machine/127.0.0.1", "{found}");
    }
}
