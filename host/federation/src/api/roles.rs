//! `/account/{account}/{role}`: credentials, a console, or both.

use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::SystemTime;

use super::call::{Call, Purpose};
use crate::aws::{ConsolePage, Credentials, Session};
use crate::response::{self, Credential, Failure, ProcessOutput};
use crate::route::Wanted;

pub(super) async fn role(
    call: &Call<'_>,
    account: &str,
    role: &str,
    wanted: Wanted,
) -> Result<Response, Failure> {
    let for_process = match call.parameter("format").as_deref() {
        None => false,
        Some("process") if wanted == Wanted::Credentials => true,
        Some(_) => return Err(Failure::bad_request("`format` is `process`, and of `/credentials` alone")),
    };
    let grant = match wanted {
        Wanted::Credentials => call.one(Purpose::Credentials, account, role).await?,
        Wanted::ConsoleUrl => call.one(Purpose::Console, account, role).await?,
        // Who may have a console may not have the keys for that.
        Wanted::Both => {
            call.one(Purpose::Console, account, role).await?;
            call.one(Purpose::Credentials, account, role).await?
        }
    };
    let session = call.session(&grant)?;
    let credentials = call.fresh(&session).await.map_err(|error| Failure::of_aws(&error))?;
    let now = SystemTime::now();
    let (destination, region) = (call.parameter("destination"), call.parameter("region"));
    let opened = Opened { destination: destination.as_deref(), region: region.as_deref() };
    Ok(match wanted {
        Wanted::Credentials => {
            if for_process {
                let body = ProcessOutput::of(&credentials);
                return Ok(response::of_user(response::json(&body), call.user()));
            }
            // The key counts, not its value.
            let body = match call.parameter("documented") {
                Some(_) => Credential::documented(&credentials, None, now),
                None => Credential::for_sdks(&credentials, now),
            };
            response::of_user(response::json(&body), call.user())
        }
        Wanted::Both => {
            let url = console(call, &session, &credentials, opened).await?;
            let body = Credential::documented(&credentials, Some(url.expose_secret()), now);
            response::of_user(response::json(&body), call.user())
        }
        Wanted::ConsoleUrl => {
            let url = console(call, &session, &credentials, opened).await?;
            response::text(url.expose_secret().to_owned())
        }
    })
}

/// What of the console is opened: a page, and in which region.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a> {
    pub(super) destination: Option<&'a str>,
    pub(super) region: Option<&'a str>,
}

/// A URL that opens the console. `callbackurl` is where AWS sends a person whose session has ended.
pub(super) async fn console(
    call: &Call<'_>,
    session: &Session,
    credentials: &Credentials,
    Opened { destination, region }: Opened<'_>,
) -> Result<SecretString, Failure> {
    let issuer = call.parameter("callbackurl");
    let page = ConsolePage { issuer: issuer.as_deref(), destination, region };
    let url = call.mount.aws.console_url(session, credentials, page).await;
    url.map_err(|error| Failure::of_aws(&error))
}
