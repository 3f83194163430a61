//! What is different from AFP on purpose: each test is named in `src/differences.rs`.

use axum::http::{Method, StatusCode};
use portcullis_contract::aws::Denial;

use super::world::World;
use portcullis_testing::fake_sts::Mood;

const CREDENTIALS: &str = "/account/testaccount/testrole/credentials";
const CONSOLE: &str = "/account/testaccount/testrole/consoleurl";

async fn world() -> World {
    World::granting(&[("testaccount", "testrole")]).await
}

#[tokio::test]
async fn d01_a_refusal_says_why_and_under_which_id() {
    let world = world().await;
    let denial = Denial { reason: "frozen until Monday".into(), rule: "frozen".into(), ..Denial::default() };
    world.grant(Vec::new());
    world.rules().denials.lock().unwrap().push(denial);
    let message = world.get(CREDENTIALS).await.message();
    let begin = "Permission Denied: frozen until Monday (policy rules, rule frozen, decision ";
    assert!(message.starts_with(begin), "{message}");
}

#[tokio::test]
async fn d02_our_own_keys_are_not_the_users_fault() {
    let world = world().await;
    world.sts.be(Mood::Error(403, "InvalidClientTokenId", "x"));
    assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(world.get("/meta-data/iam/security-credentials/").await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn d03_times_have_whole_seconds() {
    let world = world().await;
    world.sts.be(Mood::Microseconds);
    let expiration = world.get(CREDENTIALS).await.json()["Expiration"].as_str().unwrap().to_owned();
    assert!(expiration.len() == 20 && expiration.ends_with('Z'), "{expiration}");
}

#[tokio::test]
async fn d04_the_sign_in_token_is_encoded() {
    let world = world().await;
    let url = world.get(CONSOLE).await.body;
    let token = url.split("SigninToken=").nth(1).unwrap();
    assert!(!token.contains(['/', '+', '=', '&']) && token.contains("%2F"), "{url}");
}

#[tokio::test]
async fn d05_answers_hold_the_documented_keys_too() {
    let world = world().await;
    for path in ["/account/testaccount/testrole", &format!("{CREDENTIALS}?documented")] {
        let body = world.get(path).await.json();
        assert_eq!(body["credentials"]["access_key"], body["AccessKeyId"]);
        assert_eq!(body["credentials"]["secret_key"], body["SecretAccessKey"]);
        assert_eq!(body["credentials"]["session_token"], body["Token"]);
        assert_eq!(body["console_url"], body["ConsoleUrl"]);
    }
    // What SDKs ask for has nothing that they do not know.
    let mut known = ["AccessKeyId", "Code", "Expiration", "LastUpdated", "SecretAccessKey", "Token", "Type"];
    known.sort_unstable();
    for path in [CREDENTIALS, "/meta-data/iam/security-credentials/testrole"] {
        let body = world.get(path).await.json();
        let mut keys: Vec<_> = body.as_object().unwrap().keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, known, "{path}");
    }
}

#[tokio::test]
async fn d06_a_wrong_method_is_told_in_json() {
    let answer = world().await.send(Method::POST, "/account", &[]).await;
    assert_eq!(answer.json()["status"], 405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn d07_names_are_utf_8_and_shown_percent_encoded() {
    let world = world().await;
    let answer = world.send(Method::GET, "/account", &[("x-remote-user", "jörg 100%")]).await;
    assert_eq!(answer.header("x-username"), Some("j%C3%B6rg 100%25"));
    let asked = world.rules().questions.lock().unwrap()[0].request.principal.name.clone();
    assert_eq!(asked.as_deref(), Some("jörg 100%"));
}

#[tokio::test]
async fn d08_names_that_sts_refuses_are_made_fit() {
    let world = world().await;
    for user in ["DOM\\bob", "::1", "x", &"y".repeat(100)] {
        let answer = world.send(Method::GET, CREDENTIALS, &[("x-remote-user", user)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{user}: {answer:?}");
    }
    assert_eq!(world.sts.complaints(), Vec::<String>::new());
    let names: std::collections::BTreeSet<_> =
        world.sts.questions().iter().map(|asked| asked.form["RoleSessionName"].clone()).collect();
    assert_eq!(names.len(), 4);
}

#[tokio::test]
async fn d09_sts_is_asked_once_for_many() {
    let world = world().await;
    for _ in 0..3 {
        assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::OK);
        assert_eq!(world.get(CONSOLE).await.status, StatusCode::OK);
    }
    assert_eq!(world.sts.count(), 1);
}

#[tokio::test]
async fn d10_who_gets_both_may_have_both() {
    let world = world().await;
    world.get("/account/testaccount/testrole").await;
    let questions = world.rules().questions.lock().unwrap();
    let purposes: Vec<_> = questions.iter().map(|asked| asked.request.purpose.as_str()).collect();
    assert_eq!(purposes, ["console", "credentials"]);
}
