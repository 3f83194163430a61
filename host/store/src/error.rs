//! Why something could not be read or written. The texts are for the log; a client is told no more than
//! [`StoreError::is_unavailable`] says: come again, or not.

use std::path::PathBuf;

use crate::seal::SealError;

/// Why something could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full, or does not answer in time. It may be back a moment later; what a write that
    /// ends so has done is unknown, as ever when a connection breaks.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A statement took too long and was cut short. It would take as long at once again.
    #[error("a statement took too long and was cut short")]
    TooLong,
    /// Others wrote the same rows, again and again. Nothing was written.
    #[error("the database is busy: other writes came in between too often")]
    Conflict,
    /// The file cannot be used.
    #[error("cannot use the database `{path}`: cannot {step}: {source}", path = path.display())]
    File {
        /// The database's file.
        path: PathBuf,
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database is not set up as it must be.
    #[error("the database cannot be used as it is: {0}")]
    Setting(String),
    /// A newer version of this program has been here.
    #[error(
        "the database was last used by a newer version: its `{api}` tables are at step {found}, this version knows {known}; start the newer version, or restore a backup"
    )]
    Newer {
        /// Whose tables.
        api: String,
        /// The last step that was taken.
        found: i64,
        /// The last step that is known.
        known: i64,
    },
    /// The tables are not those that this program makes.
    #[error("the database's `{api}` tables are not ours: step {number} was `{found}`, not `{known}`")]
    Foreign {
        /// Whose tables.
        api: String,
        /// The step.
        number: i64,
        /// Its name in the database.
        found: String,
        /// Its name here.
        known: String,
    },
    /// A step could not be taken.
    #[error("cannot bring the `{api}` tables to step {number} (`{name}`): {detail}")]
    Migration {
        /// Whose tables.
        api: String,
        /// The step.
        number: i64,
        /// Its name.
        name: String,
        /// What the database said.
        detail: String,
    },
    /// There is a character in a text that PostgreSQL cannot store, so that neither database takes it.
    #[error("text with the character U+0000 cannot be stored")]
    Nul,
    /// What was sealed cannot be opened, or something cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What was read is not what was written.
    #[error("the database holds something that cannot be read: {0}")]
    Damaged(String),
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl StoreError {
    /// Whether the same may succeed a moment later: an HTTP API responds with 503 then, else 500.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::TooLong | Self::Conflict)
    }

    /// Nothing was written, and the same again may go through.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error;
        match &error {
            Error::Database(said) => {
                let text = said.message().to_owned();
                match said.code().as_deref().map(kind) {
                    Some(Says::Conflict) => Self::Conflict,
                    Some(Says::TooLong) => Self::TooLong,
                    Some(Says::Away) => Self::Unavailable(text),
                    Some(Says::Closed) => Self::Setting(text),
                    _ => Self::Statement(text),
                }
            }
            Error::Io(_) | Error::Tls(_) | Error::WorkerCrashed | Error::PoolClosed | Error::Protocol(_) => {
                Self::Unavailable(error.to_string())
            }
            Error::PoolTimedOut => Self::Unavailable("no connection within the time allowed".into()),
            Error::Configuration(_) => Self::Setting(error.to_string()),
            Error::ColumnDecode { .. }
            | Error::ColumnNotFound(_)
            | Error::ColumnIndexOutOfBounds { .. }
            | Error::Decode(_) => Self::Damaged(error.to_string()),
            _ => Self::Statement(error.to_string()),
        }
    }
}

enum Says {
    Conflict,
    TooLong,
    Away,
    /// To us: by password, by name, or by address.
    Closed,
    Other,
}

/// By SQLSTATE, five characters (PostgreSQL, appendix A), or by SQLite's extended result code, a number of one to
/// four digits whose last byte is the primary code (sqlite.org/rescode.html).
fn kind(code: &str) -> Says {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => return Says::Conflict,
        // query_canceled, by statement_timeout
        "57014" => return Says::TooLong,
        // read_only_sql_transaction, by a standby after a failover
        "25006" => return Says::Away,
        _ => {}
    }
    if code.len() == 5 {
        // Connection exceptions, insufficient resources, operator intervention, system errors.
        return match code.get(..2).unwrap_or_default() {
            "08" | "53" | "57" | "58" => Says::Away,
            // Invalid authorization, invalid catalog name.
            "28" | "3D" => Says::Closed,
            _ => Says::Other,
        };
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        // SQLITE_BUSY, SQLITE_LOCKED
        Ok(5 | 6) => Says::Conflict,
        // SQLITE_INTERRUPT, by a progress handler
        Ok(9) => Says::TooLong,
        // SQLITE_NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        Ok(7 | 8 | 10 | 13..=15) => Says::Away,
        _ => Says::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_to_do() {
        for (code, conflict, away) in [
            ("40001", true, false),
            ("40P01", true, false),
            ("57P01", false, true),
            ("57P03", false, true),
            ("08006", false, true),
            ("53300", false, true),
            ("25006", false, true),
            ("57014", false, false),
            ("9", false, false),
            ("7", false, true),
            ("28P01", false, false),
            ("23505", false, false),
            ("42601", false, false),
            ("5", true, false),
            ("517", true, false),
            ("6", true, false),
            ("13", false, true),
            ("14", false, true),
            ("2570", false, true),
            ("1555", false, false),
            ("11", false, false),
            ("", false, false),
            ("é", false, false),
            ("ééé", false, false),
        ] {
            let says = kind(code);
            assert_eq!(matches!(says, Says::Conflict), conflict, "{code}");
            assert_eq!(matches!(says, Says::Away), away, "{code}");
            assert_eq!(matches!(says, Says::TooLong), ["57014", "9"].contains(&code), "{code}");
        }
    }
}
