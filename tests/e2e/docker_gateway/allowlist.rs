//! docker-allowlist behind the gateway, which looks up labels: the recipe for many users of one engine.

use super::host::Gateway;
use portcullis_testing::{Dockerd, Run, need_dockerd};

#[test]
fn tenants_use_what_has_their_label() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::start(dockerd, include_str!("../../../examples/docker/tenants.toml"));
    let [(alice, alices), (bob, bobs)] = ["alice", "bob"].map(|name| gateway.user(name));
    gateway.grant(&[alice, bob]);
    let docker = |name: &str, token: &str, arguments: &[&str]| {
        let client = gateway.client_folder(name, token);
        let host = format!("tcp://{}", gateway.own_address);
        Run::of(gateway.dockerd.clients_at(&host, &client).remove(0).args(arguments))
    };
    let run = ["run", "-d", "--network", "none", "--label", "owner=alice"];
    let sleep = ["bb:1", "sleep", "1000"];
    docker("alice", &alices, &[&run[..], &["--name", "web", "-v", "alice.vol-data:/d"], &sleep].concat())
        .ok();
    docker("alice", &alices, &["exec", "web", "true"]).ok();
    for (arguments, rule) in [
        (&["exec", "web", "true"][..], "label"),
        (&["stop", "web"], "label"),
        (&["logs", "web"], "label"),
        (&["run", "-d", "--network", "none", "bb:1", "true"], "label"),
        (&["run", "-d", "--network", "none", "--label", "owner=alice", "bb:1", "true"], "label"),
        (
            &[
                "run",
                "-d",
                "--network",
                "none",
                "--label",
                "owner=bob",
                "-v",
                "alice.vol-data:/d",
                "bb:1",
                "true",
            ],
            "name",
        ),
        (
            &["run", "-d", "--network", "none", "--label", "owner=bob", "-v", "/etc:/d", "bb:1", "true"],
            "host-options",
        ),
    ] {
        let text = docker("bob", &bobs, arguments).refused();
        assert!(text.contains(&format!("policy docker-allowlist, rule {rule}, ")), "{arguments:?}: {text}");
    }
    docker("bob", &bobs, &["ps"]).ok();
    docker("alice", &alices, &["rm", "-f", "web"]).ok();
}
