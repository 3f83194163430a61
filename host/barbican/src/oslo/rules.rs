//! Which of Barbican's rules is which operation (barbican 23 "common/policies/{secrets,containers,acls}.py").

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
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Container => "container",
        }
    }
}

/// The rule of that name. Those of consumers, of user metadata and of what a container holds are not decided
/// for a Barbican elsewhere.
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
        _ => return None,
    };
    Some(Rule { operation, kind })
}
