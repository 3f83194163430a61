//! docker-allowlist: the recipes in `examples/docker`, between a real dockerd and its command line.

use portcullis_testing::{Dockerd, Plugin, Portcullis, need_dockerd};
use std::path::Path;

use super::PROGRAM;

/// The policies behind `socket`.
fn config(socket: &Path, policies: &str) -> String {
    format!(
        "state = \"state\"\n[listen]\ndocker = [\"unix:{}\"]\nadmin = []\n[audit]\nfile = \"decisions.jsonl\"\n{policies}",
        socket.display()
    )
}

/// A recipe for the clients of a unix socket, which have no name.
fn anonymous(recipe: &str, user: &str) -> String {
    let named = format!("\"{user}\"");
    assert!(recipe.contains(&named), "{user}: {recipe}");
    recipe.replace(&named, "\"anonymous\"")
}

/// What a recipe allows, and what it refuses by which rule. The container `web` is there.
type Recipe<'r> = (&'r str, &'r [&'r [&'r str]], &'r [(&'r [&'r str], &'r str)]);

#[test]
fn the_recipes_allow_what_they_are_for_and_refuse_the_rest() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let everything = "[[policies]]\nname = \"allow\"\nmodule = \"builtin:allow\"\n";
    let mut portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), everything));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    dockerd.docker(&["tag", "bb:1", "other/bb:1"]).ok();
    dockerd.docker(&["run", "-d", "--name", "web", "--network", "none", "bb:1", "sleep", "1000"]).ok();
    let ci = anonymous(include_str!("../../../examples/docker/ci-runner.toml"), "ci-runner");
    let traefik = anonymous(include_str!("../../../examples/docker/traefik.toml"), "traefik");
    let tests = anonymous(include_str!("../../../examples/docker/testcontainers.toml"), "developer");
    let auditor = anonymous(include_str!("../../../examples/docker/auditor.toml"), "auditor");
    let run: [&str; 6] = ["run", "--rm", "--network", "none", "bb:1", "true"];
    let recipes: [Recipe<'_>; 4] = [
        (
            &ci,
            &[&run, &["ps"], &["exec", "web", "true"], &["logs", "web"], &["images"]],
            &[
                (&["run", "--rm", "--network", "none", "other/bb:1", "true"], "image"),
                (&["run", "--rm", "--network", "none", "--privileged", "bb:1", "true"], "host-options"),
                (&["run", "--rm", "--network", "none", "-v", "/etc:/x", "bb:1", "true"], "host-options"),
                (&["run", "--rm", "--network", "host", "bb:1", "true"], "host-options"),
                (&["volume", "create", "v"], "operation"),
                (&["rmi", "bb:1"], "operation"),
                (&["swarm", "init"], "operation"),
            ],
        ),
        (
            &traefik,
            &[&["ps"], &["inspect", "--type", "container", "web"], &["network", "ls"], &["info"]],
            &[
                (&["stop", "web"], "operation"),
                (&["exec", "web", "true"], "operation"),
                (&["logs", "web"], "operation"),
                (&run, "operation"),
            ],
        ),
        (
            &tests,
            &[
                &["run", "--rm", "--network", "none", "--label", "org.testcontainers=true", "bb:1", "true"],
                &["inspect", "--type", "container", "web"],
                &["exec", "web", "true"],
            ],
            &[
                (
                    &[
                        "run",
                        "--network",
                        "none",
                        "-v",
                        "/var/run/docker.sock:/var/run/docker.sock",
                        "bb:1",
                        "true",
                    ],
                    "host-options",
                ),
                (&["network", "create", "-d", "macvlan", "-o", "parent=lo", "m"], "host-options"),
                (&["run", "--rm", "--network", "none", "other/bb:1", "true"], "image"),
                (&["system", "prune", "-f"], "operation"),
            ],
        ),
        (
            &auditor,
            &[
                &["ps"],
                &["logs", "web"],
                &["inspect", "web"],
                &["top", "web"],
                &["images"],
                &["volume", "ls"],
            ],
            &[
                (&run, "operation"),
                (&["exec", "web", "true"], "operation"),
                (&["cp", "web:/bin/busybox", "-"], "operation"),
                (&["export", "web"], "operation"),
                (&["kill", "web"], "operation"),
            ],
        ),
    ];
    for (recipe, allowed, refused) in recipes {
        portcullis.configure(&config(plugin.path(), recipe));
        portcullis.reload();
        for arguments in allowed {
            dockerd.docker(arguments).ok();
        }
        for (arguments, rule) in refused {
            let text = dockerd.docker(arguments).refused();
            assert!(
                text.contains(&format!("policy docker-allowlist, rule {rule}, ")),
                "{arguments:?}: {text}"
            );
        }
    }
}

#[test]
fn beside_docker_baseline_a_denial_of_either_wins() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let policies = r#"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
settings = { allowed_mounts = ["/srv"], assume_no_form = ["ImageCreate"] }
[[policies]]
name = "docker-allowlist"
module = "builtin:docker-allowlist"
[[policies.settings.rules]]
name = "all"
users = ["*"]
operations = ["list", "run", "ImageCreate"]
host_options = "allow"
"#;
    let _portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), policies));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    std::fs::create_dir_all("/srv").unwrap();
    let run =
        |mount: &str| dockerd.docker(&["run", "--rm", "--network", "none", "-v", mount, "bb:1", "true"]);
    run("/srv:/srv:ro").ok();
    assert!(run("/etc:/etc:ro").refused().contains("policy docker-baseline, rule host-mount"));
    let text = dockerd.docker(&["volume", "create", "v"]).refused();
    assert!(text.contains("policy docker-allowlist, rule operation"), "{text}");
}
