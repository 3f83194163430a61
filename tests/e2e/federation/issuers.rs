//! Several issuers at one mount, whose claims become attributes and tags; and workloads with SPIFFE IDs.

use serde_json::json;
use std::path::Path;
use std::process::Command;

use super::answered::json;
use super::host::{Host, Setup};
use super::provider::Provider;
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::openstack::client::Answer;
use portcullis_testing::pki::{Authority, Issued};

/// A provider for people without TLS, and one for a cluster with TLS.
const MOUNTS: &str = r#"
[[federation.mounts]]
prefix = "/all"
policies = ["people"]
accounts = { production = "111111111111" }
[[federation.mounts.identity.jwt]]
issuer = "PEOPLE"
audience = "the-client"
jwks = "PEOPLE/jwks"
groups_claim = "groups"
[[federation.mounts.identity.jwt]]
issuer = "CLUSTER"
audience = "sts.example"
jwks = "CLUSTER/jwks"
ca = "CA"
user_prefix = "k8s:"
groups_claim = "groups"
groups_prefix = "cluster-"
attributes = { namespace = "kubernetes.io.namespace", pod = "/kubernetes.io/pod" }
session_tags = ["namespace"]
[[policies]]
name = "people"
module = "builtin:aws-roles"
[policies.settings]
groups = [{ pattern = "aws-(?P<account>[^-]+)-(?P<role>.+)" }]
grants = [{ users = "k8s:web", accounts = ["production"], roles = ["web"], tags = { pod = "{attribute:pod}" } }]
"#;

fn ask(host: &Host, token: &str, path: &str) -> Answer {
    host.client.get(&format!("/all{path}")).header("Authorization", token).send()
}

#[test]
fn each_issuer_has_its_own_users_and_claims() {
    let Some(tools) = Tools::needed() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tls = Authority::new(&folder.path().join("right"), "right").server("server");
    let people = Provider::start(&tools, folder.path(), 7200, None);
    let cluster = Provider::start(&tools, folder.path(), 7200, Some(&tls));
    let mounts = MOUNTS.replace("PEOPLE", &people.issuer).replace("CLUSTER", &cluster.issuer);
    let mut host = Host::start(&mounts.replace("CA\"", &format!("{}\"", tls.ca.display())));

    let alice = people.token(r#"{"groups": ["aws-production-reader"]}"#);
    assert_eq!(json(&ask(&host, &alice, "/account")), json!({ "production": ["reader"] }));
    let of_web =
        r#""sub": "web", "aud": "sts.example", "kubernetes.io": {"namespace": "shop", "pod": "web-1"}"#;
    let web = cluster.token(&format!("{{{of_web}, \"groups\": [\"aws-production-reader\"]}}"));
    assert_eq!(json(&ask(&host, &web, "/account")), json!({ "production": ["web"] }));
    json(&ask(&host, &web, "/account/production/web/credentials"));
    let asked = host.sts.questions().pop().unwrap().form;
    let tag = |number: u8| {
        let part = |part| asked.get(&format!("Tags.member.{number}.{part}")).map(String::as_str);
        (part("Key"), part("Value"))
    };
    assert_eq!(
        [tag(1), tag(2)],
        [(Some("pod"), Some("web-1")), (Some("namespace"), Some("shop"))],
        "{asked:?}"
    );
    let record = host.records(3).pop().unwrap();
    let extra = record["extra"].to_string();
    assert!(
        extra.contains("pod=web-1, namespace=shop") && extra.contains(r#"["namespace","shop"]"#),
        "{extra}"
    );
    assert_eq!(record["principal"]["name"], "k8s:web");

    for (provider, claims, status, part) in [
        // No issuer speaks for another, nor for other audiences.
        (&people, format!("{{\"iss\": \"{}\", {of_web}}}", cluster.issuer), 401, "does not prove"),
        (&people, format!("{{{of_web}}}"), 401, "does not prove"),
        (&people, r#"{"sub": "k8s:web"}"#.into(), 401, "does not prove"),
        (&people, r#"{"iss": "https://other.example"}"#.into(), 401, "does not prove"),
        // A session that would lack the tag, or whose value AWS does not take.
        (&cluster, r#"{"sub": "web", "aud": "sts.example"}"#.into(), 403, "have the tag `namespace` here"),
        (
            &cluster,
            r#"{"aud": "sts.example", "kubernetes.io": {"namespace": "a\\b"}}"#.into(),
            403,
            "the value of the session tag `namespace` is not allowed",
        ),
    ] {
        let answer = ask(&host, &provider.token(&claims), "/account");
        assert!(answer.status == status && answer.text().contains(part), "{claims}: {}", answer.text());
    }

    // The provider is not believed with another CA's certificate.
    let other = Authority::new(&folder.path().join("other"), "other").server("server");
    host.set(&mounts.replace("CA\"", &format!("{}\"", other.ca.display())));
    assert_eq!(ask(&host, &web, "/account").status, 503);
    assert_eq!(ask(&host, &alice, "/account").status, 200);
}

#[test]
fn issuers_that_share_users_are_refused_at_the_start() {
    let table = "issuer = \"https://NAME.example\", audience = \"a\", jwks = \"https://NAME.example/jwks\"";
    let (one, two) = (table.replace("NAME", "one"), table.replace("NAME", "two"));
    for (jwt, part) in [
        (format!("[{{ {one} }}, {{ {two} }}]"), "`user_prefix` must be another for each issuer"),
        (format!("[{{ {one} }}, {{ {one}, user_prefix = \"x:\" }}]"), "`issuer` must not stand twice"),
        ("[]".into(), "`jwt` must name from 1 to 20 issuers"),
        (format!("{{ {one}, session_tags = [\"team\"] }}"), "must be names of `attributes`"),
        (
            format!("{{ {one}, attributes = {{ \"aws:x\" = \"x\" }}, session_tags = [\"aws:x\"] }}"),
            "AWS's own",
        ),
        (format!("{{ {one}, groups_prefix = \"x\" }}"), "there is none"),
        (format!("[{{ {one}, user = \"x\" }}]"), "unknown key `user`"),
        ("7".into(), "a list of tables"),
    ] {
        let file = tempfile::tempdir().unwrap();
        let path = file.path().join("portcullis.toml");
        let mount = format!(
            "[[federation.mounts]]\nidentity = {{ jwt = {jwt} }}\npolicies = [\"people\"]\n[[policies]]\n\
             name = \"people\"\nmodule = \"builtin:aws-roles\"\n"
        );
        std::fs::write(&path, mount).unwrap();
        let mut command = Command::new(super::host::PROGRAM);
        let error = Run::of(command.arg("serve").arg("--config").arg(&path)).refused();
        assert!(error.contains(part), "{jwt}: {error}");
    }
}

const WORKLOADS: &str = r#"
[federation]
listen = [{ address = "127.0.0.1:0", tls = { certificate = "SERVER/cert.pem", key = "SERVER/key.pem", client_ca = "SERVER/ca.pem" } }]
[[federation.mounts]]
prefix = "/workloads"
identity = { certificate = "spiffe", trust_domains = ["example.org"] }
policies = ["workloads"]
accounts = { production = "111111111111" }
[[policies]]
name = "workloads"
module = "builtin:aws-roles"
[policies.settings]
grants = [{ users = "spiffe://example.org/ns/shop/sa/web", accounts = ["production"], roles = ["web"], tags = { workload = "{attribute:spiffe-path}" } }]
"#;

fn status(host: &Host, ca: &Path, client: &Issued, path: &str) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}"]);
    command.arg("--cacert").arg(ca).arg("--cert").arg(&client.certificate).arg("--key").arg(&client.key);
    Run::of(command.arg(format!("https://{}{path}", host.client.address()))).ok()
}

#[test]
fn a_workload_is_known_by_its_spiffe_id() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "tests");
    let server = authority.server("server");
    let workloads = WORKLOADS.replace("[\"example.org\"]", "[\"example.org\", \"other.org\"]");
    let file = folder.path().join("two.toml");
    std::fs::write(&file, workloads.replace("SERVER", &server.folder.display().to_string())).unwrap();
    let two = Run::of(Command::new(super::host::PROGRAM).arg("serve").arg("--config").arg(&file)).refused();
    assert!(two.contains("must name one trust domain"), "{two}");
    let host = Setup::new().start(&WORKLOADS.replace("SERVER", &server.folder.display().to_string()));
    let path = "/workloads/account/production/web/credentials";
    for (id, expected) in [
        (Some("spiffe://example.org/ns/shop/sa/web"), "200"),
        (Some("spiffe://example.org/ns/shop/sa/other"), "403"),
        (Some("spiffe://other.org/ns/shop/sa/web"), "401"),
        (Some("https://example.org/ns/shop/sa/web"), "401"),
        (None, "401"),
    ] {
        let workload = match id {
            Some(id) => authority.workload("workload", id),
            None => authority.client("web", "spiffe://example.org/ns/shop/sa/web"),
        };
        assert_eq!(status(&host, &server.ca, &workload, path), expected, "{id:?}");
    }
    let asked = host.sts.questions().pop().unwrap().form;
    assert_eq!(asked["Tags.member.1.Value"], "/ns/shop/sa/web");
    assert!(asked["RoleSessionName"].starts_with("spiffe---example.org-ns-shop-sa-web-"), "{asked:?}");
}
