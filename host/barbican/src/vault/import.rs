//! What another Barbican has, with its ids and times. It is written once: what is there already is compared and left as it
//! is, so that an import which was cut short goes on where it ended, and one that is run twice changes nothing.
//!
//! It may run beside hosts that serve the same database: all of one call is one serializable transaction.

use portcullis_store::seal::Place;
use portcullis_store::{StoreError, Transaction, Value};
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Acl, ConsumerName, Container, Kind, MOST_HOLDERS, Order, Quotas, Secret, SecretRef, Timestamp, Vault,
    acls, containers, orders, rows, secrets, statements,
};

/// What an entity has besides itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached {
    /// Its ACL, if one is set.
    pub acl: Option<Acl>,
    /// In the order in which they were registered.
    pub consumers: Vec<ImportConsumer>,
}

/// A consumer of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportConsumer {
    /// What it is.
    pub name: ConsumerName,
    /// The project that registered it.
    pub project: String,
    /// When it was registered.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
}

/// A secret with all that it has. There is no `Debug`: it has a payload.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportSecret {
    /// The secret. Its content type is set where there is a payload, and only there.
    pub secret: Secret,
    /// Its payload.
    pub payload: Option<Zeroizing<Vec<u8>>>,
    /// User metadata, in their order.
    pub metadata: Vec<(String, String)>,
    /// ACL and consumers.
    pub attached: Attached,
}

/// A container with all that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportContainer {
    /// The container.
    pub container: Container,
    /// ACL and consumers.
    pub attached: Attached,
}

/// The quotas of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportQuotas {
    /// The project.
    pub project: String,
    /// What is set.
    pub quotas: Quotas,
    /// When they were first set.
    pub created: Timestamp,
    /// When they were last set.
    pub updated: Timestamp,
}

/// How the import of one thing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is written, and survives a crash.
    Done,
    /// It is there already, and the same.
    AlreadyThere,
    /// It is there already, and differs; nothing was written.
    Differs,
    /// A container holds this secret, which is not there; nothing was written.
    UnknownSecret(Uuid),
    /// A container holds this secret, which is in [`MOST_HOLDERS`] containers of its creator's already; nothing was written.
    TooManyHolders(Uuid),
}

impl Vault {
    /// Imports secrets, as one.
    pub async fn import_secrets(&self, all: Vec<ImportSecret>) -> Result<Vec<Imported>, StoreError> {
        let (vault, all) = (self.clone(), Arc::new(all));
        self.store
            .write(move |to| {
                let (vault, all) = (vault.clone(), Arc::clone(&all));
                Box::pin(async move {
                    let mut done = Vec::with_capacity(all.len());
                    for one in all.iter() {
                        done.push(vault.import_secret(to, one).await?);
                    }
                    Ok(done)
                })
            })
            .await
    }

    /// Imports containers, as one. The secrets that they hold are imported before.
    pub async fn import_containers(&self, all: Vec<ImportContainer>) -> Result<Vec<Imported>, StoreError> {
        let all = Arc::new(all);
        self.store
            .write(move |to| {
                let all = Arc::clone(&all);
                Box::pin(async move {
                    let mut done = Vec::with_capacity(all.len());
                    for one in all.iter() {
                        done.push(import_container(to, one).await?);
                    }
                    Ok(done)
                })
            })
            .await
    }

    /// Imports orders, as one. What was made for them is imported by itself.
    pub async fn import_orders(&self, all: Vec<Order>) -> Result<Vec<Imported>, StoreError> {
        let all = Arc::new(all);
        self.store
            .write(move |to| {
                let all = Arc::clone(&all);
                Box::pin(async move {
                    let mut done = Vec::with_capacity(all.len());
                    for one in all.iter() {
                        done.push(import_order(to, one).await?);
                    }
                    Ok(done)
                })
            })
            .await
    }

    /// Imports quotas, as one.
    pub async fn import_quotas(&self, all: Vec<ImportQuotas>) -> Result<Vec<Imported>, StoreError> {
        let all = Arc::new(all);
        self.store
            .write(move |to| {
                let all = Arc::clone(&all);
                Box::pin(async move {
                    let mut done = Vec::with_capacity(all.len());
                    for one in all.iter() {
                        done.push(import_quotas(to, one).await?);
                    }
                    Ok(done)
                })
            })
            .await
    }

    async fn import_secret(&self, to: &mut Transaction, one: &ImportSecret) -> Result<Imported, StoreError> {
        let row = one.secret.id.to_string();
        let id = [Value::from(row.as_str())];
        let place = Place { table: secrets::PAYLOADS, row: &row };
        let found = to.read(statements::SECRET_BY_ID, &id).await?;
        if let Some(found) = found.first() {
            let sealed = to.read(statements::SEALED_BY_ID, &id).await?;
            let sealed = sealed.first().map(|row| row.bytes(0)).transpose()?;
            let metadata = to.read(statements::METADATA, &id).await?;
            let there = ImportSecret {
                secret: rows::secret(found)?,
                payload: sealed.map(|sealed| self.sealer.open(place, &sealed)).transpose()?,
                metadata: metadata
                    .iter()
                    .map(|row| Ok((row.text(0)?, row.text(1)?)))
                    .collect::<Result<_, StoreError>>()?,
                attached: attached(to, Kind::Secret, one.secret.id).await?,
            };
            return Ok(compared(&there == one));
        }
        to.execute(statements::CREATE_SECRET, &secrets::row_of(&one.secret)).await?;
        if let Some(payload) = &one.payload {
            to.execute(statements::ADD_PAYLOAD, &self.sealed_row(one.secret.id, payload)?).await?;
        }
        for ((key, value), position) in one.metadata.iter().zip(0_i64..) {
            let values = [row.as_str().into(), key.as_str().into(), value.as_str().into(), position.into()];
            to.execute(statements::ADD_METADATUM, &values).await?;
        }
        attach(to, Kind::Secret, one.secret.id, &one.attached).await?;
        Ok(Imported::Done)
    }
}

async fn import_container(to: &mut Transaction, one: &ImportContainer) -> Result<Imported, StoreError> {
    let id = one.container.id;
    let values = [Value::from(id.to_string())];
    let found = to.read(statements::CONTAINER_BY_ID, &values).await?;
    if let Some(found) = found.first() {
        let mut container = rows::container(found)?;
        for row in to.read(statements::CONTENTS, &values).await? {
            container
                .secrets
                .push(SecretRef { name: row.optional_text(1)?, secret: rows::read_id(&row.text(2)?)? });
        }
        let there = ImportContainer { container, attached: attached(to, Kind::Container, id).await? };
        return Ok(compared(&there == one));
    }
    // In the one order in which all writers lock secrets.
    let held = one.container.secrets.iter().map(|held| held.secret.to_string());
    let held = held.collect::<serde_json::Value>().to_string();
    to.read(statements::LOCK_SECRETS, &[held.into()]).await?;
    for held in &one.container.secrets {
        let secret = [Value::from(held.secret.to_string())];
        if to.read(statements::SECRET_BY_ID, &secret).await?.is_empty() {
            return Ok(Imported::UnknownSecret(held.secret));
        }
        let holders = to.read(statements::COUNT_HOLDERS, &secret).await?;
        if holders.first().map_or(Ok(0), |row| row.integer(0))? >= MOST_HOLDERS {
            return Ok(Imported::TooManyHolders(held.secret));
        }
    }
    containers::write(to, &one.container).await?;
    attach(to, Kind::Container, id, &one.attached).await?;
    acls::step_held(to, Kind::Container, id).await?;
    Ok(Imported::Done)
}

async fn import_order(to: &mut Transaction, one: &Order) -> Result<Imported, StoreError> {
    let found = to.read(statements::ORDER_BY_ID, &[one.id.to_string().into()]).await?;
    if let Some(found) = found.first() {
        return Ok(compared(&orders::read(found)? == one));
    }
    to.execute(statements::CREATE_ORDER, &orders::row_of(one)).await?;
    Ok(Imported::Done)
}

async fn import_quotas(to: &mut Transaction, one: &ImportQuotas) -> Result<Imported, StoreError> {
    let project = [Value::from(one.project.as_str())];
    let found = to.read(statements::QUOTAS, &project).await?;
    if let Some(found) = found.first() {
        return Ok(compared(super::quotas::read(found)? == one.quotas));
    }
    let Quotas { secrets, orders, containers, consumers, cas } = one.quotas;
    let [project] = project;
    let times = [one.created.0.into(), one.updated.0.into()];
    let [created, updated] = times;
    let quotas = [secrets.into(), orders.into(), containers.into(), consumers.into(), cas.into()];
    let [secrets, orders, containers, consumers, cas] = quotas;
    let values = [project, secrets, orders, containers, consumers, cas, created, updated];
    to.execute(statements::IMPORT_QUOTAS, &values).await?;
    Ok(Imported::Done)
}

fn compared(is_same: bool) -> Imported {
    if is_same { Imported::AlreadyThere } else { Imported::Differs }
}

async fn attach(to: &mut Transaction, kind: Kind, id: Uuid, attached: &Attached) -> Result<(), StoreError> {
    let entity = [Value::from(kind.as_str()), id.to_string().into()];
    if let Some(acl) = &attached.acl {
        let [kind, id] = entity.clone();
        let values = [kind, id, acl.project_access.into(), acl.created.0.into(), acl.updated.0.into()];
        to.execute(statements::IMPORT_ACL, &values).await?;
        acls::add_users(to, entity.clone(), &acl.users).await?;
    }
    for (consumer, position) in attached.consumers.iter().zip(1_i64..) {
        let [kind, id] = entity.clone();
        let ConsumerName { service, resource_type, resource } = &consumer.name;
        let values = [
            kind,
            id,
            position.into(),
            service.as_str().into(),
            resource_type.as_str().into(),
            resource.as_str().into(),
            consumer.project.as_str().into(),
            consumer.created.0.into(),
            consumer.updated.0.into(),
        ];
        to.execute(statements::IMPORT_CONSUMER, &values).await?;
    }
    Ok(())
}

async fn attached(to: &mut Transaction, kind: Kind, id: Uuid) -> Result<Attached, StoreError> {
    let entity = [kind.as_str().into(), Value::from(id.to_string())];
    let acl = to.read(statements::ACL_OF, &entity).await?;
    let users = to.read(statements::ACL_USERS_OF, &entity).await?;
    let acl = acl.first().map(|row| {
        let mut users = users.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        users.sort_unstable();
        Ok::<_, StoreError>(Acl {
            users,
            project_access: row.integer(0)? != 0,
            created: Timestamp(row.integer(1)?),
            updated: Timestamp(row.integer(2)?),
        })
    });
    let consumers = to.read(statements::CONSUMERS_OF, &entity).await?;
    let consumers = consumers.iter().map(|row| {
        Ok::<_, StoreError>(ImportConsumer {
            name: ConsumerName { service: row.text(0)?, resource_type: row.text(1)?, resource: row.text(2)? },
            project: row.text(3)?,
            created: Timestamp(row.integer(4)?),
            updated: Timestamp(row.integer(5)?),
        })
    });
    Ok(Attached { acl: acl.transpose()?, consumers: consumers.collect::<Result<_, _>>()? })
}
