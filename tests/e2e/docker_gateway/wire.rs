//! Requests that two readers could split in two ways, and bodies that are read for a policy.

use super::host::Gateway;
use portcullis_testing::{Dockerd, need_dockerd};
use serde_json::json;

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let Some(needed) = need_dockerd() else { return };
    let gateway = Gateway::with_baseline(Dockerd::start(&needed, &[], None), "");
    let base = "/api/endpoints/1/docker";
    let absolute = format!("http://evil.example{base}/info");
    for (target, headers, status) in [
        (format!("{base}/v1.41/../../../../users"), "", 400),
        (format!("{base}/v1.41/%2e%2e/info"), "", 400),
        (format!("{base}/v1.41//info"), "", 400),
        (format!("{base}/v1.41/containers%2Fjson"), "", 400),
        (format!("{base}/v1.41/containers/a%252fb/json"), "", 400),
        (absolute, "", 400),
        (format!("{base}/info"), "Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        (format!("{base}/info"), "Content-Length: +1\r\n", 400),
        (format!("{base}/info"), "Transfer-Encoding: chunked, identity\r\n", 400),
        (format!("{base}/info"), "X: a\rb\r\n", 400),
        (format!("{base}/info"), "Origin: https://evil.example\r\n", 200),
        (format!("{base}/info?token=x"), "", 401),
        (format!("{base}/info"), "", 200),
    ] {
        let (found, answer) = gateway.send("GET", &target, &gateway.admin, headers, "");
        assert_eq!(found, status, "{target} {headers}: {answer}");
    }
}

#[test]
fn a_body_is_seen_whole_or_refused() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::with_baseline(dockerd, "");
    let path = "/api/endpoints/1/docker/v1.41/containers/create";
    let create = |padding: usize, privileged: bool| {
        let body = json!({
            "Image": "bb:1",
            "Cmd": ["true"],
            "Labels": { "padding": "x".repeat(padding) },
            "HostConfig": { "Privileged": privileged, "NetworkMode": "none" },
        });
        gateway.call("POST", path, &gateway.admin, &body)
    };
    // Above the 1 MiB of CVE-2026-34040: no plugin is shown this.
    let (status, answer) = create(2 << 20, true);
    assert_eq!(status, 403, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("rule privileged"), "{answer}");
    assert_eq!(create(2 << 20, false).0, 201);
    let (status, answer) = create(5 << 20, false);
    assert_eq!(status, 413, "{answer}");
    // A form, whose values dockerd would put before those of the query.
    let form = "fromImage=evil.invalid/b";
    let headers =
        format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
    let pull = "/api/endpoints/1/docker/v1.41/images/create?fromImage=allowed.invalid/a";
    let (status, answer) = gateway.send("POST", pull, &gateway.admin, &headers, form);
    assert_eq!(status, 400, "{answer}");
    // A start with another configuration.
    let start = "/api/endpoints/1/docker/v1.23/containers/x/start";
    let (status, answer) = gateway.call("POST", start, &gateway.admin, &json!({ "Privileged": true }));
    assert_eq!(status, 400, "{answer}");
}
