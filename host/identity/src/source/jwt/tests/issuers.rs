//! Several issuers at one mount.

use super::*;

const CORP: &str = "https://login.example.org";
const CLUSTER: &str = "https://kubernetes.default.svc";

/// Options of both issuers, each with keys of its own.
fn both(corp: &Signer, cluster: &Signer) -> (Vec<TempDir>, [JwtOptions; 2]) {
    let (first, corp) = write(&corp.set(""));
    let (second, cluster) = write(&cluster.set(""));
    let corp = JwtOptions::new(CORP, "portcullis", JwtKeys::File(corp));
    let cluster = JwtOptions {
        user_prefix: "k8s:".into(),
        ..JwtOptions::new(CLUSTER, "sts.example", JwtKeys::File(cluster))
    };
    (vec![first, second], [corp, cluster])
}

fn open_all(issuers: &[JwtOptions]) -> Result<Issuers, IdentityError> {
    Issuers::open(issuers.to_vec(), None, &FileWatcher::idle())
}

#[tokio::test]
async fn a_token_is_judged_by_its_own_issuer_alone() {
    let (of_corp, of_cluster) = (Signer::new(), Signer::new());
    let (_folders, issuers) = both(&of_corp, &of_cluster);
    let issuers = open_all(&issuers).unwrap();
    let header = json!({ "alg": "ES256", "kid": "p256" });
    // Who signs, what the token says, and the user's name or why there is none.
    for (signer, issuer, audience, user, expected) in [
        (&of_corp, json!(CORP), "portcullis", "alice", Ok("alice")),
        (&of_cluster, json!(CLUSTER), "sts.example", "alice", Ok("k8s:alice")),
        (&of_cluster, json!(CORP), "portcullis", "alice", Err("signature is wrong")),
        (&of_corp, json!(CLUSTER), "sts.example", "alice", Err("signature is wrong")),
        (&of_corp, json!(CORP), "sts.example", "alice", Err("meant for others")),
        (&of_cluster, json!(CLUSTER), "portcullis", "alice", Err("meant for others")),
        (&of_corp, json!("https://evil.example"), "portcullis", "alice", Err("another issuer")),
        (&of_corp, json!([CORP, CLUSTER]), "portcullis", "alice", Err("several issuers")),
        (&of_corp, json!(null), "portcullis", "alice", Err("`iss`")),
        // A user of one issuer who calls themselves as a user of the other is called.
        (&of_corp, json!(CORP), "portcullis", "k8s:alice", Err("`user_prefix` of another issuer")),
        (&of_cluster, json!(CLUSTER), "sts.example", "k8s:alice", Ok("k8s:k8s:alice")),
        (&of_cluster, json!(CLUSTER), "sts.example", "", Err("empty")),
    ] {
        let said = claims(json!({ "iss": issuer, "aud": audience, "sub": user }));
        let token = format!("Bearer {}", signer.sign(&header, &said));
        match (show(&issuers, &token, Instant::now()).await, expected) {
            (Ok(principal), Ok(name)) => assert_eq!(principal.name.as_deref(), Some(name)),
            (Err(AuthError::Unauthorized { reason, .. }), Err(part)) if reason.contains(part) => {}
            (result, _) => panic!("{said} gave {result:?}, not {expected:?}"),
        }
    }
}

#[test]
fn issuers_that_could_be_taken_for_each_other() {
    let (_folders, [corp, cluster]) = both(&Signer::new(), &Signer::new());
    let refused = |issuers: &[JwtOptions]| open_all(issuers).err().map(|error| error.to_string());
    assert_eq!(refused(&[corp.clone(), cluster.clone()]), None);
    for (issuers, part) in [
        (vec![], "1 to 20"),
        (vec![corp.clone(); 21], "1 to 20"),
        (vec![corp.clone(), JwtOptions { issuer: CORP.into(), ..cluster.clone() }], "must not stand twice"),
        (vec![corp, JwtOptions { user_prefix: String::new(), ..cluster }], "another for each issuer"),
    ] {
        let error = refused(&issuers).unwrap_or_else(|| panic!("{part}"));
        assert!(error.contains(part), "{error}");
    }
}
