//! Reading: one entity, or a list.

use portcullis_store::{StoreError, Value};
use uuid::Uuid;

use super::{EntityWithAcl, Filter, Kind, Page, Principals, Scope, Timestamp, Vault, rows, statements};

impl Vault {
    /// One entity with all that a decision needs, by one statement. Nothing, where it is unknown, deleted or expired.
    pub async fn find(&self, kind: Kind, id: Uuid) -> Result<Option<EntityWithAcl>, StoreError> {
        let id = id.to_string().into();
        let mut found = match kind {
            Kind::Secret => {
                let now = Timestamp::now().0.into();
                rows::secrets(&self.store.read(statements::FIND_SECRET, &[id, now]).await?)?
            }
            Kind::Container => rows::containers(&self.store.read(statements::FIND_CONTAINER, &[id]).await?)?,
        };
        Ok(found.pop())
    }

    /// A part of all entities of a kind, oldest first where no order is asked for (barbican/model/repositories.py,
    /// `get_secret_list`, `get_by_create_date`).
    ///
    /// The page and the total are two statements: what is made or deleted between them counts in one alone.
    pub async fn list(&self, kind: Kind, filter: &Filter) -> Result<Page, StoreError> {
        let (Scope::Project(project) | Scope::Listed { project, .. }) = &filter.scope;
        let (vault, filter) = (self.clone(), filter.clone());
        self.turns.read(project, async move { vault.read_list(kind, &filter).await }).await
    }

    async fn read_list(&self, kind: Kind, filter: &Filter) -> Result<Page, StoreError> {
        let is_sorted = !filter.sort.is_empty();
        // The statement for one key, or that for all that there may be.
        let of_several = usize::from(filter.sort.len() > 1);
        let (list, count) = match (kind, &filter.scope) {
            (Kind::Secret, Scope::Project(_)) if is_sorted => {
                (statements::SORT_SECRETS_OF_PROJECT[of_several], statements::COUNT_SECRETS_OF_PROJECT)
            }
            (Kind::Secret, Scope::Project(_)) => {
                (statements::LIST_SECRETS_OF_PROJECT, statements::COUNT_SECRETS_OF_PROJECT)
            }
            (Kind::Secret, Scope::Listed { .. }) if is_sorted => {
                (statements::SORT_SECRETS_LISTED[of_several], statements::COUNT_SECRETS_LISTED)
            }
            (Kind::Secret, Scope::Listed { .. }) => {
                (statements::LIST_SECRETS_LISTED, statements::COUNT_SECRETS_LISTED)
            }
            (Kind::Container, Scope::Project(_)) => {
                (statements::LIST_CONTAINERS_OF_PROJECT, statements::COUNT_CONTAINERS_OF_PROJECT)
            }
            (Kind::Container, Scope::Listed { .. }) => {
                (statements::LIST_CONTAINERS_LISTED, statements::COUNT_CONTAINERS_LISTED)
            }
        };
        let mut values = values(kind, filter);
        let counted = self.store.read(count, &values).await?;
        let total = counted.first().map_or(Ok(0), |row| row.integer(0))?;
        values.extend([clamp(filter.limit).into(), clamp(filter.offset).into()]);
        if kind == Kind::Secret && is_sorted {
            let keys = filter.sort.iter().cloned().map(Some).chain(std::iter::repeat(None));
            values.extend(keys.take(if of_several == 0 { 1 } else { SORT_KEYS }).map(Value::Text));
        }
        let page = self.store.read(list, &values).await?;
        let entities = match kind {
            Kind::Secret => rows::secrets(&page)?,
            Kind::Container => rows::containers(&page)?,
        };
        Ok(Page { entities, total: u64::try_from(total).unwrap_or_default() })
    }

    /// Secrets, those of the project first and then the oldest, whose ACL has an entry for one of the principals. Whether
    /// such entries count is for a policy to say.
    pub async fn listed_otherwise(&self, by: &Principals, most: u64) -> Result<Vec<Uuid>, StoreError> {
        let anywhere = by.anywhere.iter().cloned();
        let roles: Vec<String> = by.roles.iter().map(|role| role.to_ascii_lowercase()).collect();
        // A time follows on `@` and begins with a digit.
        let until = |principals: &[String]| json_list(principals.iter().map(|name| format!("{name}@")));
        let timed: Vec<String> = anywhere.clone().chain([by.user.clone()]).collect();
        let values = [
            Timestamp::now().0.into(),
            json_list(anywhere),
            until(&timed),
            json_list(roles.iter().cloned()),
            until(&roles),
            by.project.as_str().into(),
            clamp(most).into(),
        ];
        let store = self.store.clone();
        let read = async move { store.read(statements::LISTED_OTHERWISE, &values).await };
        self.turns.read(&by.project, read).await?.iter().map(rows::id).collect()
    }
}

/// How many keys the statements sort by: as many as there are.
const SORT_KEYS: usize = 9;

/// What a list's rows are compared with.
fn values(kind: Kind, filter: &Filter) -> Vec<Value> {
    let (Scope::Project(whose) | Scope::Listed { user: whose, .. }) = &filter.scope;
    let also = match &filter.scope {
        Scope::Project(_) => None,
        Scope::Listed { also, .. } => Some(json_list(also.iter().map(ToString::to_string))),
    };
    let mut values = vec![whose.as_str().into()];
    match kind {
        Kind::Secret => {
            values.extend([
                Timestamp::now().0.into(),
                filter.name.clone().into(),
                filter.subtype.clone().into(),
                filter.algorithm.clone().into(),
                filter.bit_length.into(),
                filter.mode.clone().into(),
            ]);
            for range in [filter.created, filter.updated, filter.expiration] {
                values.extend([range.from, range.until].map(|time| time.map(|time| time.0).into()));
            }
            values.push(also.unwrap_or(Value::Text(None)));
        }
        Kind::Container => {
            values.extend([filter.name.clone().into(), filter.subtype.clone().into()]);
            values.extend(also);
        }
    }
    values
}

fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A list as one value of a statement.
fn json_list(texts: impl Iterator<Item = String>) -> Value {
    texts.collect::<serde_json::Value>().to_string().into()
}
