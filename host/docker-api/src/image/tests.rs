use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn references_are_taken_apart_as_docker_does_it() {
    let at_digest = format!("busybox@{DIGEST}");
    let both = format!("registry.example:5000/team/app:1.0@{DIGEST}");
    let table = [
        ("busybox", "docker.io", "library/busybox", None, None),
        ("bb:1", "docker.io", "library/bb", Some("1"), None),
        ("sha256:abc123", "docker.io", "library/sha256", Some("abc123"), None),
        ("library/busybox:latest", "docker.io", "library/busybox", Some("latest"), None),
        ("team/app", "docker.io", "team/app", None, None),
        ("docker.io/busybox", "docker.io", "library/busybox", None, None),
        ("docker.io/library/built:1", "docker.io", "library/built", Some("1"), None),
        ("index.docker.io/busybox", "docker.io", "library/busybox", None, None),
        ("localhost/app", "localhost", "app", None, None),
        ("localhost:5000/app", "localhost:5000", "app", None, None),
        ("127.0.0.1:38219/team/bb:1", "127.0.0.1:38219", "team/bb", Some("1"), None),
        ("example.invalid/none:latest", "example.invalid", "none", Some("latest"), None),
        ("[2001:db8::1]:5000/app:v1", "[2001:db8::1]:5000", "app", Some("v1"), None),
        ("HOST/app", "HOST", "app", None, None),
        ("a__b-c--d/x.y", "docker.io", "a__b-c--d/x.y", None, None),
        (at_digest.as_str(), "docker.io", "library/busybox", None, Some(DIGEST)),
        (both.as_str(), "registry.example:5000", "team/app", Some("1.0"), Some(DIGEST)),
        (DIGEST, "", "", None, Some(DIGEST)),
        (&DIGEST[7..], "", "", None, Some(DIGEST)),
    ];
    for (text, domain, path, tag, digest) in table {
        let image = parse(text).unwrap_or_else(|| panic!("{text}"));
        let read =
            (image.domain.as_str(), image.path.as_str(), image.tag.as_deref(), image.digest.as_deref());
        assert_eq!(read, (domain, path, tag, digest), "{text}");
        assert_eq!(image.as_sent, text);
    }
}

#[test]
fn what_docker_refuses_is_no_reference() {
    let long = "a".repeat(256);
    let table = [
        "",
        ":",
        "@",
        "/",
        "Busybox",
        "busy box",
        "busybox:",
        "busybox@",
        ":tag",
        "a//b",
        "a/",
        "/a",
        "-a",
        "a-",
        "a..b",
        "a___b",
        "a._b",
        "busybox:-x",
        "busybox:a/b",
        "busybox@sha256:abc",
        "busybox@md5:abc",
        "a\n",
        "localhost:/a",
        "localhost:x/a",
        "http://a/b",
        "-x.y/a",
        "[::1/a",
        "a:b@c",
        "é",
        &long,
    ];
    for text in table {
        assert_eq!(parse(text), None, "{text:?}");
    }
    assert_eq!(parse(&format!("a:{}", "t".repeat(129))), None);
    assert!(parse(&format!("a:{}", "t".repeat(128))).is_some());
}

#[test]
fn a_tag_of_its_own_replaces_the_one_in_the_name() {
    let digest = format!("bb@{DIGEST}");
    let table = [
        ("bb", "", "bb"),
        ("bb", "1", "bb:1"),
        ("bb:", "1", "bb:1"),
        ("bb:2", "1", "bb:1"),
        ("localhost:5000/bb", "1", "localhost:5000/bb:1"),
        ("localhost:5000/bb:2", "1", "localhost:5000/bb:1"),
        ("bb", DIGEST, &digest),
        ("bb:2", DIGEST, &digest),
    ];
    for (name, tag, expected) in table {
        assert_eq!(join(name, tag), expected, "{name} {tag}");
    }
    assert_eq!(join(&digest, "1"), format!("bb:1@{DIGEST}"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), tag in any::<String>(), near in "[a-zA-Z0-9:/@._\\[\\]-]{0,40}") {
        let _ = parse(&text);
        let _ = parse(&near);
        let _ = join(&text, &tag);
        let _ = join(&near, &near);
    }

    #[test]
    fn a_reference_reads_the_same_in_its_full_form(near in "[a-z0-9:/._-]{1,20}") {
        if let Some(image) = parse(&near).filter(|image| !image.domain.is_empty()) {
            let full = parse(&format!("{}/{}", image.domain, image.path)).unwrap();
            prop_assert_eq!((full.domain, full.path), (image.domain, image.path));
        }
    }
}
