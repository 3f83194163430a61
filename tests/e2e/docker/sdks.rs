//! Docker's SDKs behind docker-baseline: each says what it says at a daemon without a plugin.

use portcullis_testing::docker_sdks::DockerSdks;
use portcullis_testing::{Dockerd, Plugin, Portcullis, Run, need_dockerd};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PROGRAM, config_of};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/docker").join(name)
}

/// Runs a script at a daemon without a plugin, and at one behind docker-baseline with the documented settings.
#[track_caller]
fn same_output(command: impl Fn() -> Command, address: impl Fn(&Dockerd) -> String) {
    let Some(needed) = need_dockerd() else { return };
    let run = |plugins: &[&str]| {
        let dockerd = Dockerd::start(&needed, plugins, None);
        dockerd.import_busybox("bb:1");
        Run::of(command().args([&address(&dockerd), "run"])).ok()
    };
    let expected = run(&[]);
    let plugin = Plugin::socket();
    let settings = r#"assume_no_form = ["ImageBuild", "ImageCreate"]"#;
    let _portcullis = Portcullis::start(PROGRAM, &config_of(plugin.path(), settings, ""));
    assert_eq!(run(&[&plugin.name]), expected);
}

#[test]
fn docker_py_works_behind_docker_baseline() {
    let Some(sdks) = DockerSdks::needed() else { return };
    same_output(
        || sdks.python(script("docker_py.py")),
        |dockerd| format!("unix://{}", dockerd.socket().display()),
    );
}

#[test]
fn dockerode_works_behind_docker_baseline() {
    let Some(sdks) = DockerSdks::needed() else { return };
    let address = |dockerd: &Dockerd| serde_json::json!({ "socketPath": dockerd.socket() }).to_string();
    same_output(|| sdks.node(script("dockerode.js")), address);
}
