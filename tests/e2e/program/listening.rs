//! Where to listen: what cannot be is found out before anything listens.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{ALLOW, Place};
use portcullis_testing::{Authority, Run};

#[test]
fn where_to_listen_is_checked_before_anything_listens() {
    let place = Place::new();
    let (door, admin) = (place.door(), place.admin());
    let (door, admin) = (door.display(), admin.display());
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::new(pki.path(), "ours");
    let (one, other) = (authority.server("one"), authority.server("other"));
    let tls = |certificate: &std::path::Path, key: &std::path::Path| {
        format!("{{ address = \"127.0.0.1:0\", tls = {{ certificate = {certificate:?}, key = {key:?} }} }}")
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let good = format!("\"unix:{admin}\"");
    let unix = format!("\"unix:{door}\"");
    let cases = [
        (
            "\"somewhere\"".to_owned(),
            &good,
            3,
            "`somewhere` is no address; write `unix:/path`, `HOST:PORT` or",
        ),
        (
            "\"https://127.0.0.1:1\"".to_owned(),
            &good,
            3,
            "`https://127.0.0.1:1`: only `unix:` and `tcp:` are served",
        ),
        (
            "5".to_owned(),
            &good,
            3,
            "expected an address in quotes, or a table with `address` and `tls`, `mode` or",
        ),
        (
            "{ adress = \"127.0.0.1:1\" }".to_owned(),
            &good,
            3,
            "unknown key `adress`, expected one of `address`,",
        ),
        (
            "{ address = \"127.0.0.1:1\", tls = { certificate = \"x\" } }".to_owned(),
            &good,
            3,
            "missing key `key`",
        ),
        (tls("none.pem".as_ref(), &one.key), &good, 3, "cannot read `none.pem`: No such file or directory"),
        (tls(&one.key, &one.key), &good, 3, "holds no certificate in PEM"),
        (tls(&one.certificate, &other.key), &good, 3, "does not belong to the certificate in"),
        (
            format!("{{ address = \"unix:{door}\", tls = {{ certificate = \"x\", key = \"y\" }} }}"),
            &good,
            3,
            "a unix socket has no TLS; `mode` and `group` say who may connect",
        ),
        (
            "{ address = \"127.0.0.1:0\", mode = \"0600\" }".to_owned(),
            &good,
            3,
            "`127.0.0.1:0`: `mode` and `group` are for unix sockets; ",
        ),
        (
            format!("{{ address = \"unix:{door}\", mode = \"rw\" }}"),
            &good,
            3,
            "`rw` is no mode for a socket: write it in octal, e.g. \"0660\"",
        ),
        (
            format!("{{ address = \"unix:{door}\", mode = \"+600\" }}"),
            &good,
            3,
            "`+600` is no mode for a socket",
        ),
        (
            format!("{{ address = \"unix:{door}\", mode = 600 }}"),
            &good,
            3,
            "expected text in quotes, found the integer `600`",
        ),
        (
            format!("{{ address = \"unix:{door}\", group = \"no-such-group\" }}"),
            &good,
            3,
            "there is no group `no-such-group`; make it, or name another one",
        ),
        (
            format!("\"unix:{door}\""),
            &unix,
            4,
            "stands twice, in `docker` and in `admin`: give each an address of its own",
        ),
        (format!("\"unix:{door}\", \"/{door}\""), &good, 3, "stands twice, in `docker` and in `docker`"),
        (format!("\"{taken}\""), &good, 3, "; stop the process that listens there, or choose another port"),
    ];
    for (docker, admin, line, message) in cases {
        let config = format!("state = \"state\"\n[listen]\ndocker = [{docker}]\nadmin = [{admin}]\n{ALLOW}");
        let said = place.refused(&config);
        let at = format!("portcullis.toml:{line}: ");
        assert!(said.starts_with(&at) && said.contains(message), "{docker}\n{said}\n{at}{message}");
    }
}

#[test]
fn a_bad_limit_is_named_with_its_line() {
    let place = Place::new();
    // Each stands on line 5.
    let cases = [
        (
            "max_connections = 0",
            "`max_connections` is at least 1: with `0` every connection would be refused",
        ),
        ("max_connections = 1000001", "`max_connections` is between 1 and 1000000, not `1000001`"),
        ("max_connections = -1", "expected a whole number that is not negative, found the integer `-1`"),
        ("max_connections = \"many\"", "expected a whole number that is not negative, found the text `many`"),
        ("max_connections_per_peer = 0", "`max_connections_per_peer` is at least 1: with `0` every"),
        (
            "proxies = [\"10.0.0.0/33\"]",
            "`10.0.0.0/33` is neither an address nor a network, e.g. \"10.0.0.0/8\"",
        ),
        ("proxies = \"10.0.0.1\"", "expected a list, found the text `10.0.0.1`"),
        ("header_timeout = 10", "expected text in quotes, found the integer `10`"),
        ("header_timeout = \"soon\"", "`soon` is no duration, e.g. \"300s\": "),
        ("header_timeout = \"0s\"", "`header_timeout` is between 100ms and 1h, not `0s`"),
        ("max_header_bytes = \"0\"", "`max_header_bytes` is between 8KiB and 1MiB, not `0`"),
        (
            "max_header_bytes = \"64 apples\"",
            "`64 apples` is no size: write a number and a unit, e.g. \"64KiB\"",
        ),
        ("body_timeout = \"0s\"", "`body_timeout` is between 1s and 1h, not `0s`"),
        ("write_timeout = \"2h\"", "`write_timeout` is between 1s and 1h, not `2h`"),
        ("idle_timeout = \"0s\"", "`idle_timeout` is between 1s and 1h, not `0s`"),
        ("head_timeout = \"1s\"", "unknown key `head_timeout`, expected one of `api`, `docker`, `admin`, "),
    ];
    for (key, message) in cases {
        let said = place.refused(&place.config(&format!("{key}\n{ALLOW}")));
        assert!(said.starts_with("portcullis.toml:5: ") && said.contains(message), "{key}\n{said}");
        let check = Run::of(&place.command(&["check", "--config", "portcullis.toml"]));
        assert_eq!(place.assert_refused(&check), said, "{key}");
    }
}
