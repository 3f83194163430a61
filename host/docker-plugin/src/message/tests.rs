use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn message(text: &str) -> Message {
    Message::parse(text.as_bytes()).unwrap()
}

fn refusal(text: &str) -> String {
    Message::parse(text.as_bytes()).unwrap_err().to_string()
}

fn with(member: &str) -> String {
    format!(r#"{{"RequestMethod":"GET","RequestUri":"/info",{member}}}"#)
}

fn pairs(text: &[(&str, &str)]) -> Vec<(String, String)> {
    text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_dockerd_sends_is_read() {
    let text = include_bytes!("tests/container-create.json");
    let message = Message::parse(text).unwrap();
    assert_eq!(
        (message.method.as_str(), message.uri.as_str()),
        ("POST", "/v1.41/containers/create?name=web")
    );
    assert_eq!((&message.user, &message.user_authn_method), (&None, &None));
    assert_eq!(message.body.as_ref().map(Vec::len), Some(1489));
    assert_eq!(
        message.headers,
        pairs(&[
            ("Content-Length", "1489"),
            ("Content-Type", "application/json"),
            ("User-Agent", "Docker-Client/28.2.2 (linux)"),
        ])
    );
    let answer = with(
        r#""User":"alice","UserAuthNMethod":"TLS","ResponseStatusCode":201,"ResponseBody":"e30K","ResponseHeaders":{"Server":"D"}"#,
    );
    let answer = self::message(&answer);
    assert_eq!((answer.user.as_deref(), answer.user_authn_method.as_deref()), (Some("alice"), Some("TLS")));
    assert_eq!(answer.response_status, Some(201));
    assert_eq!(answer.response_body.as_deref(), Some(&b"{}\n"[..]));
    assert_eq!(answer.response_headers, pairs(&[("Server", "D")]));
}

#[test]
fn the_spellings_of_the_documentation_are_read() {
    let text = r#"{"RequestMethod":"GET","RequestURI":"/info","AuthenticationMethod":"TLS","user":"a","Host":"srv01","New":[1]}"#;
    let message = message(text);
    assert_eq!((message.uri.as_str(), message.user.as_deref()), ("/info", Some("a")));
    assert_eq!((message.user_authn_method.as_deref(), message.host.as_deref()), (Some("TLS"), Some("srv01")));
    let headers = STANDARD.encode(r#"{"A":["1","2"],"B":"3"}"#);
    let message = self::message(&with(&format!(r#""RequestHeaders":"{headers}""#)));
    assert_eq!(message.headers, pairs(&[("A", "1"), ("A", "2"), ("B", "3")]));
    let message = self::message(&with(r#""RequestBody":{"HostConfig":{"Privileged":true}}"#));
    assert_eq!(message.body.as_deref(), Some(&br#"{"HostConfig":{"Privileged":true}}"#[..]));
}

#[test]
fn absent_null_and_empty_are_one() {
    let plain = message(r#"{"RequestMethod":"GET","RequestUri":"/info"}"#);
    for empty in ["null", "\"\""] {
        for field in ["User", "UserAuthNMethod", "RequestBody", "RequestHeaders", "ResponseBody", "Host"] {
            assert_eq!(message(&with(&format!("\"{field}\":{empty}"))), plain, "{field} {empty}");
        }
    }
    for member in [
        r#""RequestHeaders":{}"#,
        r#""RequestPeerCertificates":null"#,
        r#""RequestPeerCertificates":[]"#,
        r#""ResponseStatusCode":0"#,
        r#""ResponseStatusCode":null"#,
    ] {
        assert_eq!(message(&with(member)), plain, "{member}");
    }
}

#[test]
fn an_empty_message_is_explained() {
    for text in ["", "\n", "  "] {
        assert!(refusal(text).contains("dockerd repeats a request so after a broken connection"));
    }
}

#[test]
fn what_cannot_be_read_for_certain_is_refused() {
    let table = [
        (r#"{"RequestUri":"/info"}"#.to_owned(), "the message has no `RequestMethod`"),
        (r#"{"RequestMethod":"","RequestUri":"/info"}"#.to_owned(), "the message has no `RequestMethod`"),
        (r#"{"RequestMethod":"GET"}"#.to_owned(), "the message has no `RequestUri`"),
        ("null".to_owned(), "the message is not a JSON object"),
        ("[]".to_owned(), "the message is not a JSON object"),
        (with(r#""User":7"#), "`User` in the message is not a string"),
        (with(r#""RequestBody":[]"#), "`RequestBody` in the message is not base64"),
        (with(r#""RequestBody":"{}""#), "`RequestBody` in the message is not base64"),
        (with(r#""RequestBody":"e30""#), "`RequestBody` in the message is not base64"),
        (with(r#""RequestBody":"e30=\n""#), "`RequestBody` in the message is not base64"),
        (with(r#""RequestBody":"_-8=""#), "`RequestBody` in the message is not base64"),
        (with(r#""RequestBody":"e31=""#), "`RequestBody` in the message is not base64"),
        (with(r#""ResponseBody":"*""#), "`ResponseBody` in the message is not base64"),
        (
            with(r#""RequestHeaders":[]"#),
            "`RequestHeaders` in the message is not an object of header names and values",
        ),
        (
            with(r#""RequestHeaders":{"A":1}"#),
            "`RequestHeaders` in the message is not an object of header names and values",
        ),
        (
            with(r#""RequestHeaders":"WzFd""#),
            "`RequestHeaders` in the message is not an object of header names and values",
        ),
        (with(r#""ResponseStatusCode":"200""#), "`ResponseStatusCode` in the message is not an HTTP status"),
        (with(r#""ResponseStatusCode":70000"#), "`ResponseStatusCode` in the message is not an HTTP status"),
        (
            with(r#""RequestPeerCertificates":{}"#),
            "`RequestPeerCertificates` in the message is not a list of certificates",
        ),
        (
            with(r#""RequestPeerCertificates":["AAAA"]"#),
            "certificate 0 of `RequestPeerCertificates` in the message is not one PEM certificate",
        ),
        (
            with(r#""UserAuthNMethod":"TLS","AuthenticationMethod":"TLS""#),
            "the message has both `UserAuthNMethod` and `AuthenticationMethod`, which mean the same",
        ),
        (
            with(r#""RequestURI":"/x""#),
            "the message cannot be read: the keys `RequestUri` and `RequestURI` stand in one JSON object, and dockerd reads both as one",
        ),
        (
            with(r#""User":"a","uſer":"b""#),
            "the message cannot be read: the keys `User` and `uſer` stand in one JSON object, and dockerd reads both as one",
        ),
        (
            with(r#""User":"a","User":"b""#),
            "the message cannot be read: the key `User` stands twice in one JSON object",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(refusal(&text), expected, "{text}");
    }
}

#[test]
fn user_and_uri_are_bounded() {
    let user = |length: usize| with(&format!(r#""User":"{}""#, "u".repeat(length)));
    assert_eq!(message(&user(LONGEST_USER)).user.map(|user| user.len()), Some(LONGEST_USER));
    assert_eq!(refusal(&user(LONGEST_USER + 1)), "`User` in the message is longer than 4096 bytes");
    let uri = |length: usize| format!(r#"{{"RequestMethod":"GET","RequestUri":"{}"}}"#, "/".repeat(length));
    assert_eq!(message(&uri(LONGEST_URI)).uri.len(), LONGEST_URI);
    assert_eq!(refusal(&uri(LONGEST_URI + 1)), "`RequestUri` in the message is longer than 65536 bytes");
}

#[test]
fn certificates_are_read_in_both_wrappings_and_only_alone() {
    let made = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap().cert;
    let pem = made.pem();
    let parse = |text: &str| {
        let text =
            serde_json::json!({"RequestMethod": "GET", "RequestUri": "/", "RequestPeerCertificates": [text]});
        Message::parse(text.to_string().as_bytes()).map(|message| message.peer_certificates)
    };
    for text in [STANDARD.encode(&pem), pem.clone(), pem.trim_end().to_owned()] {
        assert_eq!(parse(&text).unwrap(), [made.der().to_vec()]);
    }
    for text in [
        STANDARD.encode(made.der()),
        STANDARD.encode(format!("{pem}{pem}")),
        format!("{pem}x"),
        STANDARD.encode(format!("x\n{pem}")),
        pem.replace("CERTIFICATE", "PRIVATE KEY"),
        String::new(),
        "-".to_owned(),
    ] {
        assert_eq!(parse(&text), Err(MessageError::Certificate(0)), "{text}");
    }
}
