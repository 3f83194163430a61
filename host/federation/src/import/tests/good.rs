//! What can be carried over.

use super::*;

fn parsed(text: &str) -> toml::Value {
    format!("it = {text}").parse::<toml::Table>().unwrap()["it"].clone()
}

fn mount(table: &toml::Table) -> &toml::Value {
    &table["federation"]["mounts"][0]
}

#[test]
fn a_whole_configuration_for_people() {
    let config = "\
api:
  user_identification:
    environment_field: REMOTE_USER
aws:
  access_key: AKIAEXAMPLE
  secret_key: wJalrXUtnFEMI
provider:
  module: aws_federation_proxy.provider.ldap_provider
  ldap_uri: ldaps://ad.example.com
  ldap_base_users: OU=Users,DC=example,DC=com
  ldap_base_groups: OU=Groups,DC=example,DC=com
  ldap_bind_dn: CN=afp,DC=example,DC=com
  ldap_bind_password: hunter2
  regex: '^aws-(?P<account>.*)-(?P<role>.*)'
logging_handler: {module: logging.handlers, class: SysLogHandler, args: [], kwargs: {address: /dev/log}}
";
    let (table, imported) =
        import_of(config, "prod: {id: 123456789012}\n\"o'dd name\": {id: '000000000001'}\n");
    let expected = r#"
[listen]
docker = []
api = ["127.0.0.1:8181"]
[audit]
syslog = "/dev/log"
[[policies]]
name = "aws-roles"
module = "builtin:aws-roles"
settings = { groups = [{ pattern = "^aws-(?P<account>.*)-(?P<role>.*)$" }] }
[federation.aws]
access_key = "AKIAEXAMPLE"
secret_key = { file = "afp-secret-key" }
[[federation.mounts]]
prefix = "/afp-api/latest"
policies = ["aws-roles"]
[federation.mounts.identity]
header = "X-Remote-User"
trusted = ["127.0.0.1"]
[federation.mounts.identity.groups.ldap]
url = "ldaps://ad.example.com"
user_base = "OU=Users,DC=example,DC=com"
group_base = "OU=Groups,DC=example,DC=com"
bind_dn = "CN=afp,DC=example,DC=com"
bind_password = { file = "afp-ldap-password" }
[federation.mounts.accounts]
prod = "123456789012"
"o'dd name" = "000000000001"
"#;
    assert_eq!(table, expected.parse().unwrap(), "{}", imported.toml);
    for secret in ["wJalrXUtnFEMI", "hunter2"] {
        assert!(!format!("{imported:?}").contains(secret));
    }
    for named in ["afp-secret-key", "afp-ldap-password", "REMOTE_USER"] {
        assert!(imported.warnings.iter().any(|warning| warning.contains(named)), "{named}");
    }
    for warning in &imported.warnings {
        assert!(imported.toml.contains(&format!("\n# * {warning}\n")), "{warning}");
    }
}

#[test]
fn machines_are_known_by_address_and_name() {
    let provider = "provider: {module: aws_federation_proxy.provider.provider_by_ip, class: Provider, \
                    account_name: prod, allowed_domains: [a.example.com, b.example.com], role_prefix: rz_}\n";
    let (table, _) = import_of(&format!("{MACHINES}{provider}"), ACCOUNTS);
    let rule = r#"{ hosts = [{ account = "prod", domains = ["a.example.com", "b.example.com"], preset = "loctyp", role_prefix = "rz_" }] }"#;
    assert_eq!(table["policies"][0]["settings"], parsed(rule));
    assert_eq!(mount(&table)["identity"], parsed("{ address = true, host_name = true }"));
    assert!(table["federation"].get("aws").is_none());
}

#[test]
fn every_provider_of_afp_has_its_settings() {
    let accounts = "the_only_account: {id: '000000000001'}\ntestaccount: {id: '000000000002'}\n";
    let provider = |name: &str| format!("{API}provider: {{module: aws_federation_proxy.provider.{name}}}\n");
    for (config, settings, groups) in [
        (
            format!("{API}{GRP}"),
            r#"{ groups = [{ pattern = "^(?P<account>.*)-(?P<role>.*)$" }] }"#,
            Some(r#"{ file = "afp-groups" }"#),
        ),
        (
            provider("test, class: SingleAccountSingleRoleProvider"),
            r#"{ single = { account = "the_only_account", role = "the_only_role" } }"#,
            None,
        ),
        (
            provider("test, class: SimpleTestProvider"),
            r#"{ grants = [{ users = "*", accounts = ["testaccount"], roles = ["testrole"] }] }"#,
            None,
        ),
        (provider("test, class: NoAccountNoRoleProvider"), "{}", None),
    ] {
        let (table, imported) = import_of(&config, accounts);
        assert_eq!(table["policies"][0]["settings"], parsed(settings), "{config}");
        assert_eq!(mount(&table)["identity"].get("groups"), groups.map(parsed).as_ref(), "{config}");
        let left_out = imported.warnings.iter().any(|warning| warning.contains("`testaccount1` is left out"));
        assert_eq!(left_out, config.contains("SimpleTest"), "{config}");
    }
}

#[test]
fn a_header_of_the_web_server_is_named_as_http_names_it() {
    let api = "api: {user_identification: {environment_field: HTTP_X_FORWARDED_USER2}}\n";
    let (table, _) = import_of(&format!("{api}{GRP}"), ACCOUNTS);
    assert_eq!(mount(&table)["identity"]["header"].as_str(), Some("X-Forwarded-User2"));
}

#[test]
fn ids_are_the_digits_that_stand_there() {
    let accounts = "octal: {id: 012345670123}\nquoted: {id: \"012345670123\"}\nnine: {id: 098765432109}\n\
                    spaced: {id: 1234_5678_9012}\ntagged: {id: !!str 012345670124}\nmore: {id: '123456789012', owner: x}\nnone: {owner: y}\n";
    let (table, imported) = import_of(&format!("{API}{GRP}"), accounts);
    let expected = r#"{ octal = "012345670123", quoted = "012345670123", nine = "098765432109", spaced = "123456789012",
        tagged = "012345670124", more = "123456789012" }"#;
    assert_eq!(mount(&table)["accounts"], parsed(&expected.replace('\n', "")));
    let warned = |part: &str| imported.warnings.iter().filter(|warning| warning.contains(part)).count();
    assert_eq!(warned("took it for an octal number"), 1, "{:?}", imported.warnings);
    assert!(
        imported.warnings.iter().any(|warning| warning.contains("a.yaml:1: the id of the account `octal`"))
    );
    assert_eq!((warned("`owner` of the account `more`"), warned("the account `none` has no `id`")), (1, 1));
    assert!(
        imported.toml.contains("# AFP took this for an octal number, and so for another account.\noctal = ")
    );
}

#[test]
fn logs_go_where_they_went() {
    let handler = |kwargs: &str| format!("{API}{GRP}logging_handler: {{{kwargs}}}\n");
    let class = "module: logging.handlers, class: SysLogHandler";
    for (config, syslog, warned) in [
        (format!("{API}{GRP}"), Some("/dev/log"), None),
        (handler(&format!("{class}, kwargs: {{address: /run/log}}")), Some("/run/log"), None),
        (handler(&format!("{class}, kwargs: {{address: [loghost, 514]}}")), Some("udp:loghost:514"), None),
        (
            handler(&format!("{class}, args: [['::1', 514], 3]")),
            Some("udp:[::1]:514"),
            Some("`facility` of AFP's"),
        ),
        (
            handler("module: logging, class: StreamHandler"),
            None,
            Some("`logging.StreamHandler`, which has no equivalent"),
        ),
        (format!("{API}{GRP}log_level: debug\n"), Some("/dev/log"), Some("`log_level` has no equivalent")),
        (
            format!("{API}{GRP}log_format: '%(message)s'\n"),
            Some("/dev/log"),
            Some("`log_format` has no equivalent"),
        ),
    ] {
        let (table, imported) = import_of(&config, ACCOUNTS);
        let found = table.get("audit").and_then(|audit| audit["syslog"].as_str());
        assert_eq!(found, syslog, "{config}");
        if let Some(warned) = warned {
            assert!(
                imported.warnings.iter().any(|warning| warning.contains(warned)),
                "{config}: {:?}",
                imported.warnings
            );
        }
    }
}

#[test]
fn files_are_merged_as_yamlreader_merges_them() {
    let base = format!(
        "{MACHINES}provider: {{module: aws_federation_proxy.provider.provider_by_ip, account_name: old, allowed_domains: [one]}}\n"
    );
    let afp = Afp::new(
        &[
            ("20.yaml", "provider: {account_name: prod, allowed_domains: [two]}\n"),
            ("10.yaml", &base),
            ("15.yaml", "# nothing\n"),
            ("30.yaml", "provider: {allowed_domains: three}\n"),
            ("99.yml", "provider: {account_name: never}\n"),
            (".99.yaml", "provider: {allowed_domains: [never]}\n"),
        ],
        &[
            ("1.yaml", "prod: {id: 1}\n"),
            ("2.yaml", "prod: {id: '000000000001'}\ndev: {id: '000000000002'}\n"),
        ],
    );
    let table: toml::Table = afp.import().unwrap().toml.parse().unwrap();
    let rule = &table["policies"][0]["settings"]["hosts"][0];
    assert_eq!(rule["account"].as_str(), Some("prod"));
    assert_eq!(rule["domains"], parsed(r#"["one", "two", "three"]"#));
    assert_eq!(mount(&table)["accounts"], parsed(r#"{ prod = "000000000001", dev = "000000000002" }"#));
}

#[test]
fn a_path_is_a_folder_a_file_or_a_pattern() {
    let config = format!("{API}{GRP}");
    let afp = Afp::new(
        &[("a.conf", &config), ("b.yaml", "")],
        &[("a.yaml", ACCOUNTS), ("b.yaml", "dev: {id: '000000000001'}")],
    );
    let root = afp.root.path();
    let accounts = |path: &str| {
        let imported = import(&root.join("config/a.conf"), &root.join(path));
        imported.map(|imported| mount(&imported.toml.parse().unwrap())["accounts"].as_table().unwrap().len())
    };
    assert_eq!(accounts("accounts").unwrap(), 2);
    assert_eq!(accounts("accounts/b.yaml").unwrap(), 1);
    assert_eq!(accounts("acc*/[ab].yaml").unwrap(), 2);
    for nothing in ["none", "config/*.none", "accounts/c.yaml"] {
        assert!(matches!(accounts(nothing), Err(ImportError::Nothing { .. })), "{nothing}");
    }
    assert!(matches!(import(root, &root.join("accounts")), Err(ImportError::Nothing { .. })));
}

#[test]
fn anchors_merge_keys_and_repeated_keys_are_read_as_pyyaml_reads_them() {
    let accounts = "base: &base {id: '000000000001', note: x}\nalias: *base\nmerged: {<<: *base}\n\
                    own: {<<: [*base], id: '000000000002'}\ntwice: {id: '000000000003', id: '000000000004'}\n";
    let (table, imported) = import_of(&format!("{API}{GRP}"), accounts);
    let expected = r#"{ base = "000000000001", alias = "000000000001", merged = "000000000001", own = "000000000002", twice = "000000000004" }"#;
    assert_eq!(mount(&table)["accounts"], parsed(expected));
    assert!(imported.warnings.iter().any(|warning| warning.contains("`id` stands twice")));
}

#[test]
fn no_text_of_the_files_gets_out_of_its_comment_or_quotes() {
    let accounts = "\"x\\\" = 1 # [evil]\": {id: 012345670123}\n\"q\\\"]'''\": {id: '000000000001'}\n";
    let regex = "provider: {module: aws_federation_proxy.provider.grp_provider, regex: \"(?P<account>a)(?P<role>'''\\\"\\\"\\\"\\n)\"}\n";
    let (table, imported) = import_of(&format!("{API}{regex}"), accounts);
    assert!(table.get("evil").is_none() && mount(&table)["accounts"].get("x\" = 1 # [evil]").is_some());
    let pattern = table["policies"][0]["settings"]["groups"][0]["pattern"].as_str();
    assert_eq!(pattern, Some("^(?P<account>a)(?P<role>'''\"\"\"\n)$"));
    assert!(imported.warnings.iter().all(|warning| !warning.contains('\n')));
}
