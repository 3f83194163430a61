//! Docker's SDKs: each says through the gateway what it says at dockerd's own socket.

use super::host::Gateway;
use portcullis_testing::docker_sdks::DockerSdks;
use portcullis_testing::{Dockerd, Run, need_dockerd};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/docker").join(name)
}

/// A gateway, and the token of a user who was granted its endpoint.
#[track_caller]
fn start() -> Option<(DockerSdks, Gateway, String)> {
    let sdks = DockerSdks::needed()?;
    let dockerd = Dockerd::start(&need_dockerd()?, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::with_baseline(dockerd, "");
    let (_, token) = gateway.user("alice");
    Some((sdks, gateway, token))
}

/// Runs a script at dockerd's own socket, and through the gateway at each of `addresses`.
#[track_caller]
fn same_output(command: impl Fn() -> Command, direct: &str, addresses: &[String], token: &str) {
    let expected = Run::of(command().args([direct, "direct"])).ok();
    for (number, address) in addresses.iter().enumerate() {
        let through = Run::of(command().args([address, &format!("through-{number}")]).env("TOKEN", token));
        assert_eq!(through.ok(), expected, "{address}");
    }
}

#[test]
fn docker_py_works_by_path_and_at_an_address_of_the_endpoints_own() {
    let Some((sdks, gateway, token)) = start() else { return };
    let direct = format!("unix://{}", gateway.dockerd.socket().display());
    let addresses = [
        format!("tcp://{}/api/endpoints/1/docker", gateway.address),
        format!("tcp://{}", gateway.own_address),
    ];
    same_output(|| sdks.python(script("docker_py.py")), &direct, &addresses, &token);
}

/// docker-modem drops the path of an address.
#[test]
fn dockerode_works_at_an_address_of_the_endpoints_own() {
    let Some((sdks, gateway, token)) = start() else { return };
    let direct = json!({ "socketPath": gateway.dockerd.socket() }).to_string();
    let (host, port) = gateway.own_address.split_once(':').unwrap();
    let address = json!({ "host": host, "port": port, "protocol": "http" }).to_string();
    same_output(|| sdks.node(script("dockerode.js")), &direct, &[address], &token);
}
