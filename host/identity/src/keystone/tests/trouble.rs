//! Keystone fails in every way it can.

use super::*;

#[tokio::test]
async fn keystone_in_trouble_is_unavailable() {
    let pair = Pair::new(|options| options.timeout = Duration::from_secs(1)).await;
    assert!(pair.ask(&[("X-Auth-Token", "owner")]).await.is_ok());
    let elsewhere = fake::Keystone::recorded();
    let away = format!("http://{}/v3/auth/tokens", elsewhere.serve().await);
    for mood in [
        Mood::Status(500),
        Mood::Status(502),
        Mood::Status(503),
        Mood::Status(400),
        Mood::Status(429),
        Mood::Status(403),
        Mood::Status(204),
        Mood::Says(""),
        Mood::Says("<html>welcome</html>"),
        Mood::Says("{}"),
        Mood::Says(r#"{"token": null}"#),
        Mood::Says(r#"{"token": {"expires_at": "2026-11-21T20:39:57.000000Z"}}"#),
        Mood::Says(r#"{"token": {"expires_at": "soon", "user": {"id": "u"}}}"#),
        Mood::Says(r#"{"token": {"expires_at": "2099-11-21T20:39:57Z", "user": {"id": ""}}}"#),
        Mood::Says(r#"{"token": {"expires_at": "2099-11-21T20:39:57Z", "user": {"id": 7}}}"#),
        Mood::Says(
            r#"{"token": {"expires_at": "2099-11-21T20:39:57Z", "user": {"id": "u"}, "user": {"id": "v"}}}"#,
        ),
        Mood::Says(
            r#"{"token": {"expires_at": "2099-11-21T20:39:57Z", "user": {"id": "u"},
                "project": {"id": "p"}, "system": {"all": true}}}"#,
        ),
        Mood::Endless,
        Mood::HangsUp,
        Mood::Waits(Arc::new(Semaphore::new(0))),
        Mood::Redirects(away),
    ] {
        pair.fake.be(mood.clone());
        let result = pair.ask(&[("X-Auth-Token", "application-credential")]).await;
        assert!(unavailable(&result), "{mood:?} {result:?}");
        assert!(unauthorized(&pair.ask(&[]).await), "{mood:?}");
        assert!(pair.ask(&[("X-Auth-Token", "owner")]).await.is_ok(), "what is known is known: {mood:?}");
    }
    assert_eq!(elsewhere.calls(), (0, 0), "no redirect is followed");
    pair.fake.be(Mood::Recorded);
    assert!(pair.ask(&[("X-Auth-Token", "application-credential")]).await.is_ok());
}

#[tokio::test]
async fn keystone_that_is_not_there_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let keystone = Keystone::new(options(address)).unwrap();
    let result = ask(&keystone, &[("X-Auth-Token", "owner")], &Method::GET, "/", start()).await;
    assert!(unavailable(&result), "{result:?}");
    let text = result.unwrap_err().to_string();
    assert!(text.contains("refused") && !text.contains("owner") && !text.contains("hunter2"), "{text}");
}
