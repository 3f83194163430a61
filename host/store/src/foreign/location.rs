//! Where another program's database is: URLs as `SQLAlchemy` takes them, so that a line of the program's own configuration
//! can be copied.

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A database that is only read.
#[derive(Clone)]
pub struct ForeignLocation(pub(super) Place);

#[derive(Clone)]
pub(super) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

/// Why a text names no database. It never repeats the text: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForeignLocationError {
    /// Another kind of database.
    #[error(
        "a database is `sqlite:FILE`, `sqlite:////ABSOLUTE/FILE`, `postgresql://USER@HOST/DATABASE` or `mysql://USER@HOST/DATABASE`"
    )]
    Unknown,
    /// Not a file.
    #[error("`sqlite:` wants a file, as `sqlite:FILE` or `sqlite:////ABSOLUTE/FILE`, without `?`")]
    File,
    /// The URL is wrong.
    #[error("the URL of the database cannot be read: {0}")]
    Url(String),
}

impl ForeignLocation {
    /// The same, with the password of the database's user; SQLite has none.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        Self(match self.0 {
            sqlite @ Place::Sqlite(_) => sqlite,
            Place::Postgres(options) => Place::Postgres(Box::new(options.password(password))),
            Place::MySql(options) => Place::MySql(Box::new(options.password(password))),
        })
    }
}

impl FromStr for ForeignLocation {
    type Err = ForeignLocationError;

    fn from_str(text: &str) -> Result<Self, ForeignLocationError> {
        let (scheme, rest) = text.split_once(':').ok_or(ForeignLocationError::Unknown)?;
        // SQLAlchemy's `mysql+pymysql`: the second part is a driver of Python.
        let database = scheme.split_once('+').map_or(scheme, |(database, _)| database);
        let wrong = |error: sqlx::Error| ForeignLocationError::Url(error.to_string());
        Ok(Self(match database {
            "sqlite" => {
                // After `sqlite:///` SQLAlchemy takes what follows for the file, which is absolute only with a fourth `/`.
                let file = rest.strip_prefix("///").unwrap_or(rest);
                let is_host = file.len() == rest.len() && rest.starts_with("//");
                if file.is_empty() || is_host || file.contains(['?', '\0']) || file.contains(":memory:") {
                    return Err(ForeignLocationError::File);
                }
                Place::Sqlite(file.into())
            }
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(&format!("postgresql:{rest}")).map_err(wrong)?;
                Place::Postgres(Box::new(options))
            }
            "mysql" | "mariadb" => {
                let options = MySqlConnectOptions::from_str(&format!("mysql:{rest}")).map_err(wrong)?;
                Place::MySql(Box::new(options))
            }
            _ => return Err(ForeignLocationError::Unknown),
        }))
    }
}

/// Without the password.
impl fmt::Display for ForeignLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, user, socket, host, port, database) = match &self.0 {
            Place::Sqlite(file) => return write!(f, "sqlite:{}", file.display()),
            Place::Postgres(to) => (
                "postgresql",
                to.get_username(),
                to.get_socket(),
                to.get_host(),
                to.get_port(),
                to.get_database(),
            ),
            Place::MySql(to) => {
                ("mysql", to.get_username(), to.get_socket(), to.get_host(), to.get_port(), to.get_database())
            }
        };
        write!(f, "{scheme}://{user}@")?;
        match socket {
            Some(socket) => write!(f, "{}", socket.display())?,
            None => write!(f, "{host}:{port}")?,
        }
        write!(f, "/{}", database.unwrap_or_default())
    }
}

impl fmt::Debug for ForeignLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_of_sqlalchemy() {
        for (text, shown) in [
            ("sqlite:barbican.sqlite", Ok("sqlite:barbican.sqlite")),
            ("sqlite:/var/lib/b.sqlite", Ok("sqlite:/var/lib/b.sqlite")),
            ("sqlite:///b.sqlite", Ok("sqlite:b.sqlite")),
            ("sqlite:////var/lib/b.sqlite", Ok("sqlite:/var/lib/b.sqlite")),
            ("sqlite+pysqlite:////b", Ok("sqlite:/b")),
            ("sqlite://host/b", Err(ForeignLocationError::File)),
            ("sqlite:///b?timeout=1", Err(ForeignLocationError::File)),
            ("sqlite:", Err(ForeignLocationError::File)),
            ("sqlite:///", Err(ForeignLocationError::File)),
            ("sqlite:///:memory:", Err(ForeignLocationError::File)),
            ("postgresql+psycopg2://u:hunter2@h/d", Ok("postgresql://u@h:5432/d")),
            ("postgres://u:hunter2@h:99/d", Ok("postgresql://u@h:99/d")),
            ("mysql+pymysql://u:hunter2@h/d?charset=utf8", Ok("mysql://u@h:3306/d")),
            ("mysql://u:hunter2@localhost/d?socket=/run/m.sock", Ok("mysql://u@/run/m.sock/d")),
            ("oracle://u:hunter2@h/d", Err(ForeignLocationError::Unknown)),
            ("barbican.sqlite", Err(ForeignLocationError::Unknown)),
        ] {
            let read = text.parse::<ForeignLocation>().map(|location| location.to_string());
            assert_eq!(read.as_deref().map_err(Clone::clone), shown, "{text}");
        }
        for text in ["mysql://u:hunter2@h:port/d", "postgresql://u:hunter2@h:port/d"] {
            let refused = text.parse::<ForeignLocation>().unwrap_err().to_string();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
