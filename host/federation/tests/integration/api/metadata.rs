//! Metadata as SDKs ask for them.

use axum::http::{Method, StatusCode};

use portcullis_contract::aws::Grant;

use super::world::{SDKS, World, grant};

const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const USER: (&str, &str) = ("x-remote-user", "testuser");
const HOST: (&str, &str) = ("host", "169.254.169.254");

async fn world() -> World {
    World::granting(&[("the_only_account", "the_only_role")]).await
}

async fn token(world: &World, mount: &str) -> String {
    let path = format!("{mount}/latest/api/token");
    let answer = world.send(Method::PUT, &path, &[HOST, (TTL, "21600")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header(TTL), Some("21600"));
    assert_eq!(answer.header("server"), Some("EC2ws"));
    answer.body
}

#[tokio::test]
async fn the_two_versions_of_the_protocol() {
    let world = world().await;
    let path = |mount: &str, rest: &str| format!("{mount}/latest/meta-data/iam/{rest}");
    for mount in [SDKS, "/v2"] {
        let token = token(&world, mount).await;
        for rest in ["security-credentials", "security-credentials/"] {
            let answer = world.send(Method::GET, &path(mount, rest), &[USER, HOST, (TOKEN, &token)]).await;
            assert_eq!(answer.body, "the_only_role", "{answer:?}");
        }
        let rest = "security-credentials/the_only_role";
        let answer = world.send(Method::GET, &path(mount, rest), &[USER, HOST, (TOKEN, &token)]).await;
        assert_eq!(answer.json()["Code"], "Success");
        let answer = world.send(Method::GET, &path(mount, "info"), &[USER, HOST, (TOKEN, &token)]).await;
        let arn = "arn:aws:iam::111111111111:instance-profile/the_only_role";
        assert_eq!(answer.json()["InstanceProfileArn"], arn);
    }
    let without = |mount: &str| {
        let path = path(mount, "security-credentials/");
        let world = &world;
        async move { world.send(Method::GET, &path, &[USER, HOST]).await.status }
    };
    assert_eq!(without(SDKS).await, StatusCode::OK);
    assert_eq!(without("/v2").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_its_holders_on_its_mount() {
    let world = world().await;
    let path = format!("{SDKS}/2016-09-02/meta-data/iam/security-credentials/");
    let token = token(&world, SDKS).await;
    let headers = [USER, HOST, (TOKEN, token.as_str())];
    assert_eq!(world.send(Method::GET, &path, &headers).await.status, StatusCode::OK);
    let elsewhere = world.from("127.0.0.2:1", Method::GET, &path, &headers).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
    let other = "/v2/latest/meta-data/iam/security-credentials/";
    assert_eq!(world.send(Method::GET, other, &headers).await.status, StatusCode::UNAUTHORIZED);
    let forged = world.send(Method::GET, &path, &[USER, HOST, (TOKEN, "AAAA")]).await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_wants_a_life() {
    let world = world().await;
    let path = format!("{SDKS}/latest/api/token");
    for headers in [&[HOST][..], &[HOST, (TTL, "0")], &[HOST, (TTL, "21601")], &[HOST, (TTL, "x")]] {
        let answer = world.send(Method::PUT, &path, headers).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?}");
    }
    let get = world.send(Method::GET, &path, &[HOST]).await;
    assert_eq!((get.status, get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("PUT")));
}

#[tokio::test]
async fn who_was_talked_into_asking_is_kept_out() {
    let world = world().await;
    let path = format!("{SDKS}/latest/meta-data/iam/security-credentials/");
    for header in [
        ("x-forwarded-for", "10.0.0.1"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example"),
        ("user-agent", "Mozilla/5.0"),
        ("sec-fetch-mode", "cors"),
    ] {
        let answer = world.send(Method::GET, &path, &[USER, HOST, header]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
        let token = format!("{SDKS}/latest/api/token");
        let token = world.send(Method::PUT, &token, &[HOST, (TTL, "60"), header]).await;
        assert_eq!(token.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    let rebound = world.send(Method::GET, &path, &[USER, ("host", "evil.example")]).await;
    assert_eq!(rebound.status, StatusCode::FORBIDDEN);
    let named = world.send(Method::GET, &path, &[USER, ("host", "imds.example.org:80")]).await;
    assert_eq!(named.status, StatusCode::OK);
    assert!(world.sts.count() <= 1);
}

/// Every other route of the mount leads to the same credentials.
#[tokio::test]
async fn who_is_kept_from_the_metadata_is_kept_from_the_whole_mount() {
    let world = world().await;
    let rest = [
        "account",
        "account/the_only_account/the_only_role",
        "account/the_only_account/the_only_role/credentials",
        "account/the_only_account/the_only_role/consoleurl",
        "console",
        "meta-data/iam/security-credentials/the_only_role",
    ];
    for rest in rest {
        let path = format!("/v2/{rest}");
        let without = world.send(Method::GET, &path, &[USER, HOST]).await;
        assert_eq!(without.status, StatusCode::UNAUTHORIZED, "{path}");
        for mount in [SDKS, "/v2"] {
            let (path, token) = (format!("{mount}/{rest}"), token(&world, mount).await);
            for header in [
                ("x-forwarded-for", "10.0.0.1"),
                ("origin", "https://evil.example"),
                ("user-agent", "Mozilla/5.0"),
            ] {
                let answer = world.send(Method::GET, &path, &[USER, HOST, header, (TOKEN, &token)]).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {header:?}");
            }
            let rebound = [USER, ("host", "evil.example"), (TOKEN, &token)];
            assert_eq!(
                world.send(Method::GET, &path, &rebound).await.status,
                StatusCode::FORBIDDEN,
                "{path}"
            );
            let good = world.send(Method::GET, &path, &[USER, HOST, (TOKEN, &token)]).await;
            assert_eq!(good.status, StatusCode::OK, "{path}");
        }
    }
    for mount in [SDKS, "/v2"] {
        let status = world.send(Method::GET, &format!("{mount}/status"), &[("host", "any.example")]).await;
        assert_eq!(status.status, StatusCode::OK, "monitoring knows no tokens");
    }
}

#[tokio::test]
async fn what_is_granted_for_a_moment_is_not_for_machines() {
    let world = World::start().await;
    let path = format!("{SDKS}/latest/meta-data/iam/security-credentials/");
    for (seconds, status) in
        [(900, StatusCode::NOT_FOUND), (1619, StatusCode::NOT_FOUND), (1620, StatusCode::OK)]
    {
        let short = Grant { duration_seconds: Some(seconds), ..grant("the_only_account", "the_only_role") };
        world.grant(vec![short]);
        for path in [path.clone(), format!("{path}the_only_role")] {
            let answer = world.send(Method::GET, &path, &[USER, HOST]).await;
            assert_eq!(answer.status, status, "{seconds}: {answer:?}");
        }
    }
}

/// What SDKs look for to know their region, and no more than is configured. No policy is asked.
#[tokio::test]
async fn where_a_machine_is() {
    let world = World::start().await;
    let placement = "/latest/meta-data/placement";
    for (mount, path, expected) in [
        ("/v2", format!("{placement}/region"), Some("eu-central-1")),
        ("/v2", format!("{placement}/availability-zone"), Some("eu-central-1a")),
        ("/v2", format!("{placement}/availability-zone/"), Some("eu-central-1a")),
        ("/v2", "/latest/meta-data/instance-id".into(), Some("i-0123456789abcdef0")),
        (SDKS, format!("{placement}/region"), Some("eu-central-1")),
        (SDKS, format!("{placement}/availability-zone"), None),
        (SDKS, "/latest/meta-data/instance-id".into(), None),
        ("/afp-api/latest", format!("{placement}/region"), None),
    ] {
        let token = if mount == "/v2" { token(&world, "/v2").await } else { String::new() };
        let headers = [USER, HOST, (TOKEN, token.as_str())];
        let headers = if mount == "/v2" { &headers[..] } else { &headers[..2] };
        let answer = world.send(Method::GET, &format!("{mount}{path}"), headers).await;
        let expected = expected.map_or((StatusCode::NOT_FOUND, None), |text| (StatusCode::OK, Some(text)));
        let body = (answer.status == StatusCode::OK).then_some(answer.body.as_str());
        assert_eq!((answer.status, body), expected, "{mount}{path}");
    }
    let document = format!("{SDKS}/latest/dynamic/instance-identity/document");
    let answer = world.send(Method::GET, &document, &[USER, HOST]).await;
    let expected = serde_json::json!({ "region": "eu-central-1", "version": "2017-09-30", "signed": false });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("server"), Some("EC2ws"));
    for headers in [&[USER, HOST, ("x-forwarded-for", "10.0.0.1")][..], &[USER, ("host", "evil.example")]] {
        assert_eq!(world.send(Method::GET, &document, headers).await.status, StatusCode::FORBIDDEN);
    }
    let without = world.send(Method::GET, "/v2/latest/meta-data/instance-id", &[USER, HOST]).await;
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
    assert!(world.rules().questions.lock().unwrap().is_empty());
}
