//! What is refused, by name, file and line.

use super::*;
use proptest::prelude::*;

#[test]
fn what_has_no_equivalent_is_refused_by_name_and_place() {
    let provider = |text: &str| format!("{API}provider: {{{text}}}\n");
    let by_ip =
        "module: aws_federation_proxy.provider.provider_by_ip, account_name: prod, allowed_domains: [a]";
    let ldap = "module: aws_federation_proxy.provider.ldap_provider, regex: '(?P<account>a)(?P<role>r)'";
    for (config, expected) in [
        (format!("{API}{GRP}loging_handler: {{}}\n"), "config/a.yaml:3: `loging_handler` is not known"),
        (
            format!("{GRP}api:\n  user_identification:\n    field: REMOTE_USER\n"),
            "config/a.yaml:4: `api.user_identification.field` is not known",
        ),
        (GRP.to_owned(), "config/a.yaml:1: there is no `api.user_identification.environment_field`"),
        (
            format!("{GRP}api: {{user_identification: {{environment_field: SSL_CLIENT_S_DN_CN}}}}\n"),
            "config/a.yaml:2: the user cannot be taken from `SSL_CLIENT_S_DN_CN` here",
        ),
        (
            format!("{GRP}api: {{user_identification: {{environment_field: HTTP_x}}}}\n"),
            "the user cannot be taken from `HTTP_x`",
        ),
        (API.to_owned(), "there is no `provider`"),
        (format!("{API}provider: grp\n"), "config/a.yaml:2: `provider` must have keys with values"),
        (provider("class: Provider"), "config/a.yaml:2: `provider.module` is missing"),
        (
            provider("module: my.own, class: Mine, x: y"),
            "config/a.yaml:2: the provider `my.own.Mine` is Python that cannot be read here",
        ),
        (provider("module: my.grp_provider, regex: x"), "the provider `my.grp_provider.Provider` is Python"),
        (
            provider("module: aws_federation_proxy.provider.grp_provider"),
            "config/a.yaml:2: `provider.regex` is missing",
        ),
        (
            provider("module: aws_federation_proxy.provider.grp_provider, regex: 'a-(?P<role>.*)'"),
            "`provider.regex` has no group `(?P<account>...)`",
        ),
        (
            provider(
                "module: aws_federation_proxy.provider.grp_provider, regex: '(?P<account>.)(?P<role>.)', regexp: x",
            ),
            "`provider.regexp` is not known",
        ),
        (
            provider("module: aws_federation_proxy.provider.sssd_provider, regex: x"),
            "`sssd_provider` asks the system for groups",
        ),
        (
            provider("module: aws_federation_proxy.provider.test, class: GroupTestProvider, regex: x"),
            "GroupTestProvider` is Python",
        ),
        (
            provider(ldap),
            "`provider.ldap_uri` is missing\nconfig/a.yaml:2: `provider.ldap_base_users` is missing",
        ),
        (provider(by_ip), "`provider_by_ip` goes by addresses, and the user is not one"),
        (format!("{MACHINES}provider: {{{by_ip}, account_name: x}}\n"), "there is no account `x`"),
        (
            format!(
                "{MACHINES}provider: {{module: aws_federation_proxy.provider.provider_by_ip, account_name: prod}}\n"
            ),
            "`provider.allowed_domains` is missing",
        ),
        (
            format!(
                "{MACHINES}provider: {{module: aws_federation_proxy.provider.provider_by_ip, account_name: prod, allowed_domains: a}}\n"
            ),
            "`provider.allowed_domains` must be a list",
        ),
        (
            format!("{API}{GRP}aws: {{access_key: AKIA}}\n"),
            "config/a.yaml:3: `aws.access_key` and `aws.secret_key` go together",
        ),
        (
            format!("{API}{GRP}aws: {{secret_key: s3cr3t}}\n"),
            "`aws.access_key` and `aws.secret_key` go together",
        ),
        (
            format!("{API}{GRP}aws: {{access_key: AKIA, secret_key: s3cr3t, token: s3cr3t}}\n"),
            "`aws.token` is not known",
        ),
        (
            format!("{API}{GRP}logging_handler: {{kwargs: {{address: dev}}}}\n"),
            "the `address` of AFP's SysLogHandler is neither",
        ),
        (format!("{API}{GRP}aws: [s3cr3t]\n"), "`aws` must have keys with values"),
        ("- a\n".to_owned(), "config/a.yaml:1: AFP wants keys with values here"),
        (format!("{API}---\n{GRP}"), "config/a.yaml:3: a second document begins"),
        (format!("{API}{GRP}aws: !vault s3cr3t\n"), "config/a.yaml:3: the tag `!vault` is not known"),
        ("aws: {secret_key: 's3cr3t\n".to_owned(), "this is no YAML"),
        ("? [a]\n: b\n".to_owned(), "a key is a list or a table"),
        ("a: *b\n".to_owned(), "this is no YAML"),
    ] {
        let error = error_of(&config, ACCOUNTS);
        assert!(error.contains(expected), "{config}\n{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let error = error_of("a: 1\nb: 2\n", "prod: {id: 1}\ndev: x\n");
    for expected in [
        "config/a.yaml:1: `a` is not known",
        "config/a.yaml:2: `b` is not known",
        "accounts/a.yaml:1: the id `1` of the account `prod`",
        "accounts/a.yaml:2: the account `dev` must have an `id`",
    ] {
        assert_eq!(error.lines().filter(|line| line.starts_with(expected)).count(), 1, "{expected}\n{error}");
    }
}

#[test]
fn names_that_no_path_can_hold_are_refused() {
    for name in ["a/b", "\"a\\nb\"", "\"\""] {
        let error = error_of(&format!("{API}{GRP}"), &format!("{name}: {{id: '000000000001'}}\n"));
        assert!(error.contains("cannot be asked for"), "{name}: {error}");
    }
}

#[test]
fn patterns_that_only_python_reads_are_refused() {
    let regex = "provider: {module: aws_federation_proxy.provider.grp_provider, \
                 regex: '(?P<account>a)(?=b)(?P<role>c)'}\n";
    let error = error_of(&format!("{API}{regex}"), ACCOUNTS);
    assert!(error.contains("`provider.regex` is Python's"), "{error}");
}

#[test]
fn ids_that_are_not_twelve_digits_are_refused() {
    for id in [
        "12345678901",
        "1234567890123",
        "\"12345678901 \"",
        "12345678901a",
        "1.23456789012e11",
        "0o12345670123",
        "-123456789012",
        "[1]",
    ] {
        let error = error_of(&format!("{API}{GRP}"), &format!("prod:\n  id: {id}\n"));
        assert!(error.starts_with("accounts/a.yaml:2: the "), "{id}: {error}");
    }
}

#[test]
fn a_table_is_never_replaced() {
    let afp = Afp::new(&[("1.yaml", API), ("2.yaml", "api: s3cr3t\n")], &[("a.yaml", ACCOUNTS)]);
    let error = afp.error();
    assert!(error.starts_with("config/2.yaml:1: this cannot be merged into the table at "), "{error}");
    assert!(!error.contains("s3cr3t"));
}

#[test]
fn a_file_that_was_made_to_be_too_much_is_refused() {
    let level = |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
    let bomb: String =
        std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".into()).chain((1..9).map(level)).collect();
    let deep = format!("a: {}{}\n", "[".repeat(100), "]".repeat(100));
    let too_much = "this is nested too deep, or too much";
    let itself = "an alias stands within what it stands for";
    for (text, expected) in [(bomb, too_much), (deep, too_much), ("a: &a [*a]\n".to_owned(), itself)] {
        let error = error_of(&text, ACCOUNTS);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let afp = Afp::new(&[("a.yaml", API)], &[("a.yaml", ACCOUNTS)]);
    fs::write(afp.root.path().join("config/b.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    assert!(afp.error().starts_with("cannot read `config/b.yaml`"), "{}", afp.error());
}

proptest! {
    #[test]
    fn no_yaml_is_too_odd_and_no_secret_gets_out(
        lines in proptest::collection::vec("[ a-z]{0,4}(api|aws|provider|id|secret_key|x): ?(\\{|\\[|\\*a|&a|<<|'|\"|- |\\| |SECRET|[\\]}:,#!-]){0,4}", 0..8),
    ) {
        let text = lines.join("\n");
        for (config, accounts) in [(text.as_str(), ACCOUNTS), (API, text.as_str())] {
            let config = format!("aws: {{access_key: AKIA, secret_key: HIDDEN}}\n{config}");
            let imported = Afp::new(&[("a.yaml", &config)], &[("a.yaml", accounts)]).import();
            let said = match imported {
                Ok(imported) => format!("{imported:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!said.contains("HIDDEN"), "{}", said);
        }
    }
}
