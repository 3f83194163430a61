//! Every trick of reading that is known against authorization plugins: each is refused, or reads as the plain
//! form does.

mod clients;
mod fuzz;
mod properties;
mod tricks;

use portcullis_contract::docker::{Body, Request};
use portcullis_docker_api::canonical::rule;

use super::*;

/// A message as dockerd would post it.
fn message(method: &str, uri: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Message {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Message {
        method: method.to_owned(),
        uri: uri.to_owned(),
        headers,
        body: body.map(<[u8]>::to_vec),
        ..Message::default()
    }
}

fn read(message: &Message) -> Result<Request, Refusal> {
    request(message, Context::default(), "here", &BTreeSet::new())
}

/// A `ContainerCreate` with this body.
fn create(body: &str) -> Result<Request, Refusal> {
    let length = body.len().to_string();
    let headers = [("Content-Type", "application/json"), ("Content-Length", length.as_str())];
    read(&message("POST", "/v1.41/containers/create?name=web", &headers, Some(body.as_bytes())))
}

fn get(uri: &str) -> Result<Request, Refusal> {
    read(&message("GET", uri, &[], None))
}

fn refused(result: Result<Request, Refusal>) -> &'static str {
    result.expect_err("read, but should have been refused").rule
}

#[test]
fn a_request_is_whole() {
    let headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", "Docker-Client"),
        ("X-Registry-Auth", "e30="),
        ("authorization", "Bearer x"),
        ("Cookie", "a"),
        ("X-Api-Key", "k"),
    ];
    let body = br#" {"image":"bb:1", "HostConfig":{"privileged":true}} "#;
    let mut message = message("POST", "/v1.41/containers/create?name=web", &headers, Some(body));
    message.user = Some("alice".to_owned());
    message.user_authn_method = Some("TLS".to_owned());
    let context = Context { now: 7, decision: "d".to_owned(), api: "docker-plugin".to_owned(), peer: None };
    let request = request(&message, context.clone(), "build-host", &BTreeSet::new()).unwrap();
    assert_eq!(request.context, context);
    assert_eq!((request.daemon.as_str(), request.principal.name.as_deref()), ("build-host", Some("alice")));
    assert_eq!(request.operation.as_deref(), Some("ContainerCreate"));
    assert_eq!(
        (request.method.as_str(), request.uri.as_str()),
        ("POST", "/v1.41/containers/create?name=web")
    );
    assert_eq!(
        (request.path, request.api_version),
        (vec!["containers".to_owned(), "create".to_owned()], Some((1, 41)))
    );
    assert_eq!(request.query, [("name".to_owned(), "web".to_owned())]);
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Content-Type", "User-Agent"]);
    assert_eq!((request.targets.len(), request.targets[0].as_sent.as_str()), (1, "web"));
    assert_eq!(request.body, Body::Json(r#"{"Image":"bb:1","HostConfig":{"Privileged":true}}"#.to_owned()));
    assert!(request.workload.unwrap().privileged);
    assert!(request.anomalies.is_empty() && request.volume.is_none());
}

#[test]
fn targets_are_named() {
    let table = [
        ("POST", "/containers/old/rename?name=new", "container=old container=new"),
        ("GET", "/containers/json", "container="),
        ("POST", "/images/bb:1/tag?repo=localhost:5000/x&tag=2", "image=bb:1 image=localhost:5000/x:2"),
        ("POST", "/images/create?fromImage=bb&tag=1&fromSrc=-&repo=x", "image=bb:1"),
        ("POST", "/images/create?fromSrc=-&repo=x%3A2", "image=x:2"),
        ("POST", "/commit?container=web&repo=x&tag=1", "container=web image=x:1"),
        ("POST", "/commit?container=web", "container=web"),
        ("GET", "/images/get?names=a&names=b:1", "image=a image=b:1"),
        ("POST", "/build?t=a&t=b", "image=a image=b"),
        ("POST", "/build", "image="),
        ("GET", "/distribution/bb/json", "distribution=bb"),
        ("GET", "/plugins/privileges?remote=a/b", "plugin=a/b"),
        ("DELETE", "/plugins/a/b:latest", "plugin=a/b:latest"),
        ("GET", "/exec/e/json", "exec=e"),
        ("GET", "/info", "daemon="),
        ("POST", "/session", "session="),
        ("GET", "/nowhere", ""),
    ];
    for (method, uri, expected) in table {
        let request = read(&message(method, uri, &[], None)).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let targets = request.targets.iter().map(|target| format!("{}={}", target.kind, target.as_sent));
        assert_eq!(targets.collect::<Vec<_>>().join(" "), expected, "{uri}");
    }
    let image = get("/images/a/b@x/json");
    assert_eq!(refused(image), rule::UNREADABLE_URI);
    let id = "0123456789abcdef".repeat(4);
    let request = get(&format!("/images/{id}/json")).unwrap();
    assert_eq!(request.targets[0].id, Some(format!("sha256:{id}")));
}

/// Method, target, headers, body; why it is unseen, or nothing where it is absent.
type Unseen<'r> = (&'r str, &'r str, &'r [(&'r str, &'r str)], Option<&'r [u8]>, &'r str);

#[test]
fn what_nobody_is_shown_is_unseen() {
    let json = [("Content-Type", "application/json")];
    let zero = [("Content-Length", "0")];
    let tar = [("Content-Type", "application/x-tar")];
    let long = [("Content-Type", "application/x-tar"), ("Content-Length", "10240")];
    let table: &[Unseen<'_>] = &[
        ("POST", "/auth", &json, Some(br#"{"password":"x"}"#), "credentials"),
        ("POST", "/auth", &json, None, "credentials"),
        ("POST", "/images/x/push", &json, Some(br#"{"password":"x"}"#), "credentials"),
        ("POST", "/build", &tar, None, "not-json"),
        ("POST", "/build", &json, Some(b"\x1f\x8b"), "not-json"),
        ("POST", "/build", &zero, None, ""),
        ("POST", "/images/load", &long, None, "not-json"),
        ("PUT", "/containers/x/archive?path=/", &long, None, "not-json"),
        ("POST", "/images/create?fromSrc=-&repo=x", &tar, None, "not-json"),
        ("POST", "/images/create?fromImage=x", &zero, None, ""),
        ("POST", "/plugins/create?name=x", &tar, None, "not-json"),
        ("POST", "/containers/x/attach", &zero, None, "hijacked"),
        ("GET", "/containers/x/attach/ws", &[], None, "hijacked"),
        ("POST", "/session", &[], None, "hijacked"),
        ("POST", "/grpc", &[], None, "hijacked"),
        ("GET", "/info", &json, None, ""),
        ("POST", "/containers/x/start", &zero, None, ""),
        ("POST", "/commit?container=x", &[], None, ""),
    ];
    for (method, uri, headers, body, expected) in table {
        let request =
            read(&message(method, uri, headers, *body)).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let expected = match *expected {
            "" => Body::Absent,
            why => Body::Unseen(why.to_owned()),
        };
        assert_eq!(request.body, expected, "{method} {uri} {headers:?}");
    }
}

#[test]
fn secrets_do_not_reach_a_policy() {
    let json = [("Content-Type", "application/json")];
    let table = [
        ("/swarm/join", r#"{"jointoken":"TOP","RemoteAddrs":["a"]}"#),
        ("/swarm/unlock", r#"{"UnlockKey":"TOP"}"#),
        ("/swarm/init", r#"{"Spec":{"CAConfig":{"SigningCAKey":"TOP"}}}"#),
        ("/swarm/update?version=1", r#"{"CAConfig":{"SigningCAKey":"TOP"}}"#),
        ("/secrets/create", r#"{"Name":"n","Data":"TOP"}"#),
        ("/secrets/x/update?version=1", r#"{"Name":"n","data":"TOP"}"#),
        ("/auth", r#"{"password":"TOP"}"#),
    ];
    for (uri, body) in table {
        let request = read(&message("POST", uri, &json, Some(body.as_bytes()))).unwrap();
        assert!(!format!("{:?}", request.body).contains("TOP"), "{uri}: {:?}", request.body);
        assert_ne!(request.body, Body::Absent, "{uri}");
    }
    let mut answer = message("GET", "/swarm", &[], None);
    answer.response_status = Some(200);
    answer.response_body = Some(br#"{"ID":"x","JoinTokens":{"Worker":"S1","Manager":"S2"}}"#.to_vec());
    let answer = response(&answer, Context::default(), "here", &BTreeSet::new()).unwrap();
    let hidden = r#"{"ID":"x","JoinTokens":{"Worker":"","Manager":""}}"#;
    assert_eq!((answer.status, answer.body), (Some(200), Body::Json(hidden.to_owned())));
}

#[test]
fn an_answer_that_is_no_single_value_is_unseen() {
    let mut message = message("POST", "/images/create?fromImage=x", &[], None);
    for (body, expected) in [
        (&b"{\"status\":\"a\"}\n{\"status\":\"b\"}"[..], Body::Unseen("not-json".to_owned())),
        (b"\"id\"\n", Body::Json("\"id\"".to_owned())),
    ] {
        message.response_body = Some(body.to_vec());
        assert_eq!(response(&message, Context::default(), "here", &BTreeSet::new()).unwrap().body, expected);
    }
    message.response_body = None;
    assert_eq!(response(&message, Context::default(), "here", &BTreeSet::new()).unwrap().body, Body::Absent);
}

#[test]
fn a_refusal_says_what_to_do() {
    let refusal =
        read(&message("POST", "/containers/create", &[("Content-Length", "16")], None)).unwrap_err();
    assert_eq!((refusal.rule, refusal.operation), (rule::BODY_NOT_SHOWN, Some(Operation::ContainerCreate)));
    for part in ["`ContainerCreate`", "CVE-2024-41110", "CVE-2026-34040", "update dockerd"] {
        assert!(refusal.reason.contains(part), "{}", refusal.reason);
    }
    let refusal = create(r#"{"HostConfig":{},"hostconfig":{}}"#).unwrap_err();
    assert!(refusal.to_string().contains("`HostConfig` and `hostconfig`"), "{refusal}");
}

#[test]
fn headers_whose_names_look_like_credentials_are_passed_where_they_are_named() {
    let headers = [
        ("Authz-User", "alice"),
        ("X-Team-Token", "t"),
        ("User-Agent", "Docker-Client"),
        ("Authorization", "Bearer x"),
        ("Cookie", "c"),
    ];
    let message = message("GET", "/v1.41/containers/json", &headers, None);
    let names = ["authz-user", "user-agent", "x-absent"].map(str::to_owned);
    let mut request = request(&message, Context::default(), "here", &BTreeSet::new()).unwrap();
    pass_headers(&message, &BTreeSet::from(names), &mut request);
    let passed: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(passed, [("User-Agent", "Docker-Client"), ("Authz-User", "alice")]);
    assert!(may_be_passed("Authz-User"));
    for never in ["Authorization", "cookie", "X-REGISTRY-AUTH", "x-registry-config", "Proxy-Authorization"] {
        assert!(!may_be_passed(never), "{never}");
    }
}
