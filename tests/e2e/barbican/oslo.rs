//! A Barbican that runs already asks Portcullis: two lines in its `policy.yaml`, through oslo.policy's `http:` check.

use super::host::Host;
use portcullis_testing::{Barbican, Openstack, Regime};
use serde_json::{Value, json};

/// In the order of the columns below.
const ACTORS: [&str; 6] = ["admin_a", "creator_a", "observer_a", "audit_a", "admin_b", "observer_b"];

/// barbican's functionaltests/api/v1/functional/test_acls.py: the secret's ACL, and who gets the payload of
/// creator_a's secret.
fn table(observer_b: &str) -> [(Value, [u16; 6]); 4] {
    [
        (json!({ "project-access": true }), [200, 200, 200, 403, 403, 403]),
        (json!({ "project-access": false }), [200, 200, 403, 403, 403, 403]),
        (json!({ "project-access": false, "users": [observer_b] }), [200, 200, 403, 403, 403, 200]),
        (json!({ "project-access": true, "users": [observer_b] }), [200, 200, 200, 403, 403, 200]),
    ]
}

/// Whether each of them gets the payload as bytes; a refusal is 403, a fault anything else.
fn payloads(openstack: &Openstack, barbican: &Barbican, secret: &str) -> [u16; 6] {
    ACTORS.map(|actor| {
        let call = barbican.key_manager.client.get(&format!("/v1/secrets/{secret}"));
        let call = call.token(&openstack.keystone.token(actor)).header("Accept", "application/octet-stream");
        call.send().status
    })
}

fn secret(openstack: &Openstack, barbican: &Barbican) -> String {
    let secret = json!({
        "payload": "aGVsbG8=",
        "payload_content_type": "application/octet-stream",
        "payload_content_encoding": "base64",
    });
    barbican.key_manager.create(&openstack.keystone.token("creator_a"), "secret", &secret)
}

/// A Barbican under the legacy rules, but with both rules for reading secrets asked of `url`.
fn asking(openstack: &Openstack, url: &str, content_type: &str) -> Barbican {
    let rules: Vec<_> = ["secret:get", "secret:decrypt"]
        .iter()
        .map(|rule| format!("\"{rule}\": \"{url}/oslo-policy/barbican\"\n"))
        .collect();
    let lines = format!("remote_content_type = {content_type}\n");
    Barbican::start_with(&openstack.tools, openstack.keystone, Regime::Legacy, &rules.concat(), &lines)
}

#[test]
fn the_real_barbican_decides_as_its_own_tests_say() {
    let Some(openstack) = Openstack::needed() else { return };
    let barbican = openstack.barbican(Regime::Legacy);
    assert_table(&openstack, barbican);
}

#[track_caller]
fn assert_table(openstack: &Openstack, barbican: &Barbican) {
    let secret = secret(openstack, barbican);
    assert_eq!(payloads(openstack, barbican, &secret), [200, 200, 200, 403, 403, 403], "without an ACL");
    let creator = openstack.keystone.token("creator_a");
    for (acl, expected) in table(openstack.keystone.user("observer_b")) {
        barbican.key_manager.set_acl(&creator, "PUT", &secret, &acl);
        assert_eq!(payloads(openstack, barbican, &secret), expected, "{acl}");
    }
}

#[test]
fn the_real_barbican_asks_portcullis() {
    let Some(openstack) = Openstack::needed() else { return };
    let mut host = Host::start(&openstack);
    let json = asking(&openstack, &host.url, "application/json");
    let form = asking(&openstack, &host.url, "application/x-www-form-urlencoded");
    host.set(r#"regime = "legacy""#);
    for barbican in [&json, &form] {
        assert_table(&openstack, barbican);
    }
    let records = host.records();
    for verdict in ["allow", "deny"] {
        assert!(records.iter().any(|record| record["verdict"] == verdict), "{verdict}: {records:?}");
    }
    // Under the default rules the role creator alone is nothing, and an administrator of the project is enough.
    let secret = secret(&openstack, &json);
    assert_eq!(payloads(&openstack, &json, &secret), [200, 200, 200, 403, 403, 403]);
    host.set(r#"regime = "default""#);
    assert_eq!(payloads(&openstack, &json, &secret), [200, 403, 403, 403, 403, 403]);
    host.portcullis.kill();
    for barbican in [&json, &form] {
        for status in payloads(&openstack, barbican, &secret) {
            // Refused in one way or another: what Barbican makes of a rule that cannot be asked is its own matter.
            assert!((400..600).contains(&status), "{status} without Portcullis");
        }
    }
    host.portcullis.restart();
    assert_eq!(payloads(&openstack, &json, &secret), [200, 403, 403, 403, 403, 403]);
}
