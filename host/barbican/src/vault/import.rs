//! What another Barbican has, with its ids and times. It is written once: what is there already is compared and left as it
//! is, so that an import which was cut short goes on where it ended, and one that is run twice changes nothing.
//!
//! It may run beside hosts that serve the same database: each entity is written in one serializable transaction with all that
//! belongs to it. A transaction writes up to `MOST_ROWS` rows, since it has a deadline in PostgreSQL, and keeps SQLite's other
//! writers waiting.

use portcullis_store::seal::Place;
use portcullis_store::{StoreError, Transaction, Value};
use std::pin::Pin;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::json_rows::json_rows;
use super::{
    Acl, ConsumerName, Container, Kind, MOST_HOLDERS, Order, Quotas, Secret, SecretRef, Timestamp, Vault,
    acls, containers, orders, rows, secrets, statements,
};

/// How many rows one transaction writes at most, unless one entity alone has more.
const MOST_ROWS: usize = 500;

/// What an entity has besides itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached {
    /// Its ACL, if one is set.
    pub acl: Option<Acl>,
    /// In the order in which they were registered.
    pub consumers: Vec<ImportConsumer>,
}

impl Attached {
    fn rows(&self) -> usize {
        self.consumers.len() + self.acl.as_ref().map_or(0, |acl| 1 + acl.users.len())
    }
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

/// One thing on its way.
type Importing<'a> = Pin<Box<dyn Future<Output = Result<Imported, StoreError>> + Send + 'a>>;

impl Vault {
    /// Imports secrets, in several transactions where they have many rows.
    pub async fn import_secrets(&self, all: Vec<ImportSecret>) -> Result<Vec<Imported>, StoreError> {
        let mut done = Vec::with_capacity(all.len());
        for batch in batches(all, |one| one.metadata.len() + one.attached.rows()) {
            done.extend(self.in_one(batch, |vault, to, one| Box::pin(vault.import_secret(to, one))).await?);
        }
        Ok(done)
    }

    /// Imports containers, in several transactions where they have many rows. The secrets that they hold are imported before.
    pub async fn import_containers(&self, all: Vec<ImportContainer>) -> Result<Vec<Imported>, StoreError> {
        let mut done = Vec::with_capacity(all.len());
        for batch in batches(all, |one| one.container.secrets.len() + one.attached.rows()) {
            done.extend(self.in_one(batch, |_, to, one| Box::pin(import_container(to, one))).await?);
        }
        Ok(done)
    }

    /// Imports orders, as one. What was made for them is imported by itself.
    pub async fn import_orders(&self, all: Vec<Order>) -> Result<Vec<Imported>, StoreError> {
        self.in_one(all, |_, to, one| Box::pin(import_order(to, one))).await
    }

    /// Imports quotas, as one.
    pub async fn import_quotas(&self, all: Vec<ImportQuotas>) -> Result<Vec<Imported>, StoreError> {
        self.in_one(all, |_, to, one| Box::pin(import_quotas(to, one))).await
    }

    /// Imports all of these in one transaction.
    async fn in_one<T: Send + Sync + 'static>(
        &self,
        all: Vec<T>,
        import: for<'a> fn(&'a Self, &'a mut Transaction, &'a T) -> Importing<'a>,
    ) -> Result<Vec<Imported>, StoreError> {
        let (vault, all) = (self.clone(), Arc::new(all));
        self.store
            .write(move |to| {
                let (vault, all) = (vault.clone(), Arc::clone(&all));
                Box::pin(async move {
                    let mut done = Vec::with_capacity(all.len());
                    for one in all.iter() {
                        done.push(import(&vault, to, one).await?);
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
            let payload = match sealed.map(|sealed| self.sealer.open(place, &sealed)).transpose() {
                Ok(payload) => payload,
                // It is not what is imported now; an error would end each run at this secret.
                Err(error) => {
                    tracing::warn!(secret = %row, %error, "the payload that is here already cannot be opened");
                    return Ok(Imported::Differs);
                }
            };
            let metadata = to.read(statements::METADATA, &id).await?;
            let there = ImportSecret {
                secret: rows::secret(found)?,
                payload,
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
        if !one.metadata.is_empty() {
            let metadata = one.metadata.iter();
            let metadata =
                json_rows(metadata.map(|(key, value)| vec![key.as_str().into(), value.as_str().into()]))?;
            to.execute(statements::IMPORT_METADATA, &[row.as_str().into(), metadata]).await?;
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
    let held = [Value::from(held), MOST_HOLDERS.into()];
    to.read(statements::LOCK_SECRETS, &held[..1]).await?;
    if let Some(unknown) = to.read(statements::UNKNOWN_SECRET, &held[..1]).await?.first() {
        return Ok(Imported::UnknownSecret(rows::read_id(&unknown.text(0)?)?));
    }
    if let Some(full) = to.read(statements::SECRET_WITH_HOLDERS, &held).await?.first() {
        return Ok(Imported::TooManyHolders(rows::read_id(&full.text(0)?)?));
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

/// Splits them in their order, so that none has more than [`MOST_ROWS`] rows unless it is one entity; `of` counts the rows that an
/// entity has besides its own.
fn batches<T>(all: Vec<T>, of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut batches, mut batch, mut rows) = (Vec::new(), Vec::new(), 0);
    for one in all {
        let more = 1 + of(&one);
        if rows + more > MOST_ROWS && !batch.is_empty() {
            batches.push(std::mem::take(&mut batch));
            rows = 0;
        }
        rows += more;
        batch.push(one);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
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
    if attached.consumers.is_empty() {
        return Ok(());
    }
    let consumers = json_rows(attached.consumers.iter().map(|consumer| {
        let ConsumerName { service, resource_type, resource } = &consumer.name;
        vec![
            service.as_str().into(),
            resource_type.as_str().into(),
            resource.as_str().into(),
            consumer.project.as_str().into(),
            consumer.created.0.into(),
            consumer.updated.0.into(),
        ]
    }))?;
    let [kind, id] = entity;
    to.execute(statements::IMPORT_CONSUMERS, &[kind, id, consumers]).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_by_rows_and_has_one_entity_at_least() {
        for (entities, sizes) in [
            (vec![], vec![]),
            (vec![0; 100], vec![100]),
            (vec![0; 501], vec![500, 1]),
            (vec![5000, 0, 0], vec![1, 2]),
            (vec![249, 249, 0], vec![2, 1]),
            (vec![0, 5000, 0], vec![1, 1, 1]),
        ] {
            let all = batches(entities.clone(), |rows| *rows);
            assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{entities:?}");
            assert_eq!(all.concat(), entities);
        }
    }
}
