//! The roles that Barbican's rules know (`barbican/common/policies/base.py`). oslo.policy compares role names in
//! lower case (`oslo_policy/_checks.py`, `RoleCheck`).

/// A role that a rule of Barbican's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Admin,
    Member,
    Reader,
    Creator,
    Observer,
    Audit,
    ServiceAdmin,
}

const NAMES: [(&str, Role); 7] = [
    ("admin", Role::Admin),
    ("member", Role::Member),
    ("reader", Role::Reader),
    ("creator", Role::Creator),
    ("observer", Role::Observer),
    ("audit", Role::Audit),
    ("key-manager:service-admin", Role::ServiceAdmin),
];

/// Which of them a token has: one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles(u8);

impl Roles {
    /// The roles among these names.
    pub(crate) fn of(names: &[String]) -> Self {
        let known = names.iter().filter_map(|name| NAMES.iter().find(|(known, _)| same(name, known)));
        Self(known.fold(0, |bits, (_, role)| bits | 1 << *role as u8))
    }

    /// Whether `role` is among them.
    pub(crate) const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// `admin_or_creator`
    pub(crate) const fn admin_or_creator(self) -> bool {
        self.has(Role::Admin) || self.has(Role::Creator)
    }

    /// `all_but_audit`, which leaves the service admin out too.
    pub(crate) const fn all_but_audit(self) -> bool {
        self.admin_or_creator() || self.has(Role::Observer)
    }

    /// `all_users`
    pub(crate) const fn all_users(self) -> bool {
        self.all_but_audit() || self.has(Role::Audit) || self.has(Role::ServiceAdmin)
    }
}

/// Whether two role names are one to oslo.policy.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let lower = |name: &str| name.chars().flat_map(char::to_lowercase).collect::<String>();
    one.eq_ignore_ascii_case(other) || (!one.is_ascii() || !other.is_ascii()) && lower(one) == lower(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_oslo_policy_compares_them() {
        let cases = [
            ("admin", "admin", true),
            ("Admin", "aDMIN", true),
            ("Ärzte", "äRZTE", true),
            ("KEY-MANAGER:SERVICE-ADMIN", "\u{212a}ey-manager:service-admin", true),
            ("admin ", "admin", false),
            ("admins", "admin", false),
            ("", "admin", false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(same(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn the_groups_of_roles_are_barbicans() {
        // Name, admin_or_creator, all_but_audit, all_users.
        let table = [
            ("ADMIN", true, true, true),
            ("creator", true, true, true),
            ("observer", false, true, true),
            ("audit", false, false, true),
            ("key-manager:service-admin", false, false, true),
            ("member", false, false, false),
            ("reader", false, false, false),
        ];
        for (name, first, second, third) in table {
            let roles = Roles::of(&["manager".into(), name.into()]);
            let found = (roles.admin_or_creator(), roles.all_but_audit(), roles.all_users());
            assert_eq!(found, (first, second, third), "{name}");
        }
    }
}
