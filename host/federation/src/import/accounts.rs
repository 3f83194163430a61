//! The accounts. AFP reads the `id` of each and nothing else of it; and YAML 1.1 reads a number that begins with 0, and
//! has no 8 or 9 in it, as octal, which gave AFP the number of some other account.

use std::collections::BTreeMap;

use super::error::{Findings, Place};
use super::yaml::{Map, Node, Scalar, Value};

/// By alias, the number in 12 digits, and whether AFP took it for another number.
pub(super) type Accounts = BTreeMap<String, Account>;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) octal: bool,
}

/// Those that can be used.
pub(super) fn read(accounts: Map, findings: &mut Findings) -> Accounts {
    let mut usable = Accounts::new();
    for (alias, (place, node)) in accounts {
        if let Some(account) = account(&alias, &place, node, findings) {
            let same = usable.iter().find(|(_, other): &(_, &Account)| other.id == account.id);
            if let Some((other, _)) = same {
                findings.warn_at(
                    &place,
                    format_args!("the accounts `{other}` and `{alias}` are one: keep one of the names"),
                );
            }
            usable.insert(alias, account);
        }
    }
    usable
}

fn account(alias: &str, place: &Place, node: Node, findings: &mut Findings) -> Option<Account> {
    if alias.is_empty() || alias.contains('/') || alias.chars().any(char::is_control) {
        findings.refuse(
            place,
            format_args!("the account `{}` cannot be asked for: its name is empty, or has a slash or a control character in it", alias.escape_debug()),
        );
        return None;
    }
    let Value::Map(mut fields) = node.value else {
        findings.refuse(place, format_args!("the account `{alias}` must have an `id`"));
        return None;
    };
    let id = fields.remove("id");
    for (key, (place, _)) in fields {
        findings
            .warn_at(&place, format_args!("`{key}` of the account `{alias}` is left out: AFP never read it"));
    }
    let (place, scalar) = match id {
        Some((place, node)) if !node.is_null() => match node.value {
            Value::Scalar(scalar) => (place, scalar),
            Value::List(_) | Value::Map(_) => {
                findings.refuse(&place, format_args!("the `id` of the account `{alias}` is no number"));
                return None;
            }
        },
        _ => {
            findings.warn_at(
                place,
                format_args!(
                    "the account `{alias}` has no `id` and is left out: AFP could not use it either"
                ),
            );
            return None;
        }
    };
    let Some(account) = number(&scalar) else {
        findings.refuse(
            &place,
            format_args!(
                "the id `{}` of the account `{alias}` is not 12 digits; where zeros at its beginning were lost, write \
                 them, in quotes",
                *scalar.text
            ),
        );
        return None;
    };
    if account.octal {
        findings.warn_at(
            &place,
            format_args!(
                "the id of the account `{alias}` has no quotes and begins with 0, so AFP took it for an octal number \
                 and asked for another account; {} is taken as it stands",
                account.id
            ),
        );
    }
    Some(account)
}

/// 12 digits. In a number without quotes YAML 1.1 allows underscores.
fn number(scalar: &Scalar) -> Option<Account> {
    let mut id = (*scalar.text).clone();
    if scalar.plain && !id.starts_with('_') {
        id.retain(|c| c != '_');
    }
    let octal = scalar.plain && id.starts_with('0') && id.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let good = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(Account { id, octal })
}
