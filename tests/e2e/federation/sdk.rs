//! The AWS SDK for Rust, which asks for instance metadata by IMDSv2 and by nothing else.

use aws_sdk_sts::Client;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::process::Command;

use super::boto::{BASIC, PASSWORDS};
use super::host::{Host, PREFIX, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::{Tools, clean};
use portcullis_testing::moto::Moto;

const MOUNTS: &str = r#"
[[federation.mounts]]
prefix = "/v2"
identity = { address = true }
metadata = { v2_only = true }
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
settings = { single = { account = "production", role = "team/machine" } }
"#;

/// Whether this process is the one that [`finds`] starts.
const ASKED: &str = "PORTCULLIS_E2E_WHO_AM_I";

/// What a program with the SDK does: it finds credentials by its environment, which is why it is a process of its own,
/// and asks who it is. Started as a test it does nothing.
#[test]
fn as_a_program_of_its_own() {
    if std::env::var_os(ASKED).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let arn = runtime.block_on(async {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::from_env().http_client(http).load().await;
        Client::new(&config).get_caller_identity().send().await.map(|answer| answer.arn.unwrap_or_default())
    });
    println!("{}", arn.map_or_else(|error| format!("found {error:?}"), |arn| format!("found {arn}")));
}

/// What the program above finds that has these variables in its environment.
#[track_caller]
fn finds(host: &Host, moto: &Moto, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    clean(&mut command, host.files());
    command.args(["--exact", "federation::sdk::as_a_program_of_its_own", "--nocapture"]).env(ASKED, "1");
    command.env("AWS_ENDPOINT_URL_STS", &moto.url).envs(variables.iter().copied());
    let said = Run::of(&command).ok();
    let found = said.lines().find_map(|line| line.split_once("found ")).unwrap_or_else(|| panic!("{said}"));
    found.1.to_owned()
}

#[test]
fn by_instance_metadata() {
    let Some(tools) = Tools::needed() else { return };
    let moto = Moto::shared(&tools);
    let host = Setup::new().moto(moto).file("passwords", PASSWORDS).start(MOUNTS);
    // The SDK waits a second, which a busy machine may need for the first answer.
    let token =
        host.client.call("PUT", "/v2/latest/api/token").header("X-aws-ec2-metadata-token-ttl-seconds", "60");
    let role = host.client.get("/v2/latest/meta-data/iam/security-credentials/");
    let role = role.header("X-aws-ec2-metadata-token", token.send().text()).send();
    assert_eq!((role.status, &*role.text()), (200, "team/machine"));
    let endpoint = format!("{}/v2", host.url());
    let found = finds(&host, moto, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)]);
    assert_eq!(found, "arn:aws:sts::111111111111:assumed-role/machine/127.0.0.1");
}

#[test]
fn by_the_container_endpoint() {
    let Some(tools) = Tools::needed() else { return };
    let moto = Moto::shared(&tools);
    let host = Setup::new().moto(moto).file("passwords", PASSWORDS).start(MOUNTS);
    let ask = |role: &str| {
        let path = format!("{PREFIX}/account/production/{role}/credentials");
        host.client.get(&path).header("Authorization", BASIC).send();
        let url = format!("{}{path}", host.url());
        finds(
            &host,
            moto,
            &[
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", BASIC),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ],
        )
    };
    assert_eq!(ask("team/machine"), "arn:aws:sts::111111111111:assumed-role/machine/alice");
    let refused = ask("admin");
    assert!(refused.contains("HTTP credential provider: StatusCode(403)"), "{refused}");
}
