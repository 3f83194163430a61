//! The vault over both databases.

mod acls;
mod attached;
mod entities;
mod import;
mod limits;
mod lists;
mod orders;
mod payloads;
mod purge;
mod races;
mod speed;

use crate::support::Database;
use portcullis_barbican::vault::{
    AclValue, Container, CreateContainer, CreateSecret, EntityWithAcl, Kind, NewContainer, NewPayload,
    NewSecret, Secret, SecretRef, Timestamp, Vault,
};
use portcullis_store::Sql;
use portcullis_store::seal::{MasterKey, Sealer};
use uuid::Uuid;

pub fn key(byte: u8) -> MasterKey {
    MasterKey::parse(&[byte; 32]).unwrap()
}

pub async fn open(at: &Database) -> Vault {
    Vault::open(at.open().await, Sealer::new(&key(1), &[])).await.unwrap()
}

pub fn new_secret(name: &str) -> NewSecret {
    NewSecret {
        name: Some(name.into()),
        project: "p1".into(),
        creator: Some("u1".into()),
        secret_type: "opaque".into(),
        ..NewSecret::default()
    }
}

pub fn new_payload(bytes: &[u8]) -> NewPayload {
    NewPayload { content_type: "text/plain".into(), bytes: bytes.to_vec().into() }
}

pub fn acl(users: &[&str], project_access: bool) -> AclValue {
    AclValue { users: users.iter().map(ToString::to_string).collect(), project_access }
}

pub trait Made {
    fn made(self) -> Secret;
}

impl Made for CreateSecret {
    #[track_caller]
    fn made(self) -> Secret {
        match self {
            CreateSecret::Done(secret) => *secret,
            CreateSecret::QuotaReached => panic!("{self:?}"),
        }
    }
}

pub async fn make_secret(vault: &Vault, name: &str) -> Secret {
    vault.create_secret(new_secret(name)).await.unwrap().made()
}

pub async fn make_container(vault: &Vault, secrets: &[(&str, Uuid)]) -> Container {
    let secrets = secrets
        .iter()
        .map(|(name, secret)| SecretRef { name: Some((*name).into()), secret: *secret })
        .collect();
    let new = NewContainer {
        name: Some("box".into()),
        project: "p1".into(),
        creator: Some("u1".into()),
        container_type: "generic".into(),
        secrets,
        acl: None,
    };
    match vault.create_container(new).await.unwrap() {
        CreateContainer::Done(container) => container,
        refused => panic!("{refused:?}"),
    }
}

/// One of each kind.
pub async fn one(vault: &Vault, kind: Kind) -> Uuid {
    let secret = make_secret(vault, "one").await;
    match kind {
        Kind::Secret => secret.id,
        Kind::Container => make_container(vault, &[("a", secret.id)]).await.id,
    }
}

pub async fn find(vault: &Vault, kind: Kind, id: Uuid) -> EntityWithAcl {
    vault.find(kind, id).await.unwrap().unwrap()
}

/// Has all secrets expire now.
pub async fn expire(at: &Database) {
    let expire = Sql::same("UPDATE barbican_secrets SET expiration = $1");
    at.open()
        .await
        .write(move |to| Box::pin(async move { to.execute(expire, &[Timestamp::now().0.into()]).await }))
        .await
        .unwrap();
}
