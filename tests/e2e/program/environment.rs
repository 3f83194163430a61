//! `PORTCULLIS__SECTION__KEY`, and starting without a file.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{ALLOW, PATIENCE, PROGRAM, Place, ask, get_json, message};
use portcullis_testing::{Run, http};
use std::fs;
use std::process::Command;

#[test]
fn a_variable_replaces_what_the_file_says() {
    let place = Place::new();
    let elsewhere = place.at("elsewhere.sock");
    fs::write(place.at("portcullis.toml"), place.config(ALLOW)).unwrap();
    let mut command = place.command(&["serve", "--config", "portcullis.toml"]);
    command.env("PORTCULLIS__LISTEN__ADMIN", format!("[\"unix:{}\"]", elsewhere.display()));
    command.env("PORTCULLIS__DOCKER__DAEMON", "blue");
    command.env("PORTCULLIS__AUDIT__FILE", place.at("records"));
    let mut service = place.serve(&mut command);
    assert_eq!(get_json(&elsewhere, "/policies")["policies"][0]["name"], "allow");
    assert!(!place.admin().exists());
    assert_eq!(ask(&place.door(), &message("GET", "/containers/json", None)).1["Allow"], true);
    assert!(service.stop(PATIENCE).success());
    assert!(fs::read_to_string(place.at("records")).unwrap().contains(r#""daemon":"blue""#));
}

#[test]
fn a_bad_variable_is_named() {
    let cases = [
        ("PORTCULLIS__LISTEN__ADMIN", "[\"nowhere\"]", "`nowhere` is no address; write `unix:/path`"),
        ("PORTCULLIS__LISTEN__ADMIN", "nowhere", "expected a list, found the text `nowhere`"),
        ("PORTCULLIS__LISTEN__ADMEN", "[]", "unknown key `admen`, expected one of `api`, `docker`, `admin`"),
        (
            "PORTCULLIS__LISTN__ADMIN",
            "[]",
            "unknown key `listn`, expected one of `state`, `watch_policies`, `listen`,",
        ),
        (
            "PORTCULLIS__AUDIT__RECENT",
            "many",
            "expected a whole number that is not negative, found the text `many`",
        ),
        ("PORTCULLIS__AUDIT", "x", "expected a table, found the text `x`"),
        ("PORTCULLIS__STATE__X", "x", "it reaches into something that is no section"),
        ("PORTCULLIS__", "x", "it names no key"),
        ("PORTCULLIS__POLICIES", "[]", "policies are taken from the file alone"),
        (
            "PORTCULLIS__DOCKER__ALWAYS_ALLOW",
            "[\"Ping\"]",
            "`Ping` is no operation of the Docker Engine API;",
        ),
        ("PORTCULLIS_LOG", "a=b=c", "write e.g. `debug` or `info,policy=debug`"),
    ];
    for (name, value, message) in cases {
        let place = Place::new();
        fs::write(place.at("portcullis.toml"), place.config(ALLOW)).unwrap();
        let mut command = place.command(&["serve", "--config", "portcullis.toml"]);
        // A good one beside it, which is not to blame.
        let said =
            place.assert_refused(&Run::of(command.env("PORTCULLIS__DOCKER__DAEMON", "x").env(name, value)));
        assert!(said.starts_with(&format!("the environment variable `{name}`: ")), "{said}");
        assert!(said.contains(message), "{said}\n{message}");
    }
}

#[test]
fn what_is_wrong_in_the_file_keeps_its_line_beside_variables() {
    let place = Place::new();
    for (rest, line) in [
        (format!("{ALLOW}mode = \"guard\"\n"), 8),
        ("[audit]\nfiel = 1\n".to_owned(), 6),
        (
            "[[policies]]\nname = \"a\"\nmodule = \"builtin:docker-baseline\"\nsettings = { x = 1 }\n"
                .to_owned(),
            5,
        ),
    ] {
        fs::write(place.at("portcullis.toml"), place.config(&rest)).unwrap();
        let mut command = place.command(&["serve", "--config", "portcullis.toml"]);
        let said = place.assert_refused(&Run::of(command.env("PORTCULLIS__DOCKER__DAEMON", "x")));
        assert!(said.starts_with(&format!("portcullis.toml:{line}: ")), "{said}");
    }
}

#[test]
fn without_a_file_it_serves_and_says_where() {
    let place = Place::new();
    let mut command = place.command(&[]);
    command.env("PORTCULLIS__STATE", place.at("state"));
    command.env("PORTCULLIS__LISTEN__DOCKER", format!("[\"unix:{}\"]", place.door().display()));
    command.env("PORTCULLIS__LISTEN__ADMIN", "[\"127.0.0.1:0\"]");
    let mut service = place.serve(&mut command);
    let log = service.log();
    let curl = format!("try: curl --unix-socket {} http://localhost/", place.door().display());
    assert!(log.contains(&curl), "{log}");
    let address = log.split("admin listens on ").nth(1).unwrap().split(';').next().unwrap();
    assert!(log.contains(&format!("try: curl http://{address}/readyz")), "{log}");
    assert_eq!(http::get(address, "/readyz").unwrap(), (200, "ready\n".into()));
    let privileged = message(
        "POST",
        "/v1.44/containers/create",
        Some(&serde_json::json!({
            "Image": "busybox", "HostConfig": { "Privileged": true }
        })),
    );
    let (_, refused) = ask(&place.door(), &privileged);
    assert!(refused["Msg"].as_str().unwrap().contains("rule privileged"), "{refused}");
    assert_eq!(ask(&place.door(), &message("GET", "/containers/json", None)).1["Allow"], true);
    assert!(service.stop(PATIENCE).success());
    assert!(!place.door().exists());
    // Records go to standard output, which is the log here.
    assert!(service.log().contains(r#""rule":"privileged""#), "{}", service.log());
}

#[test]
fn without_root_everything_is_in_the_users_own_folders() {
    let place = Place::new();
    let (runtime, state) = (place.at("run"), place.at("state"));
    for folder in [&runtime, &state] {
        fs::create_dir(folder).unwrap();
    }
    let mut command = place.command(&[]);
    if rustix::process::geteuid().is_root() {
        let nobody = Some(65534);
        for folder in [place.at(""), runtime.clone(), state.clone()] {
            std::os::unix::fs::chown(folder, nobody, nobody).unwrap();
        }
        // By a descriptor: the program may be where only root can look for it.
        let script = "exec 9<\"$0\"; exec setpriv --reuid=65534 --regid=65534 --clear-groups /proc/self/fd/9";
        let mut unprivileged = Command::new("sh");
        unprivileged.args(["-c", script, PROGRAM]).current_dir(place.at(""));
        portcullis_testing::portcullis::clean(&mut unprivileged);
        command = unprivileged;
    }
    command.env("HOME", place.at("")).env("XDG_RUNTIME_DIR", &runtime).env("XDG_STATE_HOME", &state);
    command.env("PORTCULLIS__LISTEN__ADMIN", "[]");
    let mut service = place.serve(&mut command);
    let socket = runtime.join("portcullis.sock");
    assert_eq!(ask(&socket, &message("GET", "/containers/json", None)).1["Allow"], true);
    assert!(state.join("portcullis/artifacts").is_dir());
    assert!(service.stop(PATIENCE).success());
}
