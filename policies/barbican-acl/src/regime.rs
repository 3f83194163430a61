//! Barbican 23.0.0's two sets of rules, clause by clause: `acls.py`, `secrets.py`, `secretmeta.py`, `containers.py`,
//! `consumers.py`, `orders.py` and `quotas.py` of `barbican/common/policies`, where the deprecated rules are the legacy ones.

use crate::facts::Facts;
use crate::operation::Operation::{
    self, AclDelete, AclGet, AclPatch, AclPut, ConsumerCreate, ConsumerDelete, ConsumerList, ContainerCreate,
    ContainerDelete, ContainerGet, ContainerList, ContainerSecretCreate, ContainerSecretDelete, OrderCreate,
    OrderDelete, OrderGet, OrderList, PayloadGet, PayloadPut, ProjectQuotaDelete, ProjectQuotaGet,
    ProjectQuotaPut, QuotaGet, SecretCreate, SecretDelete, SecretGet, SecretList, SecretMetaCreate,
    SecretMetaDelete, SecretMetaGet, SecretMetaPut,
};
use crate::roles::{Role, Roles};
use crate::rule::Ground;
use crate::settings::Regime;

/// What an operation on no entity needs: lists, creations and quotas.
pub(crate) fn project(regime: Regime, operation: Operation, roles: Roles) -> Option<Ground> {
    let granted = match (regime, operation) {
        (
            Regime::Default,
            SecretList | SecretCreate | ContainerList | ContainerCreate | OrderList | OrderCreate,
        ) => roles.has(Role::Member),
        (Regime::Default, QuotaGet) => roles.has(Role::Reader),
        // Of any project.
        (Regime::Default, ProjectQuotaGet | ProjectQuotaPut | ProjectQuotaDelete) => roles.has(Role::Admin),
        (Regime::Legacy, SecretList | ContainerList | OrderList) => roles.all_but_audit(),
        (Regime::Legacy, SecretCreate | ContainerCreate | OrderCreate) => roles.admin_or_creator(),
        (Regime::Legacy, QuotaGet) => roles.all_users(),
        (Regime::Legacy, ProjectQuotaGet | ProjectQuotaPut | ProjectQuotaDelete) => {
            roles.has(Role::ServiceAdmin)
        }
        _ => false,
    };
    granted.then_some(Ground::Role)
}

/// Why the operation on this entity is granted, if it is.
pub(crate) fn entity(facts: &Facts<'_>) -> Option<Ground> {
    if matches!(facts.operation, OrderGet | OrderDelete) {
        return order(facts);
    }
    let listed = || facts.listed.filter(|_| facts.operation.is_for_the_listed());
    match facts.settings.written.regime {
        Regime::Default => srbac(facts).or_else(listed).or_else(|| admin_of_any_project(facts)),
        Regime::Legacy => legacy(facts).or_else(listed),
    }
}

/// Orders have no ACL, and are their project's.
fn order(facts: &Facts<'_>) -> Option<Ground> {
    let has_role = match (facts.settings.written.regime, facts.operation) {
        (Regime::Default, _) => facts.roles.has(Role::Member),
        (Regime::Legacy, OrderGet) => facts.roles.all_users(),
        (Regime::Legacy, _) => facts.roles.has(Role::Admin),
    };
    (facts.same_project && has_role).then_some(Ground::ProjectRole)
}

fn srbac(facts: &Facts<'_>) -> Option<Ground> {
    let member = facts.same_project && facts.roles.has(Role::Member);
    if member && facts.creator {
        Some(Ground::Creator)
    } else if facts.project_admin() {
        Some(Ground::ProjectAdmin)
    } else if member && !facts.private() {
        Some(Ground::ProjectAccess)
    } else {
        None
    }
}

/// `role:admin` without a project, in `secret:get` and `secret:delete` alone.
fn admin_of_any_project(facts: &Facts<'_>) -> Option<Ground> {
    (matches!(facts.operation, SecretGet | SecretDelete) && facts.admin()).then_some(Ground::Admin)
}

fn legacy(facts: &Facts<'_>) -> Option<Ground> {
    let Facts { roles, same_project, .. } = *facts;
    let creator_role = same_project && roles.has(Role::Creator);
    let in_project = |role: bool| (same_project && role).then_some(Ground::ProjectRole);
    // Privacy means nothing to these two.
    match facts.operation {
        AclGet => return in_project(roles.all_but_audit()),
        PayloadPut => return in_project(roles.admin_or_creator()),
        _ => {}
    }
    if creator_role && facts.creator {
        return Some(Ground::Creator);
    }
    if facts.project_admin() {
        return Some(Ground::ProjectAdmin);
    }
    let open_to = match facts.operation {
        SecretGet | SecretMetaGet | ContainerGet | ConsumerList | ConsumerCreate | ConsumerDelete => {
            roles.all_users()
        }
        PayloadGet => roles.all_but_audit(),
        AclPut
        | AclPatch
        | AclDelete
        | SecretDelete
        | ContainerSecretCreate
        | ContainerSecretDelete
        | SecretMetaPut
        | SecretMetaCreate
        | SecretMetaDelete => creator_role,
        // `container:delete` has no such clause.
        _ => false,
    };
    (same_project && !facts.private() && open_to).then_some(Ground::ProjectAccess)
}

/// The roles of which one would have been enough, where privacy is not what stood in the way.
#[expect(clippy::match_same_arms, reason = "one table for each set of rules")]
pub(crate) const fn roles_for(regime: Regime, operation: Operation) -> &'static [&'static str] {
    match (regime, operation) {
        (
            Regime::Default,
            SecretList | SecretCreate | ContainerList | ContainerCreate | OrderList | OrderCreate | OrderGet
            | OrderDelete,
        ) => &["member"],
        (Regime::Default, QuotaGet) => &["reader"],
        (Regime::Default, ProjectQuotaGet | ProjectQuotaPut | ProjectQuotaDelete) => &["admin"],
        (Regime::Default, _) => &["member", "admin"],
        (
            Regime::Legacy,
            SecretGet | SecretMetaGet | ContainerGet | ConsumerList | ConsumerCreate | ConsumerDelete
            | OrderGet | QuotaGet,
        ) => &["observer", "creator", "audit", "admin"],
        (Regime::Legacy, SecretList | ContainerList | OrderList | PayloadGet | AclGet) => {
            &["observer", "creator", "admin"]
        }
        (Regime::Legacy, ProjectQuotaGet | ProjectQuotaPut | ProjectQuotaDelete) => {
            &["key-manager:service-admin"]
        }
        (Regime::Legacy, OrderDelete) => &["admin"],
        (Regime::Legacy, _) => &["creator", "admin"],
    }
}

/// Whether these rules look at `project-access` for this operation.
pub(crate) const fn looks_at_privacy(regime: Regime, operation: Operation) -> bool {
    match regime {
        Regime::Default => !matches!(operation, OrderGet | OrderDelete),
        Regime::Legacy => {
            !matches!(operation, AclGet | PayloadPut | ContainerDelete | OrderGet | OrderDelete)
        }
    }
}
