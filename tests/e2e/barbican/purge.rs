//! `portcullis barbican purge`, while the host serves.

use super::host::{Host, PROGRAM};
use portcullis_testing::{Openstack, Portcullis};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

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
    let purge = || Portcullis::run(PROGRAM, host.portcullis.folder(), &arguments);
    let said = purge().ok();
    assert!(said.starts_with(&format!("deleted of project `{project}` in `sqlite:")), "{said}");
    assert!(
        said.ends_with("portcullis.db`: 2 secrets, 1 containers, 1 orders, 0 consumers, no quotas\n"),
        "{said}"
    );
    let get = |token: &str, path: &str| host.key_manager.client.get(path).token(token).send();
    for path in ["/v1/secrets", "/v1/containers", "/v1/orders"] {
        assert_eq!(get(&own, path).expect(200).json()["total"], 0, "{path}");
    }
    get(&own, &format!("/v1/containers/{container}")).expect(404);
    let payload = host.key_manager.client.get(&format!("/v1/secrets/{kept}/payload")).token(&other);
    assert_eq!(payload.header("Accept", "text/plain").send().expect(200).text(), "hello");
    let again = purge().refused();
    assert!(again.contains(&format!("holds nothing of project `{project}`")), "{again}");
}

#[test]
fn a_purge_makes_no_database_and_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[listen]\ndocker = []\n[store]\nurl = \"sqlite:p.db\"\nkey = { file = \"store.key\" }\n\
                  [barbican]\nlisten = [\"127.0.0.1:0\"]\ntokens = \"tokens.toml\"\n\
                  [[policies]]\nname = \"acl\"\nmodule = \"builtin:barbican-acl\"\n";
    fs::write(folder.path().join("portcullis.toml"), config).unwrap();
    let arguments = ["barbican", "purge", "--config", "portcullis.toml", "--project", "p"];
    let refused = || Portcullis::run(PROGRAM, folder.path(), &arguments).refused();
    let missing = |name: &str| {
        let said = refused();
        assert!(said.contains(name) && said.contains("as the user of the host"), "{said}");
        assert!(!folder.path().join(name).exists(), "{name} was made");
    };
    missing("p.db");
    fs::write(folder.path().join("p.db"), "").unwrap();
    fs::set_permissions(folder.path().join("p.db"), fs::Permissions::from_mode(0o600)).unwrap();
    missing("store.key");
}
