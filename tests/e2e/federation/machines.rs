//! Instance metadata as a machine asks for them, request by request.

use serde_json::Value;

use super::answered::{json, key, refused};
use super::host::{Host, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::fake_sts::Mood;
use portcullis_testing::openstack::client::Answer;

/// The same role for whoever asks: `/m` takes both versions, `/strict` the second, `/afp` is AFP's own.
const MOUNTS: &str = r#"
[[federation.mounts]]
prefix = "/m"
identity = { address = true }
hosts = ["imds.example.org"]
metadata = true
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/strict"
identity = { address = true }
metadata = { v2_only = true }
policies = ["machines"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/afp"
identity = { address = true }
policies = ["machines"]
accounts = { production = "111111111111" }
[[policies]]
name = "machines"
module = "builtin:aws-roles"
settings = { GRANTS }
"#;

const SINGLE: &str = r#"single = { account = "production", role = "machine" }"#;
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const TOKEN: &str = "X-aws-ec2-metadata-token";
const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds";

fn start(grants: &str) -> Host {
    Host::start(&MOUNTS.replace("GRANTS", grants))
}

fn get(host: &Host, path: &str, headers: &[(&str, &str)]) -> Answer {
    headers.iter().fold(host.client.get(path), |call, (name, value)| call.header(name, *value)).send()
}

#[track_caller]
fn token(host: &Host, path: &str) -> String {
    let answer = host.client.call("PUT", path).header(TTL, "21600").send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The SDK for Rust goes without no credentials where this is missing.
    assert_eq!(answer.header(TTL), Some("21600"));
    answer.text()
}

#[test]
fn a_token_is_had_by_whoever_can_put() {
    let host = start(SINGLE);
    for version in ["latest", "2012-01-12", "2024-04-11"] {
        let token = token(&host, &format!("/strict/{version}/api/token"));
        let path = format!("/strict/{version}/meta-data/iam/security-credentials");
        for end in ["", "/"] {
            let answer = get(&host, &format!("{path}{end}"), &[(TOKEN, &token)]);
            assert_eq!((answer.status, &*answer.text()), (200, "machine"));
            assert_eq!(answer.header("content-type"), Some("text/plain"));
            assert_eq!(answer.header("server"), Some("EC2ws"));
        }
        let answer = get(&host, &format!("{path}/machine"), &[(TOKEN, &token)]);
        assert_eq!((&json(&answer)["Code"], &*key(&answer)), (&"Success".into(), "ASIAFAKE000000000001"));
    }
    for ttl in ["", "0", "21601", "-1", "x", "99999999999999999999"] {
        let answer = host.client.call("PUT", "/m/latest/api/token").header(TTL, ttl).send();
        assert_eq!(answer.status, 400, "{ttl}");
    }
    assert_eq!(host.client.call("PUT", "/m/latest/api/token").send().status, 400);
    let answer = get(&host, "/m/latest/api/token", &[]);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("PUT")));
    let old = host.client.call("PUT", "/m/2011-05-01/api/token").header(TTL, "60").send();
    assert_eq!(old.status, 404);
}

#[test]
fn without_a_token_only_where_that_is_allowed() {
    let host = start(SINGLE);
    let mine = token(&host, "/strict/latest/api/token");
    let others = token(&host, "/m/latest/api/token");
    for (prefix, token, status) in [
        ("/m", None, 200),
        ("/m", Some(&*others), 200),
        ("/m", Some(""), 401),
        ("/m", Some("forged"), 401),
        ("/m", Some(&mine), 401),
        ("/strict", None, 401),
        ("/strict", Some(""), 401),
        ("/strict", Some(&others), 401),
        ("/strict", Some(&mine), 200),
    ] {
        let headers: Vec<_> = token.into_iter().map(|token| (TOKEN, token)).collect();
        for path in [ROLES, &format!("{ROLES}machine"), "/latest/meta-data/iam/info"] {
            let answer = get(&host, &format!("{prefix}{path}"), &headers);
            assert_eq!(answer.status, status, "{prefix}{path} {token:?}");
            assert_eq!(answer.header("server"), Some("EC2ws"));
        }
    }
    // AFP's own paths, and nothing else, where a mount does not stand in for the metadata service.
    for (path, status) in [
        ("/afp/meta-data/iam/security-credentials/", 200),
        ("/afp/meta-data/iam/security-credentials/machine", 200),
        ("/afp/latest/meta-data/iam/security-credentials/", 404),
        ("/afp/meta-data/iam/info", 404),
    ] {
        let answer = get(&host, path, &[]);
        assert_eq!((answer.status, answer.header("server")), (status, None), "{path}");
    }
}

/// A program on the machine that was talked into asking for somebody else.
#[test]
fn browsers_proxies_and_other_names_are_kept_out() {
    let host = start(SINGLE);
    for header in [
        ("X-Forwarded-For", "10.0.0.1"),
        ("Forwarded", "for=10.0.0.1"),
        ("Origin", "https://evil.example"),
        ("Referer", "https://evil.example/"),
        ("Sec-Fetch-Site", "cross-site"),
        ("User-Agent", "Mozilla/5.0 (X11)"),
        ("Host", "evil.example"),
        ("Host", "127.0.0.1.evil.example:80"),
    ] {
        for path in [
            ROLES,
            &format!("{ROLES}machine"),
            "/meta-data/iam/security-credentials/machine",
            "/account",
            "/account/production/machine/credentials",
            "/account/production/machine/consoleurl",
        ] {
            let answer = get(&host, &format!("/m{path}"), &[header]);
            let message = refused(&answer, 403, "AccessDenied");
            assert!(message.starts_with("Permission Denied: this mount is "), "{message}");
        }
        assert_eq!(get(&host, "/m/console", &[header]).status, 403, "{header:?}");
        let put = host.client.call("PUT", "/m/latest/api/token").header(TTL, "60").header(header.0, header.1);
        assert_eq!(put.send().status, 403, "{header:?}");
    }
    for name in ["imds.example.org", "IMDS.example.org:80", "localhost", "169.254.169.254"] {
        assert_eq!(get(&host, &format!("/m{ROLES}"), &[("Host", name)]).status, 200, "{name}");
    }
    // Whoever is known by the address alone is not, by whatever name a page has us called, nor for a proxy.
    for header in [("Host", "evil.example"), ("X-Forwarded-For", "10.0.0.1")] {
        refused(&get(&host, "/afp/account/production/machine/credentials", &[header]), 403, "AccessDenied");
    }
    // A token is proof that one can send `PUT`, which a program that only fetches cannot.
    for path in ["/account", "/account/production/machine/credentials"] {
        assert_eq!(get(&host, &format!("/strict{path}"), &[]).status, 401, "{path}");
        let token = token(&host, "/strict/latest/api/token");
        assert_eq!(get(&host, &format!("/strict{path}"), &[(TOKEN, &token)]).status, 200, "{path}");
    }
}

#[test]
fn a_machine_has_one_role_or_none() {
    // One mount is enough, and is put in force sooner.
    let (mount, _) = MOUNTS.split_once("[[federation.mounts]]\nprefix = \"/strict\"").unwrap();
    let (_, policy) = MOUNTS.split_once("[[policies]]").unwrap();
    let with = |grants: &str| format!("{mount}[[policies]]{}", policy.replace("GRANTS", grants));
    let mut host = Host::start(&with(SINGLE));
    let other = get(&host, &format!("/m{ROLES}admin"), &[]);
    assert_eq!(refused(&other, 403, "AccessDenied"), "Permission Denied: this machine has another role");
    for (grants, why) in [
        ("grants = []", "no role is granted to this machine, which is `127.0.0.1` here"),
        (
            r#"grants = [{ users = "*", accounts = ["production"], roles = ["a", "b"] }]"#,
            "2 roles are granted to this machine, and metadata can tell of one; it is `127.0.0.1` here",
        ),
    ] {
        host.set(&with(grants));
        for path in ["/m/latest", "/m"] {
            for end in ["", "machine"] {
                let answer = get(&host, &format!("{path}/meta-data/iam/security-credentials/{end}"), &[]);
                let message = refused(&answer, 404, "ConfigurationError");
                assert!(message.starts_with(&format!("ConfigurationError: {why} (decision ")), "{message}");
                assert_eq!(host.record(&message)["peer"], "127.0.0.1");
            }
        }
    }
    assert_eq!(host.sts.count(), 0);
}

/// AFP's machines take an empty 200 for "no role", and wait; for anything else they try again soon. SDKs would take it
/// for a role without a name.
#[test]
fn a_role_that_aws_refuses_is_no_role() {
    let host = start(SINGLE);
    host.sts.be(Mood::Error(403, "AccessDenied", "no"));
    for (path, status) in [("/m/latest", 403), ("/m", 200), ("/afp", 200)] {
        let answer = get(&host, &format!("{path}/meta-data/iam/security-credentials/"), &[]);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.text().is_empty(), status == 200, "{path}");
        let answer = get(&host, &format!("{path}/meta-data/iam/security-credentials/machine"), &[]);
        refused(&answer, 403, "AccessDenied");
    }
    host.sts.be(Mood::Error(400, "ValidationError", "no"));
    let answer = get(&host, &format!("/m{ROLES}"), &[]);
    refused(&answer, 502, "AwsFailed");
}

#[test]
fn the_information_that_some_sdks_ask_for_first() {
    let host = start(SINGLE);
    let info: Value = json(&get(&host, "/m/latest/meta-data/iam/info", &[]));
    assert_eq!(info["Code"], "Success");
    assert_eq!(info["InstanceProfileArn"], "arn:aws:iam::111111111111:instance-profile/machine");
}

#[test]
fn replicas_with_one_key_take_each_others_tokens() {
    let mounts = MOUNTS.replace("GRANTS", SINGLE);
    let mounts = format!("[federation]\ntoken_key = {{ file = \"FOLDER/token-key\" }}\n{mounts}");
    let start = |key: &str| Setup::new().file("token-key", &key.repeat(32)).start(&mounts);
    let (one, two, other) = (start("a"), start("a"), start("b"));
    let token = token(&one, "/strict/latest/api/token");
    for (host, status) in [(&one, 200), (&two, 200), (&other, 401)] {
        let answer = get(host, &format!("/strict{ROLES}"), &[(TOKEN, &token)]);
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let log = [one, two, other].map(|host| host.portcullis.log() + &host.decisions()).concat();
    assert!(!log.contains(&"a".repeat(32)), "the key stands nowhere\n{log}");
}

/// By the zone, as botocore and the AWS CLI look for it.
#[test]
fn the_region_that_botocore_finds() {
    let Some(tools) = Tools::needed() else { return };
    let (mount, _) = MOUNTS.split_once("[[federation.mounts]]\nprefix = \"/strict\"").unwrap();
    let (_, policy) = MOUNTS.split_once("[[policies]]").unwrap();
    let told = r#"metadata = { region = "ap-south-1", availability_zone = "ap-south-1b" }"#;
    let mount = mount.replace("metadata = true", told);
    let host = Host::start(&format!("{mount}[[policies]]{}", policy.replace("GRANTS", SINGLE)));
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/aws/region.py");
    let mut command = tools.python(script, host.files());
    command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("{}/m/", host.url()));
    command.env("AWS_METADATA_SERVICE_TIMEOUT", "60");
    assert_eq!(Run::of(&command).ok().trim(), "ap-south-1");
}
