//! Requests as they are on the wire: which paths there are, which methods, and what `HEAD` answers.

use serde_json::json;
use std::collections::BTreeSet;

use super::answered::{json, refused};
use super::host::{Host, PEOPLE, PREFIX};
use portcullis_testing::openstack::client::{Answer, Connection};

const ROOT: &str = r#"
[[federation.mounts]]
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["everybody"]
accounts = { production = "111111111111", "a b" = "022222222222" }
[[policies]]
name = "everybody"
module = "builtin:aws-roles"
settings = { grants = [{ users = "*", accounts = "*", roles = ["reader", "x+y"] }] }
"#;

fn raw(host: &Host, method: &str, path: &[u8]) -> Answer {
    host.client.call(method, "").path(path).header("X-Remote-User", "alice").send()
}

#[test]
fn paths_lead_where_they_led_in_afp() {
    let host = Host::start(ROOT);
    let table: &[(&str, u16)] = &[
        ("/status", 200),
        ("/status/", 404),
        ("/account", 200),
        ("//account", 200),
        ("///account", 200),
        ("/account/", 404),
        ("/Account", 404),
        ("/account/production", 404),
        ("/account/production/", 404),
        ("/account/production/reader", 200),
        ("//account/production/reader", 200),
        ("/account/production/reader/", 404),
        ("/account//reader", 404),
        ("/account/production//reader", 404),
        ("/account/production/reader/credentials", 200),
        ("/account/production/reader/credentials/", 404),
        ("/account/production/reader/consoleurl", 200),
        ("/account/a%20b/reader", 200),
        ("/account/a+b/reader", 403),
        ("/account/production/x+y", 200),
        ("/account/production/x%20y", 403),
        ("/account/production/x%2By", 200),
        ("/account/production/%72eader", 200),
        ("/account/production/reader%00", 403),
        ("/account/production/%00", 403),
        ("/account/production/%ff", 404),
        ("/account/%ff/reader", 404),
        ("/account/../status", 403),
        ("/account/production/READER", 403),
        ("/%61ccount", 200),
        ("/", 404),
        ("/meta-data/iam/security-credentials", 404),
        ("/latest/meta-data/iam/security-credentials/", 404),
        ("/latest/api/token", 404),
    ];
    for (path, status) in table {
        let answer = raw(&host, "GET", path.as_bytes());
        assert_eq!(answer.status, *status, "{path} {}", answer.text());
    }
    let roles: BTreeSet<_> =
        host.sts.questions().into_iter().map(|question| question.form["RoleArn"].clone()).collect();
    let asked = ["022222222222:role/reader", "111111111111:role/reader", "111111111111:role/x+y"];
    assert_eq!(roles, asked.map(|role| format!("arn:aws:iam::{role}")).into());
}

#[test]
fn a_mount_answers_below_its_prefix_and_nowhere_else() {
    let host = Host::start(PEOPLE);
    for (path, status) in [
        ("/afp-api/latest/account", 200),
        ("//afp-api/latest/account", 200),
        ("/afp-api/latest//account", 200),
        ("/afp-api/latest/account//reader", 404),
        ("/afp-api/latest", 404),
        ("/afp-api/latest/", 404),
        ("/afp-api//latest/account", 404),
        ("/afp-api/account", 404),
        ("/account", 404),
        ("/afp-api/latestx/account", 404),
        // A role with a path: AFP lists it and never gives it.
        ("/afp-api/latest/account/production/team/deploy/credentials", 200),
        ("/afp-api/latest/account/production/team%2Fdeploy/credentials", 200),
        ("/afp-api/latest/account/production/team%2fdeploy", 200),
        ("/afp-api/latest/account/production%2Freader", 404),
    ] {
        let answer = raw(&host, "GET", path.as_bytes());
        assert_eq!(answer.status, status, "{path} {}", answer.text());
    }
}

#[test]
fn what_is_not_there_is_named_as_it_was_asked_for() {
    let host = Host::start(PEOPLE);
    for (path, named) in
        [("/no/such%20path?x=y", "/no/such path"), ("/j%C3%B6rg", "/jörg"), ("/%ff", "/\u{fffd}")]
    {
        let answer = raw(&host, "GET", path.as_bytes());
        assert_eq!(refused(&answer, 404, "NotFound"), format!("Not found: '{named}'"));
        assert_eq!(answer.header("x-username"), Some("Unknown User"));
    }
}

#[test]
fn methods() {
    let host = Host::start(PEOPLE);
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        for path in ["/account", "/account/production/reader/credentials", "/status"] {
            let answer = raw(&host, method, format!("{PREFIX}{path}").as_bytes());
            assert_eq!(refused(&answer, 405, "MethodNotAllowed"), "Method not allowed.", "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
    json(&host.get("alice", "/account"));
    assert_eq!((host.sts.count(), host.records(1).len()), (0, 1), "a method that is not had was decided on");
}

#[test]
fn the_status_is_told_to_anybody() {
    let host = Host::start(PEOPLE);
    let answer = host.client.get(&format!("{PREFIX}/status")).send();
    assert_eq!(json(&answer), json!({ "status": "200", "message": "OK" }));
    assert_eq!(answer.header("x-username"), Some("monitoring"));
    json(&host.get("alice", "/account"));
    assert_eq!(host.records(1).len(), 1, "a policy was asked");
}

#[test]
fn names_of_users_that_are_not_ascii() {
    let host = Host::start(PEOPLE);
    for (user, shown) in [("jörg", "j%C3%B6rg"), ("50%", "50%25"), ("a b", "a b")] {
        let answer = host.get(user, "/account");
        assert_eq!((json(&answer), answer.header("x-username")), (json!({}), Some(shown)));
    }
    let latin1 = host.client.get(&format!("{PREFIX}/account")).header("X-Remote-User", *b"j\xf6rg").send();
    refused(&latin1, 401, "Unauthorized");
}

/// On one connection: a body after `HEAD` would be taken for the next answer.
#[test]
fn head_answers_as_get_does_without_a_body() {
    let host = Host::start(PEOPLE);
    let mut connection = Connection::open(host.client.address()).unwrap();
    for path in [
        "/status",
        "/account",
        "/account?withid",
        "/account/production/reader",
        "/account/production/reader/credentials",
        "/account/production/reader/consoleurl?callbackurl=x",
        "/account/production/owner",
        "/nowhere",
        "/console",
    ] {
        let mut exchange = |method: &str| {
            let call = host.client.call(method, &format!("{PREFIX}{path}")).header("X-Remote-User", "alice");
            connection
                .exchange(method, &call.bytes(true))
                .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
        };
        let (head, get) = (exchange("HEAD"), exchange("GET"));
        let headers = |answer: &Answer| {
            let kept = answer.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("date"));
            kept.cloned().collect::<Vec<_>>()
        };
        assert_eq!((head.status, headers(&head)), (get.status, headers(&get)), "{path}");
        assert_eq!(get.header("content-length"), Some(&*get.body.len().to_string()), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
    }
}
