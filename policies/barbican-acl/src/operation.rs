//! The operations, as `wit/secrets.wit` names them, and what each is about.
//!
//! The rules are in `barbican/common/policies`.

macro_rules! operations {
    ($($(#[$meta:meta])* $operation:ident = $name:literal, $about:ident, $act:literal;)+) => {
        /// One operation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Operation {
            $($(#[$meta])* $operation,)+
        }

        impl Operation {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$operation,)+];

            /// The operation of that name.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$operation),)+
                    _ => None,
                }
            }

            #[cfg(test)]
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$operation => $name,)+
                }
            }

            /// What it is about.
            pub(crate) const fn about(self) -> About {
                match self {
                    $(Self::$operation => About::$about,)+
                }
            }

            /// For a person, after "to"; `{}` stands for the entity's kind.
            pub(crate) const fn act(self) -> &'static str {
                match self {
                    $(Self::$operation => $act,)+
                }
            }
        }
    };
}

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The token's own project: lists and creations.
    Project,
    /// A secret.
    Secret,
    /// A container.
    Container,
    /// A secret or a container.
    Either,
    /// An order.
    Order,
}

operations! {
    /// `secrets:get`
    SecretList = "secret-list", Project, "list secrets";
    /// `secrets:post`
    SecretCreate = "secret-create", Project, "create secrets";
    /// `containers:get`
    ContainerList = "container-list", Project, "list containers";
    /// `containers:post`
    ContainerCreate = "container-create", Project, "create containers";
    /// `orders:get`
    OrderList = "order-list", Project, "list orders";
    /// `orders:post`
    OrderCreate = "order-create", Project, "create orders";
    /// `quotas:get`
    QuotaGet = "quota-get", Project, "read the quotas of the project";
    /// `project_quotas:get`
    ProjectQuotaGet = "project-quota-get", Project, "read the quotas of projects";
    /// `project_quotas:put`
    ProjectQuotaPut = "project-quota-put", Project, "set the quotas of a project";
    /// `project_quotas:delete`
    ProjectQuotaDelete = "project-quota-delete", Project, "remove the quotas of a project";
    /// `order:get`
    OrderGet = "order-get", Order, "read this order";
    /// `order:delete`
    OrderDelete = "order-delete", Order, "delete this order";
    /// `secret:get`
    SecretGet = "secret-get", Secret, "read this secret's metadata";
    /// `secret:decrypt`
    PayloadGet = "payload-get", Secret, "read this secret's payload";
    /// `secret:put`
    PayloadPut = "payload-put", Secret, "set this secret's payload";
    /// `secret:delete`
    SecretDelete = "secret-delete", Secret, "delete this secret";
    /// `secret_meta:get`
    SecretMetaGet = "secret-meta-get", Secret, "read this secret's user metadata";
    /// `secret_meta:put`
    SecretMetaPut = "secret-meta-put", Secret, "change this secret's user metadata";
    /// `secret_meta:post`
    SecretMetaCreate = "secret-meta-create", Secret, "add to this secret's user metadata";
    /// `secret_meta:delete`
    SecretMetaDelete = "secret-meta-delete", Secret, "delete from this secret's user metadata";
    /// `container:get`
    ContainerGet = "container-get", Container, "read this container";
    /// `container:delete`
    ContainerDelete = "container-delete", Container, "delete this container";
    /// `container_secret:post`
    ContainerSecretCreate = "container-secret-create", Container, "add a secret to this container";
    /// `container_secret:delete`
    ContainerSecretDelete = "container-secret-delete", Container, "remove a secret from this container";
    /// `secret_acls:get`, `container_acls:get`
    AclGet = "acl-get", Either, "read this {}'s ACL";
    /// `secret_acls:put_patch`, `container_acls:put_patch`
    AclPut = "acl-put", Either, "change this {}'s ACL";
    /// As `AclPut`.
    AclPatch = "acl-patch", Either, "change this {}'s ACL";
    /// `secret_acls:delete`, `container_acls:delete`
    AclDelete = "acl-delete", Either, "delete this {}'s ACL";
    /// `secret_consumers:get`, `container_consumers:get`
    ConsumerList = "consumer-list", Either, "list this {}'s consumers";
    /// `secret_consumers:post`, `container_consumers:post`
    ConsumerCreate = "consumer-create", Either, "add a consumer to this {}";
    /// `secret_consumers:delete`, `container_consumers:delete`
    ConsumerDelete = "consumer-delete", Either, "remove a consumer from this {}";
}

impl Operation {
    /// Whether being listed in the ACL is enough (`secret_acl_read`, `container_acl_read`), in both regimes.
    pub(crate) const fn is_for_the_listed(self) -> bool {
        use Operation::{
            ConsumerCreate, ConsumerDelete, ConsumerList, ContainerGet, PayloadGet, SecretGet, SecretMetaGet,
        };
        matches!(
            self,
            SecretGet
                | SecretMetaGet
                | PayloadGet
                | ContainerGet
                | ConsumerList
                | ConsumerCreate
                | ConsumerDelete
        )
    }

    /// Whether it changes or removes an ACL.
    pub(crate) const fn writes_acl(self) -> bool {
        matches!(self, Self::AclPut | Self::AclPatch | Self::AclDelete)
    }

    /// Whether the entity is gone afterwards.
    pub(crate) const fn deletes(self) -> bool {
        matches!(self, Self::SecretDelete | Self::ContainerDelete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_own_name_alone() {
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.name()), Some(*operation));
            assert_eq!(Operation::from_name(&operation.name().to_uppercase()), None);
        }
        assert_eq!(Operation::from_name(""), None);
    }
}
