//! Mounts at addresses of their own, and mounts that are told apart by `Host`.

use super::answered::{json, refused};
use super::host::Host;
use portcullis_testing::openstack::client::{Answer, Client};

const MOUNTS: &str = r#"
[[federation.mounts]]
listen = ["127.0.0.1:0"]
identity = { address = true }
metadata = { v2_only = true }
policies = ["machines"]
accounts = { account = "111111111111" }
[[federation.mounts]]
listen = ["127.0.0.1:0"]
identity = { address = true }
metadata = { v2_only = true }
policies = ["machines"]
accounts = { account = "222222222222" }
[[federation.mounts]]
prefix = "/people"
hosts = ["a.example"]
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["machines"]
accounts = { account = "333333333333" }
[[federation.mounts]]
prefix = "/people"
hosts = ["b.example"]
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["machines"]
accounts = { account = "444444444444" }
[[policies]]
name = "machines"
module = "builtin:aws-roles"
settings = { single = { account = "account", role = "machine" } }
"#;

const TOKEN: &str = "X-aws-ec2-metadata-token";

#[track_caller]
fn token(client: &Client) -> String {
    let put = client.call("PUT", "/latest/api/token");
    let answer = put.header("X-aws-ec2-metadata-token-ttl-seconds", "60").send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[test]
fn two_mounts_at_the_root_are_two() {
    let host = Host::start(MOUNTS);
    let clients = host.addresses().into_iter().map(|address| Client::new(&format!("http://{address}")));
    let clients: Vec<_> = clients.collect();
    let [shared, one, two] = clients.as_slice() else { panic!("{}", host.portcullis.log()) };
    let tokens = [token(one), token(two)];
    for (client, token, other, arn) in [
        (one, &tokens[0], &tokens[1], "arn:aws:iam::111111111111:instance-profile/machine"),
        (two, &tokens[1], &tokens[0], "arn:aws:iam::222222222222:instance-profile/machine"),
    ] {
        let info = client.get("/latest/meta-data/iam/info").header(TOKEN, token.as_str()).send();
        assert_eq!(json(&info)["InstanceProfileArn"], arn);
        // A token of one mount is none of the other, and no listener has another's mounts.
        let others = client.get("/latest/meta-data/iam/info").header(TOKEN, other.as_str()).send();
        refused(&others, 401, "Unauthorized");
        refused(&client.get("/people/account").header("X-Remote-User", "alice").send(), 404, "NotFound");
    }
    refused(&shared.get("/latest/meta-data/iam/info").send(), 404, "NotFound");
    // Of one name at two mounts each is another user, with credentials of its own.
    for (client, token) in [(one, &tokens[0]), (two, &tokens[1])] {
        let path = "/latest/meta-data/iam/security-credentials/machine";
        json(&client.get(path).header(TOKEN, token.as_str()).send());
    }
    assert_eq!(host.sts.count(), 2);
    let records = host.records(4);
    let of_mount =
        |name: &str| records.iter().filter(|record| record["extra"].to_string().contains(name)).count();
    assert_eq!((of_mount("@127.0.0.1:0#2\""), of_mount("@127.0.0.1:0#3\"")), (2, 2), "{records:?}");
}

#[test]
fn a_name_chooses_among_mounts_with_one_prefix() {
    let host = Host::start(MOUNTS);
    let ask = |name: &str| -> Answer {
        let call = host.client.get("/people/account?withid").header("X-Remote-User", "alice");
        call.header("Host", name).send()
    };
    for (name, id) in [
        ("a.example", "333333333333"),
        ("b.example", "444444444444"),
        ("B.example:8181", "444444444444"),
        ("127.0.0.1", "333333333333"),
    ] {
        assert_eq!(json(&ask(name))["account"]["id"], id, "{name}");
    }
    refused(&ask("c.example"), 403, "AccessDenied");
}
