//! The bodies of success: lists of roles, and credentials with the keys that AFP's clients and AWS's SDKs read. Those of
//! AFP's documentation stand beside them where a client wants them: the AWS SDK for JavaScript v2 takes `credentials` for
//! the whole body.

use portcullis_contract::aws::Grant;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::aws::{Account, Credentials};

/// Names of accounts with names of roles, in order.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Listing<'a> {
    Roles(BTreeMap<&'a str, BTreeSet<&'a str>>),
    WithIds(BTreeMap<&'a str, Identified<'a>>),
}

/// An account's id with its roles; `null` for an account that the mount does not know.
#[derive(Debug, Serialize)]
pub(crate) struct Identified<'a> {
    id: Option<String>,
    roles: BTreeSet<&'a str>,
}

/// What is granted, by account.
pub(crate) fn listing<'a>(
    grants: &'a [Grant],
    accounts: &BTreeMap<String, Account>,
    with_ids: bool,
) -> Listing<'a> {
    let mut roles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for grant in grants {
        roles.entry(&grant.account).or_default().insert(&grant.role);
    }
    if !with_ids {
        return Listing::Roles(roles);
    }
    let identified = |(account, roles)| {
        let id = accounts.get(account).map(|account| account.id.to_string());
        (account, Identified { id, roles })
    };
    Listing::WithIds(roles.into_iter().map(identified).collect())
}

/// Credentials as they are answered; never shown otherwise.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Credential<'a> {
    code: &'static str,
    r#type: &'static str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    token: &'a str,
    expiration: String,
    last_updated: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_url: Option<&'a str>,
    #[serde(rename = "credentials", skip_serializing_if = "Option::is_none")]
    documented: Option<Documented<'a>>,
    #[serde(rename = "console_url", skip_serializing_if = "Option::is_none")]
    documented_console_url: Option<&'a str>,
}

/// Credentials as a `credential_process` prints them, for `curl` as one. `Version` is that of the format.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProcessOutput<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
}

impl<'a> ProcessOutput<'a> {
    pub(crate) fn of(credentials: &'a Credentials) -> Self {
        Self {
            version: 1,
            access_key_id: credentials.access_key_id(),
            secret_access_key: credentials.secret_access_key().expose_secret(),
            session_token: credentials.session_token().expose_secret(),
            expiration: humantime::format_rfc3339_seconds(credentials.expiration()).to_string(),
        }
    }
}

#[derive(Serialize)]
struct Documented<'a> {
    access_key: &'a str,
    secret_key: &'a str,
    session_token: &'a str,
}

impl<'a> Credential<'a> {
    /// With no key but those that SDKs read. Times have whole seconds: botocore's and AFP's own clients read no others.
    pub(crate) fn for_sdks(credentials: &'a Credentials, now: SystemTime) -> Self {
        Self {
            code: "Success",
            r#type: "AWS-HMAC",
            access_key_id: credentials.access_key_id(),
            secret_access_key: credentials.secret_access_key().expose_secret(),
            token: credentials.session_token().expose_secret(),
            expiration: humantime::format_rfc3339_seconds(credentials.expiration()).to_string(),
            last_updated: humantime::format_rfc3339_seconds(now).to_string(),
            console_url: None,
            documented: None,
            documented_console_url: None,
        }
    }

    /// With the keys of AFP's documentation, and the console URL if there is one.
    pub(crate) fn documented(
        credentials: &'a Credentials,
        console_url: Option<&'a str>,
        now: SystemTime,
    ) -> Self {
        Self {
            console_url,
            documented: Some(Documented {
                access_key: credentials.access_key_id(),
                secret_key: credentials.secret_access_key().expose_secret(),
                session_token: credentials.session_token().expose_secret(),
            }),
            documented_console_url: console_url,
            ..Self::for_sdks(credentials, now)
        }
    }
}
