//! What the operator may write. Each value is checked as it is read, so that an error names its place.
//!
//! ```toml
//! [policies.settings]
//! duration        = "1h"                     # defaults for every grant; a rule's own go first
//! session_name    = "{user}"
//! source_identity = "{user}"
//! tags            = { user = "{user}" }
//!
//! [policies.settings.durations]              # by role; before the default, after a rule's own
//! admin = 900
//!
//! [policies.settings.accounts]               # the host adds those of the mount
//! prod = { id = "123456789012", partition = "aws" }
//!
//! [[policies.settings.groups]]
//! pattern = "aws-(?P<account>.*)-(?P<role>.*)"
//!
//! [[policies.settings.hosts]]
//! domains = ["prod.example.com"]
//! account = "prod"
//! role_prefix = "machine-"
//! pattern = "(?P<role>[a-z]+)[0-9]+"         # or preset = "loctyp"
//!
//! [[policies.settings.networks]]
//! networks = ["10.1.0.0/16"]
//! account = "prod"
//! role = "reader"
//!
//! [policies.settings.single]                 # for everybody who is identified
//! account = "sandbox"
//! role = "developer"
//!
//! [[policies.settings.grants]]
//! users = ["alice"]
//! groups = ["ops"]
//! networks = ["10.0.0.0/8"]
//! when = { days = ["mon-fri"], from = "08:00", to = "18:00", utc_offset = "+01:00" }
//! accounts = "*"
//! roles = ["admin"]
//! duration = "15m"
//! tags = { team = "{attribute:team}" }
//! session_policy = { Version = "2012-10-17", Statement = [] }
//! external_id = "portcullis"
//! reason = "on call"
//!
//! [[policies.settings.requests]]              # access for a time, that others approve
//! groups = ["developers"]
//! accounts = ["prod"]
//! roles = ["repair"]
//! approvers = { users = ["carol"], groups = ["leads"] }
//! longest = "4h"
//!
//! [[policies.settings.denials]]
//! users = ["mallory"]
//! accounts = ["prod"]
//! roles = ["admin"]
//! rule = "suspended"
//! reason = "your access is suspended; ask security"
//! ```

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::duration::Seconds;
use crate::limits::{AccountId, ExternalId, SessionPolicy};
use crate::names::Names;
use crate::network::Networks;
use crate::pattern::{GroupPattern, HostPattern};
use crate::session::Session;
use crate::template::{NameTemplate, TagTemplate};
use crate::window::Window;

/// All settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct Settings {
    pub accounts: BTreeMap<String, Account>,
    pub groups: Vec<GroupRule>,
    pub hosts: Vec<HostRule>,
    pub networks: Vec<NetworkRule>,
    pub single: Option<Single>,
    pub grants: Vec<GrantRule>,
    pub requests: Vec<RequestRule>,
    pub denials: Vec<DenialRule>,
    pub duration: Option<Seconds>,
    pub durations: BTreeMap<String, Seconds>,
    pub session_name: Option<NameTemplate>,
    pub source_identity: Option<NameTemplate>,
    pub tags: BTreeMap<String, TagTemplate>,
}

/// One account that exists. Policies go by its alias; number and partition are for the host.
#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct Account {
    pub id: AccountId,
    #[serde(default)]
    pub partition: Partition,
}

/// The part of AWS in which an account is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// `aws`
    #[default]
    Aws,
    /// `aws-cn`
    AwsCn,
    /// `aws-us-gov`
    AwsUsGov,
}

/// How a role comes from the first label of a host's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// AFP's own provider for machines: labels of exactly eight characters, location and type first.
    Loctyp,
}

/// Rules that grant: what is their own, and how the session is to be, which all can say.
macro_rules! granting {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ })+) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Deserialize)]
            #[expect(missing_docs, reason = "the example above says what each is")]
            pub struct $name {
                $($(#[$field_meta])* pub $field: $type,)+
                #[serde(default)]
                pub duration: Option<Seconds>,
                #[serde(default)]
                pub session_name: Option<NameTemplate>,
                #[serde(default)]
                pub source_identity: Option<NameTemplate>,
                #[serde(default)]
                pub tags: BTreeMap<String, TagTemplate>,
                #[serde(default)]
                pub session_policy: Option<SessionPolicy>,
                #[serde(default)]
                pub external_id: Option<ExternalId>,
                #[serde(default)]
                pub when: Option<Window>,
                #[serde(default)]
                pub reason: Option<String>,
            }

            impl $name {
                /// How the session is to be, out of the rule.
                pub(crate) fn take_session(&mut self) -> Session {
                    Session {
                        duration: self.duration.take(),
                        session_name: self.session_name.take().map(|template| template.0),
                        source_identity: self.source_identity.take().map(|template| template.0),
                        tags: std::mem::take(&mut self.tags).into_iter().map(|(key, value)| (key, value.0)).collect(),
                        session_policy: self.session_policy.take().map(|policy| policy.0),
                        external_id: self.external_id.take().map(|id| id.0),
                        when: self.when.take(),
                        reason: self.reason.take(),
                    }
                }
            }
        )+
    };
}

granting! {
    /// Account and role out of the name of a group.
    GroupRule {
        pattern: GroupPattern,
    }
    /// A role out of the name of a host.
    HostRule {
        domains: Names,
        account: String,
        #[serde(default)]
        role_prefix: String,
        #[serde(default)]
        pattern: Option<HostPattern>,
        #[serde(default)]
        preset: Option<Preset>,
    }
    /// One role for all clients of a network.
    NetworkRule {
        networks: Networks,
        account: String,
        role: String,
    }
    /// One role for everybody.
    Single {
        account: String,
        role: String,
    }
    /// Roles for those who are named.
    GrantRule {
        #[serde(default)]
        users: Option<Names>,
        #[serde(default)]
        groups: Option<Names>,
        #[serde(default)]
        networks: Option<Networks>,
        accounts: Names,
        roles: Names,
    }
    /// Roles that those who are named may request for a time.
    RequestRule {
        #[serde(default)]
        users: Option<Names>,
        #[serde(default)]
        groups: Option<Names>,
        accounts: Names,
        roles: Names,
        approvers: Approvers,
        #[serde(default)]
        longest: Option<Seconds>,
    }
}

/// Who may approve what a rule lets others request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct Approvers {
    pub users: Option<Names>,
    pub groups: Option<Names>,
}

/// What those who are named, or all, do not get.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the example above says what each is")]
pub struct DenialRule {
    pub users: Option<Names>,
    pub groups: Option<Names>,
    pub networks: Option<Networks>,
    pub when: Option<Window>,
    pub accounts: Option<Names>,
    pub roles: Option<Names>,
    pub rule: Option<String>,
    pub reason: Option<String>,
}
