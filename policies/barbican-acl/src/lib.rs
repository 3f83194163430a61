//! Policy `builtin:barbican-acl`: who may read and change secrets, containers and their ACLs. It grants or denies
//! and never abstains; without settings it decides as Barbican 23.0.0 does.
//!
//! A refusal says why and what to do: that is what Barbican's users ask most often, and its own refusals are one
//! sentence for all causes. Nothing is told to a caller of another project that the refusal itself does not tell.
//!
//! * [`settings`]: what the operator may write
//! * [`rule`]: the names of grounds and denials
//! * `judge`: one question, and the checks in their order
//! * `operation`, `roles`, `entry`, `principals`, `time`: what words and entries of an ACL mean
//! * `facts`: what is so about this caller and this entity
//! * `regime`: Barbican's two sets of rules over those facts
//! * `explain`: why no rule granted, and what to do

pub mod rule;
pub mod settings;

mod entry;
mod explain;
mod facts;
mod judge;
mod operation;
mod principals;
mod regime;
mod roles;
mod time;

use portcullis_policy_sdk::prelude::*;

/// The policy.
#[derive(Debug)]
pub struct BarbicanAcl(settings::Checked);

impl Policy for BarbicanAcl {
    type Settings = settings::Settings;

    fn configure(settings: settings::Settings) -> Result<Self, String> {
        settings.check().map(Self)
    }
}

impl SecretAccess for BarbicanAcl {
    fn authorize(&self, access: &secrets::Access) -> Result<Opinion, String> {
        Ok(judge::opinion(&self.0, access))
    }
}

export!(BarbicanAcl: secret_access);

#[cfg(test)]
mod tests;
