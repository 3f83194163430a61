//! What the door answers where all is well: AFP's documented answers and those that its clients read, in one.

use serde_json::json;

use super::answered::{json, key};
use super::host::{EVERYBODY, Host, PEOPLE};
use portcullis_testing::fake_sign_in::SIGN_IN_TOKEN;
use portcullis_testing::fake_sts::{Mood, SECRET, TOKEN};

/// The sign-in token as it stands in a URL.
const QUOTED_TOKEN: &str = "FakeSigninToken%2F%2B%26%3D";

#[test]
fn credentials_are_what_clients_of_either_kind_read() {
    let host = Host::start(EVERYBODY);
    host.sts.be(Mood::Microseconds);
    let answer = host.get("alice", "/account/production/reader/credentials");
    let body = json(&answer);
    let order = ["Code", "Type", "AccessKeyId", "SecretAccessKey", "Token", "Expiration", "LastUpdated"];
    let places: Vec<_> =
        order.iter().map(|key| answer.text().find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{}", answer.text());
    assert_eq!((&body["Code"], &body["Type"]), (&json!("Success"), &json!("AWS-HMAC")));
    let documented = json!({
        "access_key": "ASIAFAKE000000000001",
        "secret_key": format!("{SECRET}1"),
        "session_token": format!("{TOKEN}1=="),
    });
    assert_eq!(body.get("credentials"), None);
    let with_documented = json(&host.get("alice", "/account/production/reader/credentials?documented"));
    assert_eq!(with_documented["credentials"], documented);
    let flat = (&body["AccessKeyId"], &body["SecretAccessKey"], &body["Token"]);
    assert_eq!(flat, (&documented["access_key"], &documented["secret_key"], &documented["session_token"]));
    assert_eq!((body.get("ConsoleUrl"), body.get("console_url")), (None, None));
    for time in ["Expiration", "LastUpdated"] {
        let time = body[time].as_str().unwrap();
        assert!(time.len() == 20 && time.ends_with('Z') && !time.contains('.'), "whole seconds: {time}");
    }
    for (name, value) in
        [("x-username", "alice"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(host.sts.complaints(), Vec::<String>::new());
}

#[test]
fn a_console_opens_by_a_url_that_comes_alone_or_beside_credentials() {
    let host = Host::start(EVERYBODY);
    let url = |issuer: &str| {
        let console = "https%3A%2F%2Fconsole.aws.amazon.com%2F";
        let endpoint = host.sign_in.url();
        format!("{endpoint}?Action=login&Issuer={issuer}&Destination={console}&SigninToken={QUOTED_TOKEN}")
    };
    for (query, issuer) in [
        ("", ""),
        ("?callbackurl=https://afp.example/x?a=b", "https%3A%2F%2Fafp.example%2Fx%3Fa%3Db"),
        ("?callbackurl=first&callbackurl=se%20cond", "se+cond"),
        ("?CALLBACKURL=x", ""),
    ] {
        let answer = host.get("alice", &format!("/account/production/reader/consoleurl{query}"));
        assert_eq!((answer.status, answer.text()), (200, url(issuer)), "{query}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("x-username"), None);
        let both = json(&host.get("alice", &format!("/account/production/reader{query}")));
        assert_eq!((&both["ConsoleUrl"], &both["console_url"]), (&url(issuer).into(), &url(issuer).into()));
        assert_eq!(both["AccessKeyId"], "ASIAFAKE000000000001");
    }
    assert!(url("").ends_with(QUOTED_TOKEN) && !url("").contains(SIGN_IN_TOKEN));
    // Twelve hours, since our own keys are a user's, whatever the credentials themselves last.
    assert!(host.sign_in.queries().iter().all(|query| query.contains("SessionDuration=43200")));
    assert_eq!(host.sts.count(), 1);
}

#[test]
fn the_list_is_of_what_the_mount_knows_with_ids_if_asked() {
    let host = Host::start(PEOPLE);
    // alice is in `aws-unknown-admin` too, and there is no such account.
    let roles = json!({ "production": ["reader", "team/deploy"], "staging": ["admin"] });
    let with_ids = json!({
        "production": { "id": "111111111111", "roles": ["reader", "team/deploy"] },
        "staging": { "id": "022222222222", "roles": ["admin"] },
    });
    for query in ["", "?WITHID", "?x=withid"] {
        assert_eq!(json(&host.get("alice", &format!("/account{query}"))), roles, "{query}");
    }
    for query in ["?withid", "?withid=0", "?withid=", "?a&withid=false"] {
        assert_eq!(json(&host.get("alice", &format!("/account{query}"))), with_ids, "{query}");
    }
    assert_eq!(json(&host.get("bob", "/account")), json!({ "production": ["reader"] }));
    for nobody in ["carol", "Alice", "ALICE"] {
        let answer = host.get(nobody, "/account");
        assert_eq!((json(&answer), answer.header("x-username")), (json!({}), Some(nobody)));
    }
    assert_eq!(host.sts.count(), 0);
}

#[test]
fn what_sts_is_asked_is_the_role_and_the_user() {
    let host = Host::start(PEOPLE);
    for (user, path, arn) in [
        ("alice", "production/reader", "arn:aws:iam::111111111111:role/reader"),
        ("alice", "staging/admin", "arn:aws:iam::022222222222:role/admin"),
        ("alice", "production/team/deploy", "arn:aws:iam::111111111111:role/team/deploy"),
        ("bob", "production/reader", "arn:aws:iam::111111111111:role/reader"),
    ] {
        let given = key(&host.get(user, &format!("/account/{path}/credentials")));
        let question = host.sts.questions().pop().unwrap();
        let form: Vec<_> =
            question.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let asked = [
            ("Action", "AssumeRole"),
            ("DurationSeconds", "3600"),
            ("RoleArn", arn),
            ("RoleSessionName", user),
            ("Version", "2011-06-15"),
        ];
        assert_eq!(form, asked, "{user} {path}");
        assert_eq!(given, format!("ASIAFAKE{:012}", host.sts.count()));
        assert_eq!(question.access_key_id, "AKIAIOSFODNN7EXAMPLE");
    }
    assert_eq!(host.sts.complaints(), Vec::<String>::new());
}

/// Every decision is there to be read later: who, what, by which policy, and what was granted and why.
#[test]
fn each_answer_is_recorded() {
    let host = Host::start(PEOPLE);
    host.get("alice", "/account/production/reader/credentials");
    host.get("bob", "/account/staging/admin/consoleurl?callbackurl=x");
    let records = host.records(2);
    let [granted, refused] = records.as_slice() else { panic!("{records:?}") };
    for (record, verdict, user, operation, role) in [
        (granted, "allow", "alice", "credentials", "production/reader"),
        (refused, "deny", "bob", "console", "staging/admin"),
    ] {
        assert_eq!(record["verdict"], verdict, "{record}");
        assert_eq!(record["principal"]["name"], user);
        assert_eq!((&record["hook"], &record["operation"]), (&json!("aws-roles"), &json!(operation)));
        assert_eq!(record["targets"][0]["as_sent"], role, "{record}");
        assert_eq!(record["outcomes"][0]["policy"], "people");
        assert_eq!(record["peer"], "127.0.0.1");
    }
    let why = "user is in group \\\"aws-production-reader\\\"";
    assert!(granted["extra"].to_string().contains(why), "{granted}");
}
