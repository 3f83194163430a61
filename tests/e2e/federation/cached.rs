//! What was got already: it spares AWS questions, and gives nobody anything that the policies do not.

use std::collections::HashSet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answered::{json, key, refused};
use super::host::{EVERYBODY, Host, PEOPLE, PREFIX, Setup};
use portcullis_testing::child::LOOK;
use portcullis_testing::fake_sts::Mood;

const PATH: &str = "/account/production/reader/credentials";

#[test]
fn it_goes_on_while_sts_is_down() {
    let host = Host::start(EVERYBODY);
    let before = host.key("alice");
    for mood in [Mood::Error(500, "InternalFailure", "down"), Mood::Garbage(503, String::new())] {
        host.sts.be(mood);
        assert_eq!(host.key("alice"), before);
        refused(&host.get("bob", PATH), 502, "AwsFailed");
        // A console needs no STS either.
        assert_eq!(host.get("alice", "/account/production/reader/consoleurl").status, 200);
    }
    assert_eq!(host.get("alice", "/account/production/reader").status, 200);
}

#[test]
fn what_is_revoked_is_refused_at_once_though_it_is_cached() {
    let mut host = Host::start(EVERYBODY);
    let before = host.key("alice");
    host.set(&EVERYBODY.replace("\"*\"", "[\"bob\"]"));
    for end in ["", "/credentials", "/consoleurl"] {
        let answer = host.get("alice", &format!("/account/production/reader{end}"));
        let message = refused(&answer, 403, "AccessDenied");
        assert!(message.starts_with("Permission Denied: no policy grants you this role"), "{message}");
    }
    assert_eq!(host.sts.count(), 1);
    // It was the policy and not the cache that forgot.
    host.set(EVERYBODY);
    assert_eq!((host.key("alice"), host.sts.count()), (before, 1));
}

/// The file is looked at once a second at most.
#[test]
fn whoever_leaves_a_group_is_refused_soon() {
    let host = Host::start(PEOPLE);
    host.key("alice");
    std::fs::write(host.files().join("groups"), "aws-production-reader: bob\n").unwrap();
    let late = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while host.get("alice", PATH).status == 200 {
        assert!(std::time::Instant::now() < late, "alice is still let in");
        std::thread::sleep(LOOK);
    }
    refused(&host.get("alice", PATH), 403, "AccessDenied");
    host.key("bob");
}

#[test]
fn two_users_never_share() {
    let host = Host::start(EVERYBODY);
    // The last of them come to the same session name but for what is added to tell them apart.
    let users = ["alice", "Alice", "bob", "alice ", "a b", "a/b", "a-b", "DOM\\alice", "DOM/alice"];
    let mut keys = HashSet::new();
    for user in users {
        // Blanks around a header's value are no part of it.
        let fresh = keys.insert(host.key(user));
        assert_eq!(fresh, user != "alice ", "{user}");
    }
    assert_eq!(host.sts.count(), users.len() - 1);
    let questions = host.sts.questions();
    let names: HashSet<_> = questions.iter().map(|question| &question.form["RoleSessionName"]).collect();
    assert_eq!(names.len(), users.len() - 1, "{names:?}");
    for user in users {
        assert!(!keys.insert(host.key(user)), "{user}");
    }
    assert_eq!((host.sts.count(), host.sts.complaints()), (users.len() - 1, Vec::new()));
}

/// Whatever makes another session is another entry.
#[test]
fn other_parameters_are_other_credentials() {
    let mut host = Host::start(EVERYBODY);
    let mut keys = HashSet::from([host.key("alice")]);
    for parameter in [
        "duration = \"2h\"",
        "session_name = \"{user}-x\"",
        "source_identity = \"{user}\"",
        "tags = { team = \"a\" }",
        "tags = { team = \"b\" }",
        "session_policy = { Version = \"2012-10-17\", Statement = [] }",
        "external_id = \"portcullis\"",
    ] {
        host.set(&EVERYBODY.replace("roles = [\"reader\"]", &format!("roles = [\"reader\"], {parameter}")));
        assert!(keys.insert(host.key("alice")), "{parameter}");
    }
    assert_eq!((host.sts.count(), host.sts.complaints()), (8, Vec::new()));
}

/// All of them come before the first is answered.
#[test]
fn a_thousand_at_once_are_one_question() {
    const USERS: usize = 1000;
    // More connections than a process may have open by default.
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let enough =
        rustix::process::Rlimit { current: Some(8192.min(limits.maximum.unwrap_or(8192))), ..limits };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, enough).unwrap();
    let host = Setup::new().aws("timeout = \"1m\"").start(EVERYBODY);
    host.sts.be(Mood::Silent);
    let request = format!("GET {PREFIX}{PATH} HTTP/1.0\r\nHost: x\r\nX-Remote-User: alice\r\n\r\n");
    let answers: Vec<String> = host.runtime.block_on(async {
        let asking: Vec<_> = (0..USERS)
            .map(|_| {
                let (address, request) = (host.client.address().to_owned(), request.clone());
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(request.as_bytes()).await.unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).await.unwrap();
                    answer
                })
            })
            .collect();
        // A decision is recorded before AWS is asked.
        let late = std::time::Instant::now() + std::time::Duration::from_secs(50);
        while host.decisions().lines().count() < USERS {
            assert!(std::time::Instant::now() < late, "{} came", host.decisions().lines().count());
            tokio::time::sleep(LOOK).await;
        }
        host.sts.be(Mood::Ok);
        let mut answers = Vec::new();
        for answer in asking {
            answers.push(answer.await.unwrap());
        }
        answers
    });
    let given =
        |answer: &&String| answer.starts_with("HTTP/1.0 200") && answer.contains("ASIAFAKE000000000001");
    assert_eq!(answers.iter().filter(given).count(), USERS, "{}", answers[0]);
    assert_eq!(host.sts.count(), 1);
    assert!(host.records(USERS).iter().all(|record| record["verdict"] == "allow"));
}

/// One is refused by a policy and one by AWS: neither leaves anything that another would be given.
#[test]
fn a_refusal_leaves_nothing_behind() {
    let host = Host::start(PEOPLE);
    host.sts.be(Mood::Error(403, "AccessDenied", "no"));
    for _ in 0..2 {
        refused(&host.get("alice", PATH), 403, "AccessDenied");
        refused(&host.get("carol", PATH), 403, "AccessDenied");
    }
    assert_eq!(
        host.sts.count(),
        2,
        "a denial is asked for again, since the trust policy may have been mended"
    );
    host.sts.be(Mood::Ok);
    let answer = host.get("alice", PATH);
    assert_eq!(
        (key(&answer), json(&answer)["Code"].as_str()),
        ("ASIAFAKE000000000003".into(), Some("Success"))
    );
    refused(&host.get("carol", PATH), 403, "AccessDenied");
}
