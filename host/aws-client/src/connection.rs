//! The options that all commands have: which mount is asked, and how the client authenticates.
//!
//! Options and variables go before what `login` stored, which is used for the same server alone.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use portcullis_http_client::HttpClient;
use secrecy::{ExposeSecret as _, SecretString};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

use crate::error::AwsClientError;
use crate::files::read_secret;
use crate::http_client::http_client;
use crate::login::{self, Login};
use crate::mount_url::MountUrl;
use crate::oidc::Provider;
use crate::settings::Settings;

/// The environment variable that has a token itself.
pub(crate) const TOKEN: &str = "PORTCULLIS_AWS_TOKEN";

/// Which mount is asked, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Connection {
    /// The mount's whole URL, e.g. `https://portcullis.example/afp-api/latest` [default: that of the login]
    #[arg(long, value_name = "URL", env = "PORTCULLIS_AWS_URL")]
    pub(crate) url: Option<String>,
    /// Certificate authorities to trust instead of the system's, in PEM
    #[arg(long, value_name = "FILE", env = "PORTCULLIS_AWS_CA")]
    pub(crate) ca: Option<PathBuf>,
    // The variables of these are read in `effective`: clap would take one of them for a conflict with an option.
    /// A file with a token, which is sent as `Bearer` [env: `PORTCULLIS_AWS_TOKEN_FILE`, or the token in `PORTCULLIS_AWS_TOKEN`]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "password_file"])]
    pub(crate) token_file: Option<PathBuf>,
    /// The user, where the mount wants a password [env: `PORTCULLIS_AWS_USER`]
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// A file with the password [default: ask on the terminal] [env: `PORTCULLIS_AWS_PASSWORD_FILE`]
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// How long the mount may take
    #[arg(long, value_name = "TIME", env = "PORTCULLIS_AWS_TIMEOUT", default_value = "30s",
        value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
}

/// How the client authenticates.
#[derive(Debug, Clone)]
pub(crate) enum Method {
    /// No header: the mount knows the client by its address or its certificate, or has a proxy before it.
    None,
    /// `PORTCULLIS_AWS_TOKEN`.
    TokenVariable,
    TokenFile(PathBuf),
    Basic {
        user: String,
        password_file: Option<PathBuf>,
    },
    /// The token of a login that is not stored yet.
    NewLogin(SecretString),
    /// The token of `login`.
    Login(Box<Login>),
}

/// The mount, and how the client authenticates to it.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) url: MountUrl,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) method: Method,
    pub(crate) region: Option<String>,
    /// Certificate authorities of the OpenID provider.
    issuer_ca: Option<PathBuf>,
    timeout: Duration,
}

/// A variable that is there and not empty.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

impl Connection {
    /// The options with what variables say beside them. An option that says how to authenticate goes before all variables.
    pub(crate) fn effective(&self) -> Self {
        self.completed(variable)
    }

    fn completed(&self, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut completed = self.clone();
        if self.token_file.is_none() && self.user.is_none() {
            completed.token_file = variable("PORTCULLIS_AWS_TOKEN_FILE")
                .filter(|_| self.password_file.is_none())
                .map(PathBuf::from);
            if completed.token_file.is_none() {
                completed.user =
                    variable("PORTCULLIS_AWS_USER").map(|user| user.to_string_lossy().into_owned());
            }
        }
        if completed.token_file.is_none() && self.password_file.is_none() {
            completed.password_file = variable("PORTCULLIS_AWS_PASSWORD_FILE").map(PathBuf::from);
        }
        completed
    }

    /// Completes the options with the environment and the settings of the login.
    pub(crate) fn resolve(&self) -> Result<Resolved, AwsClientError> {
        self.effective().resolve_with(Settings::load()?, Login::load()?, variable(TOKEN).is_some())
    }

    fn resolve_with(
        &self,
        settings: Settings,
        login: Option<Login>,
        has_token: bool,
    ) -> Result<Resolved, AwsClientError> {
        let url = self.url.as_ref().or(settings.url.as_ref()).ok_or(AwsClientError::NoUrl)?;
        let url = MountUrl::parse(url)?;
        let stored_url = settings.url.as_deref().map(MountUrl::parse).transpose()?;
        let stored = if stored_url.is_some_and(|stored| stored.is_same_server(&url)) {
            settings
        } else {
            Settings { region: settings.region, ..Settings::default() }
        };
        let method = if let Some(file) = &self.token_file {
            Method::TokenFile(file.clone())
        } else if let Some(user) = &self.user {
            Method::Basic { user: user.clone(), password_file: self.password_file.clone() }
        } else if has_token {
            Method::TokenVariable
        } else if let Some(login) = login.filter(|login| is_for(login, &url)) {
            Method::Login(Box::new(login))
        } else if let Some(user) = stored.user {
            let password_file = self.password_file.clone().or(stored.password_file);
            Method::Basic { user, password_file }
        } else if self.password_file.is_some() {
            return Err(AwsClientError::NoUser);
        } else {
            Method::None
        };
        let ca = self.ca.clone().or(stored.ca);
        let issuer_ca = stored.issuer_ca.or_else(|| ca.clone());
        Ok(Resolved { url, ca, method, region: stored.region, issuer_ca, timeout: self.timeout })
    }
}

impl Resolved {
    /// The HTTP client for the mount.
    pub(crate) fn http(&self) -> Result<HttpClient, AwsClientError> {
        http_client(self.url.host(), self.ca.as_deref(), self.timeout)
    }

    /// The header `Authorization`, if the client sends one. It asks for a password where it needs to.
    pub(crate) async fn authorization(&self) -> Result<Option<HeaderValue>, AwsClientError> {
        let text = match &self.method {
            Method::None => return Ok(None),
            Method::TokenVariable => {
                let token = std::env::var(TOKEN).map(Zeroizing::new).map_err(|_| AwsClientError::Token)?;
                bearer(token.trim())
            }
            Method::TokenFile(file) => bearer(&read_secret(file)?),
            Method::NewLogin(token) => bearer(token.expose_secret()),
            Method::Login(login) => bearer(self.token_of(login).await?.expose_secret()),
            Method::Basic { user, password_file } => {
                if user.contains(|char: char| char == ':' || char.is_control()) {
                    return Err(AwsClientError::User(crate::error::sanitize(user)));
                }
                let password = match password_file {
                    Some(file) => read_secret(file)?,
                    None => prompt(user)?,
                };
                let pair = Zeroizing::new(format!("{user}:{}", *password));
                Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())))
            }
        };
        let mut value = HeaderValue::try_from(text.as_str()).map_err(|_| AwsClientError::Token)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The login's token, refreshed and stored again where it is about to expire.
    async fn token_of(&self, login: &Login) -> Result<SecretString, AwsClientError> {
        if !login.is_stale() {
            return Ok(login.token.clone());
        }
        let _one_at_a_time = login::lock()?;
        // Another process may have refreshed it, signed out, or signed in elsewhere.
        let login = Login::load()?.filter(|login| is_for(login, &self.url));
        let mut login = login.ok_or(AwsClientError::LoginExpired)?;
        if !login.is_stale() {
            return Ok(login.token);
        }
        let refresh = login.refresh_token.as_ref().ok_or(AwsClientError::LoginExpired)?;
        let provider = Provider::known(&login, self.issuer_ca.as_deref(), self.timeout)?;
        let tokens = provider.refresh(refresh).await?.ok_or(AwsClientError::LoginExpired)?;
        let token = tokens.of(login.kind);
        // Stored also where no token of that kind came: the refresh token before it may be used no more.
        login.refresh_token = tokens.refresh.or(login.refresh_token);
        let Some((token, expires)) = token else {
            login.save()?;
            return Err(AwsClientError::LoginExpired);
        };
        (login.token, login.expires) = (token, expires);
        login.save()?;
        Ok(login.token)
    }

    /// What to do if the mount does not take the client for a user.
    pub(crate) fn advice(&self) -> String {
        match &self.method {
            Method::None => "run `portcullis aws login`, or give `--token-file FILE` or `--user NAME`".into(),
            Method::TokenVariable => {
                format!("the token in {TOKEN} has expired, or is none for this mount; get another one")
            }
            Method::TokenFile(file) => format!(
                "the token in `{}` has expired, or is none for this mount; get another one",
                file.display()
            ),
            Method::NewLogin(_) => {
                "the mount's `jwt` needs this `issuer`, and the client's id as `audience`; or give \
                                    another `--token`"
                    .into()
            }
            Method::Login(_) => {
                "run `portcullis aws login` again; if that does not help, the provider's token is not \
                                 for this mount"
                    .into()
            }
            Method::Basic { user, password_file: None } => {
                format!("try the password of `{user}` again, or another `--user`")
            }
            Method::Basic { user, password_file: Some(file) } => {
                format!("`{}` must hold the password of `{user}`", file.display())
            }
        }
    }
}

/// Whether the login is for that server.
fn is_for(login: &Login, url: &MountUrl) -> bool {
    MountUrl::parse(&login.url).is_ok_and(|of_login| of_login.is_same_server(url))
}

fn bearer(token: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("Bearer {token}"))
}

/// Asks on the terminal, not on standard input: that belongs to the command that is run.
fn prompt(user: &str) -> Result<Zeroizing<String>, AwsClientError> {
    rpassword::prompt_password(format!("Password of {user}: "))
        .map(Zeroizing::new)
        .map_err(|source| AwsClientError::Prompt { user: user.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use std::path::Path;

    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        connection: Connection,
    }

    fn resolve(arguments: &[&str], settings: &Settings, has_token: bool) -> Result<Resolved, String> {
        let arguments = Arguments::try_parse_from([&["x"], arguments].concat());
        let connection = arguments.map_err(|error| error.to_string())?.connection;
        connection.resolve_with(settings.clone(), None, has_token).map_err(|error| error.to_string())
    }

    fn shown(resolved: &Resolved) -> String {
        match &resolved.method {
            Method::None => "none".into(),
            Method::TokenVariable => "variable".into(),
            Method::TokenFile(file) => format!("file {}", file.display()),
            Method::NewLogin(_) => "new login".into(),
            Method::Login(login) => format!("login {}", login.issuer),
            Method::Basic { user, password_file } => {
                format!("basic {user} {}", password_file.as_deref().unwrap_or(Path::new("-")).display())
            }
        }
    }

    #[test]
    fn an_option_goes_before_variables_and_never_conflicts_with_one() {
        let completed = |arguments: &[&str], variables: &[(&str, &str)]| {
            let given = Arguments::try_parse_from([&["x"], arguments].concat()).unwrap().connection;
            let completed = given.completed(|name| {
                let found = variables.iter().find(|(other, _)| name.ends_with(other));
                found.map(|(_, value)| OsString::from(value))
            });
            let path =
                |path: Option<PathBuf>| path.map(|path| path.display().to_string()).unwrap_or_default();
            [path(completed.token_file), completed.user.unwrap_or_default(), path(completed.password_file)]
        };
        let all = [("TOKEN_FILE", "/vt"), ("USER", "vu"), ("PASSWORD_FILE", "/vp")];
        let basic = &all[1..];
        for (arguments, variables, expected) in [
            (&[][..], &all[..], ["/vt", "", ""]),
            (&[], basic, ["", "vu", "/vp"]),
            (&["--token-file", "/t"], &all, ["/t", "", ""]),
            (&["--user", "bob"], &all, ["", "bob", "/vp"]),
            (&["--user", "bob", "--password-file", "/p"], &all, ["", "bob", "/p"]),
            (&["--password-file", "/p"], &all, ["", "vu", "/p"]),
        ] {
            assert_eq!(completed(arguments, variables), expected, "{arguments:?} {variables:?}");
        }
    }

    #[test]
    fn what_was_stored_is_for_the_same_server_alone() {
        let stored = Settings {
            url: Some("https://host/a".into()),
            user: Some("alice".into()),
            password_file: Some("/password".into()),
            ca: Some("/ca".into()),
            region: Some("eu-central-1".into()),
            ..Settings::default()
        };
        let same = resolve(&["--url", "https://host/b"], &stored, false).unwrap();
        assert_eq!(shown(&same), "basic alice /password");
        assert_eq!(same.ca, Some("/ca".into()));
        let other = resolve(&["--url", "https://other/a"], &stored, false).unwrap();
        assert_eq!((shown(&other), &other.ca), ("none".into(), &None));
        assert_eq!(other.region.as_deref(), Some("eu-central-1"));
    }

    #[test]
    fn options_go_before_the_variable_and_that_before_the_login() {
        let stored = Settings {
            url: Some("https://host/a".into()),
            user: Some("alice".into()),
            ..Settings::default()
        };
        for (arguments, has_token, expected) in [
            (&["--token-file", "/t"][..], true, "file /t"),
            (&["--user", "bob"], true, "basic bob -"),
            (&[], true, "variable"),
            (&[], false, "basic alice -"),
        ] {
            let resolved = resolve(arguments, &stored, has_token).unwrap();
            assert_eq!(shown(&resolved), expected, "{arguments:?} {has_token}");
        }
        for (arguments, part) in [
            (&["--token-file", "/t", "--user", "bob"][..], "cannot be used with"),
            (&["--url", "https://other", "--password-file", "/p"], "needs `--user NAME`"),
        ] {
            assert!(resolve(arguments, &stored, false).unwrap_err().contains(part), "{arguments:?}");
        }
        let error = resolve(&[], &Settings::default(), false).unwrap_err();
        assert!(error.contains("--url") && error.contains("PORTCULLIS_AWS_URL"), "{error}");
    }
}
