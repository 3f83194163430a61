//! `portcullis barbican purge`, while the host serves.

use super::host::{Host, PROGRAM};
use portcullis_testing::{Openstack, Portcullis};
use serde_json::json;

#[test]
fn what_a_project_has_is_deleted_while_the_host_serves() {
    let Some(openstack) = Openstack::needed() else { return };
    let host = Host::start(&openstack);
    let (own, other) = (openstack.keystone.token("owner_a"), openstack.keystone.token("member_b"));
    let container = host.key_manager.container(&own);
    let kept = host.key_manager.secret(&other);
    let order = json!({ "type": "key", "meta": { "algorithm": "aes", "bit_length": 128 } });
    host.key_manager.client.call("POST", "/v1/orders").token(&own).json(&order).send().expect(202);

    let project = openstack.keystone.project("project_a");
    let arguments = ["barbican", "purge", "--config", "portcullis.toml", "--project", project];
    let purge = || Portcullis::run(PROGRAM, host.portcullis.folder(), &arguments).ok();
    let said = "2 secrets, 1 containers, 1 orders, 0 consumers, no quotas";
    assert_eq!(purge(), format!("deleted of project `{project}`: {said}\n"));
    let get = |token: &str, path: &str| host.key_manager.client.get(path).token(token).send();
    for path in ["/v1/secrets", "/v1/containers", "/v1/orders"] {
        assert_eq!(get(&own, path).expect(200).json()["total"], 0, "{path}");
    }
    get(&own, &format!("/v1/containers/{container}")).expect(404);
    let payload = host.key_manager.client.get(&format!("/v1/secrets/{kept}/payload")).token(&other);
    assert_eq!(payload.header("Accept", "text/plain").send().expect(200).text(), "hello");
    assert!(purge().contains(": 0 secrets, 0 containers, 0 orders, 0 consumers"));
}
