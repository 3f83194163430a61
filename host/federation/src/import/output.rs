//! The TOML: what the server reads as `portcullis.toml`, with comments for the operator.

use std::fmt::Write as _;
use toml::{Table, Value};

use super::accounts::Accounts;
use super::identity::Identity;
use super::provider::Groups;
use super::settings::Settings;

/// The whole file.
pub(super) fn toml(settings: &Settings, accounts: &Accounts, warnings: &[String]) -> String {
    let mut out = String::from("# From the configuration of the AWS Federation Proxy (AFP).\n");
    for warning in warnings {
        line(&mut out, format_args!("# * {warning}"));
    }
    out.push_str("\n[listen]\ndocker = []   # no Docker plugin\napi = [\"127.0.0.1:8181\"]   # the web server's way in\n");
    if let Some(syslog) = &settings.syslog {
        out.push_str("\n[audit]\n# AFP logged to syslog; here a record of every decision goes there.\n");
        out.push_str(&pair("syslog", &Value::from(syslog.as_str())));
    }
    out.push_str("\n[[policies]]\nname = \"aws-roles\"\nmodule = \"builtin:aws-roles\"\n");
    out.push_str(&pair("settings", &Value::from(settings.provider.settings.clone())));
    if let Some(access_key) = &settings.access_key {
        out.push_str("\n[federation.aws]\n");
        out.push_str(&pair("access_key", &Value::from(access_key.as_str())));
        out.push_str("# The secret key goes into this file, mode 0600, and stands nowhere else.\n");
        out.push_str(&pair("secret_key", &file("afp-secret-key")));
    } else {
        out.push_str(
            "\n# AFP had no keys of AWS: [federation.aws] is left out, and AWS's default chain finds some.\n",
        );
    }
    mount(&mut out, settings);
    out.push_str("\n[federation.mounts.accounts]\n");
    for (alias, account) in accounts {
        if account.octal {
            out.push_str("# AFP took this for an octal number, and so for another account.\n");
        }
        out.push_str(&pair(alias, &Value::from(account.id.as_str())));
    }
    out
}

fn mount(out: &mut String, settings: &Settings) {
    out.push_str(
        "\n[[federation.mounts]]\n# AFP took this from the web server: write where its clients look.\n",
    );
    out.push_str("prefix = \"/afp-api/latest\"\npolicies = [\"aws-roles\"]\n");
    let mut identity = Table::new();
    match &settings.identity {
        Identity::Header(header, field) => {
            line(
                out,
                format_args!(
                    "# The web server must set this header to what AFP had as {field}; the address is the web server's."
                ),
            );
            identity.insert("header".into(), header.as_str().into());
            identity.insert("trusted".into(), Value::Array(vec!["127.0.0.1".into()]));
        }
        Identity::Address => {
            identity.insert("address".into(), true.into());
        }
    }
    if settings.provider.host_name {
        identity.insert("host_name".into(), true.into());
    }
    let groups = settings.provider.groups.as_ref().map(|groups| match groups {
        Groups::File => {
            out.push_str("# A line `GROUP: USER, USER` for each group that AFP had from the system.\n");
            Table::from_iter([("file".to_owned(), Value::from("afp-groups"))])
        }
        Groups::Ldap { url, user_base, group_base, bind_dn } => {
            out.push_str("# The password of `bind_dn` goes into its file, mode 0600.\n");
            let entries = [
                ("url", url.as_str().into()),
                ("user_base", user_base.as_str().into()),
                ("group_base", group_base.as_str().into()),
                ("bind_dn", bind_dn.as_str().into()),
                ("bind_password", file("afp-ldap-password")),
            ];
            let ldap: Table = entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            Table::from_iter([("ldap".to_owned(), ldap.into())])
        }
    });
    if let Some(groups) = groups {
        identity.insert("groups".into(), groups.into());
    }
    out.push_str(&pair("identity", &Value::from(identity)));
}

/// A secret's place.
fn file(name: &str) -> Value {
    Table::from_iter([("file".to_owned(), Value::from(name))]).into()
}

/// `key = value` in one line, but for texts of several.
fn pair(key: &str, value: &Value) -> String {
    // A table that holds the key and nothing below it is written with the key quoted as it needs.
    let key = Table::from_iter([(key.to_owned(), Value::Boolean(true))]).to_string();
    let key = key.trim_end().trim_end_matches("true");
    format!("{key}{value}\n")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // INVARIANT: writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
