//! From rows to entities. What cannot be read is [`StoreError::Damaged`], never a guess.

use portcullis_store::{Row, StoreError};
use uuid::Uuid;

use super::{Acl, Container, Entity, EntityWithAcl, Secret, SecretRef, Timestamp, Version};

/// Columns, one after the other.
struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl Columns<'_> {
    fn take(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn text(&mut self) -> Result<String, StoreError> {
        self.row.text(self.take())
    }

    fn optional_text(&mut self) -> Result<Option<String>, StoreError> {
        self.row.optional_text(self.take())
    }

    fn integer(&mut self) -> Result<i64, StoreError> {
        self.row.integer(self.take())
    }

    fn optional_integer(&mut self) -> Result<Option<i64>, StoreError> {
        self.row.optional_integer(self.take())
    }

    fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.integer().map(Timestamp)
    }

    fn id(&mut self) -> Result<Uuid, StoreError> {
        read_id(&self.text()?)
    }

    fn acl(&mut self) -> Result<Option<Acl>, StoreError> {
        let project_access = self.optional_integer()?;
        let (created, updated) = (self.optional_integer()?, self.optional_integer()?);
        let users = self.optional_text()?;
        let (Some(project_access), Some(created), Some(updated)) = (project_access, created, updated) else {
            return Ok(None);
        };
        // PostgreSQL has no list of nothing.
        let mut users: Vec<String> = users.as_deref().map(read_json).transpose()?.unwrap_or_default();
        users.sort_unstable();
        Ok(Some(Acl {
            users,
            project_access: project_access != 0,
            created: Timestamp(created),
            updated: Timestamp(updated),
        }))
    }

    fn secret(&mut self) -> Result<Secret, StoreError> {
        Ok(Secret {
            id: self.id()?,
            name: self.optional_text()?,
            project: self.text()?,
            creator: self.optional_text()?,
            secret_type: self.text()?,
            algorithm: self.optional_text()?,
            bit_length: self.optional_integer()?,
            mode: self.optional_text()?,
            status: self.text()?,
            content_type: self.optional_text()?,
            expiration: self.optional_integer()?.map(Timestamp),
            created: self.time()?,
            updated: self.time()?,
        })
    }

    fn container(&mut self) -> Result<Container, StoreError> {
        Ok(Container {
            id: self.id()?,
            name: self.optional_text()?,
            project: self.text()?,
            creator: self.optional_text()?,
            container_type: self.text()?,
            status: self.text()?,
            created: self.time()?,
            updated: self.time()?,
            secrets: self.secret_refs()?,
        })
    }

    fn secret_refs(&mut self) -> Result<Vec<SecretRef>, StoreError> {
        let Some(text) = self.optional_text()? else { return Ok(Vec::new()) };
        let refs: Vec<(Option<String>, String)> = read_json(&text)?;
        refs.into_iter().map(|(name, id)| Ok(SecretRef { name, secret: read_id(&id)? })).collect()
    }

    /// Whether there is nothing in the column that would come next.
    fn is_null(&self) -> Result<bool, StoreError> {
        Ok(self.row.optional_text(self.next)?.is_none())
    }
}

pub(super) fn read_id(text: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(text).map_err(|_| StoreError::Damaged("an id is not a UUID".into()))
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// A secret that is the row.
pub(super) fn secret(row: &Row) -> Result<Secret, StoreError> {
    Columns { row, next: 0 }.secret()
}

/// A container that is the row.
pub(super) fn container(row: &Row) -> Result<Container, StoreError> {
    Columns { row, next: 0 }.container()
}

/// The id that is a row's only column.
pub(super) fn id(row: &Row) -> Result<Uuid, StoreError> {
    read_id(&row.text(0)?)
}

/// Secrets, each with its holders: rows of one secret follow on each other.
pub(super) fn secrets(rows: &[Row]) -> Result<Vec<EntityWithAcl>, StoreError> {
    let mut all: Vec<EntityWithAcl> = Vec::new();
    for row in rows {
        let mut columns = Columns { row, next: 0 };
        let version = Version(columns.integer()?);
        let acl = columns.acl()?;
        let secret = columns.secret()?;
        let holder = if columns.is_null()? { None } else { Some((columns.container()?, columns.acl()?)) };
        match all.last_mut().filter(|last| last.entity.id() == secret.id) {
            Some(last) => last.holders.extend(holder),
            None => all.push(EntityWithAcl {
                entity: Entity::Secret(secret),
                acl,
                version,
                holders: holder.into_iter().collect(),
            }),
        }
    }
    Ok(all)
}

/// Containers, one a row.
pub(super) fn containers(rows: &[Row]) -> Result<Vec<EntityWithAcl>, StoreError> {
    let one = |row| {
        let mut columns = Columns { row, next: 0 };
        Ok(EntityWithAcl {
            version: Version(columns.integer()?),
            acl: columns.acl()?,
            entity: Entity::Container(columns.container()?),
            holders: Vec::new(),
        })
    };
    rows.iter().map(one).collect()
}
