//! Where to listen: what cannot be is found out before anything listens.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{ALLOW, Place};
use portcullis_testing::Authority;

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
