//! What the operator may write, and the form in which decisions use it.
//!
//! ```toml
//! [policies.settings]
//! regime = "default"               # Barbican 23.0.0's rules; "legacy" for enforce_new_defaults = false
//! principals = ["group", "role", "project"]  # which entries of an ACL mean more than a user id
//! expiry = false                   # honours `ID@2026-12-31T00:00:00Z` in an ACL
//! private_by_default = false       # no ACL means project-access = false
//! containers_cover_secrets = false # a container's ACL reaches its creator's secrets in it
//! shut_out_admins = false          # project-access = false holds for admins too
//! allow = ["project:ID"]           # as if listed in every ACL; entries as in an ACL, all kinds and expiry honoured
//! deny = ["ID"]                    # refused regardless of all else
//! ```

use crate::entry::{Honoured, Kind};
use crate::principals::Principals;
use serde::Deserialize;

/// Which of Barbican's two sets of rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// `[oslo_policy] enforce_new_defaults = true`, which Barbican 23.0.0 ships.
    #[default]
    Default,
    /// `enforce_new_defaults = false`: the roles creator, observer and audit.
    Legacy,
}

/// As written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the operator's file")]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct Settings {
    pub regime: Regime,
    pub principals: Vec<Kind>,
    pub expiry: bool,
    pub private_by_default: bool,
    pub containers_cover_secrets: bool,
    pub shut_out_admins: bool,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
}

/// As used: entries read once.
#[derive(Debug)]
pub struct Checked {
    pub(crate) written: Settings,
    pub(crate) honoured: Honoured,
    pub(crate) allow: Principals,
    pub(crate) deny: Principals,
}

impl Settings {
    /// Checks what serde cannot.
    pub fn check(mut self) -> Result<Checked, String> {
        let honoured = Honoured { kinds: std::mem::take(&mut self.principals), expiry: self.expiry };
        let allow = Principals::read("allow", &std::mem::take(&mut self.allow))?;
        let deny = Principals::read("deny", &std::mem::take(&mut self.deny))?;
        Ok(Checked { written: self, honoured, allow, deny })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<Checked, String> {
        portcullis_policy_sdk::parse::<Settings>(json)?.check()
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            (r#"{"regime":"srbac"}"#, "`regime`: unknown variant `srbac`, expected `default` or `legacy`"),
            (r#"{"regime":"Legacy"}"#, "`regime`: unknown variant `Legacy`"),
            (
                r#"{"principals":["user"]}"#,
                "`principals[0]`: unknown variant `user`, expected one of `group`, `role`",
            ),
            (r#"{"principals":true}"#, "`principals`: invalid type"),
            (r#"{"expiry":"30d"}"#, "`expiry`: invalid type"),
            (r#"{"expire_after":"30d"}"#, "unknown key: `expire_after`"),
            (r#"{"private":true,"shut_out_admin":true}"#, "unknown keys: `private`, `shut_out_admin`"),
            (r#"{"allow":["group:"]}"#, "`allow`: `group:` names nobody"),
            (
                r#"{"deny":["u1","u2@2026-02-30T00:00:00Z"]}"#,
                "`deny`: `u2@2026-02-30T00:00:00Z` does not end in a time",
            ),
        ];
        for (json, expected) in cases {
            let error = check(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn without_settings_everything_is_off() {
        let checked = check("{}").unwrap();
        let Settings {
            regime, expiry, private_by_default, containers_cover_secrets, shut_out_admins, ..
        } = checked.written;
        assert_eq!(regime, Regime::Default);
        assert!(!expiry && !private_by_default && !containers_cover_secrets && !shut_out_admins);
        assert!(checked.honoured.kinds.is_empty() && !checked.honoured.expiry);
    }
}
