//! The cases of AFP's own tests of its API (`aws_federation_proxy`, release of 2017), and of its core.

use axum::http::StatusCode;
use std::time::{Duration, SystemTime};

use super::world::{World, grant};
use portcullis_testing::fake_sts::Mood;

const ROLE: &str = "/meta-data/iam/security-credentials/";

#[tokio::test]
async fn my_role_is_one_name_without_a_line_feed() {
    let world = World::granting(&[("the_only_account", "the_only_role")]).await;
    let answer = world.get(ROLE).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "the_only_role"));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.header("x-username"), None);
    assert_eq!(world.sts.questions()[0].form["RoleArn"], "arn:aws:iam::111111111111:role/the_only_role");
    assert_eq!(world.sts.questions()[0].form["RoleSessionName"], "testuser");
}

#[tokio::test]
async fn several_roles_or_none_are_none_for_a_machine() {
    for grants in [&[("testaccount", "testrole"), ("testaccount1", "testrole2")][..], &[]] {
        let world = World::granting(grants).await;
        for path in [ROLE, &format!("{ROLE}testrole")] {
            let answer = world.get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.message().starts_with("ConfigurationError"), "{answer:?}");
        }
        assert_eq!(world.sts.count(), 0);
    }
}

#[tokio::test]
async fn a_role_that_sts_denies_is_no_role() {
    let world = World::granting(&[("the_only_account", "the_only_role")]).await;
    world.sts.be(Mood::Error(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole"));
    let answer = world.get(ROLE).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    let answer = world.get(&format!("{ROLE}the_only_role")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.message().starts_with("Permission Denied"), "{answer:?}");
}

#[tokio::test]
async fn credentials_of_a_machine() {
    let world = World::granting(&[("the_only_account", "the_only_role")]).await;
    let answer = world.get(&format!("{ROLE}the_only_role")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("x-username"), Some("testuser"));
    let keys = ["Code", "Type", "AccessKeyId", "SecretAccessKey", "Token", "Expiration", "LastUpdated"];
    let places: Vec<_> = keys.iter().map(|key| answer.body.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{}", answer.body);
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), keys.len());
    assert_eq!((&body["Code"], &body["Type"]), (&"Success".into(), &"AWS-HMAC".into()));
    let updated = humantime::parse_rfc3339(body["LastUpdated"].as_str().unwrap()).unwrap();
    assert!(SystemTime::now().duration_since(updated).unwrap() < Duration::from_secs(3));
    let other = world.get(&format!("{ROLE}another_role")).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn status_asks_neither_policy_nor_aws() {
    let world = World::granting(&[]).await;
    let answer = world.send(axum::http::Method::GET, "/status", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), serde_json::json!({ "status": "200", "message": "OK" }));
    assert_eq!(answer.header("x-username"), Some("monitoring"));
    assert!(world.rules().questions.lock().unwrap().is_empty());
    *world.rules().missing.lock().unwrap() = true;
    let answer = world.get("/status").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.message().contains("Configuration"), "{answer:?}");
}

#[tokio::test]
async fn accounts_and_roles_are_listed_with_and_without_ids() {
    let world = World::granting(&[
        ("testaccount", "b"),
        ("testaccount", "a"),
        ("unknown", "r"),
        ("testaccount", "a"),
    ])
    .await;
    let answer = world.get("/account").await;
    assert_eq!(answer.json(), serde_json::json!({ "testaccount": ["a", "b"], "unknown": ["r"] }));
    assert_eq!(answer.header("x-username"), Some("testuser"));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    for query in ["withid", "withid=", "withid=0", "x=1&withid"] {
        let answer = world.get(&format!("/account?{query}")).await;
        let wanted = serde_json::json!({
            "testaccount": { "id": "123456789012", "roles": ["a", "b"] },
            "unknown": { "id": null, "roles": ["r"] },
        });
        assert_eq!(answer.json(), wanted, "{query}");
    }
    assert_eq!(world.get("/account?WITHID").await.json()["unknown"], serde_json::json!(["r"]));
    world.grant(Vec::new());
    assert_eq!(world.get("/account").await.body, "{}");
    let purposes: Vec<_> =
        world.rules().questions.lock().unwrap().iter().map(|asked| asked.request.purpose.clone()).collect();
    assert!(purposes.iter().all(|purpose| purpose == "list"), "{purposes:?}");
}

#[tokio::test]
async fn credentials_and_console_of_a_person() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    let credentials = world.get("/account/testaccount/testrole/credentials").await;
    assert_eq!(credentials.status, StatusCode::OK, "{credentials:?}");
    assert_eq!(credentials.header("x-username"), Some("testuser"));
    assert!(credentials.json().get("ConsoleUrl").is_none());

    let url = world.get("/account/testaccount/testrole/consoleurl").await;
    assert_eq!(url.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(url.header("x-username"), None);
    assert!(
        url.body.contains("/federation?Action=login&Issuer=&Destination=") && !url.body.ends_with('\n'),
        "{}",
        url.body
    );

    let path = "/account/testaccount/testrole/consoleurl?callbackurl=http://a/&callbackurl=https://b/?a=1%262%20%C3%A4";
    let url = world.get(path).await;
    assert!(url.body.contains("&Issuer=https%3A%2F%2Fb%2F%3Fa%3D1%262+%C3%A4&"), "{}", url.body);

    let both = world.get("/account/testaccount/testrole?callbackurl=https://b/").await;
    let body = both.json();
    assert!(body["ConsoleUrl"].as_str().unwrap().contains("Issuer=https%3A%2F%2Fb%2F&"), "{both:?}");
    assert_eq!(body["AccessKeyId"], credentials.json()["AccessKeyId"]);
    assert_eq!(both.header("x-username"), Some("testuser"));
    assert_eq!(world.sts.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_granted_account_without_an_id_is_a_mistake_of_the_configuration() {
    let world = World::granting(&[("unknown", "testrole")]).await;
    for end in ["", "/credentials", "/consoleurl"] {
        let answer = world.get(&format!("/account/unknown/testrole{end}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.message().contains("Configuration"), "{answer:?}");
        assert_eq!(answer.header("x-username"), Some("testuser"));
    }
}

#[tokio::test]
async fn what_is_not_granted_is_refused_before_the_account_is_looked_up() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    for (account, role) in [
        ("testaccount", "other"),
        ("testaccount1", "testrole"),
        ("nowhere", "testrole"),
        ("TestAccount", "testrole"),
        ("testaccount", "testrole%00"),
        ("testaccount", "testrole%20"),
    ] {
        for end in ["", "/credentials", "/consoleurl"] {
            let answer = world.get(&format!("/account/{account}/{role}{end}")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{account}/{role}");
            assert!(answer.message().starts_with("Permission Denied"), "{answer:?}");
            assert_eq!(answer.json()["status"], 403);
            assert_eq!(answer.json()["error"], "403 Forbidden");
        }
    }
    assert_eq!(world.sts.count(), 0);
}

#[tokio::test]
async fn aws_is_asked_exactly_what_was_granted() {
    let world = World::start().await;
    let mut full = grant("testaccount1", "team/reader");
    full.duration_seconds = Some(900);
    full.session_name = Some("given".into());
    full.source_identity = Some("alice".into());
    full.tags = vec![("team".into(), "blue".into())];
    full.session_policy = Some(r#"{"Version":"2012-10-17"}"#.into());
    full.external_id = Some("external".into());
    world.grant(vec![full]);
    let answer = world.get("/account/testaccount1/team/reader/credentials").await;
    // A quarter of an hour is less than what is left of what is handed out elsewhere, and yet what was granted.
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let form = world.sts.questions()[0].form.clone();
    for (key, value) in [
        ("RoleArn", "arn:aws:iam::012345678901:role/team/reader"),
        ("RoleSessionName", "given"),
        ("SourceIdentity", "alice"),
        ("DurationSeconds", "900"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "blue"),
        ("Policy", r#"{"Version":"2012-10-17"}"#),
        ("ExternalId", "external"),
    ] {
        assert_eq!(form.get(key).map(String::as_str), Some(value), "{key}");
    }
}

/// As `curl` prints it where it is the `credential_process` of a profile.
#[tokio::test]
async fn credentials_for_a_process() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    let path = "/account/testaccount/testrole";
    let flat = world.get(&format!("{path}/credentials")).await.json();
    let body = world.get(&format!("{path}/credentials?format=process")).await.json();
    let expected = serde_json::json!({
        "Version": 1,
        "AccessKeyId": flat["AccessKeyId"],
        "SecretAccessKey": flat["SecretAccessKey"],
        "SessionToken": flat["Token"],
        "Expiration": flat["Expiration"],
    });
    assert_eq!(body, expected);
    for rest in ["/credentials?format=xml", "?format=process", "/consoleurl?format=process"] {
        let answer = world.get(&format!("{path}{rest}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{rest}: {answer:?}");
    }
}
