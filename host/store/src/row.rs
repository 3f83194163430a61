//! What was read.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Database, Decode, Row as _, Type};

use crate::StoreError;

/// One row; columns are counted from 0. A column that is of another type, or null where that is not asked for,
/// is [`StoreError::Damaged`].
pub struct Row(Inner);

enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self(Inner::Sqlite(row))
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self(Inner::Postgres(row))
    }
}

impl Row {
    /// A text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.get(column)?.ok_or_else(null)
    }

    /// A text, or null.
    pub fn optional_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    /// An integer.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.get(column)?.ok_or_else(null)
    }

    /// An integer, or null.
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.get(column)?.ok_or_else(null)
    }

    /// Bytes, or null.
    pub fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(column)
    }

    /// Null is asked for by name: SQLite would read it as an empty text.
    fn get<T>(&self, column: usize) -> Result<Option<T>, StoreError>
    where
        for<'r> T: Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>,
        for<'r> T: Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>,
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match &self.0 {
            Inner::Sqlite(row) => Ok(row.try_get(column)?),
            Inner::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

fn null() -> StoreError {
    StoreError::Damaged("a column is null".into())
}

/// All of them.
pub(crate) fn all<DB: Database>(rows: Vec<DB::Row>) -> Vec<Row>
where
    Row: From<DB::Row>,
{
    rows.into_iter().map(Row::from).collect()
}
