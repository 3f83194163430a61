//! Import of the database of a Barbican 22 or 23 that encrypts by its plugin `simple_crypto`: secrets with their payloads,
//! which are sealed with this host's key, containers, ACLs, consumers, user metadata, orders and quotas, with their ids,
//! creators, states and times.
//!
//! It reads pages of 100 rows, each with what belongs to them, and writes each page as one. Cut short, it goes on when it is
//! run again: what is here already is compared, and named and left where it differs.
//!
//! * `fernet`, `keks`: decryption
//! * `queries`: the SQL of Barbican's tables
//! * `rows`: from their rows to what [`Vault`] imports
//! * `reason`: why a thing was left

mod fernet;
mod keks;
mod queries;
mod reason;
mod rows;

use portcullis_store::{Foreign, ForeignSql, StoreError, TextRow};
use std::fmt;

use crate::vault::{ImportQuotas, Imported, MOST_HOLDERS, Vault};
use queries::OfPage;
use rows::{AttachedRows, Owned, SIMPLE_CRYPTO, SecretRows, by_owner};

pub use keks::{Keks, KeksError};
pub use reason::Reason;

/// Why an import ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Barbican's database cannot be read, or is none of Barbican's.
    #[error("cannot read it as the database of a Barbican 22 or 23")]
    Source(#[source] StoreError),
    /// The vault cannot be written.
    #[error("cannot write what was read; run it again, and it goes on")]
    Vault(#[source] StoreError),
    /// The master KEKs are others.
    #[error(
        "none of the KEKs opens the KEK of any project; give those of `[simple_crypto_plugin]` in barbican.conf"
    )]
    Keks,
}

/// What is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Secrets.
    Secret,
    /// Containers.
    Container,
    /// Orders.
    Order,
    /// Quotas of a project.
    Quotas,
}

impl What {
    /// All, in the order in which they are imported.
    pub const ALL: [Self; 4] = [Self::Secret, Self::Container, Self::Order, Self::Quotas];

    /// Its name for more than one.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Container => "containers",
            Self::Order => "orders",
            Self::Quotas => "quotas",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "secret",
            Self::Container => "container",
            Self::Order => "order",
            Self::Quotas => "quotas",
        })
    }
}

/// One thing that was left where it is.
#[derive(Debug, Clone)]
pub struct Left {
    /// What it is.
    pub what: What,
    /// Its id; of quotas, their project's.
    pub id: String,
    /// Why it was left.
    pub reason: Reason,
}

/// How many of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Written now.
    pub imported: u64,
    /// Here already, and the same.
    pub already_there: u64,
    /// Left where they are.
    pub left: u64,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// In the order of [`What::ALL`].
    counts: [Count; 4],
    default_quotas: u64,
}

impl Report {
    /// How many of a kind.
    pub fn of(&self, what: What) -> Count {
        self.counts[what as usize]
    }

    /// How many projects have quotas of which one is not set: that means the default, which is unlimited here, and in Barbican what
    /// `[quotas]` in barbican.conf says.
    pub fn default_quotas(&self) -> u64 {
        self.default_quotas
    }

    /// Whether anything was left.
    pub fn has_left(&self) -> bool {
        self.counts.iter().any(|count| count.left > 0)
    }
}

/// Imports everything; `left` is called with each thing that is left, so that there is no list of them in memory.
///
/// # Errors
/// Barbican's database cannot be read, the vault cannot be written, or all master KEKs are wrong. What was written before
/// stays.
pub async fn import(
    vault: &Vault,
    source: &mut Foreign,
    keks: &Keks,
    left: &mut (dyn FnMut(&Left) + Send),
) -> Result<Report, ImportError> {
    check_keks(source, keks).await?;
    let mut import = Import { vault, source, keks, left, report: Report::default() };
    import.secrets().await?;
    import.containers().await?;
    import.orders().await?;
    import.quotas().await?;
    Ok(import.report)
}

/// With a wrong KEK each secret would be left, one after the other.
async fn check_keks(source: &mut Foreign, keks: &Keks) -> Result<(), ImportError> {
    let (mut after, mut is_wrong) = (String::new(), false);
    loop {
        let page = source.read(queries::KEKS, &[&after]).await.map_err(ImportError::Source)?;
        let Some(last) = page.last() else { break };
        after = next_after(last)?;
        for row in page.iter().filter(|row| text(row, 1) == SIMPLE_CRYPTO) {
            if keks.project_kek(&text(row, 2)).is_some() {
                return Ok(());
            }
            is_wrong = true;
        }
    }
    if is_wrong { Err(ImportError::Keks) } else { Ok(()) }
}

/// The id after which the next page begins. With one that cannot be read, the same page would come again.
fn next_after(last: &TextRow) -> Result<String, ImportError> {
    let id = text(last, 0);
    if id.is_empty() || id.contains('\0') {
        let damaged = StoreError::Damaged("the id of a row is not UTF-8, or has U+0000".into());
        return Err(ImportError::Source(damaged));
    }
    Ok(id)
}

fn text(row: &TextRow, column: usize) -> String {
    row.get(column).cloned().flatten().unwrap_or_default()
}

struct Import<'i> {
    vault: &'i Vault,
    source: &'i mut Foreign,
    keks: &'i Keks,
    left: &'i mut (dyn FnMut(&Left) + Send),
    report: Report,
}

impl Import<'_> {
    async fn secrets(&mut self) -> Result<(), ImportError> {
        let mut after = String::new();
        while let Some(page) = self.page(queries::SECRETS, &mut after).await? {
            let of = SecretRows {
                attached: self.attached(&page, &queries::OF_SECRETS, &queries::SECRET_CONSUMERS).await?,
                store_metadata: self.of_page(&page, &queries::STORE_METADATA).await?,
                payloads: self.of_page(&page, &queries::PAYLOADS).await?,
                metadata: self.of_page(&page, &queries::METADATA).await?,
            };
            let keks = self.keks;
            let (ids, all) = self.readable(What::Secret, 0, &page, |row| rows::secret(row, &of, keks));
            let done = self.vault.import_secrets(all).await.map_err(ImportError::Vault)?;
            self.count(What::Secret, ids, done);
        }
        Ok(())
    }

    async fn containers(&mut self) -> Result<(), ImportError> {
        let mut after = String::new();
        while let Some(page) = self.page(queries::CONTAINERS, &mut after).await? {
            let attached =
                self.attached(&page, &queries::OF_CONTAINERS, &queries::CONTAINER_CONSUMERS).await?;
            let contents = self.of_page(&page, &queries::CONTENTS).await?;
            let read = |row: &TextRow| rows::container(row, &attached, &contents);
            let (ids, all) = self.readable(What::Container, 0, &page, read);
            let done = self.vault.import_containers(all).await.map_err(ImportError::Vault)?;
            self.count(What::Container, ids, done);
        }
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), ImportError> {
        let mut after = String::new();
        while let Some(page) = self.page(queries::ORDERS, &mut after).await? {
            let (ids, all) = self.readable(What::Order, 0, &page, rows::order);
            let done = self.vault.import_orders(all).await.map_err(ImportError::Vault)?;
            self.count(What::Order, ids, done);
        }
        Ok(())
    }

    async fn quotas(&mut self) -> Result<(), ImportError> {
        let mut after = String::new();
        while let Some(page) = self.page(queries::QUOTAS, &mut after).await? {
            let (ids, all) = self.readable(What::Quotas, 1, &page, rows::quotas);
            let has_default = |one: &&ImportQuotas| one.quotas.has_default();
            self.report.default_quotas +=
                u64::try_from(all.iter().filter(has_default).count()).unwrap_or_default();
            let done = self.vault.import_quotas(all).await.map_err(ImportError::Vault)?;
            self.count(What::Quotas, ids, done);
        }
        Ok(())
    }

    /// The next page; `after` is the last id of the page before it.
    async fn page(
        &mut self,
        sql: ForeignSql,
        after: &mut String,
    ) -> Result<Option<Vec<TextRow>>, ImportError> {
        let page = self.source.read(sql, &[after]).await.map_err(ImportError::Source)?;
        let Some(last) = page.last() else { return Ok(None) };
        *after = next_after(last)?;
        Ok(Some(page))
    }

    /// What belongs to the rows of a page.
    async fn of_page(&mut self, page: &[TextRow], of: &OfPage) -> Result<Owned, ImportError> {
        let id = |row: Option<&TextRow>| row.map(|row| text(row, 0)).unwrap_or_default();
        let (first, last) = (id(page.first()), id(page.last()));
        let too_many = self.source.read(of.too_many, &[&first, &last]).await.map_err(ImportError::Source)?;
        let values = [first.as_str(), &last, &first, &last];
        let rows = self.source.read(of.rows, &values).await.map_err(ImportError::Source)?;
        Ok(by_owner(rows).beside(too_many.iter().map(|row| text(row, 0)).collect()))
    }

    async fn attached(
        &mut self,
        page: &[TextRow],
        of: &queries::Attached,
        consumers: &OfPage,
    ) -> Result<AttachedRows, ImportError> {
        Ok(AttachedRows {
            acls: self.of_page(page, &of.acls).await?,
            users: self.of_page(page, &of.users).await?,
            consumers: self.of_page(page, consumers).await?,
        })
    }

    /// The rows that can be read, with their ids in the column `id`; the others are left.
    fn readable<T>(
        &mut self,
        what: What,
        id: usize,
        page: &[TextRow],
        read: impl Fn(&TextRow) -> Result<T, Reason>,
    ) -> (Vec<String>, Vec<T>) {
        let (mut ids, mut all) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
        for row in page {
            match read(row) {
                Ok(one) => {
                    ids.push(text(row, id));
                    all.push(one);
                }
                Err(reason) => self.leave(&Left { what, id: text(row, id), reason }),
            }
        }
        (ids, all)
    }

    fn count(&mut self, what: What, ids: Vec<String>, done: Vec<Imported>) {
        for (id, done) in ids.into_iter().zip(done) {
            let reason = match done {
                Imported::Done => {
                    self.report.counts[what as usize].imported += 1;
                    continue;
                }
                Imported::AlreadyThere => {
                    self.report.counts[what as usize].already_there += 1;
                    continue;
                }
                Imported::Differs => Reason::Differs,
                Imported::UnknownSecret(secret) => Reason::UnknownSecret(secret),
                Imported::TooManyHolders(secret) => Reason::TooManyHolders(secret, MOST_HOLDERS),
            };
            self.leave(&Left { what, id, reason });
        }
        let Count { imported, already_there, left } = self.report.of(what);
        tracing::info!(imported, already_there, left, "{} so far", what.plural());
    }

    fn leave(&mut self, left: &Left) {
        self.report.counts[left.what as usize].left += 1;
        (self.left)(left);
    }
}
