//! `host_root`: what the paths of a request lead to, before dockerd follows them.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use super::{PROGRAM, assert_refused, config_of};
use portcullis_testing::{Dockerd, Plugin, Portcullis, need_dockerd};

#[test]
fn a_path_is_judged_by_what_it_leads_to() {
    let Some(needed) = need_dockerd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for directory in ["data", "read/users", "secret"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    fs::write(at("secret/key"), "the key\n").unwrap();
    chown(at("read/users"), Some(1000), None).unwrap();
    symlink(at("secret"), at("read/link")).unwrap();
    let settings = format!(
        r#"assume_no_form = ["ImageCreate"], allowed_mounts = ["{}", {{ path = "{}", access = "rw" }}]"#,
        at("read"),
        at("data")
    );

    let plugin = Plugin::socket();
    let mut portcullis = Portcullis::start(PROGRAM, &config_of(plugin.path(), &settings, ""));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    let run = |mount: &str, command: &[&str]| {
        dockerd.docker(&[&["run", "--rm", "--network", "none", "-v", mount, "bb:1"], command].concat())
    };
    // The hole: a container makes a link, and the next one follows it out of the directory.
    run(&format!("{}:/d", at("data")), &["busybox", "ln", "-s", &at("secret"), "/d/link"]).ok();
    let through_link = format!("{}:/x:ro", at("data/link"));
    assert_eq!(run(&through_link, &["cat", "/x/key"]).ok(), "the key\n");

    portcullis.configure(&config_of(plugin.path(), &settings, "host_root = \"/\""));
    portcullis.restart();
    run(&format!("{}:/d", at("data")), &["true"]).ok();
    run(&format!("{}:/d:ro", at("read")), &["true"]).ok();
    run(&format!("{}:/d:ro", at("read/new")), &["true"]).ok();
    let leads = format!("`{}`, where `{}` leads,", at("secret"), at("read/link"));
    let device = format!("device={}", at("read/link"));
    let volume =
        ["volume", "create", "-d", "local", "-o", "type=none", "-o", "o=bind,ro", "-o", &device, "v"];
    for (text, expected) in [
        (run(&through_link, &["cat", "/x/key"]).refused(), "containers may write to"),
        (run(&format!("{}:/d", at("data/new")), &["true"]).refused(), "containers may write to"),
        (run(&format!("{}:/x:ro", at("read/link")), &["cat", "/x/key"]).refused(), leads.as_str()),
        (
            run(&format!("{}:/x:ro", at("read/link/key")), &["true"]).refused(),
            "/key` leads, may not be mounted",
        ),
        (
            run(&format!("{}:/x:ro", at("read/users/new")), &["true"]).refused(),
            "users other than root can change",
        ),
        (dockerd.docker(&volume).refused(), "may not be named"),
    ] {
        assert_refused(&portcullis, &text, "host-mount");
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // The kernel goes above what a link leads to, where dockerd passes the path on as it is.
    let device = format!("device={}", at("data/link/.."));
    let volume = ["volume", "create", "-d", "local", "-o", "type=none", "-o", "o=bind", "-o", &device, "v"];
    assert_refused(&portcullis, &dockerd.docker(&volume).refused(), "docker-socket");
    for path in ["/proc/self/root/etc", "/etc/passwd/x"] {
        let text = run(&format!("{path}:/x:ro"), &["true"]).refused();
        assert!(text.contains("leads to cannot be seen") && text.contains("rule host:real-path"), "{text}");
    }
}
