//! What an answer says.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use serde_json::Value;

use portcullis_testing::openstack::client::Answer;

/// The id of the key in an answer that has credentials.
#[track_caller]
pub(crate) fn key(answer: &Answer) -> String {
    json(answer)["AccessKeyId"].as_str().unwrap().to_owned()
}

/// The JSON of an answer with status 200.
#[track_caller]
pub(crate) fn json(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// What a refusal says; it has the shape that AFP's clients know.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) -> String {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"), "{text}");
    assert!(answer.header("x-username").is_some(), "{:?}", answer.headers);
    let body: Value = serde_json::from_str(&text).unwrap();
    let mut keys: Vec<_> = body.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["code", "error", "exception", "message", "status", "traceback"], "{text}");
    assert_eq!((&body["status"], &body["code"]), (&status.into(), &code.into()), "{text}");
    assert!(body["error"].as_str().unwrap().starts_with(&format!("{status} ")), "{text}");
    assert!(body["exception"].is_null() && body["traceback"].is_null(), "{text}");
    body["message"].as_str().unwrap().to_owned()
}
