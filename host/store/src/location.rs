//! Where a database is: what an operator may write.

use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a database is: `sqlite:FILE`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=...`, with libpq's
/// parameters.
#[derive(Clone)]
pub struct Location(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// Why an operator's text names no database. It never repeats the text: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Neither of the two.
    #[error("a database is `sqlite:FILE` or `postgres://USER@HOST/DATABASE`")]
    Unknown,
    /// What is in memory is lost.
    #[error("`sqlite:` wants a file; a database in memory would be lost at the end")]
    Memory,
    /// There is nothing to say to it by parameters.
    #[error("`sqlite:` takes a file alone, without `?` or `//` before it")]
    Parameters,
    /// PostgreSQL's URL is wrong.
    #[error("the `postgres:` URL cannot be read: {0}")]
    Postgres(String),
}

impl Location {
    /// An SQLite database in that file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self(Place::Sqlite(file.into()))
    }

    /// The same, with a relative file taken to be in `folder`.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> Self {
        match self.0 {
            Place::Sqlite(file) => Self(Place::Sqlite(folder.join(file))),
            postgres @ Place::Postgres(_) => Self(postgres),
        }
    }

    /// The SQLite file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::Sqlite(file) => Some(file),
            Place::Postgres(_) => None,
        }
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if let Some(file) = text.strip_prefix("sqlite:") {
            if file.is_empty() || file.contains(":memory:") {
                return Err(LocationError::Memory);
            }
            // SQLite itself reads a name that begins with `file:` as a URI.
            if file.contains(['?', '\0']) || file.starts_with("//") || file.starts_with("file:") {
                return Err(LocationError::Parameters);
            }
            return Ok(Self::sqlite(file));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(text)
                .map_err(|error| LocationError::Postgres(error.to_string()))?;
            return Ok(Self(Place::Postgres(Box::new(options))));
        }
        Err(LocationError::Unknown)
    }
}

/// Without the password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(file) => write!(f, "sqlite:{}", file.display()),
            Place::Postgres(options) => {
                write!(f, "postgres://{}@", options.get_username())?;
                match options.get_socket() {
                    Some(socket) => write!(f, "{}", socket.display())?,
                    None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
                }
                write!(f, "/{}", options.get_database().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_may_write() {
        for (text, shown) in [
            ("sqlite:portcullis.db", Ok("sqlite:portcullis.db")),
            ("sqlite:/var/lib/portcullis/p.db", Ok("sqlite:/var/lib/portcullis/p.db")),
            ("sqlite:a%20b.db", Ok("sqlite:a%20b.db")),
            ("sqlite:", Err(LocationError::Memory)),
            ("sqlite::memory:", Err(LocationError::Memory)),
            ("sqlite://p.db", Err(LocationError::Parameters)),
            ("sqlite:file:p.db", Err(LocationError::Parameters)),
            ("sqlite:p.db?mode=ro", Err(LocationError::Parameters)),
            ("mysql://a@b/c", Err(LocationError::Unknown)),
            ("portcullis.db", Err(LocationError::Unknown)),
            ("postgres://u:hunter2@h:99/d", Ok("postgres://u@h:99/d")),
            ("postgresql://u:hunter2@h/d?sslmode=require", Ok("postgres://u@h:5432/d")),
        ] {
            let read = text.parse::<Location>();
            assert_eq!(
                read.as_ref().map(ToString::to_string),
                shown.as_ref().map(ToString::to_string),
                "{text}"
            );
            assert!(!format!("{read:?}").contains("hunter2"), "{read:?}");
        }
    }

    #[test]
    fn a_bad_url_does_not_give_its_password_away() {
        for text in
            ["postgres://u:hunter2@h:port/d", "postgres://u:hunter2@h/d?sslmode=hm", "postgres://u:hunter2@["]
        {
            let error = text.parse::<Location>().unwrap_err();
            assert!(matches!(error, LocationError::Postgres(_)), "{text}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
