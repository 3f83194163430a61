//! Application credentials that are restricted to some requests.

use super::*;

#[tokio::test]
async fn access_rules_are_enforced() {
    let pair = Pair::new(|_| {}).await;
    let secret = "/v1/secrets/2b52bfa4-7a31-4ce3-9f07-98d1b9ea9b4f/acl";
    for (token, method, path, good) in [
        ("getacl", Method::GET, secret, true),
        ("getacl", Method::GET, "/v1/secrets/%61/acl", true),
        ("getacl", Method::PATCH, secret, false),
        ("getacl", Method::HEAD, secret, false),
        ("getacl", Method::GET, "/v1/secrets/a/b/acl", false),
        ("getacl", Method::GET, "/v1/secrets/a", false),
        ("containers", Method::GET, "/v1/containers/a/acl", true),
        ("containers", Method::GET, secret, false),
        ("application-credential", Method::DELETE, secret, true),
    ] {
        let result = ask(&pair.keystone, &[("X-Auth-Token", token)], &method, path, start()).await;
        assert_eq!(result.is_ok(), good, "{token} {method} {path} {result:?}");
        assert!(good || unauthorized(&result));
    }
    assert_eq!(pair.fake.calls().0, 3, "rules are looked at on every use, with or without a question");
    let both = [("X-Auth-Token", "getacl"), ("X-Service-Token", "service")];
    assert!(ask(&pair.keystone, &both, &Method::PATCH, secret, start()).await.is_ok());
}

#[tokio::test]
async fn access_rules_that_cannot_be_enforced_let_nothing_through() {
    for service_type in [None, Some("volume".to_owned())] {
        let pair = Pair::new(|options| options.service_type = service_type).await;
        assert!(unauthorized(&pair.ask(&[("X-Auth-Token", "getacl")]).await));
        let both = [("X-Auth-Token", "getacl"), ("X-Service-Token", "service")];
        assert!(unauthorized(&pair.ask(&both).await));
        assert!(pair.ask(&[("X-Auth-Token", "application-credential")]).await.is_ok());
    }
}
