//! Statements and what stands for their placeholders.

use sqlx::query::Query;
use sqlx::{Database, Encode, Type};

use crate::StoreError;

/// One statement, as both databases understand it. Placeholders are `$1`, `$2` and so on.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Sql {
    /// The same text for both.
    pub const fn same(sql: &'static str) -> Self {
        Self { sqlite: sql, postgres: sql }
    }

    /// Where they differ.
    pub const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }
}

/// What stands for a placeholder. There is no `Debug`: it may be secret.
#[derive(Clone)]
pub enum Value {
    /// `TEXT`, or null.
    Text(Option<String>),
    /// `INTEGER` in SQLite, `BIGINT` in PostgreSQL, or null.
    Integer(Option<i64>),
    /// `BLOB` in SQLite, `BYTEA` in PostgreSQL, or null.
    Bytes(Option<Vec<u8>>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<Option<i64>> for Value {
    fn from(integer: Option<i64>) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(Some(i64::from(flag)))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Some(bytes))
    }
}

/// The statement with its placeholders filled in.
pub(crate) fn bind<'q, DB>(
    sql: &'static str,
    values: &[Value],
) -> Result<Query<'q, DB, DB::Arguments>, StoreError>
where
    DB: Database,
    for<'v> Option<&'v str>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<&'v [u8]>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<i64>: Encode<'v, DB> + Type<DB>,
{
    let mut query = sqlx::query::<DB>(sql);
    for value in values {
        query = match value {
            Value::Text(Some(text)) if text.contains('\0') => return Err(StoreError::Nul),
            Value::Text(text) => query.bind(text.as_deref()),
            Value::Integer(integer) => query.bind(*integer),
            Value::Bytes(bytes) => query.bind(bytes.as_deref()),
        };
    }
    Ok(query)
}
