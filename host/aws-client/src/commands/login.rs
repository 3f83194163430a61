//! `portcullis aws login`: signs in at an OpenID provider, or remembers a user, and remembers the mount.

use std::path::PathBuf;
use std::time::Duration;

use super::{block_on, note, print};
use crate::api::Api;
use crate::connection::{Connection, Method};
use crate::error::AwsClientError;
use crate::login::{Login, TokenKind};
use crate::oidc::Provider;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The OpenID provider [default: that of the last login]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The client as which this program is registered there [default: that of the last login]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Certificate authorities of the provider, in PEM [default: those of the mount]
    #[arg(long, value_name = "FILE")]
    issuer_ca: Option<PathBuf>,
    /// A scope to ask for, may be repeated [default: `openid`, and `offline_access` where the provider has it]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// The token that the mount takes
    #[arg(long, value_name = "KIND", default_value = "id")]
    token: TokenKind,
    /// Sign in with a browser on another device
    #[arg(long)]
    device: bool,
    /// Print the URL alone, and open no browser
    #[arg(long)]
    no_browser: bool,
    /// How long signing in may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    within: Duration,
    /// The AWS region of profiles and commands
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), AwsClientError> {
    let old = Settings::load()?;
    let mut resolved = arguments.connection.resolve()?;
    let region = arguments.region.clone().or(old.region);
    let absolute = |path: &Option<PathBuf>| path.as_ref().map(std::path::absolute).transpose();
    let url = resolved.url.to_string();
    let mut settings =
        Settings { url: Some(url.clone()), ca: absolute(&resolved.ca)?, region, ..Settings::default() };
    // A provider that is named goes before a user whom a variable names.
    let has_user = arguments.connection.user.is_some()
        || arguments.issuer.is_none() && arguments.connection.effective().user.is_some();
    let issuer = arguments.issuer.clone().or_else(|| old.issuer.clone());
    let login = match (&resolved.method, issuer) {
        (Method::Basic { user, password_file }, _) if has_user => {
            settings.user = Some(user.clone());
            settings.password_file = absolute(password_file)?;
            None
        }
        (_, None) => return Err(AwsClientError::NoIssuer),
        (_, Some(issuer)) => {
            let client_id = arguments.client_id.clone().or(old.client_id).ok_or(AwsClientError::NoIssuer)?;
            let stored = old.issuer_ca.filter(|_| old.issuer.as_ref() == Some(&issuer));
            settings.issuer_ca = absolute(&arguments.issuer_ca.clone().or(stored))?;
            let ca = settings.issuer_ca.as_deref().or(resolved.ca.as_deref());
            let login = block_on(sign_in(arguments, &url, &issuer, &client_id, ca))?;
            (settings.issuer, settings.client_id) = (Some(issuer), Some(client_id));
            resolved.method = Method::NewLogin(login.token.clone());
            Some(login)
        }
    };
    // What the mount does not take is not remembered.
    let roles = block_on(async { Api::new(&resolved).await?.roles().await })?;
    let _one_at_a_time = crate::login::lock()?;
    settings.save()?;
    match login {
        Some(login) => login.save()?,
        None => Login::remove()?,
    }
    let next = "`portcullis aws config` writes a profile for each";
    print(&format!("signed in at {url}: {} roles; {next}\n", roles.len()))
}

async fn sign_in(
    arguments: &Arguments,
    url: &str,
    issuer: &str,
    client_id: &str,
    ca: Option<&std::path::Path>,
) -> Result<Login, AwsClientError> {
    let provider = Provider::discover(issuer, client_id, ca, arguments.connection.timeout).await?;
    let tokens = if arguments.device {
        let show = |url: &str, code: &str| note(&format!("open {url} and enter the code {code}"));
        provider.sign_in_on_another_device(&arguments.scope, arguments.within, show).await?
    } else {
        let show = |url: &str| {
            let opened = !arguments.no_browser && open::that_detached(url).is_ok();
            note(&format!("{} {url}", if opened { "sign in in the browser, at" } else { "open" }));
        };
        provider.sign_in(&arguments.scope, arguments.within, show).await?
    };
    let (token, expires) = tokens.of(arguments.token).ok_or_else(|| AwsClientError::Provider {
        issuer: issuer.to_owned(),
        what: "it gave no ID token: the scope `openid` is missing, or `--token access` is meant".into(),
    })?;
    Ok(Login {
        url: url.to_owned(),
        issuer: issuer.to_owned(),
        client_id: client_id.to_owned(),
        token_endpoint: provider.token_endpoint().to_owned(),
        revocation_endpoint: provider.revocation_endpoint().map(str::to_owned),
        kind: arguments.token,
        token,
        expires,
        refresh_token: tokens.refresh,
    })
}
