//! Quotas of projects (barbican/common/quota.py): how many secrets, orders, containers and consumers a project may have. What has
//! no quota is unlimited, as by Barbican's defaults.

use portcullis_store::{Row, Sql, StoreError, Transaction, Value};

use super::{Kind, Timestamp, Vault, statements};

/// The quotas that are set for a project: absent means the default, and below 0 no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quotas {
    /// Secrets that have not expired.
    pub secrets: Option<i64>,
    /// Orders.
    pub orders: Option<i64>,
    /// Containers.
    pub containers: Option<i64>,
    /// Consumers of secrets, and again as many of containers.
    pub consumers: Option<i64>,
    /// Certificate authorities, of which there are none.
    pub cas: Option<i64>,
}

/// A part of all projects that have quotas, in the order in which they were first set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotasPage {
    /// Each with its project.
    pub quotas: Vec<(String, Quotas)>,
    /// How many there are in all.
    pub total: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Secrets.
    Secrets,
    /// Orders.
    Orders,
    /// Containers.
    Containers,
    /// Consumers of that kind of entities.
    Consumers(Kind),
}

impl Vault {
    /// The quotas of a project, if any are set.
    pub async fn quotas(&self, project: &str) -> Result<Option<Quotas>, StoreError> {
        self.store.read(statements::QUOTAS, &[project.into()]).await?.first().map(read).transpose()
    }

    /// All quotas that are set.
    pub async fn list_quotas(&self, offset: u64, limit: u64) -> Result<QuotasPage, StoreError> {
        let counted = self.store.read(statements::COUNT_QUOTAS, &[]).await?;
        let total = counted.first().map_or(Ok(0), |row| row.integer(0))?;
        let clamp = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).into();
        let rows = self.store.read(statements::LIST_QUOTAS, &[clamp(limit), clamp(offset)]).await?;
        let quotas =
            rows.iter().map(|row| Ok((row.text(5)?, read(row)?))).collect::<Result<_, StoreError>>()?;
        Ok(QuotasPage { quotas, total: u64::try_from(total).unwrap_or_default() })
    }

    /// Whether the project may not have so many more of these. It takes no lock: what is made later counts once more, as it
    /// is written.
    pub async fn is_quota_reached(&self, more: &[(Limited, i64)], project: &str) -> Result<bool, StoreError> {
        let Some(quotas) = self.quotas(project).await? else { return Ok(false) };
        for (what, more) in more {
            let Some(quota) = quotas.of(*what) else { continue };
            let (count, values) = count(*what, project);
            if is_beyond(&self.store.read(count, &values).await?, *more, quota)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sets those quotas of a project that are given; the others stay.
    pub async fn set_quotas(&self, project: &str, quotas: Quotas) -> Result<(), StoreError> {
        let project = project.to_owned();
        self.store
            .write_rows(move |to| {
                let project = project.clone();
                Box::pin(async move {
                    let Quotas { secrets, orders, containers, consumers, cas } = quotas;
                    let values = [
                        project.into(),
                        secrets.into(),
                        orders.into(),
                        containers.into(),
                        consumers.into(),
                        cas.into(),
                        Timestamp::now().0.into(),
                    ];
                    to.execute(statements::PUT_QUOTAS, &values).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Removes the quotas of a project; says whether there were any.
    pub async fn delete_quotas(&self, project: &str) -> Result<bool, StoreError> {
        let project = project.to_owned();
        self.store
            .write_rows(move |to| {
                let project = project.clone();
                Box::pin(
                    async move { Ok(to.execute(statements::DELETE_QUOTAS, &[project.into()]).await? > 0) },
                )
            })
            .await
    }
}

pub(super) fn read(row: &Row) -> Result<Quotas, StoreError> {
    Ok(Quotas {
        secrets: row.optional_integer(0)?,
        orders: row.optional_integer(1)?,
        containers: row.optional_integer(2)?,
        consumers: row.optional_integer(3)?,
        cas: row.optional_integer(4)?,
    })
}

impl Quotas {
    /// Whether one of those that are offered here is not set.
    pub(crate) fn has_default(&self) -> bool {
        [self.secrets, self.orders, self.containers, self.consumers].contains(&None)
    }

    /// The quota of these; `None` where there is no limit.
    fn of(&self, what: Limited) -> Option<i64> {
        let quota = match what {
            Limited::Secrets => self.secrets,
            Limited::Orders => self.orders,
            Limited::Containers => self.containers,
            Limited::Consumers(_) => self.consumers,
        };
        quota.filter(|quota| *quota >= 0)
    }
}

/// Whether the project may have no more of these.
pub(super) async fn is_reached(
    to: &mut Transaction,
    what: Limited,
    project: &str,
) -> Result<bool, StoreError> {
    are_reached(to, &[(what, 1)], project).await
}

/// Whether the project may not have so many more of these.
pub(super) async fn are_reached(
    to: &mut Transaction,
    more: &[(Limited, i64)],
    project: &str,
) -> Result<bool, StoreError> {
    let rows = to.read(statements::LOCK_QUOTAS, &[project.into()]).await?;
    let Some(quotas) = rows.first().map(read).transpose()? else { return Ok(false) };
    for (what, more) in more {
        let Some(quota) = quotas.of(*what) else { continue };
        let (count, values) = count(*what, project);
        if is_beyond(&to.read(count, &values).await?, *more, quota)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The statement that counts these, and its values.
fn count(what: Limited, project: &str) -> (Sql, Vec<Value>) {
    let now = || Value::from(Timestamp::now().0);
    match what {
        Limited::Secrets => (statements::SECRETS_OF_PROJECT, vec![project.into(), now()]),
        Limited::Orders => (statements::ORDERS_OF_PROJECT, vec![project.into()]),
        Limited::Containers => (statements::CONTAINERS_OF_PROJECT, vec![project.into()]),
        Limited::Consumers(kind) => {
            (statements::CONSUMERS_OF_PROJECT, vec![project.into(), kind.as_str().into(), now()])
        }
    }
}

/// Where nothing is to be made, no quota is in the way.
fn is_beyond(counted: &[Row], more: i64, quota: i64) -> Result<bool, StoreError> {
    let there = counted.first().map_or(Ok(0), |row| row.integer(0))?;
    Ok(more > 0 && there.saturating_add(more) > quota)
}
