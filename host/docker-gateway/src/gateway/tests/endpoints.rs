//! Endpoints and their grants.

use super::*;

on_both!(endpoints_are_made_granted_and_deleted, certificates_are_kept);

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n-----END PRIVATE KEY-----\n";

async fn endpoints_are_made_granted_and_deleted(world: World) {
    let admin = world.admin().await;
    let by_admin = As::Token(&admin);
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let by_alice = As::Token(&token);
    let local = world.endpoint(&admin, "local").await;
    let other = world.endpoint(&admin, "other").await;
    let session = world.gateway.authenticate(&parts(by_alice)).await.unwrap();
    let denied = "Permission denied to access environment";
    let path = format!("/api/endpoints/{local}");
    world.get(&path, by_alice).await.is_error(403, denied, "Access denied to environment");
    assert_eq!(world.gateway.endpoint(&session, local).await.unwrap_err().status, 403);
    assert_eq!(world.gateway.endpoint_by_name(&session, "local").await.unwrap_err().status, 403);
    let missing = "Unable to find an environment with the specified identifier inside the database";
    world.get("/api/endpoints/99", by_alice).await.is_error(
        404,
        missing,
        "Object not found inside the database",
    );
    assert_eq!(world.gateway.endpoint_by_name(&session, "none").await.unwrap_err().status, 404);
    assert_eq!(world.get("/api/endpoints", by_alice).await.json(), json!([]));
    // Granted.
    let granted = world.call("PUT", &path, by_admin, grants(&[alice])).await;
    assert_eq!(granted.json()["UserAccessPolicies"], grants(&[alice])["UserAccessPolicies"]);
    let list = world.get("/endpoints", by_alice).await;
    assert_eq!(list.json().as_array().unwrap().len(), 1);
    assert_eq!(
        (&list.headers["x-total-count"], &list.headers["x-total-available"]),
        (&"1".parse().unwrap(), &"1".parse().unwrap())
    );
    assert_eq!(list.json()[0]["URL"], "unix:///var/run/docker.sock");
    assert!(list.json()[0]["UserAccessPolicies"].is_null(), "for administrators");
    world.get(&path, by_alice).await.is(200);
    assert_eq!(world.gateway.endpoint(&session, local).await.unwrap().name, "local");
    assert_eq!(world.gateway.endpoint_by_name(&session, "local").await.unwrap().id, local);
    assert_eq!(world.gateway.endpoint(&session, other).await.unwrap_err().status, 403);
    // Administrators need no grant.
    let root = world.gateway.authenticate(&parts(by_admin)).await.unwrap();
    assert_eq!(world.gateway.endpoint(&root, other).await.unwrap().id, other);
    assert_eq!(world.get("/api/endpoints", by_admin).await.json().as_array().unwrap().len(), 2);
    // A change of other fields keeps the grants; another list replaces them.
    let renamed =
        world.call("PUT", &path, by_admin, json!({ "Name": "renamed", "URL": "tcp://10.0.0.1:2375" })).await;
    assert_eq!(renamed.is(200).json()["URL"], "tcp://10.0.0.1:2375");
    world.get(&path, by_alice).await.is(200);
    world.call("PUT", &path, by_admin, json!({ "Name": "other" })).await.is(409);
    let unknown = world.call("PUT", &path, by_admin, grants(&[alice, 99])).await;
    unknown.is_error(400, "Invalid request payload", "There is no user with the id 99");
    world.get(&path, by_alice).await.is(200);
    world.grant(&admin, local, &[]).await;
    world.get(&path, by_alice).await.is(403);
    // Deleted, with its grants.
    world.grant(&admin, local, &[alice]).await;
    world.call("DELETE", &path, by_admin, Value::Null).await.is(204);
    world.call("DELETE", &path, by_admin, Value::Null).await.is(404);
    world.call("PUT", &path, by_admin, json!({ "Name": "x" })).await.is(404);
    assert_eq!(world.get("/api/endpoints", by_alice).await.json(), json!([]));
}

async fn certificates_are_kept(world: World) {
    let admin = world.admin().await;
    let body = json!({
        "Name": "tls", "URL": "tcp://10.0.0.1:2376", "TLS": true,
        "TLSCACertFile": CERTIFICATE, "TLSCertFile": CERTIFICATE, "TLSKeyFile": PRIVATE_KEY,
    });
    let made = world.call("POST", "/api/endpoints", As::Token(&admin), body).await;
    let id = made.id();
    assert_eq!(made.json()["TLSConfig"], json!({ "TLS": true, "TLSSkipVerify": false }));
    assert!(!made.text.contains("SECRETSECRET") && !made.text.contains("AAAA"));
    let session = world.gateway.authenticate(&parts(As::Token(&admin))).await.unwrap();
    let endpoint = world.gateway.endpoint(&session, id).await.unwrap();
    let tls = endpoint.tls.clone().unwrap();
    assert_eq!(tls.ca.as_deref(), Some(CERTIFICATE));
    assert_eq!(tls.identity, Some((CERTIFICATE.into(), PRIVATE_KEY.into())));
    assert!(!format!("{endpoint:?}").contains("SECRETSECRET"));
    let path = format!("/api/endpoints/{id}");
    world.call("PUT", &path, As::Token(&admin), json!({ "Name": "still" })).await.is(200);
    assert_eq!(world.gateway.endpoint(&session, id).await.unwrap().tls, Some(tls));
    world.call("PUT", &path, As::Token(&admin), json!({ "URL": "unix:///x" })).await.is(400);
    world.call("PUT", &path, As::Token(&admin), json!({ "TLS": false, "URL": "unix:///x" })).await.is(200);
    assert_eq!(world.gateway.endpoint(&session, id).await.unwrap().tls, None);
}

#[tokio::test]
async fn forms_are_read_too() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let send = |content_type: &str, body: String| {
        let mut request = request("POST", "/api/endpoints", As::Token(&admin), &Value::Null);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        *request.body_mut() = Body::from(body);
        world.send(request)
    };
    let form = "Name=form&EndpointCreationType=1&URL=tcp%3A%2F%2F10.0.0.1%3A2375&TLS=false".to_owned();
    let made = send("application/x-www-form-urlencoded", form).await;
    assert_eq!(made.is(200).json()["URL"], "tcp://10.0.0.1:2375");
    let field = |name: &str, value: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let multipart = [
        field("Name", "multipart"),
        field("EndpointCreationType", "1"),
        field("URL", "tcp://10.0.0.1:2376"),
        field("TLS", "true"),
        field("TLSSkipVerify", "true"),
        field("TLSSkipClientVerify", "true"),
        "--XX--\r\n".into(),
    ];
    let made = send("multipart/form-data; boundary=XX", multipart.concat()).await;
    assert_eq!(made.is(200).json()["TLSConfig"], json!({ "TLS": true, "TLSSkipVerify": true }));
}

#[tokio::test]
async fn endpoints_that_cannot_be_made() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    world.endpoint(&admin, "local").await;
    let tls = |more: Value| {
        let mut body = json!({ "Name": "x", "URL": "tcp://h:2376", "TLS": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, status, says) in [
        (json!({}), 400, "Invalid environment name"),
        (json!({ "Name": "local" }), 409, "Name is not unique"),
        (json!({ "Name": "x", "EndpointCreationType": 2 }), 400, "Write 1"),
        (json!({ "Name": "x", "URL": "http://h:1" }), 400, "write `unix:///var/run/docker.sock`"),
        (json!({ "Name": "x", "URL": "tcp://169.254.169.254:80" }), 403, "Metadata services are not allowed"),
        (json!({ "Name": "x", "TLS": true }), 400, "TLS needs"),
        (tls(json!({ "TLSCACertFile": "no PEM" })), 400, "TLSCACertFile"),
        (tls(json!({ "TLSCertFile": CERTIFICATE })), 400, "both"),
        (tls(json!({ "TLSKeyFile": "hunter2" })), 400, "TLSKeyFile"),
    ] {
        let reply = world.call("POST", "/api/endpoints", As::Token(&admin), body.clone()).await;
        assert!(reply.status == status && reply.text.contains(says), "{body}: {reply:?}");
        assert!(!reply.text.contains("hunter2"), "{reply:?}");
    }
}
