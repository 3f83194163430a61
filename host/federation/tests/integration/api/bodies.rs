//! A body that comes slowly.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use portcullis_listen::{Peer, Timeouts};
use std::convert::Infallible;
use std::sync::atomic::Ordering::Relaxed;

use super::world::World;

/// What is decided by must be taken when the body is there: it may have changed since the head came.
#[tokio::test]
async fn nothing_is_taken_before_the_body_is_read() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    let before = world.rules().taken.load(Relaxed);
    let rules = world.rules();
    let (sender, receiver) = std::sync::mpsc::channel();
    let (api, rules_at_end) = (world.api().clone(), world.shared_rules());
    // The end of the body comes last, and takes the role away.
    let end = async move {
        sender.send(rules_at_end.taken.load(Relaxed)).unwrap();
        rules_at_end.grants.lock().unwrap().clear();
        None::<Result<HeaderMap, Infallible>>
    };
    let form = Bytes::from("account=testaccount&role=testrole&format=shell");
    let peer = Peer {
        address: "127.0.0.1:40000".into(),
        certificate: None,
        user: None,
        timeouts: Timeouts::default(),
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri("/console/credentials")
        .header("x-remote-user", "testuser")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(peer)
        .body(Body::new(Full::new(form).with_trailers(end)))
        .unwrap();
    let answer = api.respond(request).await;
    assert_eq!(receiver.recv().unwrap(), before, "mounts and policies were taken before the body was there");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(rules.taken.load(Relaxed), before + 1);
}
