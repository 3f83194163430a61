//! What is so about this caller and this entity: the terms of Barbican's rules (`ACLMixin.get_acl_tuple` in
//! `barbican/api/controllers/__init__.py`, `barbican/common/policies/base.py`), as the settings have them.

use crate::entry::{Entry, Kind};
use crate::operation::Operation;
use crate::principals::Caller;
use crate::roles::{Role, Roles};
use crate::rule::Ground;
use crate::settings::Checked;
use portcullis_policy_sdk::prelude::*;

/// Whether the project may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// `project-access` is true, or there is no ACL.
    Open,
    /// `project-access` is false.
    ByAcl,
    /// `project-access` is false on a container that covers the secret.
    ByContainer,
    /// There is no ACL, and `private_by_default` is on.
    ByDefault,
}

/// Everything a rule may ask about one entity.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) settings: &'a Checked,
    pub(crate) access: &'a secrets::Access,
    pub(crate) operation: Operation,
    pub(crate) caller: Caller<'a>,
    pub(crate) entity: &'a secrets::Entity,
    pub(crate) roles: Roles,
    /// `secret_project_match`
    pub(crate) same_project: bool,
    /// `secret_owner`
    pub(crate) creator: bool,
    pub(crate) privacy: Privacy,
    /// `secret_acl_read`, and by whom
    pub(crate) listed: Option<Ground>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(
        settings: &'a Checked,
        access: &'a secrets::Access,
        operation: Operation,
        caller: Caller<'a>,
        entity: &'a secrets::Entity,
    ) -> Self {
        let mut facts = Self {
            settings,
            access,
            operation,
            caller,
            entity,
            roles: Roles::of(&access.principal.roles),
            same_project: entity.project == caller.project,
            creator: entity.creator.as_deref() == Some(caller.user),
            privacy: Privacy::Open,
            listed: None,
        };
        facts.privacy = facts.find_privacy();
        facts.listed = facts.find_listed();
        facts
    }

    pub(crate) fn private(&self) -> bool {
        self.privacy != Privacy::Open
    }

    /// `role:admin`. Where admins are shut out it does not hold against a private entity, save to delete one: what a
    /// departed colleague left must not stay for ever.
    pub(crate) fn admin(&self) -> bool {
        let shut_out = self.settings.written.shut_out_admins && self.private() && !self.operation.deletes();
        self.roles.has(Role::Admin) && !shut_out
    }

    /// `secret_project_admin`
    pub(crate) fn project_admin(&self) -> bool {
        self.same_project && self.admin()
    }

    /// The ACLs by which a user may be listed: the entity's own, then those of containers that cover it.
    pub(crate) fn acls(&self) -> impl Iterator<Item = (&'a secrets::Acl, bool)> {
        let own = self.access.acl.iter().map(|acl| (acl, true));
        own.chain(self.covering().map(|acl| (acl, false)))
    }

    /// Only those that the secret's creator made, in its project: anybody in a project may put a colleague's private
    /// secret into a container of their own.
    fn covering(&self) -> impl Iterator<Item = &'a secrets::Acl> {
        let covers = self.settings.written.containers_cover_secrets && self.entity.kind == "secret";
        let entity = self.entity;
        let of_the_creator = move |holder: &&secrets::Holder| {
            let container = &holder.entity;
            covers
                && container.kind == "container"
                && container.project == entity.project
                && container.creator.is_some()
                && container.creator == entity.creator
        };
        self.access.holders.iter().filter(of_the_creator).filter_map(|holder| holder.acl.as_ref())
    }

    fn find_privacy(&self) -> Privacy {
        match &self.access.acl {
            Some(acl) if acl.project_access => Privacy::Open,
            Some(_) => Privacy::ByAcl,
            None if self.covering().any(|acl| !acl.project_access) => Privacy::ByContainer,
            None if self.settings.written.private_by_default => Privacy::ByDefault,
            None => Privacy::Open,
        }
    }

    fn find_listed(&self) -> Option<Ground> {
        let now = self.access.context.now;
        let by_acl = self.acls().find_map(|(acl, own)| {
            let named = acl.users.iter().filter_map(|text| self.named_by(text));
            let mut grounds = named.filter(|entry| entry.until.is_none_or(|until| now < until));
            let ground = ground(grounds.next()?.kind);
            Some(if own { ground } else { Ground::AclContainer })
        });
        let allow = || self.settings.allow.name(&self.caller, self.same_project, now);
        by_acl.or_else(|| allow().then_some(Ground::Allow))
    }

    /// The entry, where it names the caller; it may have expired.
    pub(crate) fn named_by<'t>(&self, text: &'t str) -> Option<Entry<'t>> {
        let entry = Entry::parse(text, &self.settings.honoured).ok()?;
        self.caller.is_named_by(entry.kind, entry.id, self.same_project).then_some(entry)
    }
}

const fn ground(kind: Option<Kind>) -> Ground {
    match kind {
        None => Ground::AclUser,
        Some(Kind::Group) => Ground::AclGroup,
        Some(Kind::Role) => Ground::AclRole,
        Some(Kind::Project) => Ground::AclProject,
    }
}
