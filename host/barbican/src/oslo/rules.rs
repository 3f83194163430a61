//! Which of Barbican's rules is which operation (barbican 23 "common/policies/\*.py").

/// A rule that is decided here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    /// As the contract calls it.
    pub(super) operation: &'static str,
    /// What kind of entity it is about; absent where it is about none yet.
    pub(super) kind: Option<Kind>,
}

impl Rule {
    /// Whether it is one of ACLs.
    pub(super) fn is_about_acl(self) -> bool {
        self.operation.starts_with("acl-")
    }
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Secret,
    Container,
    Order,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Container => "container",
            Self::Order => "order",
        }
    }
}

/// The rule of that name. Those of transport keys and of secret stores are not decided for a Barbican elsewhere.
pub(super) fn find(name: &str) -> Option<Rule> {
    let (operation, kind) = match name {
        "secrets:get" => ("secret-list", None),
        "secrets:post" => ("secret-create", None),
        "secret:get" => ("secret-get", Some(Kind::Secret)),
        "secret:decrypt" => ("payload-get", Some(Kind::Secret)),
        "secret:put" => ("payload-put", Some(Kind::Secret)),
        "secret:delete" => ("secret-delete", Some(Kind::Secret)),
        "secret_acls:get" => ("acl-get", Some(Kind::Secret)),
        // Of the two, the one that puts more at stake.
        "secret_acls:put_patch" => ("acl-put", Some(Kind::Secret)),
        "secret_acls:delete" => ("acl-delete", Some(Kind::Secret)),
        "containers:get" => ("container-list", None),
        "containers:post" => ("container-create", None),
        "container:get" => ("container-get", Some(Kind::Container)),
        "container:delete" => ("container-delete", Some(Kind::Container)),
        "container_acls:get" => ("acl-get", Some(Kind::Container)),
        "container_acls:put_patch" => ("acl-put", Some(Kind::Container)),
        "container_acls:delete" => ("acl-delete", Some(Kind::Container)),
        "secret_meta:get" => ("secret-meta-get", Some(Kind::Secret)),
        "secret_meta:put" => ("secret-meta-put", Some(Kind::Secret)),
        "secret_meta:post" => ("secret-meta-create", Some(Kind::Secret)),
        "secret_meta:delete" => ("secret-meta-delete", Some(Kind::Secret)),
        "container_secret:post" => ("container-secret-create", Some(Kind::Container)),
        "container_secret:delete" => ("container-secret-delete", Some(Kind::Container)),
        "secret_consumers:get" => ("consumer-list", Some(Kind::Secret)),
        "secret_consumers:post" => ("consumer-create", Some(Kind::Secret)),
        "secret_consumers:delete" => ("consumer-delete", Some(Kind::Secret)),
        "container_consumers:get" => ("consumer-list", Some(Kind::Container)),
        "container_consumers:post" => ("consumer-create", Some(Kind::Container)),
        "container_consumers:delete" => ("consumer-delete", Some(Kind::Container)),
        "orders:get" => ("order-list", None),
        // A PUT of orders is never served.
        "orders:post" | "orders:put" => ("order-create", None),
        "order:get" => ("order-get", Some(Kind::Order)),
        "order:delete" => ("order-delete", Some(Kind::Order)),
        "quotas:get" => ("quota-get", None),
        "project_quotas:get" => ("project-quota-get", None),
        "project_quotas:put" => ("project-quota-put", None),
        "project_quotas:delete" => ("project-quota-delete", None),
        _ => return None,
    };
    Some(Rule { operation, kind })
}
