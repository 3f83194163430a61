//! Consumers: what uses a secret or a container (barbican/model/repositories.py, `SecretConsumerRepo`,
//! `ContainerConsumerRepo`). A new one moves the entity's `updated`, as in Barbican; its removal does not.

use portcullis_store::{Row, StoreError, Value};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

use super::acls::commit;
use super::{
    AddConsumer, Commit, Consumer, ConsumerName, ConsumersPage, Kind, Limited, RemoveConsumer, Timestamp,
    Vault, Version, quotas, statements,
};

/// How many consumers an entity may have: every document of it shows all of them.
pub const MOST_CONSUMERS: i64 = 256;

impl Vault {
    /// A part of an entity's consumers.
    pub async fn consumers(
        &self,
        kind: Kind,
        id: Uuid,
        offset: u64,
        limit: u64,
    ) -> Result<ConsumersPage, StoreError> {
        let entity = [kind.as_str().into(), Value::from(id.to_string())];
        let counted = self.store.read(statements::COUNT_CONSUMERS, &entity).await?;
        let total = counted.first().map_or(Ok(0), |row| row.integer(0))?;
        let list = match kind {
            Kind::Secret => statements::CONSUMERS_BY_AGE,
            Kind::Container => statements::CONSUMERS_BY_NAME,
        };
        let clamp = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        let [kind, id] = entity;
        let rows = self.store.read(list, &[kind, id, clamp(offset), clamp(limit)]).await?;
        let consumer = |row: &Row| {
            Ok::<_, StoreError>(Consumer {
                name: name(row, 0)?,
                created: Timestamp(row.integer(3)?),
                updated: Timestamp(row.integer(4)?),
            })
        };
        let consumers = rows.iter().map(consumer).collect::<Result<_, _>>()?;
        Ok(ConsumersPage { consumers, total: u64::try_from(total).unwrap_or_default() })
    }

    /// All consumers of these entities, each entity's in the order in which they were registered.
    pub async fn consumers_of(
        &self,
        kind: Kind,
        ids: impl Iterator<Item = Uuid> + Send,
    ) -> Result<HashMap<Uuid, Vec<ConsumerName>>, StoreError> {
        let ids = ids.map(|id| id.to_string()).collect::<serde_json::Value>().to_string();
        let rows = self.store.read(statements::CONSUMERS_OF_ALL, &[kind.as_str().into(), ids.into()]).await?;
        let mut all: HashMap<Uuid, Vec<ConsumerName>> = HashMap::new();
        for row in &rows {
            all.entry(super::rows::id(row)?).or_default().push(name(row, 1)?);
        }
        Ok(all)
    }

    /// Registers a consumer for a project; [`AddConsumer::Done`] also where it is registered already.
    pub async fn add_consumer(
        &self,
        kind: Kind,
        id: Uuid,
        expect: Version,
        project: &str,
        consumer: &ConsumerName,
    ) -> Result<AddConsumer, StoreError> {
        let (project, consumer) = (Arc::<str>::from(project), Arc::new(consumer.clone()));
        self.store
            .write_rows(move |to| {
                let (project, consumer) = (Arc::clone(&project), Arc::clone(&consumer));
                Box::pin(async move {
                    if quotas::is_reached(to, Limited::Consumers(kind), &project).await? {
                        return Ok(AddConsumer::QuotaReached);
                    }
                    let key = key(kind, id, &consumer);
                    if !to.read(statements::FIND_CONSUMER, &key).await?.is_empty() {
                        return Ok(AddConsumer::Done);
                    }
                    let now = Timestamp::now();
                    match commit(to, kind, id, expect, now, statements::of(kind).touch).await? {
                        Commit::Done => {}
                        Commit::Changed => return Ok(AddConsumer::Changed),
                        Commit::Gone => return Ok(AddConsumer::Gone),
                    }
                    let last = to.read(statements::LAST_CONSUMER, &key[..2]).await?;
                    let count = last.first().map_or(Ok(0), |row| row.integer(0))?;
                    let position = last.first().map_or(Ok(0), |row| row.integer(1))? + 1;
                    if count >= MOST_CONSUMERS {
                        // The entity's version has moved, which does no harm.
                        return Ok(AddConsumer::Full);
                    }
                    let [kind, id, service, resource_type, resource] = key;
                    let times = [(&*project).into(), now.0.into()];
                    let [project, now] = times;
                    let values = [kind, id, position.into(), service, resource_type, resource, project, now];
                    to.execute(statements::ADD_CONSUMER, &values).await?;
                    Ok(AddConsumer::Done)
                })
            })
            .await
    }

    /// Removes a consumer; only one that `project` has registered, if that is given.
    pub async fn remove_consumer(
        &self,
        kind: Kind,
        id: Uuid,
        expect: Version,
        project: Option<&str>,
        consumer: &ConsumerName,
    ) -> Result<RemoveConsumer, StoreError> {
        let (project, consumer) = (project.map(Arc::<str>::from), Arc::new(consumer.clone()));
        self.store
            .write_rows(move |to| {
                let (project, consumer) = (project.clone(), Arc::clone(&consumer));
                Box::pin(async move {
                    let step = statements::of(kind).step;
                    match commit(to, kind, id, expect, Timestamp::now(), step).await? {
                        Commit::Done => {}
                        Commit::Changed => return Ok(RemoveConsumer::Changed),
                        Commit::Gone => return Ok(RemoveConsumer::Gone),
                    }
                    let key = key(kind, id, &consumer);
                    let found = to.read(statements::FIND_CONSUMER, &key).await?;
                    let Some(found) = found.first() else { return Ok(RemoveConsumer::NotThere) };
                    let owner = found.text(1)?;
                    if project.is_some_and(|project| *project != *owner) {
                        return Ok(RemoveConsumer::OfOtherProject);
                    }
                    let [kind, id, ..] = key;
                    to.execute(statements::REMOVE_CONSUMER, &[kind, id, found.integer(0)?.into()]).await?;
                    Ok(RemoveConsumer::Done)
                })
            })
            .await
    }
}

fn key(kind: Kind, id: Uuid, consumer: &ConsumerName) -> [Value; 5] {
    [
        kind.as_str().into(),
        id.to_string().into(),
        consumer.service.as_str().into(),
        consumer.resource_type.as_str().into(),
        consumer.resource.as_str().into(),
    ]
}

fn name(row: &Row, first: usize) -> Result<ConsumerName, StoreError> {
    Ok(ConsumerName {
        service: row.text(first)?,
        resource_type: row.text(first + 1)?,
        resource: row.text(first + 2)?,
    })
}
