//! A role of an account, as `ACCOUNT/ROLE`. A role may have a path: `production/team/reader`.

use std::fmt;
use std::str::FromStr;

use crate::error::{AwsClientError, sanitize};

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoleName {
    pub(crate) account: String,
    pub(crate) role: String,
}

impl FromStr for RoleName {
    type Err = AwsClientError;

    fn from_str(text: &str) -> Result<Self, AwsClientError> {
        match text.split_once('/') {
            Some((account, role)) if !account.is_empty() && !role.is_empty() => {
                Ok(Self { account: account.into(), role: role.into() })
            }
            _ => Err(AwsClientError::Role(sanitize(text))),
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_and_role_with_or_without_a_path() {
        for (text, expected) in [
            ("production/reader", Some(("production", "reader"))),
            ("production/team/reader", Some(("production", "team/reader"))),
            ("production", None),
            ("production/", None),
            ("/reader", None),
            ("", None),
        ] {
            let parsed = text.parse::<RoleName>().ok();
            let parts = parsed.as_ref().map(|role| (role.account.as_str(), role.role.as_str()));
            assert_eq!(parts, expected, "{text}");
        }
    }
}
