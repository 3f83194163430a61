//! AWS that refuses, fails, is slow or is not there: what a client is told is of AFP's words and never AWS's own,
//! which name our user.

use std::net::TcpListener;

use super::answered::{json, refused};
use super::host::{EVERYBODY, Host, PEOPLE, PREFIX, Setup};
use portcullis_testing::fake_sign_in;
use portcullis_testing::fake_sts::Mood;

const PATH: &str = "/account/production/reader/credentials";
/// In what STS says, for the operator alone.
const SAID: &str = "User: arn:aws:iam::999999999999:user/portcullis is not authorized";
const OWN_KEYS: &str =
    "Call to AWS failed: the keys of this service are not accepted; its operator must mend that";

const REGION: &str = "Call to AWS failed: STS is not activated in the region of this service; its operator must activate it, \
                      or choose another `region`";
const EXPIRED: &str = "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z";
const CLOCK: &str = "Call to AWS failed: the clock of this service is wrong; its operator must set it";
const TOO_LONG: &str = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
const LONG: &str = "Call to AWS failed: the role allows no session of 1h, which is what the policy grants: the policy's \
                    duration must be less, or the role's `MaxSessionDuration` more";

/// An address where nobody listens.
fn nowhere() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[test]
fn what_sts_says_becomes_an_answer_of_ours() {
    let unreadable = "Call to AWS failed: the answer of STS cannot be read";
    let answered = |code: &str| format!("Call to AWS failed: STS answered `{code}`");
    let denied = "Permission Denied: AWS does not let us have this role";
    let table: Vec<(Mood, u16, String)> = vec![
        (Mood::Error(403, "AccessDenied", SAID), 403, denied.into()),
        (Mood::WrappedError(403, "AccessDenied", SAID), 403, denied.into()),
        // These too have status 403, and are no word about the user.
        (Mood::Error(403, "InvalidClientTokenId", SAID), 502, OWN_KEYS.into()),
        (Mood::Error(403, "SignatureDoesNotMatch", SAID), 502, OWN_KEYS.into()),
        (Mood::Error(403, "RegionDisabledException", SAID), 502, REGION.into()),
        (Mood::Error(403, "SignatureDoesNotMatch", EXPIRED), 502, CLOCK.into()),
        (Mood::Error(400, "ValidationError", TOO_LONG), 502, LONG.into()),
        (Mood::Error(400, "ExpiredTokenException", SAID), 502, OWN_KEYS.into()),
        (Mood::Error(400, "ValidationError", SAID), 502, answered("ValidationError")),
        (Mood::Error(400, "MalformedPolicyDocument", SAID), 502, answered("MalformedPolicyDocument")),
        (Mood::Error(400, "PackedPolicyTooLarge", SAID), 502, answered("PackedPolicyTooLarge")),
        (Mood::Error(500, "InternalFailure", SAID), 502, answered("InternalFailure")),
        (Mood::Garbage(200, "<html>".into()), 502, unreadable.into()),
        (Mood::Garbage(200, String::new()), 502, unreadable.into()),
        (Mood::Garbage(503, "down".into()), 502, unreadable.into()),
        (Mood::Without("SessionToken"), 502, unreadable.into()),
        (Mood::Without("Expiration"), 502, unreadable.into()),
        (Mood::Expiration("soon".into()), 502, unreadable.into()),
        (Mood::ExpiresIn(-60), 502, unreadable.into()),
        (Mood::ExpiresIn(400_000), 502, unreadable.into()),
    ];
    let host = Host::start(EVERYBODY);
    for (number, (mood, status, message)) in table.into_iter().enumerate() {
        host.sts.be(mood.clone());
        // A failure is remembered for a moment, for whom it was.
        let answer = host.get(&format!("user{number}"), PATH);
        let code = if status == 403 { "AccessDenied" } else { "AwsFailed" };
        assert_eq!(refused(&answer, status, code), message, "{mood:?}");
        assert_eq!(answer.header("x-username"), Some(&*format!("user{number}")), "{mood:?}");
    }
    let log = host.portcullis.log();
    let errors = log.lines().filter(|line| line.contains("ERROR") && line.contains("own AWS keys")).count();
    assert_eq!(errors, 3, "each of our own faults is an error in the log\n{log}");
    assert!(log.contains(EXPIRED), "AWS's own text is for the operator to read\n{log}");
    assert!(log.contains("user/portcullis"), "what STS said is for the operator to read\n{log}");
    host.sts.be(Mood::Ok);
    json(&host.get("another", PATH));
}

#[test]
fn a_throttled_question_is_asked_again() {
    let host = Host::start(EVERYBODY);
    host.sts.be(Mood::Throttled(2));
    json(&host.get("alice", PATH));
    assert_eq!(host.sts.count(), 3);
}

#[test]
fn an_sts_that_is_not_there() {
    let host = Setup::new().endpoints(&format!("endpoint = \"{}\"", nowhere())).start(EVERYBODY);
    let message = refused(&host.get("alice", PATH), 502, "AwsFailed");
    assert_eq!(message, "Call to AWS failed: STS cannot be reached");
}

#[test]
fn an_sts_that_does_not_answer() {
    let host = Setup::new().aws("timeout = \"1s\"").start(EVERYBODY);
    host.sts.be(Mood::Silent);
    let message = refused(&host.get("alice", PATH), 502, "AwsFailed");
    assert_eq!(message, "Call to AWS failed: no answer in time");
    // Nobody else waits for it.
    json(&host.get("bob", "/account"));
    host.sts.be(Mood::Ok);
    json(&host.get("bob", PATH));
}

#[test]
fn what_the_sign_in_endpoint_says() {
    use fake_sign_in::Mood;
    let host = Setup::new().aws("timeout = \"1s\"").start(EVERYBODY);
    let none = "Call to AWS failed: no sign-in token was given";
    let internal = "Internal Server Error: no console URL could be got";
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let redirect = Mood::Redirect(format!("http://{}/", elsewhere.local_addr().unwrap()));
    for (mood, status, code, message) in [
        (Mood::Answer(400, SAID.into()), 502, "AwsFailed", none),
        (Mood::Answer(503, SAID.into()), 502, "AwsFailed", none),
        (redirect, 502, "AwsFailed", none),
        (Mood::Silent, 502, "AwsFailed", "Call to AWS failed: no answer in time"),
        (Mood::Answer(200, "<html>".into()), 500, "InternalError", internal),
        (Mood::Answer(200, "{}".into()), 500, "InternalError", internal),
        (Mood::Answer(200, "{\"SigninToken\":7}".into()), 500, "InternalError", internal),
        (Mood::Answer(200, "x".repeat(100_000)), 500, "InternalError", internal),
    ] {
        host.sign_in.be(mood.clone());
        for path in ["/account/production/reader/consoleurl", "/account/production/reader?callbackurl=x"] {
            assert_eq!(refused(&host.get("alice", path), status, code), message, "{mood:?} {path}");
        }
        json(&host.get("alice", PATH));
    }
    assert!(elsewhere.accept().is_err(), "credentials went where nobody may send them");
    let gone = format!("endpoint = \"{}\"\nsign_in = \"{}/federation\"", host.sts.url(), nowhere());
    let without = Setup::new().endpoints(&gone).start(EVERYBODY);
    let answer = without.get("alice", "/account/production/reader/consoleurl");
    assert_eq!(refused(&answer, 500, "InternalError"), internal);
}

#[test]
fn whoever_proves_nothing_gets_nothing() {
    let host = Host::start(PEOPLE);
    for path in ["/account", "/account/production/reader", PATH, "/account/production/reader/consoleurl"] {
        for user in [None, Some("")] {
            let mut call = host.client.get(&format!("{PREFIX}{path}"));
            if let Some(user) = user {
                call = call.header("X-Remote-User", user);
            }
            let answer = call.send();
            let message = refused(&answer, 401, "Unauthorized");
            assert_eq!(message, "Unauthorized: the request does not prove who sends it");
            assert_eq!(answer.header("x-username"), Some("Unknown User"));
            assert_eq!(answer.header("www-authenticate"), None);
        }
    }
    json(&host.get("alice", "/account"));
    assert_eq!((host.sts.count(), host.records(1).len()), (0, 1), "somebody was asked about nobody");
}

#[test]
fn what_was_not_granted_is_refused_before_anything_is_looked_up() {
    let host = Host::start(PEOPLE);
    for path in
        ["production/owner", "unknown/admin", "no-such/role", "staging/Admin", "Staging/admin", "../status"]
    {
        for end in ["", "/credentials", "/consoleurl"] {
            let message = refused(&host.get("alice", &format!("/account/{path}{end}")), 403, "AccessDenied");
            let why = "no policy grants you this role in this account (rule host:no-grant, decision ";
            assert!(
                message.starts_with(&format!("Permission Denied: {why}")) && message.ends_with(')'),
                "{message}"
            );
            assert_eq!(host.record(&message)["verdict"], "deny", "{path}");
        }
    }
    assert_eq!(host.sts.count(), 0);
}
