//! What is said on the wire, byte by byte: dockerd's anomalies, the documented spellings, and what is refused.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{Connection, PROGRAM, Place, get_json, message, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_testing::{Portcullis, http};
use serde_json::{Value, json};

const MEDIA_TYPE: &str = "\r\ncontent-type: application/vnd.docker.plugins.v1.2+json\r\n";

/// A request without a Content-Type and with an empty Host: what dockerd sends over a unix socket.
fn request(line: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{line} HTTP/1.1\r\nHost: \r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: {}\r\n\
         Accept: application/vnd.docker.plugins.v1.2+json\r\nAccept-Encoding: gzip\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn asked(body: &[u8]) -> Vec<u8> {
    request("POST /AuthZPlugin.AuthZReq", body)
}

#[test]
fn activation_and_what_else_is_there() {
    let place = Place::new();
    let _portcullis = place.start("");
    let mut connection = Connection::open(&place.door());
    for method in ["GET", "POST"] {
        let answer = connection.exchange(&request(&format!("{method} /Plugin.Activate"), b""));
        assert_eq!((answer.status, answer.json()), (200, json!({ "Implements": ["authz"] })));
        assert!(answer.head.contains(MEDIA_TYPE), "{}", answer.head);
    }
    let banner = connection.exchange(&request("GET /", b""));
    assert!(banner.status == 200 && banner.body.starts_with(b"Portcullis"));
    // A connection without any Host, as HTTP/1.0 clients have it.
    assert_eq!(http::get_unix(&place.door(), "/").unwrap().0, 200);
    for line in ["PUT /AuthZPlugin.AuthZReq", "DELETE /AuthZPlugin.AuthZRes", "PUT /Plugin.Activate"] {
        assert_eq!(connection.exchange(&request(line, b"")).status, 405, "{line}");
    }
    let nowhere = connection.exchange(&request("POST /VolumeDriver.Create", b"{}"));
    assert!(nowhere.status == 404 && nowhere.json()["Err"].as_str().unwrap().contains("AuthZReq"));
    // Before a policy that answers are none of its business, they pass unread.
    for body in [&b""[..], b"garbage", b"{}"] {
        let answer = connection.exchange(&request("POST /AuthZPlugin.AuthZRes", body));
        assert_eq!((answer.status, answer.json()), (200, json!({ "Allow": true })));
    }
}

/// The examples of docker-leash's API document, each with GET and a body, as they stand there but for what is marked as
/// base64.
#[test]
fn the_documented_examples_are_answered() {
    let place = Place::new();
    let _portcullis = place.start("");
    let mut connection = Connection::open(&place.door());
    let encoded = |text: &str| STANDARD.encode(text);
    let asked = json!({
        "User": "mal",
        "AuthenticationMethod": "TLS",
        "RequestMethod": "POST",
        "RequestUri": "/v1.32/containers/json",
        "RequestHeaders": encoded("{}"),
        "RequestBody": encoded("{}"),
    });
    let mut answered = asked.clone();
    answered["ResponseStatusCode"] = "200".into();
    answered["ResponseHeaders"] = encoded("{}").into();
    answered["ResponseBody"] = encoded("{}").into();
    let mut documented = |line: &str, body: &[u8]| {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: example.com\r\nAccept: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = connection.exchange(&[head.as_bytes(), body].concat());
        assert_eq!(answer.status, 200, "{line}");
        for header in ["\r\nvary: accept\r\n", "\r\ncontent-type: application/json\r\n"] {
            assert!(answer.head.contains(header), "{line}: {}", answer.head);
        }
        answer.json()
    };
    for method in ["GET", "POST"] {
        for body in [&asked, &answered] {
            let answer = documented(&format!("{method} /AuthZPlugin.AuthZReq"), body.to_string().as_bytes());
            // dockerd has no such route with POST: allow, the only policy here, says nothing of that.
            assert!(answer["Allow"].is_boolean(), "{answer}");
        }
        let answer = documented(&format!("{method} /AuthZPlugin.AuthZRes"), answered.to_string().as_bytes());
        assert_eq!(answer, json!({ "Allow": true }));
        assert_eq!(
            documented(&format!("{method} /Plugin.Activate"), b""),
            json!({ "Implements": ["authz"] })
        );
    }
    // Unknown query parameters say nothing.
    let answer = documented("GET /AuthZPlugin.AuthZReq?verbose=1", asked.to_string().as_bytes());
    assert!(answer["Allow"].is_boolean(), "{answer}");
}

#[test]
fn an_answer_is_always_a_json_boolean_with_dockers_media_type() {
    let place = Place::new();
    let portcullis = place.start("");
    let plain = |uri: &str| json!({ "RequestMethod": "GET", "RequestUri": uri });
    let with = |key: &str, value: Value| {
        let mut message = plain("/containers/json");
        message[key] = value;
        message
    };
    let both = |one: &str, other: &str| {
        let mut message = with(one, "/containers/json".into());
        message[other] = "/containers/json".into();
        message
    };
    let headers = STANDARD.encode(br#"{"X-Test": "1"}"#);
    // The message, whether it is allowed, and what the text says.
    let cases: Vec<(Vec<u8>, bool, &str)> = vec![
        (plain("/containers/json").to_string().into(), true, ""),
        (json!({ "RequestMethod": "GET", "RequestURI": "/containers/json" }).to_string().into(), true, ""),
        (with("RequestHeaders", headers.into()).to_string().into(), true, ""),
        (with("RequestHeaders", json!({ "X-Test": "1" })).to_string().into(), true, ""),
        (with("AuthenticationMethod", "TLS".into()).to_string().into(), true, ""),
        (with("SomethingNew", 5.into()).to_string().into(), true, ""),
        (both("RequestUri", "RequestURI").to_string().into(), false, "rule host:"),
        (
            both("UserAuthNMethod", "AuthenticationMethod").to_string().into(),
            false,
            "both `UserAuthNMethod` and",
        ),
        (
            b"".to_vec(),
            false,
            "dockerd repeats a request so after a broken connection; please send the command again",
        ),
        (b" \n".to_vec(), false, "please send the command again"),
        (b"garbage".to_vec(), false, "cannot be read"),
        (b"[]".to_vec(), false, "not a JSON object"),
        (b"null".to_vec(), false, "not a JSON object"),
        (b"{}".to_vec(), false, "no `RequestMethod`"),
        (br#"{"RequestMethod": "GET"}"#.to_vec(), false, "no `RequestUri`"),
        (
            br#"{"RequestMethod": "GET", "RequestUri": "/info", "RequestUri": "/_ping"}"#.to_vec(),
            false,
            "rule host:",
        ),
        (br#"{"RequestMethod": "GET", "RequestUri": "/info"} {}"#.to_vec(), false, "cannot be read"),
        (b"{\"RequestMethod\": \"GET\", \"RequestUri\": \"/\xff\"}".to_vec(), false, "rule "),
        (with("RequestBody", "!".into()).to_string().into(), false, "not base64"),
        (with("RequestMethod", 5.into()).to_string().into(), false, "not a string"),
        (plain("/no/such/route").to_string().into(), false, "rule "),
    ];
    let mut connection = Connection::open(&place.door());
    for (body, allowed, text) in cases {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let answer = connection.exchange(&asked(&body));
        assert!(answer.head.contains(MEDIA_TYPE), "{shown}: {}", answer.head);
        let json = answer.json();
        assert_eq!((answer.status, json["Allow"].as_bool()), (200, Some(allowed)), "{shown}: {json}");
        let said = json["Msg"].as_str().unwrap_or_default();
        assert!(said.contains(text) && said.contains("decision ") != allowed, "{shown}: {said}");
        assert!(json.get("Err").is_none(), "{shown}: {json}");
    }
    drop(connection);
    drop(portcullis);
}

#[test]
fn a_message_that_is_too_large_is_refused_and_the_next_one_is_not() {
    let place = Place::new();
    let _portcullis = place.start("");
    let mut message = message("POST", "/build", None);
    message["RequestBody"] = "A".repeat(33 << 20).into();
    let mut connection = Connection::open(&place.door());
    connection.send(&asked(message.to_string().as_bytes()));
    let answer = connection.answer().unwrap();
    let json = answer.json();
    assert_eq!((answer.status, &json["Allow"]), (200, &false.into()), "{json}");
    let text = json["Msg"].as_str().unwrap();
    assert!(text.contains("larger than 32 MiB") && text.contains("rule host:unreadable-message"), "{json}");
    let next = Connection::open(&place.door())
        .exchange(&asked(super::place::message("GET", "/containers/json", None).to_string().as_bytes()));
    assert_eq!(next.json(), json!({ "Allow": true }));
}

#[test]
fn the_host_answers_itself_what_it_is_told_to() {
    let place = Place::new();
    let records = |count: usize| {
        let mut lines: Vec<Value> = Vec::new();
        until("the records are there", || {
            let text = http::get_unix(&place.admin(), "/decisions").unwrap().1;
            lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            lines.len() >= count
        });
        lines
    };
    // No policy at all: whatever is allowed is allowed by the host.
    let portcullis = Portcullis::start(PROGRAM, &place.config(""));
    for (method, uri) in [("GET", "/_ping"), ("HEAD", "/v1.44/_ping"), ("GET", "/version")] {
        assert_eq!(
            super::place::ask(&place.door(), &message(method, uri, None)),
            (200, json!({ "Allow": true }))
        );
    }
    assert_eq!(super::place::ask(&place.door(), &message("GET", "/info", None)).1["Allow"], false);
    let found = records(4);
    for record in &found[1..] {
        assert_eq!(
            (&record["rule"], &record["verdict"]),
            (&"host:always-allow".into(), &"allow".into()),
            "{record}"
        );
    }
    drop(portcullis);
    let _portcullis =
        Portcullis::start(PROGRAM, &place.config("[docker]\nalways_allow = [\"SystemInfo\"]\n"));
    assert_eq!(super::place::ask(&place.door(), &message("GET", "/info", None)).1["Allow"], true);
    assert_eq!(super::place::ask(&place.door(), &message("GET", "/_ping", None)).1["Allow"], false);
    assert_eq!(get_json(&place.admin(), "/policies")["policies"], json!([]));
}
