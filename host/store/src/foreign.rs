//! Another program's database, which is only read: SQLite, PostgreSQL or `MySQL`. An import reads from it.
//!
//! All that is read is of one moment: one transaction, which begins with the connection. Every value comes as text, so that
//! what differs between the databases (booleans, enumerations, times, bytes in a column of text) is a matter of text alone.

mod location;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions as _, Database, Decode, MySqlConnection, PgConnection,
    SqliteConnection, Type,
};
use std::fmt::Write as _;
use std::str::Utf8Error;
use std::time::Duration;
use tokio::time::timeout;

use crate::StoreError;
use location::Place;

pub use location::{ForeignLocation, ForeignLocationError};

/// How long a connection, or one statement, may take.
const SILENT: Duration = Duration::from_mins(1);

/// What stands for a text that is not UTF-8, so that one such row does not end the reading of all. No text that a database holds
/// here has this character.
const NOT_UTF_8: &str = "\0";

/// The values of one row. A text that is not UTF-8 is U+0000.
pub type TextRow = Vec<Option<String>>;

/// A statement that gives rows. Names that are reserved words or have capitals stand in double quotes.
#[derive(Debug, Clone, Copy)]
pub struct ForeignSql {
    /// What is selected; each is read as text.
    pub columns: &'static [&'static str],
    /// What follows them, from `FROM` on; `?` is a placeholder.
    pub rest: &'static str,
}

/// A connection.
pub struct Foreign(Connection);

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

impl Foreign {
    /// Connects, and begins the transaction.
    ///
    /// # Errors
    /// The database is not there or cannot be read.
    pub async fn open(location: &ForeignLocation) -> Result<Self, StoreError> {
        let connection = match &location.0 {
            Place::Sqlite(file) => Connection::Sqlite(limited(sqlite(file).connect()).await?),
            Place::Postgres(options) => Connection::Postgres(limited(postgres(options).connect()).await?),
            Place::MySql(options) => Connection::MySql(limited(mysql(options).connect()).await?),
        };
        let mut opened = Self(connection);
        opened.begin().await?;
        Ok(opened)
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Connection::Sqlite(to) => limited(sqlx::raw_sql("BEGIN").execute(to)).await.map(drop),
            Connection::Postgres(to) => {
                let begin = sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                limited(begin.execute(to)).await.map(drop)
            }
            Connection::MySql(to) => {
                let begin = "SET SESSION sql_mode = 'ANSI_QUOTES'; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
                limited(sqlx::raw_sql(begin).execute(to)).await.map(drop)
            }
        }
    }

    /// Reads all rows of a statement.
    ///
    /// # Errors
    /// The database refuses it, or does not answer.
    pub async fn read(&mut self, sql: ForeignSql, values: &[&str]) -> Result<Vec<TextRow>, StoreError> {
        match &mut self.0 {
            Connection::Sqlite(to) => {
                let text = sql.text("TEXT", |to, _| to.push('?'));
                let query = sqlx::query(AssertSqlSafe(text));
                let query = values.iter().fold(query, |query, value| query.bind((*value).to_owned()));
                rows(limited(query.fetch_all(to)).await?)
            }
            Connection::Postgres(to) => {
                let text = sql.text("TEXT", |to, number| {
                    let _ = write!(to, "${number}");
                });
                let query = sqlx::query(AssertSqlSafe(text));
                let query = values.iter().fold(query, |query, value| query.bind((*value).to_owned()));
                rows(limited(query.fetch_all(to)).await?)
            }
            Connection::MySql(to) => {
                let text = sql.text("CHAR CHARACTER SET utf8mb4", |to, _| to.push('?'));
                let query = sqlx::query(AssertSqlSafe(text));
                let query = values.iter().fold(query, |query, value| query.bind((*value).to_owned()));
                rows(limited(query.fetch_all(to)).await?)
            }
        }
    }
}

impl ForeignSql {
    fn text(self, text_type: &str, placeholder: impl Fn(&mut String, usize)) -> String {
        let mut text = String::from("SELECT ");
        for (at, column) in self.columns.iter().enumerate() {
            let _ = write!(text, "{}CAST({column} AS {text_type})", if at == 0 { "" } else { ", " });
        }
        for (number, part) in self.rest.split('?').enumerate() {
            if number == 0 {
                text.push(' ');
            } else {
                placeholder(&mut text, number);
            }
            text.push_str(part);
        }
        text
    }
}

fn sqlite(file: &std::path::Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .read_only(true)
        .pragma("trusted_schema", "OFF")
}

fn postgres(options: &PgConnectOptions) -> PgConnectOptions {
    options
        .clone()
        .application_name("portcullis")
        .options([("default_transaction_read_only", "on"), ("datestyle", "ISO")])
}

/// Also where the URL asks for another character set: with `utf8`, as in many URLs of `SQLAlchemy`, `MySQL` means three bytes at most.
fn mysql(options: &MySqlConnectOptions) -> MySqlConnectOptions {
    options.clone().charset("utf8mb4")
}

async fn limited<T>(done: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    let done = timeout(SILENT, done).await;
    done.map_err(|_| StoreError::Unavailable("no answer within a minute".into()))?.map_err(StoreError::from)
}

fn rows<R>(all: Vec<R>) -> Result<Vec<TextRow>, StoreError>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    for<'r> Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    let value = |row: &R, at: usize| match row.try_get(at) {
        Err(sqlx::Error::ColumnDecode { source, .. }) if source.is::<Utf8Error>() => {
            Ok(Some(NOT_UTF_8.to_owned()))
        }
        value => value,
    };
    let row = |row: R| (0..row.len()).map(|at| value(&row, at)).collect::<Result<_, _>>();
    all.into_iter().map(row).collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection as _;

    #[test]
    fn a_statement_is_the_same_for_all_but_for_types_and_placeholders() {
        let sql = ForeignSql { columns: &["s.id", "m.\"key\""], rest: "FROM s WHERE s.id > ? AND s.id < ?" };
        assert_eq!(
            sql.text("TEXT", |to, number| to.extend(["$".to_owned(), number.to_string()])),
            "SELECT CAST(s.id AS TEXT), CAST(m.\"key\" AS TEXT) FROM s WHERE s.id > $1 AND s.id < $2"
        );
        let plain = ForeignSql { columns: &["a"], rest: "FROM b" };
        assert_eq!(plain.text("CHAR", |to, _| to.push('?')), "SELECT CAST(a AS CHAR) FROM b");
    }
    #[test]
    fn a_text_that_is_not_utf_8_does_not_end_the_reading() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("foreign.sqlite");
            let made = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
            let mut made = made.connect().await.unwrap();
            let rows = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('b'), (CAST(x'ff' AS TEXT)), (NULL)";
            sqlx::raw_sql(rows).execute(&mut made).await.unwrap();
            made.close().await.unwrap();
            let location = format!("sqlite:{}", file.display()).parse().unwrap();
            let mut foreign = Foreign::open(&location).await.unwrap();
            let sql = ForeignSql { columns: &["a"], rest: "FROM t ORDER BY rowid" };
            let read = foreign.read(sql, &[]).await.unwrap();
            assert_eq!(read, [[Some("b".to_owned())], [Some("\0".to_owned())], [None]]);
        });
    }
}
