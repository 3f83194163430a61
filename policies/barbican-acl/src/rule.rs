//! The names that stand in records, and those of denials in refusals too: why it was granted, why it was refused.

macro_rules! names {
    ($(#[$meta:meta])* $list:ident { $($(#[$one_meta:meta])* $one:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $list {
            $($(#[$one_meta])* $one,)+
        }

        impl $list {
            /// Every one, in no particular order.
            pub const ALL: &[Self] = &[$(Self::$one,)+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$one => $name,)+
                }
            }
        }
    };
}

names! {
    /// Why something is granted: the clause of Barbican's rule that held, or the setting.
    Ground {
        /// The role that lists and creations need, in the token's own project.
        Role = "role",
        /// The caller made the entity (`creator_id`), in its project and with the role for it.
        Creator = "creator",
        /// Role admin in the project that owns the entity.
        ProjectAdmin = "project-admin",
        /// Role admin in any project.
        Admin = "admin",
        /// The entity is not private, and the caller has the role in its project.
        ProjectAccess = "project-access",
        /// Legacy: the role in the entity's project is enough, private or not.
        ProjectRole = "project-role",
        /// The ACL lists the user.
        AclUser = "acl-user",
        /// The ACL lists a group of the user.
        AclGroup = "acl-group",
        /// The ACL lists a role that the user has in the entity's project.
        AclRole = "acl-role",
        /// The ACL lists the token's project.
        AclProject = "acl-project",
        /// The ACL of a container that holds the secret lists the caller.
        AclContainer = "acl-container",
        /// The setting `allow` names the caller.
        Allow = "allow",
    }
}

names! {
    /// Why something is refused.
    Rule {
        /// An operation this policy does not know.
        UnknownOperation = "unknown-operation",
        /// An entity that is neither secret nor container, or not of the operation's kind.
        UnknownKind = "unknown-kind",
        /// The operation is about an entity, and none came with the question.
        NoEntity = "no-entity",
        /// The token names no user, or is not for a project.
        Scope = "scope",
        /// The setting `deny` names the caller.
        Deny = "deny",
        /// A role is missing.
        Role = "role",
        /// The token is for another project, and the ACL does not list the caller.
        OtherProject = "other-project",
        /// The entity is private, and the caller neither made it nor is listed.
        Private = "private",
        /// The entity is private, and the setting `shut_out_admins` is on.
        AdminShutOut = "admin-shut-out",
        /// Being listed lets a user read, and this is more.
        ListedOnly = "listed-only",
        /// Legacy: containers are deleted by who made them, or by an admin.
        NotCreator = "not-creator",
        /// The caller's entry in the ACL has expired.
        Expired = "expired",
        /// The ACL lists the caller's name where it needs an id.
        ListedByName = "listed-by-name",
        /// The ACL has an entry for the caller of a kind that the settings do not turn on.
        EntryNotHonoured = "entry-not-honoured",
        /// A container's ACL opens its secrets here, so only its creator and admins change it.
        CoveringContainer = "covering-container",
        /// A new entry of the proposed ACL is malformed.
        AclEntry = "acl-entry",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_fit_the_contract() {
        let grounds: BTreeSet<_> = Ground::ALL.iter().map(|ground| ground.name()).collect();
        let rules: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!((grounds.len(), rules.len()), (Ground::ALL.len(), Rule::ALL.len()));
        for name in grounds.into_iter().chain(rules) {
            assert!(name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        }
    }
}
