//! The list of tricks, by the numbers under which they are kept: P path and query, J JSON, B hidden bodies,
//! M what the facts must show, U who asks.

use portcullis_contract::docker::Workload;

use super::*;
use crate::unshown::may_lack_body;

/// What a policy decides on, without the spelling.
fn essence(request: Request) -> Request {
    Request { uri: String::new(), anomalies: Vec::new(), api_version: None, headers: Vec::new(), ..request }
}

fn same(tricked: Result<Request, Refusal>, plain: Result<Request, Refusal>) {
    assert_eq!(essence(tricked.unwrap()), essence(plain.unwrap()));
}

#[test]
fn p_paths_and_queries() {
    let plain = || get("/v1.41/containers/web/json");
    // P1 escapes, P2 an escaped slash, P3 absolute form, P4 odd versions: the plain form, and noted.
    let table = [
        ("/v1.41/%63ontainers/web/json", "percent-encoded-path"),
        ("/v1.41/containers%2Fweb%2Fjson", "encoded-slash"),
        ("http://evil/v1.41/containers/web/json", "absolute-form"),
        ("/v01.041/containers/web/json", "odd-version"),
        ("/v1.41.0/containers/web/json", "odd-version"),
        ("/v1.0041/containers/web/json", "odd-version"),
    ];
    for (uri, anomaly) in table {
        let tricked = get(uri).unwrap();
        assert!(tricked.anomalies.iter().any(|found| found == anomaly), "{uri}: {:?}", tricked.anomalies);
        same(Ok(tricked), plain());
    }
    same(get("/containers/web/json"), plain());
    same(get("/v1.23/containers/web/json"), plain());
    // P5 what dockerd would redirect.
    for uri in
        ["//containers/web/json", "/./containers/web/json", "/x/../containers/web/json", "/%2e%2e/info"]
    {
        assert_eq!(refused(get(uri)), rule::UNREADABLE_URI, "{uri}");
    }
    // P6, P7, P8: dockerd has no such page, so there is no operation.
    for uri in ["/containers/web/json#x", "/containers/web/json/"] {
        assert_eq!(get(uri).unwrap().operation, None, "{uri}");
    }
    assert_eq!(read(&message("get", "/info", &[], None)).unwrap().operation, None);
    // P9: what stands in the query routes nothing.
    let start = read(&message("POST", "/containers/web/pause?x=/start", &[], None)).unwrap();
    assert_eq!(start.operation.as_deref(), Some("ContainerPause"));
    // P10: the first value counts.
    let rename = read(&message("POST", "/containers/web/rename?name=a&name=b", &[], None)).unwrap();
    assert_eq!(rename.targets[1].as_sent, "a");
    assert_eq!(rename.anomalies, ["repeated-query-key"]);
    // P11, and a parameter in JSON that says one thing twice.
    for uri in
        ["/containers/json?all=1;size=1", "/containers/json?filters=%7B%22a%22:1,%22a%22:2%7D", "/info?x=%"]
    {
        assert_eq!(refused(get(uri)), rule::AMBIGUOUS_QUERY, "{uri}");
    }
    // P12: a name takes slashes.
    let tag = read(&message("POST", "/images/a/push/tag?repo=b", &[], None)).unwrap();
    assert_eq!((tag.operation.as_deref(), tag.targets[0].as_sent.as_str()), (Some("ImageTag"), "a/push"));
}

#[test]
fn j_spellings_that_dockerd_reads_as_the_plain_one() {
    let plain = || create(r#"{"Image":"bb:1","HostConfig":{"Privileged":true,"Binds":["/:/x"]}}"#);
    let table = [
        r#"{"image":"bb:1","hostconfig":{"privileged":true,"BINDS":["/:/x"]}}"#,
        "{\"Image\":\"bb:1\",\"Ho\u{17f}tConfig\":{\"Privileged\":true,\"Bind\u{17f}\":[\"/:/x\"]}}",
        r#"{"Image":"bb:1","Host\u0043onfig":{"Privi\u006ceged":true,"Binds":["\/:/\u0078"]}}"#,
    ];
    for body in table {
        same(create(body), plain());
    }
    let top = create(r#"{"Image":"bb:1","Privileged":true,"Binds":["/:/x"]}"#).unwrap();
    assert_eq!(top.anomalies, ["top-level-host-config"]);
    assert_eq!(top.workload, plain().unwrap().workload);
    let kelvin = create("{\"HostConfig\":{\"Networ\u{212a}Mode\":\"host\"}}").unwrap();
    assert_eq!(kelvin.workload.unwrap().networks, ["host"]);
}

#[test]
fn j_whatever_two_readers_could_read_in_two_ways_is_refused() {
    let deep = |depth| format!("{{\"Labels\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let (deep, deeper) = (deep(200), deep(11_000));
    let table: &[(&str, &str)] = &[
        (r#"{"HostConfig":{"Privileged":true},"HostConfig":{"Memory":0}}"#, rule::AMBIGUOUS_BODY),
        (r#"{"HostConfig":{"Privileged":false},"hostconfig":{"privileged":true}}"#, rule::AMBIGUOUS_BODY),
        (r#"{"HostConfig":{"Mounts":[{"Type":"bind"}],"mounts":[{"Target":"/y"}]}}"#, rule::AMBIGUOUS_BODY),
        (r#"{"HostConfig":{"Privileged":true},"HostConfig":null}"#, rule::AMBIGUOUS_BODY),
        (r#"{"Labels":{"a":"1","a":"2"}}"#, rule::AMBIGUOUS_BODY),
        (r#"{"Image":"a"}{"HostConfig":{"Privileged":true}}"#, rule::AMBIGUOUS_BODY),
        (r#"{"Image":"a"} trailing"#, rule::AMBIGUOUS_BODY),
        (r#"{"Image":"\ud800"}"#, rule::AMBIGUOUS_BODY),
        (&deep, rule::UNREADABLE_BODY),
        (&deeper, rule::UNREADABLE_BODY),
        ("\u{feff}{}", rule::UNREADABLE_BODY),
        (r#"{"Image":"#, rule::UNREADABLE_BODY),
        ("[]", rule::UNREADABLE_BODY),
        (r#"{"HostConfig":[]}"#, rule::UNREADABLE_BODY),
        (r#"{"HostConfig":{"Privileged":"true"}}"#, rule::UNREADABLE_BODY),
        (r#"{"Privileged":"true"}"#, rule::UNREADABLE_BODY),
    ];
    for (body, rule) in table {
        assert_eq!(refused(create(body)), *rule, "{}", &body[..body.len().min(80)]);
    }
    let invalid = message("POST", "/containers/create", &[], Some(b"{\"Image\":\"\xff\"}"));
    assert_eq!(refused(read(&invalid)), rule::AMBIGUOUS_BODY);
}

#[test]
fn j_what_must_stay_allowed_says_nothing() {
    let labels = create(r#"{"Labels":{"Foo":"1","foo":"2"}}"#).unwrap();
    assert_eq!(labels.workload.unwrap().labels.len(), 2);
    let falsy = create(r#"{"HostConfig":{"Privileged":false,"CapAdd":null,"Binds":null}}"#).unwrap();
    assert_eq!(falsy.workload, Some(Workload::default()));
}

#[test]
fn b_hidden_bodies() {
    let json = ("Content-Type", "application/json");
    let text = ("Content-Type", "text/plain");
    let some = ("Content-Length", "16");
    let create = "/containers/create";
    // B1, B2, B7: a body is needed and not shown.
    for headers in [vec![], vec![json], vec![some], vec![json, some], vec![text, some]] {
        assert_eq!(
            refused(read(&message("POST", create, &headers, None))),
            rule::BODY_NOT_SHOWN,
            "{headers:?}"
        );
    }
    let routes = [
        "/containers/x/exec",
        "/containers/x/update",
        "/exec/x/start",
        "/volumes/create",
        "/networks/create",
        "/networks/x/connect",
        "/networks/x/disconnect",
        "/services/create",
        "/services/x/update",
        "/swarm/init",
        "/swarm/join",
        "/swarm/update",
        "/swarm/unlock",
        "/secrets/create",
        "/secrets/x/update",
        "/configs/create",
        "/configs/x/update",
        "/nodes/x/update",
        "/plugins/pull?remote=x",
        "/plugins/x/upgrade?remote=x",
        "/plugins/x/set",
        "/containers/x/checkpoints",
    ];
    for uri in routes {
        assert_eq!(refused(read(&message("POST", uri, &[text], None))), rule::BODY_NOT_SHOWN, "{uri}");
    }
    assert_eq!(refused(read(&message("PUT", "/volumes/x", &[], None))), rule::BODY_NOT_SHOWN);
    assert_eq!(read(&message("POST", create, &[json, ZERO], None)).unwrap().body, Body::Absent);
    // B3, B4: with any headers, a body that is shown is read.
    for content_type in
        ["application/json; charset=utf-8", "Application/JSON", "text/plain", "application/json;"]
    {
        let body = Some(&br#"{"HostConfig":{"Privileged":true}}"#[..]);
        let request = read(&message("POST", create, &[("Content-Type", content_type)], body)).unwrap();
        assert!(request.workload.unwrap().privileged, "{content_type}");
    }
    // M19: a start that brings its own configuration.
    let start = |body: &[u8]| read(&message("POST", "/v1.23/containers/x/start", &[json], Some(body)));
    assert_eq!(refused(start(br#"{"Privileged":true}"#)), rule::START_WITH_BODY);
    assert!(start(b"{}").is_ok() && start(b" null\n").is_ok());
}

const ZERO: (&str, &str) = ("Content-Length", "0");

/// What the reading of a call without a visible body comes to: `absent`, `unseen`, or the rule that refuses.
fn unshown(uri: &str, headers: &[(&str, &str)]) -> String {
    match read(&message("POST", uri, headers, None)) {
        Ok(request) => match request.body {
            Body::Absent => "absent".to_owned(),
            Body::Unseen(_) if request.anomalies.iter().any(|anomaly| anomaly == "unshown-form") => {
                "unseen, or a form".to_owned()
            }
            Body::Unseen(_) => "unseen".to_owned(),
            Body::Json(_) => "shown".to_owned(),
        },
        Err(refusal) => refusal.rule.to_owned(),
    }
}

/// What can be known of the body of each operation that could obey one which dockerd does not show. The columns are
/// the proofs: a length of zero (with any type, also a form's), no type at all, and a type without a length, which
/// may be the second of two.
#[test]
fn b_what_proves_that_there_is_no_body() {
    let hidden = rule::BODY_NOT_SHOWN;
    let table = [
        ("/commit?container=x", ["absent", "absent", hidden]),
        ("/v1.23/containers/x/start", ["absent", "absent", hidden]),
        ("/v1/containers/x/start", ["absent", "absent", hidden]),
        ("/containers/x/copy", ["absent", "absent", hidden]),
        ("/nowhere", ["absent", "absent", hidden]),
        ("/containers/x/rename?name=y", ["absent", "absent", hidden]),
        ("/containers/prune", ["absent", "absent", hidden]),
        ("/images/x/tag?repo=y", ["absent", "absent", hidden]),
        ("/images/create?fromImage=x", ["absent", "absent", hidden]),
        ("/images/create?fromSrc=http://x/", ["absent", "absent", hidden]),
        ("/images/prune", ["absent", "absent", hidden]),
        ("/volumes/prune", ["absent", "absent", hidden]),
        ("/networks/prune", ["absent", "absent", hidden]),
        ("/build/prune", ["absent", "absent", hidden]),
        ("/build/cancel?id=x", ["absent", "absent", hidden]),
        ("/plugins/x/enable", ["absent", "absent", hidden]),
        ("/plugins/x/disable", ["absent", "absent", hidden]),
        ("/plugins/x/push", ["absent", "absent", hidden]),
        ("/swarm/leave", ["absent", "absent", hidden]),
        ("/images/x/push", ["absent", "unseen", hidden]),
        // Archives: the type says nothing about the first one, so a policy has to decide.
        ("/images/create?fromSrc=-&repo=x", ["absent", "unseen", "unseen, or a form"]),
        ("/build?t=x", ["absent", "unseen", "unseen, or a form"]),
        ("/images/load", ["absent", "unseen", "unseen"]),
        ("/plugins/create?name=x", ["absent", "unseen", "unseen"]),
        // dockerd refuses a body, or reads nothing in a form that a policy could mind.
        ("/containers/x/start", ["absent"; 3]),
        ("/v1.24/containers/x/start", ["absent"; 3]),
        ("/v1.41/containers/x/start", ["absent"; 3]),
        ("/containers/x/stop", ["absent"; 3]),
        ("/containers/x/kill", ["absent"; 3]),
        ("/containers/x/restart", ["absent"; 3]),
        ("/containers/x/pause", ["absent"; 3]),
        ("/containers/x/unpause", ["absent"; 3]),
        ("/containers/x/wait", ["absent"; 3]),
        ("/containers/x/resize?h=1&w=1", ["absent"; 3]),
        ("/exec/x/resize?h=1&w=1", ["absent"; 3]),
        // Decided by its body alone.
        ("/containers/create", ["absent", hidden, hidden]),
    ];
    let types = ["application/json", "text/plain", "application/x-tar", "", "x"];
    for (uri, [zero, untyped, typed]) in table {
        assert_eq!(unshown(uri, &[]), untyped, "{uri} without a type");
        assert_eq!(unshown(uri, &[ZERO]), zero, "{uri} of length zero");
        for form in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B"] {
            assert_eq!(unshown(uri, &[("Content-Type", form), ZERO]), zero, "{uri} {form} of length zero");
        }
        for content_type in types {
            let content_type = ("Content-Type", content_type);
            assert_eq!(unshown(uri, &[content_type]), typed, "{uri} {content_type:?}");
            assert_eq!(unshown(uri, &[content_type, ZERO]), zero, "{uri} {content_type:?} of length zero");
        }
    }
    // A length that is not zero proves a body.
    for uri in [
        "/commit",
        "/nowhere",
        "/images/create?fromImage=x",
        "/images/x/tag?repo=y",
        "/v1.23/containers/x/start",
    ] {
        for headers in
            [vec![("Content-Length", "16")], vec![("Content-Type", "text/plain"), ("Content-Length", "16")]]
        {
            assert_eq!(unshown(uri, &headers), hidden, "{uri} {headers:?}");
        }
    }
}

#[test]
fn b_an_operator_may_say_that_an_operation_has_no_body() {
    let json = [("Content-Type", "application/json")];
    let opened = BTreeSet::from([Operation::ImageCreate]);
    let read = |uri: &str, headers: &[(&str, &str)]| {
        request(&message("POST", uri, headers, None), Context::default(), "here", &opened)
    };
    assert_eq!(read("/images/create?fromImage=x", &json).unwrap().body, Body::Absent);
    assert_eq!(refused(read("/images/x/tag?repo=y", &json)), rule::BODY_NOT_SHOWN);
    // A stated length is a body, and an import has one.
    let stated = [json[0], ("Content-Length", "16")];
    assert_eq!(refused(read("/images/create?fromImage=x", &stated)), rule::BODY_NOT_SHOWN);
    assert_eq!(read("/images/create?fromSrc=-", &json).unwrap().anomalies, ["unshown-form"]);
    let reason = read("/images/x/tag?repo=y", &json).unwrap_err().reason;
    assert!(reason.contains("`assume_no_body = [\"ImageTag\"]`") && reason.contains("bollard"), "{reason}");
    for (operation, expected) in [
        (Operation::ImageTag, true),
        (Operation::ContainerStart, true),
        (Operation::ImagePush, true),
        (Operation::ContainerCreate, false),
        (Operation::ContainerKill, false),
        (Operation::ImageBuild, false),
    ] {
        assert_eq!(may_lack_body(operation), expected, "{operation}");
    }
}

#[test]
fn b_forms_are_refused_where_go_reads_them() {
    for content_type in [
        "application/x-www-form-urlencoded",
        "APPLICATION/X-WWW-Form-Urlencoded; charset=x",
        "multipart/form-data; boundary=B",
        "application/json, multipart/form-data",
    ] {
        for uri in [
            "/images/create?fromImage=a",
            "/build",
            "/images/a/tag?repo=b",
            "/containers/a/rename?name=b",
            "/containers/create",
        ] {
            for header in ["Content-Type", "content-type", "CONTENT-TYPE"] {
                let form = message("POST", uri, &[(header, content_type)], None);
                assert_eq!(refused(read(&form)), rule::FORM_BODY, "{uri} {content_type}");
            }
        }
    }
}

/// Go parses a form of POST, PUT and PATCH only, and no handler of the other methods decodes a body.
#[test]
fn b_a_body_of_a_get_head_or_delete_is_none() {
    let calls = [
        ("GET", "/containers/json"),
        ("GET", "/images/json"),
        ("GET", "/nowhere"),
        ("HEAD", "/_ping"),
        ("HEAD", "/containers/x/archive?path=/"),
        ("DELETE", "/containers/x?force=0"),
        ("DELETE", "/images/x"),
        ("DELETE", "/nowhere"),
        ("OPTIONS", "/containers/json"),
    ];
    let types = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "text/plain"];
    for (method, uri) in calls {
        for content_type in types {
            for length in [vec![], vec![("Content-Length", "7")], vec![ZERO]] {
                let headers = [vec![("Content-Type", content_type)], length].concat();
                let request = read(&message(method, uri, &headers, None));
                assert_eq!(request.unwrap().body, Body::Absent, "{method} {uri} {headers:?}");
            }
        }
        // dockerd shows JSON, and reads it no more than a form.
        for body in [&b"{\"a\":1}"[..], b"{\"a\":1,\"a\":2}", b"not JSON"] {
            let json = [("Content-Type", "application/json")];
            let request = read(&message(method, uri, &json, Some(body)));
            assert_eq!(request.unwrap().body, Body::Absent, "{method} {uri}");
        }
    }
    for method in ["POST", "PUT", "PATCH"] {
        let form = message(method, "/nowhere", &[("Content-Type", types[0]), ("Content-Length", "7")], None);
        assert_eq!(refused(read(&form)), rule::FORM_BODY, "{method}");
    }
}

#[test]
fn m_what_a_policy_must_see() {
    let host = |config: &str| create(&format!("{{\"HostConfig\":{{{config}}}}}")).unwrap().workload.unwrap();
    let paths = |config: &str| {
        host(config).mounts.into_iter().filter_map(|mount| mount.host_path).collect::<Vec<_>>()
    };
    // M1, M2, M3: the host's root, however it is said.
    for config in [
        r#""Binds":["/:/x"]"#,
        r#""Binds":["/etc/..:/x"]"#,
        r#""Binds":["//:/x"]"#,
        r#""Mounts":[{"Type":"bind","Source":"/.","Target":"/x"}]"#,
        r#""Mounts":[{"Type":"volume","Source":"v","Target":"/x","VolumeOptions":{"DriverConfig":{"Options":{"type":"none","o":"bind","device":"/"}}}}]"#,
    ] {
        assert_eq!(paths(config), ["/"], "{config}");
    }
    // M4.
    let json = [("Content-Type", "application/json")];
    let body = br#"{"Name":"v","DriverOpts":{"type":"none","o":"bind","device":"/"}}"#;
    let volume = read(&message("POST", "/volumes/create", &json, Some(body))).unwrap();
    assert_eq!(volume.volume.unwrap().host_path.as_deref(), Some("/"));
    // M5, M6, M7, M8.
    assert_eq!(host(r#""VolumesFrom":["other"]"#).mounts[0].source.as_deref(), Some("other"));
    assert_eq!(host(r#""Binds":["/a:/b:rshared"]"#).mounts[0].propagation.as_deref(), Some("rshared"));
    for mode in ["PidMode", "IpcMode", "NetworkMode", "UTSMode", "UsernsMode", "CgroupnsMode"] {
        for (value, container) in [("host", None), ("container:x", Some("x"))] {
            let namespaces = host(&format!("\"{mode}\":\"{value}\"")).namespaces;
            assert_eq!(
                (namespaces.len(), namespaces[0].container.as_deref()),
                (1, container),
                "{mode} {value}"
            );
        }
    }
    assert_eq!(host(r#""Devices":[{"PathOnHost":"/dev/sda"}]"#).devices.len(), 1);
    // M9, M10, M18.
    let exec =
        read(&message("POST", "/containers/x/exec", &json, Some(br#"{"privileged":true,"User":"0"}"#)));
    assert!(exec.unwrap().workload.unwrap().privileged);
    let connect =
        read(&message("POST", "/networks/n/connect", &json, Some(br#"{"container":"c"}"#))).unwrap();
    assert_eq!(connect.targets[1].as_sent, "c");
    // M12.
    let build = read(&message("POST", "/build?networkmode=host&remote=http://x", &[], None)).unwrap();
    assert_eq!(build.workload.unwrap().networks, ["host"]);
}

#[test]
fn u_who_asks() {
    for name in [".*", "a/b", "a\nb", "$USER", "%2e"] {
        let mut message = message("GET", "/info", &[], None);
        message.user = Some(name.to_owned());
        assert_eq!(read(&message).unwrap().principal.name.as_deref(), Some(name));
    }
    let mut broken = message("GET", "/info", &[], None);
    broken.peer_certificates = vec![vec![0x30, 0x00]];
    assert_eq!(refused(read(&broken)), rule::IDENTITY);
    let anonymous = get("/containers/$USER/json").unwrap();
    assert_eq!((anonymous.principal.name, anonymous.targets[0].as_sent.as_str()), (None, "$USER"));
}
