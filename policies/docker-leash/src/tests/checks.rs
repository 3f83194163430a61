//! Each check, by the vectors of docker-leash's unit tests.

use super::*;

fn list(patterns: &[&str]) -> String {
    let quoted: Vec<_> = patterns.iter().map(|pattern| format!("'{pattern}'")).collect();
    format!("[{}]", quoted.join(", "))
}

fn with(check: &str, patterns: &[&str]) -> Leash {
    checks(&format!("{{{check}: {}}}", list(patterns)))
}

#[test]
fn container_names_are_those_of_a_create_and_of_what_exists() {
    let created = |name: &str, patterns: &[&str]| {
        is_allowed(&with("ContainerName", patterns), &create("someone", name, Workload::default()))
    };
    for (name, pattern, expected) in [
        ("foo-bar", "^foo-.*", true),
        ("foo-bar", ".*oo.*", true),
        ("foo-bar", ".+", true),
        ("foo-bar", "^foobar.*", false),
        ("foo-bar", "^bar-foo.*", false),
        ("foo-bar", "bar-foo", false),
        ("hard-biture", "hard-bitur", true),
        ("hard-biture", "ard-bitur", false),
        ("", ".*", true),
        ("", ".+", false),
        ("someone-love-me", "^$USER-.*", true),
        ("someone-love-me", r"^\$USER-.*", false),
    ] {
        assert_eq!(created(name, &[pattern]), expected, "{name} {pattern}");
    }
    assert!(created("foo-bar", &["^no", "^foo"]));
    assert!(created("foo-bar", &[]));
    for arguments in ["''", "", "'^foo-'"] {
        let policy = checks(&format!("{{ContainerName: {arguments}}}"));
        assert!(is_allowed(&policy, &create("someone", "foo-bar", Workload::default())), "{arguments}");
    }
    let remove =
        |name: &str| request("someone", "DELETE", "ContainerDelete", vec![target("container", name)]);
    assert!(is_allowed(&with("ContainerName", &["^$USER-"]), &remove("someone-love-me")));
    assert!(!is_allowed(&with("ContainerName", &["^$USER-"]), &remove("")));
    let images = request("someone", "GET", "ImageList", vec![target("image", "")]);
    assert!(is_allowed(&with("ContainerName", &["^foo"]), &images));
    let lists = request("someone", "GET", "ContainerList", vec![target("container", "")]);
    assert!(is_allowed(&with("ContainerName", &["^foo"]), &lists));
}

#[test]
fn image_names_are_one_of_the_patterns() {
    for (operation, names, pattern, expected) in [
        ("ImageBuild", &["test"][..], "^test", true),
        ("ImageBuild", &["foo-x"], "^foo-", true),
        ("ImageBuild", &["foobar:something"], "^foo-", false),
        ("ImageBuild", &[], "^foo-", false),
        ("ImageCreate", &["traefik:alpine"], "^traefik$", true),
        ("ImageInspect", &["traefik:alpine"], "^traefik$", true),
        ("ImageHistory", &["mariadb"], "^traefik$", false),
        ("ImagePush", &["traefik:alpine"], "^traefik$", true),
        ("ImageTag", &["foo-foo", "foo-bar"], "^foo-.+", true),
        ("ImageTag", &["foo-bar", "bar-baz"], "^foo-.+", false),
        ("ImageTag", &["mal-a", "mal-b"], "^$USER-.+", true),
        ("ImageTag", &["mal-a", "jre-b"], "^$USER-.+", false),
        ("ImageDelete", &["alpine:latest"], "^alpine$", true),
        ("ImageCommit", &["alpine:latest"], "^alpine", true),
        ("ImageCommit", &[], "^alpine", false),
        ("ImageGetAll", &["registry.example.net/traefik:alpine", "mariadb"], "^registry.example.net/", false),
        ("ImageGetAll", &["registry.example.net/traefik:alpine"], "^registry.example.net/traefik$", true),
        ("ImageList", &[], "^foo", true),
        ("ImagePrune", &[], "^foo", false),
        ("ImageLoad", &[], "^foo", false),
        ("ImageLoad", &[], ".*", true),
    ] {
        let policy = with("ImageName", &[pattern]);
        assert_eq!(
            is_allowed(&policy, &images(operation, names)),
            expected,
            "{operation} {names:?} {pattern}"
        );
    }
}

#[test]
fn bind_mounts_are_paths_and_what_is_below() {
    let a = &["-/.*", "+/foo", "-/foo/.*", "+/foo/bar"][..];
    for (rules, paths, expected) in [
        (a, &["/foo"][..], true),
        (a, &["/foo/bar"], true),
        (a, &["/foo/bar/team"], true),
        (a, &["/foo", "/foo/bar", "/foo/bar/team"], true),
        (a, &["/"], false),
        (a, &["/etc"], false),
        (a, &["/foo/lol"], false),
        (a, &["/foo/foo"], false),
        // The host has cleaned `/foo/bar/../baz`.
        (a, &["/foo/baz"], false),
        (a, &["foo"], false),
        (a, &["/foo", "/foo/bar", "/etc"], false),
        (&["-/.*", "+/foo"], &["/foo", "/foo/bar"], true),
        (&["-/.*", "+/foo"], &["/foobar"], false),
        (&["-/.*", "+/foo/"], &["/foo"], false),
        (&["-/.*", "+/foo/"], &["/foobar"], false),
        (&["-/.*", "+/home/$USER"], &["/home/someone"], true),
        (&["-/.*", "+/home/$USER"], &["/home/someone/x"], true),
        (&["-/.*", "+/home/$USER"], &["/home/someone2"], false),
        (&["+/something-else/"], &["/foo"], false),
        (&["+/.*", "-/"], &["/"], false),
        (&["+/.*", "-/"], &["/etc"], true),
        (a, &[], true),
        (&[], &[], true),
        (&[], &["/foo"], false),
    ] {
        let policy = with("BindMounts", rules);
        assert_eq!(is_allowed(&policy, &binds("someone", paths)), expected, "{rules:?} {paths:?}");
    }
}

#[test]
fn users_in_containers_privileges_and_read_only() {
    let user = |name: Option<&str>, patterns: &[&str]| {
        let workload = Workload { user: name.map(str::to_owned), ..Workload::default() };
        is_allowed(&with("User", patterns), &create("foobar", "x", workload))
    };
    for (name, patterns, expected) in [
        (None, &["^x$"][..], true),
        (Some(""), &["^x$"], true),
        (Some("foobar"), &[".+"], true),
        (Some("foobar"), &["^foo.*$"], true),
        (Some("foobar"), &[".*bar$"], true),
        (Some("foobar"), &["someone"], false),
        (Some("foobar"), &["^foobar2$"], false),
        (Some("foobar"), &["^foobar.+$"], false),
        (Some("foobar"), &["^$USER$"], true),
        (Some("other"), &["^$USER$"], false),
        (Some("other"), &["^no$", "^other$"], true),
    ] {
        assert_eq!(user(name, patterns), expected, "{name:?} {patterns:?}");
    }
    for privileged in [false, true] {
        let workload = Workload { privileged, ..Workload::default() };
        assert_eq!(is_allowed(&checks("Privileged"), &create("u", "x", workload)), !privileged);
    }
    for (method, expected) in
        [("GET", true), ("HEAD", true), ("POST", false), ("PUT", false), ("DELETE", false)]
    {
        assert_eq!(
            is_allowed(&checks("ReadOnly"), &request("u", method, "SystemInfo", vec![])),
            expected,
            "{method}"
        );
    }
}

#[test]
fn volume_names_are_those_of_a_create_and_of_volumes() {
    let policy = with("VolumeName", &["^$USER-"]);
    let volume =
        |operation: &str, name: &str| request("mal", "POST", operation, vec![target("volume", name)]);
    for (request, expected) in [
        (volume("VolumeCreate", "mal-data"), true),
        (volume("VolumeCreate", "jre-data"), false),
        (volume("VolumeCreate", ""), false),
        (volume("VolumeDelete", "jre-data"), false),
        (volume("VolumePrune", ""), false),
        (volume("VolumeList", ""), true),
        (binds("mal", &["mal-data"]), true),
        (binds("mal", &["jre-data"]), false),
        (binds("mal", &["/etc"]), true),
    ] {
        assert_eq!(is_allowed(&policy, &request), expected, "{request:?}");
    }
}

#[test]
fn all_checks_of_a_level_have_to_pass() {
    let both = "[Privileged, {ContainerName: '^foo-', BindMounts: ['+/srv']}, {ContainerName: 'bar$'}]";
    for (name, path, expected) in [
        ("foo-bar", "/srv", "container-name"),
        ("foo-bar", "/etc", "bind-mounts"),
        ("x", "/srv", "container-name"),
    ] {
        let request = Request { targets: vec![target("container", name)], ..binds("u", &[path]) };
        assert_eq!(refused(&checks(both), &request), expected, "{name} {path}");
    }
    assert!(is_allowed(
        &checks("[Privileged, {ContainerName: '^foo-'}, {ContainerName: '.*bar$'}]"),
        &binds("u", &[])
    ));
}
