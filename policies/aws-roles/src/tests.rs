//! The cases, how sessions come out, what settings are refused, and what must hold for every question.

mod access;
mod denials;
mod every_question;
mod recorded;
mod sessions;
mod settings;

use super::*;
use crate::rules::Checked;

fn policy(settings: &str) -> Roles {
    Roles::configure(portcullis_policy_sdk::parse(settings).unwrap()).unwrap()
}

/// Settings with the accounts `prod` and `dev`.
fn with(rules: &str) -> String {
    format!(r#"{{"accounts":{{"prod":{{"id":"123456789012"}},"dev":{{"id":"000000000001"}}}},{rules}}}"#)
}

fn asking(name: &str, groups: &[&str]) -> aws::Request {
    let mut request = aws::Request::default();
    request.principal.name = Some(name.into());
    request.principal.groups = groups.iter().map(ToString::to_string).collect();
    request
}

fn pairs(answer: &aws::Answer) -> Vec<(&str, &str)> {
    answer.grants.iter().map(|grant| (grant.account.as_str(), grant.role.as_str())).collect()
}
