//! What the policies are told of entities: the vault's words turned into the contract's.

use portcullis_contract::Pairs;
use portcullis_contract::secrets;
use uuid::Uuid;

use crate::json;
use crate::vault::{Acl, AclValue, Entity, EntityWithAcl, Order, Timestamp};

/// Milliseconds since 1970-01-01 UTC.
fn millis(moment: Timestamp) -> Option<u64> {
    u64::try_from(moment.micros() / 1000).ok()
}

/// What a secret is, or what is asked for, apart from its name.
#[derive(Debug, Default)]
pub(crate) struct KeyFacts {
    pub(crate) algorithm: Option<String>,
    pub(crate) bit_length: Option<i64>,
    pub(crate) mode: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) expiration: Option<Timestamp>,
}

impl KeyFacts {
    /// As `extra` of an entity.
    pub(crate) fn extra(self) -> Pairs {
        let facts = [
            ("algorithm", self.algorithm),
            ("bit-length", self.bit_length.map(|bits| bits.to_string())),
            ("mode", self.mode),
            ("content-type", self.content_type),
            ("expiration", self.expiration.and_then(millis).map(|millis| millis.to_string())),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// An entity.
pub(crate) fn entity(entity: &Entity) -> secrets::Entity {
    let mut extra = Pairs::new();
    match entity {
        Entity::Secret(secret) => {
            let of_key = KeyFacts {
                algorithm: secret.algorithm.clone(),
                bit_length: secret.bit_length,
                mode: secret.mode.clone(),
                content_type: secret.content_type.clone(),
                expiration: secret.expiration,
            };
            extra = of_key.extra();
        }
        Entity::Container(container) => {
            extra.extend(container.secrets.iter().map(|held| ("secret".to_owned(), held.secret.to_string())));
        }
    }
    secrets::Entity {
        kind: entity.kind().as_str().into(),
        id: entity.id().to_string(),
        name: entity.name().map(Into::into),
        project: entity.project().into(),
        creator: entity.creator().map(Into::into),
        subtype: Some(entity.subtype().into()),
        extra,
    }
}

/// An order.
pub(crate) fn order(order: &Order) -> secrets::Entity {
    let meta = json::parse(order.meta.as_bytes()).unwrap_or(json::Value::Null);
    let text = |name| meta.get(name).and_then(json::Value::as_str).map(String::from);
    let id = |id: Option<Uuid>| id.map(|id| id.to_string());
    let mut extra = Pairs::new();
    for (name, value) in [
        ("algorithm", text("algorithm")),
        ("mode", text("mode")),
        ("secret", id(order.secret)),
        ("container", id(order.container)),
    ] {
        extra.extend(value.map(|value| (name.to_owned(), value)));
    }
    secrets::Entity {
        kind: "order".into(),
        id: order.id.to_string(),
        name: text("name"),
        project: order.project.clone(),
        creator: order.creator.clone(),
        subtype: Some(order.order_type.as_str().into()),
        extra,
    }
}

/// An ACL that is in force.
pub(crate) fn acl(acl: &Acl) -> secrets::Acl {
    secrets::Acl {
        users: acl.users.clone(),
        project_access: acl.project_access,
        created: millis(acl.created),
        updated: millis(acl.updated),
        extra: Pairs::new(),
    }
}

/// An ACL that a write would put in force.
pub(crate) fn proposed(acl: &AclValue) -> secrets::Acl {
    secrets::Acl { users: acl.users.clone(), project_access: acl.project_access, ..secrets::Acl::default() }
}

/// The containers that hold a secret.
pub(crate) fn parent_containers(held: &EntityWithAcl) -> Vec<secrets::Holder> {
    let holder = |(container, its): &(crate::vault::Container, Option<Acl>)| {
        let mut entity = entity(&Entity::Container(container.clone()));
        // What else it holds is no matter of this secret's, and may be hundreds.
        entity.extra.retain(|(name, _)| name != "secret");
        secrets::Holder { entity, acl: its.as_ref().map(acl) }
    };
    held.holders.iter().map(holder).collect()
}
