//! AFP's provider: who may use which roles. Those that came with AFP have an equivalent among the settings of the policy
//! `aws-roles`; a custom provider is Python, and is refused by its name.

use regex_lite::Regex;

use super::accounts::Accounts;
use super::error::{Findings, Place};
use super::fields::Fields;
use super::identity::Identity;
use super::yaml::Value;

/// What becomes of a provider.
#[derive(Debug, Default)]
pub(super) struct Provider {
    /// The policy's settings.
    pub(super) settings: toml::Table,
    /// Where groups come from.
    pub(super) groups: Option<Groups>,
    /// Whether names of hosts are asked for.
    pub(super) host_name: bool,
}

/// Where groups come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Groups {
    /// The system's, copied into a file.
    File,
    /// A directory. The password is put into a file by hand.
    Ldap { url: String, user_base: String, group_base: String, bind_dn: String },
}

const PACKAGE: &str = "aws_federation_proxy.";

/// Reads the section `provider`.
pub(super) fn read(
    mut fields: Fields,
    identity: Option<&Identity>,
    accounts: &Accounts,
    findings: &mut Findings,
) -> Option<Provider> {
    let (place, module) = fields.needed("module", findings)?;
    let class = fields.text("class", findings).map_or_else(|| "Provider".to_owned(), |(_, class)| class);
    let file = module.strip_prefix(PACKAGE).and_then(|rest| rest.rsplit('.').next());
    let provider = match (file, class.as_str()) {
        (Some("grp_provider"), "Provider") => system_groups(&mut fields, findings),
        (Some("ldap_provider"), "Provider") => ldap(&mut fields, findings),
        (Some("sssd_provider"), "Provider") => {
            findings.refuse(&place, SSSD);
            // Its own key is known.
            fields.take("regex");
            None
        }
        (Some("provider_by_ip"), "Provider") => by_ip(&mut fields, &place, identity, accounts, findings),
        (Some(_), "SingleAccountSingleRoleProvider") => Some(single(accounts, findings)),
        (Some(_), "SimpleTestProvider") => {
            let pairs = [("testaccount", "testrole"), ("testaccount1", "testrole2")];
            Some(listed(&pairs, accounts, findings))
        }
        (Some(_), "NoAccountNoRoleProvider") => {
            findings
                .warn("AFP's NoAccountNoRoleProvider grants nothing to anybody, and so do these settings");
            Some(Provider::default())
        }
        _ => {
            findings.refuse(
                &place,
                format_args!(
                    "the provider `{module}.{class}` is Python that cannot be read here: say what it does in the \
                     settings of the policy `aws-roles`, or write a policy for it"
                ),
            );
            // Its keys are its own.
            return None;
        }
    };
    fields.finish(findings);
    provider
}

const SSSD: &str = "`sssd_provider` asks the system for groups, which does not list them all and is not asked here: \
                    have them from the directory behind SSSD (AFP's `ldap_provider` is read), or write \
                    `identity.groups = { file = \"...\" }` or a token's claim by hand";

/// The setting `groups`, with the pattern anchored as AFP anchors it.
fn pattern(fields: &mut Fields, findings: &mut Findings) -> Option<toml::Table> {
    let (place, regex) = fields.needed("regex", findings)?;
    for name in ["account", "role"] {
        if !regex.contains(&format!("(?P<{name}>")) {
            findings.refuse(&place, format_args!("`provider.regex` has no group `(?P<{name}>...)`"));
        }
    }
    if let Err(error) = Regex::new(&regex) {
        findings.refuse(&place, format_args!("`provider.regex` is Python's, and not read here: {error}"));
    }
    let start = if regex.starts_with('^') { "" } else { "^" };
    let end = if regex.ends_with('$') { "" } else { "$" };
    let rule = table([("pattern", format!("{start}{regex}{end}").into())]);
    Some(table([("groups", toml::Value::Array(vec![rule.into()]))]))
}

fn system_groups(fields: &mut Fields, findings: &mut Findings) -> Option<Provider> {
    let settings = pattern(fields, findings)?;
    findings.warn(
        "AFP's grp_provider asked the system for groups: make the file `afp-groups`, a line `GROUP: USER, USER` for \
         each (from `getent group`), and anew when they change; users are compared exactly, and not in either case",
    );
    Some(Provider { settings, groups: Some(Groups::File), host_name: false })
}

fn ldap(fields: &mut Fields, findings: &mut Findings) -> Option<Provider> {
    let settings = pattern(fields, findings);
    let keys = ["ldap_uri", "ldap_base_users", "ldap_base_groups", "ldap_bind_dn"];
    let texts = keys.map(|key| fields.needed(key, findings).map(|(_, text)| text));
    if !fields.secret("ldap_bind_password") {
        findings.refuse(&fields.place, "`provider.ldap_bind_password` is missing");
    }
    let [Some(url), Some(user_base), Some(group_base), Some(bind_dn)] = texts else { return None };
    findings.warn(
        "put AFP's `provider.ldap_bind_password` into the file `afp-ldap-password`, mode 0600, beside the \
         configuration",
    );
    let groups = Some(Groups::Ldap { url, user_base, group_base, bind_dn });
    Some(Provider { settings: settings?, groups, host_name: false })
}

/// AFP's concrete provider for machines.
fn by_ip(
    fields: &mut Fields,
    place: &Place,
    identity: Option<&Identity>,
    accounts: &Accounts,
    findings: &mut Findings,
) -> Option<Provider> {
    let account = fields.needed("account_name", findings);
    let prefix = fields.text("role_prefix", findings).map_or_else(String::new, |(_, prefix)| prefix);
    let domains = fields.take("allowed_domains");
    if matches!(identity, Some(Identity::Header(..))) {
        findings.refuse(
            place,
            "`provider_by_ip` goes by addresses, and the user is not one: write REMOTE_ADDR as \
             `api.user_identification.environment_field`",
        );
    }
    let Some((place, node)) = domains else {
        findings.refuse(place, "`provider.allowed_domains` is missing");
        return None;
    };
    let texts = if let Value::List(list) = node.value {
        let texts = list.iter().map(|node| node.text().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
    } else {
        None
    };
    let Some(texts) = texts else {
        findings.refuse(&place, "`provider.allowed_domains` must be a list of domains");
        return None;
    };
    let (place, account) = account?;
    if !accounts.contains_key(&account) {
        findings.refuse(
            &place,
            format_args!("`provider.account_name`: there is no account `{account}` that can be used"),
        );
        return None;
    }
    findings.warn(
        "a host's name counts only where it leads back to its address; AFP took whatever the reverse look-up said",
    );
    let mut rule = table([
        ("domains", toml::Value::Array(texts.into_iter().map(Into::into).collect())),
        ("account", account.into()),
        ("preset", "loctyp".into()),
    ]);
    if !prefix.is_empty() {
        rule.insert("role_prefix".into(), prefix.into());
    }
    let settings = table([("hosts", toml::Value::Array(vec![rule.into()]))]);
    Some(Provider { settings, groups: None, host_name: true })
}

fn single(accounts: &Accounts, findings: &mut Findings) -> Provider {
    let account = "the_only_account";
    if !known(account, accounts, findings) {
        return Provider::default();
    }
    let rule = table([("account", account.into()), ("role", "the_only_role".into())]);
    Provider { settings: table([("single", rule.into())]), ..Provider::default() }
}

fn listed(pairs: &[(&str, &str)], accounts: &Accounts, findings: &mut Findings) -> Provider {
    let list = |name: &str| toml::Value::Array(vec![name.into()]);
    let there = pairs.iter().filter(|(account, _)| known(account, accounts, findings));
    let grant = |(account, role): &(&str, &str)| {
        toml::Value::Table(table([("users", "*".into()), ("accounts", list(account)), ("roles", list(role))]))
    };
    let grants: Vec<_> = there.map(grant).collect();
    let settings = if grants.is_empty() { toml::Table::new() } else { table([("grants", grants.into())]) };
    Provider { settings, ..Provider::default() }
}

/// AFP lists a role in an account that it does not know, and fails when it is asked for.
fn known(account: &str, accounts: &Accounts, findings: &mut Findings) -> bool {
    let known = accounts.contains_key(account);
    if !known {
        findings
            .warn(format_args!("the provider's role in `{account}` is left out: there is no such account"));
    }
    known
}

fn table<const N: usize>(entries: [(&str, toml::Value); N]) -> toml::Table {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
