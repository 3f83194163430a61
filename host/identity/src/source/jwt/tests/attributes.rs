//! Claims as attributes, and as tags of sessions.

use super::*;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn named_claims_become_attributes_and_tags() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    let named = [("namespace", "kubernetes.io.namespace"), ("team", "/x/team"), ("email", "email")];
    let options = JwtOptions {
        attributes: pairs(&named),
        session_tags: vec!["namespace".into(), "team".into(), "name".into()],
        ..options(JwtKeys::File(path))
    };
    let jwt = open(options).unwrap();
    let namespace = json!({ "namespace": "production" });
    let long = "v".repeat(1025);
    for (said, attributes, tags) in [
        (json!({}), pairs(&[]), [None, None, None]),
        (
            json!({ "kubernetes.io": namespace, "name": "Alice" }),
            pairs(&[("name", "Alice"), ("namespace", "production")]),
            [Some("production"), None, Some("Alice")],
        ),
        (
            json!({ "x": { "team": ["a", 7, true] } }),
            pairs(&[("team", "a"), ("team", "7"), ("team", "true")]),
            // Which of the three would be for chance to say.
            [None, None, None],
        ),
        (json!({ "x": { "team": 7.5 } }), pairs(&[("team", "7.5")]), [None, Some("7.5"), None]),
        (json!({ "x": { "team": null } }), pairs(&[]), [None, None, None]),
        (json!({ "email": "a@example.org" }), pairs(&[("email", "a@example.org")]), [None, None, None]),
        (json!({ "email": "a@example.org", "email_verified": false }), pairs(&[]), [None, None, None]),
    ] {
        let token = signer.sign(&json!({ "alg": "ES256", "kid": "p256" }), &claims(said.clone()));
        let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
        let verified = jwt.identify(&headers, Instant::now()).await.unwrap();
        assert_eq!(verified.principal.attributes, attributes, "{said}");
        let found: Vec<_> = verified.session_tags.iter().map(|(_, value)| value.as_deref()).collect();
        assert_eq!(found, tags, "{said}");
    }
    for team in [json!({}), json!([["a"]]), json!([null]), json!("a\u{0}"), json!(long), json!(vec!["a"; 51])]
    {
        let said = claims(json!({ "x": { "team": team } }));
        let reason = refusal(&jwt, &signer.sign(&json!({ "alg": "ES256", "kid": "p256" }), &said)).await;
        assert!(reason.contains("`/x/team` is no attribute"), "{said}: {reason}");
    }
}

/// AWS gives access by a tag, as we do by a name.
#[tokio::test]
async fn an_address_that_is_not_verified_is_no_tag() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    for (named, tag) in [(&[][..], "email"), (&[("mail", "email")], "mail"), (&[("mail", "/email")], "mail")]
    {
        let tags = vec![tag.to_owned()];
        let options = options(JwtKeys::File(path.clone()));
        let jwt = open(JwtOptions { attributes: pairs(named), session_tags: tags, ..options }).unwrap();
        for (verified, is_tag) in
            [(json!(true), true), (json!("true"), true), (json!(false), false), (json!(null), false)]
        {
            let mut said = json!({ "email": "a@example.org" });
            if !verified.is_null() {
                said["email_verified"] = verified;
            }
            let token = signer.sign(&json!({ "alg": "ES256", "kid": "p256" }), &claims(said.clone()));
            if is_tag {
                let headers =
                    HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
                let found = jwt.identify(&headers, Instant::now()).await.unwrap().session_tags;
                assert_eq!(found, [(tag.to_owned(), Some("a@example.org".to_owned()))], "{said}");
            } else {
                let reason = refusal(&jwt, &token).await;
                assert!(reason.contains("has not verified"), "{said}: {reason}");
            }
        }
    }
}

#[test]
fn attributes_that_make_no_sense() {
    let (_folder, path) = write(&Signer::new().set(""));
    let good = options(JwtKeys::File(path));
    let many = (0..51).map(|number| (format!("a{number}"), "c".into())).collect();
    for (bad, part) in [
        (JwtOptions { attributes: pairs(&[("", "c")]), ..good.clone() }, "a name and a claim"),
        (JwtOptions { attributes: pairs(&[("a", "")]), ..good.clone() }, "a name and a claim"),
        (JwtOptions { attributes: many, ..good.clone() }, "50 at most"),
        (JwtOptions { session_tags: vec!["team".into()], ..good }, "names of `attributes`"),
    ] {
        let error = open(bad).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(part), "{part}: {error}");
    }
}
