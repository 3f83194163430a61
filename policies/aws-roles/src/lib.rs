//! Policy `builtin:aws-roles`: which AWS accounts and roles a user may have, and how their sessions are to be. It
//! grants by group, host name, network and list, and denies by list; an anonymous caller gets nothing.
//!
//! What decides is proved: the name, groups and attributes that the host's identity source vouches for, and the
//! address. Nothing that the request itself says goes into a session, so no user can give themselves a tag that a
//! resource policy trusts.
//!
//! * [`settings`]: what the operator may write
//! * `pattern`: regular expressions over the names of groups and hosts
//! * `names`, `duration`, `network`, `window`, `template`, `limits`: what single values mean
//! * `rules`: each kind of rule, checked, as decisions use it
//! * `session`: how a granted session is to be
//! * `access`: requests for access that were approved
//! * `who`: which rules are about this caller
//! * `caller`: what is proved of the caller
//! * `decide`: one question, and the rules in their order

pub mod settings;

mod access;
mod caller;
mod decide;
mod duration;
mod limits;
mod names;
mod network;
mod pattern;
mod rules;
mod session;
mod template;
mod who;
mod window;

use portcullis_policy_sdk::prelude::*;

/// The policy.
#[derive(Debug)]
pub struct Roles(rules::Checked);

impl Policy for Roles {
    type Settings = settings::Settings;

    fn configure(settings: settings::Settings) -> Result<Self, String> {
        rules::Checked::new(settings).map(Self)
    }
}

impl AwsRoles for Roles {
    fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String> {
        Ok(decide::answer(&self.0, request))
    }
}

export!(Roles: aws_roles);

#[cfg(test)]
mod tests;
