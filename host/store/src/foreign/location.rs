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
    /// A parameter that has no meaning here. It may be one that the connection's security rests on, so it is not ignored.
    #[error(
        "the parameter `{0}` of the database's URL is not known; write `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `host`, `port`, `dbname` or `user` for PostgreSQL, and `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key` or `socket` for MySQL"
    )]
    Parameter(String),
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
                let url = format!("postgresql:{}", with_known(rest, postgres_parameter)?);
                let options = PgConnectOptions::from_str(&url).map_err(wrong)?;
                Place::Postgres(Box::new(options))
            }
            "mysql" | "mariadb" => {
                let url = format!("mysql:{}", with_known(rest, mysql_parameter)?);
                let options = MySqlConnectOptions::from_str(&url).map_err(wrong)?;
                Place::MySql(Box::new(options))
            }
            _ => return Err(ForeignLocationError::Unknown),
        }))
    }
}

/// What a parameter of a URL is.
enum Parameter {
    /// One that sqlx has, by its name there.
    Known(&'static str),
    /// The certificate authority of `MySQL`'s server.
    Authority,
    /// Whether the host's name must be that of the server's certificate.
    VerifiesIdentity(bool),
    /// Whether the server's certificate is verified.
    VerifiesAuthority(bool),
    /// It changes nothing about which database is read, and how safely.
    Ignored,
    /// Not known.
    Unknown,
}

/// sqlx logs a parameter that it does not know with its value, which may be a password.
fn postgres_parameter(name: &str, value: &str) -> Parameter {
    match name {
        "sslmode" | "ssl-mode" => Parameter::Known("sslmode"),
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => Parameter::Known("sslrootcert"),
        "sslcert" | "ssl-cert" => Parameter::Known("sslcert"),
        "sslkey" | "ssl-key" => Parameter::Known("sslkey"),
        "host" => Parameter::Known("host"),
        "hostaddr" => Parameter::Known("hostaddr"),
        "port" => Parameter::Known("port"),
        "dbname" => Parameter::Known("dbname"),
        "user" => Parameter::Known("user"),
        "password" => Parameter::Known("password"),
        "options" => Parameter::Known("options"),
        "application_name" | "connect_timeout" | "client_encoding" | "plugin" => Parameter::Ignored,
        "gssencmode" if value != "require" => Parameter::Ignored,
        _ => Parameter::Unknown,
    }
}

/// Besides sqlx's names, those by which `PyMySQL` and `SQLAlchemy` take the same. sqlx drops one that it does not know without a word.
fn mysql_parameter(name: &str, value: &str) -> Parameter {
    let flag = match value.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    match (name, flag) {
        ("ssl-mode" | "sslmode" | "ssl_mode", _) => Parameter::Known("ssl-mode"),
        ("ssl-ca" | "sslca" | "ssl_ca", _) => Parameter::Authority,
        ("ssl-cert" | "sslcert" | "ssl_cert", _) => Parameter::Known("ssl-cert"),
        ("ssl-key" | "sslkey" | "ssl_key", _) => Parameter::Known("ssl-key"),
        ("ssl_verify_identity" | "ssl_check_hostname", Some(flag)) => Parameter::VerifiesIdentity(flag),
        ("ssl_verify_cert", Some(flag)) => Parameter::VerifiesAuthority(flag),
        ("socket" | "unix_socket", _) => Parameter::Known("socket"),
        // oslo.db's `plugin`, and what is the connection's own here.
        (
            "charset" | "collation" | "use_unicode" | "binary_prefix" | "plugin" | "connect_timeout"
            | "read_timeout" | "write_timeout",
            _,
        ) => Parameter::Ignored,
        _ => Parameter::Unknown,
    }
}

/// The URL with its parameters as sqlx names them, and no others.
fn with_known(url: &str, parameter: fn(&str, &str) -> Parameter) -> Result<String, ForeignLocationError> {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let Some((before, query)) = url.split_once('?') else { return Ok(url.to_owned()) };
    // What is called a parameter below would be a part of the password.
    if query.contains('@') {
        let wrong = "write `?` in its password as `%3F`, and `@` in its parameters as `%40`";
        return Err(ForeignLocationError::Url(wrong.into()));
    }
    let mut known: Vec<String> = Vec::new();
    let (mut identity, mut authority, mut has_mode, mut has_authority) = (None, None, false, false);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match parameter(name, value) {
            Parameter::Known(name) => {
                has_mode |= name == "ssl-mode";
                known.push(format!("{name}={value}"));
            }
            Parameter::Authority => {
                has_authority = true;
                known.push(format!("ssl-ca={value}"));
            }
            Parameter::VerifiesIdentity(flag) => identity = Some(flag),
            Parameter::VerifiesAuthority(flag) => authority = Some(flag),
            Parameter::Ignored => {}
            Parameter::Unknown => return Err(ForeignLocationError::Parameter(name.to_owned())),
        }
    }
    // SQLAlchemy verifies the host's name where there is an authority and nothing else is said; sqlx would verify nothing. Of two modes
    // sqlx takes the last.
    let is_default = has_authority && !has_mode;
    if identity == Some(true) || (is_default && identity.is_none() && authority != Some(false)) {
        known.push("ssl-mode=VERIFY_IDENTITY".into());
    } else if authority == Some(true) || is_default {
        known.push("ssl-mode=VERIFY_CA".into());
    }
    Ok(if known.is_empty() { before.to_owned() } else { format!("{before}?{}", known.join("&")) })
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
            ("mysql://u:hunter2@localhost/d?unix_socket=/run/m.sock", Ok("mysql://u@/run/m.sock/d")),
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
    #[test]
    fn parameters_are_translated_and_none_is_dropped() {
        let mysql = |url: &str| with_known(url, mysql_parameter);
        for (query, passed_on) in [
            ("charset=utf8&plugin=dbcounter", ""),
            ("ssl-mode=REQUIRED", "?ssl-mode=REQUIRED"),
            ("ssl_ca=/ca.pem", "?ssl-ca=/ca.pem&ssl-mode=VERIFY_IDENTITY"),
            ("ssl_ca=/ca.pem&ssl_check_hostname=false", "?ssl-ca=/ca.pem&ssl-mode=VERIFY_CA"),
            ("ssl-ca=/ca.pem&ssl-mode=VERIFY_CA", "?ssl-ca=/ca.pem&ssl-mode=VERIFY_CA"),
            ("ssl-mode=PREFERRED&ssl_verify_identity=true", "?ssl-mode=PREFERRED&ssl-mode=VERIFY_IDENTITY"),
            ("ssl_verify_cert=1", "?ssl-mode=VERIFY_CA"),
            ("unix_socket=/run/m.sock&ssl_key=k", "?socket=/run/m.sock&ssl-key=k"),
        ] {
            assert_eq!(mysql(&format!("//h/d?{query}")), Ok(format!("//h/d{passed_on}")), "{query}");
        }
        assert_eq!(mysql("//h/d#x"), Ok("//h/d".to_owned()));
        let postgres = |url: &str| with_known(url, postgres_parameter);
        assert_eq!(
            postgres("//h/d?sslmode=verify-full&ssl-ca=c"),
            Ok("//h/d?sslmode=verify-full&sslrootcert=c".into())
        );
    }

    #[test]
    fn an_unknown_parameter_is_refused_by_its_name_alone() {
        for (text, name) in [
            ("mysql://h/d?ssl_capath=hunter2", "ssl_capath"),
            ("mysql://h/d?ssl_verify_identity=hunter2", "ssl_verify_identity"),
            ("mysql://h/d?ssl=true", "ssl"),
            ("postgresql://h/d?sslpassword=hunter2", "sslpassword"),
            ("postgresql://h/d?sslmode=require&passwd=hunter2", "passwd"),
        ] {
            let refused = text.parse::<ForeignLocation>().unwrap_err();
            assert_eq!(refused, ForeignLocationError::Parameter(name.into()), "{text}");
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
        // A `?` in a password.
        let refused = "mysql://u:1?hunter2=x@h/d".parse::<ForeignLocation>().unwrap_err().to_string();
        assert!(!refused.contains("hunter2") && refused.contains("%3F"), "{refused}");
    }
}
