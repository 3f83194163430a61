//! Configurations that do not hold: one line that says where and what, and nothing is started.

use std::fs;

use super::host::PROGRAM;
use portcullis_testing::Portcullis;

/// Six lines.
const HEAD: &str = concat!(
    "state = \"",
    env!("CARGO_TARGET_TMPDIR"),
    "/federation\"\n[listen]\ndocker = []\nadmin = []\napi = [\"127.0.0.1:0\"]\n\n"
);
const POLICY: &str = "[[policies]]\nname = \"people\"\nmodule = \"builtin:aws-roles\"\n";

/// What it says to a configuration with these sections after [`HEAD`].
#[track_caller]
fn said(sections: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("portcullis.toml"), format!("{HEAD}{sections}")).unwrap();
    fs::write(folder.path().join("tokens.toml"), "").unwrap();
    let run = |command: &str| {
        let run = Portcullis::run(PROGRAM, folder.path(), &[command, "--config", "portcullis.toml"]);
        assert_eq!(run.status.code(), Some(1), "{}{}", run.stdout, run.stderr);
        let line = run.stderr.strip_suffix('\n').unwrap().to_owned();
        assert_eq!(line.lines().count(), 1, "{line}");
        line.strip_prefix("portcullis: ").unwrap().to_owned()
    };
    let line = run("serve");
    assert_eq!(run("check"), line);
    line
}

/// A mount of five lines.
fn mount(prefix: &str, further: &str) -> String {
    format!(
        "[[federation.mounts]]\nprefix = \"{prefix}\"\nidentity = {{ address = true }}\npolicies = [\"people\"]\n\
         {further}\n"
    )
}

#[track_caller]
fn assert_said(sections: &str, line: usize, message: &str) {
    let said = said(sections);
    let at = format!("portcullis.toml:{line}: ");
    assert!(said.starts_with(&at) && said.contains(message), "{sections}\n{said}\n{at}{message}");
}

#[test]
fn two_mounts_at_one_place() {
    for (one, other, message) in [
        (
            mount("/afp", ""),
            mount("/afp/", ""),
            "the mount at `/afp` would answer where the mount at `/afp` (",
        ),
        (
            mount("", ""),
            mount("/account", ""),
            "the mount at `/account` would answer where the mount at the root (",
        ),
        (
            mount("/account", ""),
            mount("", ""),
            "the mount at the root would answer where the mount at `/account` (",
        ),
        (
            mount("/x", "metadata = true"),
            mount("/x/latest", ""),
            "the mount at `/x/latest` would answer where the mount at `/x` (",
        ),
    ] {
        assert_said(&format!("{one}{other}{POLICY}"), 12, message);
        assert!(said(&format!("{one}{other}{POLICY}")).contains("portcullis.toml:7) does"), "both are named");
    }
}

/// Each of two doors would answer for the other.
#[test]
fn a_mount_where_the_barbican_door_is() {
    let barbican = "[barbican]\ntokens = \"tokens.toml\"\n";
    let vault = "[[policies]]\nname = \"barbican-acl\"\nmodule = \"builtin:barbican-acl\"\n";
    for (prefix, path) in [
        ("/v1", "/v1"),
        ("/v1/aws", "/v1"),
        ("/healthcheck", "/healthcheck"),
        ("/oslo-policy/x", "/oslo-policy"),
    ] {
        let message = format!("the mount at `{prefix}` would answer at `{path}` on ");
        assert_said(&format!("{}{barbican}{POLICY}{vault}", mount(prefix, "")), 7, &message);
        let said = said(&format!("{}{barbican}{POLICY}{vault}", mount(prefix, "")));
        assert!(
            said.contains("where the Barbican door does") && said.contains("`listen` of its own"),
            "{said}"
        );
    }
}

#[test]
fn policies_that_cannot_serve_a_mount() {
    let people = mount("/a", "");
    assert_said(&people, 10, "there is no policy `people`");
    let twice = people.replace("[\"people\"]", "[\"people\", \"people\"]");
    assert_said(&format!("{twice}{POLICY}"), 10, "`people` stands twice");
    assert_said(&format!("{}{POLICY}", people.replace("[\"people\"]", "[]")), 10, "`policies` names none");
    let hooks = format!("{people}{POLICY}hooks = [\"aws-roles\", \"docker-request\"]\n");
    assert_said(&hooks, 10, "`people` is listed for other hooks than `aws-roles`");
    let other = POLICY.replace("aws-roles", "docker-baseline");
    assert_said(&format!("{people}{other}"), 12, "policy `people`: ");
    let accounts = format!("{people}{POLICY}settings = {{ accounts = {{}} }}\n");
    assert_said(&accounts, 10, "`accounts` are the mount's");
    let short = "settings = { single = { account = \"production\", role = \"r\", duration = \"15m\" } }\n";
    let machines = mount("/a", "metadata = true\naccounts = { production = \"111111111111\" }");
    let message = "`duration` of `single` is 15m, which is too short for a mount with `metadata`";
    assert_said(&format!("{machines}{POLICY}{short}"), 10, message);
    let unknown =
        format!("{people}{POLICY}settings = {{ single = {{ account = \"production\", role = \"r\" }} }}\n");
    assert_said(&unknown, 12, "production");
}

#[test]
fn keys_of_a_mount() {
    let people = mount("/a", "");
    let identity = "identity = { address = true }";
    let with = |instead: &str| format!("{}{POLICY}", people.replace(identity, instead));
    let one = "a mount has one source of identity";
    for (instead, line, message) in [
        ("identity = {}", 9, one),
        ("identity = { address = true, header = \"X-User\", trusted = [\"127.0.0.1\"] }", 9, one),
        ("identity = { header = \"X-User\" }", 9, "`trusted` names the addresses of the proxies"),
        (
            "identity = { header = \"X-User\", trusted = [\"proxy\"] }",
            9,
            "`proxy` is neither an address nor a network",
        ),
        (
            "identity = { address = true, realm = \"x\" }",
            9,
            "`realm` does not belong to this source of identity",
        ),
        ("identity = { password_file = \"none\" }", 7, "none"),
        ("identity = { adress = true }", 9, "unknown key `adress`"),
        ("identity = { certificate = \"email\" }", 7, "no address that it is served at asks for one"),
    ] {
        assert_said(&with(instead), line, message);
    }
    for (key, line, message) in [
        ("accounts = { a = \"12345\" }", 11, "account `a`: "),
        ("accounts = { a = 123456789012 }", 11, "an account is an id in quotes"),
        ("accounts = { \"a/b\" = \"123456789012\" }", 11, "neither slashes nor control characters"),
        ("metadata = { region = \"eu central\" }", 11, "`eu central` is no `region`"),
        (
            "metadata = { region = \"eu-west-1\", availability_zone = \"eu-central-1a\" }",
            11,
            "is not in the `region`",
        ),
        ("metadata = { availability_zone = \"eu-central-1a\" }", 11, "is not in the `region`"),
        ("metadata = { instance_id = \"\" }", 11, "`` is no `instance_id`"),
        ("listen = []", 11, "`listen` names no address"),
        ("metadata = 1", 11, "`metadata` is `true`, or"),
        ("aws = { access_key = \"AKIAIOSFODNN7EXAMPLE\" }", 11, "`access_key` and `secret_key` go together"),
        ("aws = { endpoint = \"sts\" }", 11, "`sts` is no URL"),
        ("aws = { endpoint = \"http://sts.example\" }", 7, "`endpoint` must begin with `https://`"),
        ("acounts = {}", 11, "unknown key `acounts`"),
        (
            "accounts = { prod = \"111111111111\", production = \"111111111111\" }",
            7,
            "the accounts `prod` and `production` are one, 111111111111",
        ),
        (
            "accounts = { c = { id = \"111111111111\", partition = \"aws-cn\" } }\naws = { region = \"eu-west-1\" }",
            7,
            "account `c` is in `aws-cn`, and the region `eu-west-1` in `aws`",
        ),
        ("hosts = [\"https://aws.example.org\"]", 11, "`https://aws.example.org` is no name of a host"),
    ] {
        assert_said(&format!("{}{POLICY}", mount("/a", key)), line, message);
    }
    assert_said(&format!("{}{POLICY}", mount("afp", "")), 8, "`afp` is no prefix");
    assert_said(&format!("[federation]\n{POLICY}"), 7, "the federation API has no mounts");
}
