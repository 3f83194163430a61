//! `[federation]` as serde reads it.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use toml::{Spanned, Value};

use super::{Endpoint, Groups};

/// `[federation]`: the API.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Federation {
    pub(in crate::config) token_key: Option<Spanned<Value>>,
    pub(in crate::config) listen: Option<Vec<Spanned<Endpoint>>>,
    /// For every mount that has none of its own.
    pub(in crate::config) aws: Option<Spanned<Aws>>,
    pub(in crate::config) mounts: Vec<Spanned<Mount>>,
}

/// How AWS is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Aws {
    pub(in crate::config) endpoint: Option<Spanned<String>>,
    pub(in crate::config) region: Option<String>,
    pub(in crate::config) access_key: Option<String>,
    pub(in crate::config) secret_key: Option<Spanned<Value>>,
    pub(in crate::config) sign_in: Option<Spanned<String>>,
    pub(in crate::config) console: Option<Spanned<String>>,
    pub(in crate::config) timeout: Option<Spanned<String>>,
    pub(in crate::config) long_term_keys: Option<bool>,
}

/// `[[federation.mounts]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Mount {
    pub(in crate::config) prefix: Option<Spanned<String>>,
    /// Instead of those of `[federation]`.
    pub(in crate::config) listen: Option<Spanned<Vec<Spanned<Endpoint>>>>,
    pub(in crate::config) hosts: Option<Vec<Spanned<String>>>,
    pub(in crate::config) identity: Spanned<Identity>,
    #[serde(default)]
    pub(in crate::config) accounts: BTreeMap<String, Spanned<Account>>,
    pub(in crate::config) policies: Spanned<Vec<Spanned<String>>>,
    pub(in crate::config) metadata: Option<Spanned<Metadata>>,
    pub(in crate::config) requests: Option<Spanned<Requests>>,
    pub(in crate::config) sign_in: Option<Spanned<SignIn>>,
    pub(in crate::config) aws: Option<Spanned<Aws>>,
}

/// An id alone, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an account is an id in quotes, or `{ id = \"...\", partition = \"...\" }`")]
pub(in crate::config) enum Account {
    Id(String),
    Table(AccountTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct AccountTable {
    pub(in crate::config) id: String,
    pub(in crate::config) partition: Option<String>,
}

/// On or off, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`metadata` is `true`, or `{ v2_only = true }`")]
pub(in crate::config) enum Metadata {
    Switch(bool),
    Table(MetadataTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct MetadataTable {
    #[serde(default)]
    pub(in crate::config) v2_only: bool,
    pub(in crate::config) region: Option<String>,
    pub(in crate::config) availability_zone: Option<String>,
    pub(in crate::config) instance_id: Option<String>,
}

/// On or off, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`requests` is `true`, or `{ longest = \"4h\" }`")]
pub(in crate::config) enum Requests {
    Switch(bool),
    Table(RequestsTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RequestsTable {
    /// Without its place, which an untagged enum does not keep.
    pub(in crate::config) longest: Option<String>,
}

/// `[federation.mounts.sign_in]`: how people sign in on the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct SignIn {
    /// One of those of the mount's `jwt`; absent where there is one.
    pub(in crate::config) issuer: Option<Spanned<String>>,
    pub(in crate::config) client_id: Spanned<String>,
    pub(in crate::config) client_secret: Option<Spanned<Value>>,
    pub(in crate::config) redirect_uri: Spanned<String>,
    pub(in crate::config) scopes: Option<Vec<String>>,
    /// Absent means that of the issuer's keys.
    pub(in crate::config) ca: Option<String>,
}

/// Who says who asks: one of `header`, `address`, `password_file`, `certificate` and `jwt`, with what belongs to it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Identity {
    pub(in crate::config) header: Option<Spanned<String>>,
    pub(in crate::config) trusted: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::config) trust_unix: Option<Spanned<bool>>,
    pub(in crate::config) groups_header: Option<Spanned<String>>,
    pub(in crate::config) address: Option<Spanned<bool>>,
    pub(in crate::config) host_name: Option<Spanned<bool>>,
    pub(in crate::config) name_servers: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::config) password_file: Option<Spanned<String>>,
    pub(in crate::config) realm: Option<Spanned<String>>,
    pub(in crate::config) certificate: Option<Spanned<String>>,
    pub(in crate::config) jwt: Option<Spanned<JwtOrMore>>,
    pub(in crate::config) trust_domains: Option<Spanned<Vec<String>>>,
    pub(in crate::config) groups: Option<Groups>,
    pub(in crate::config) max_stale: Option<Spanned<String>>,
}

/// One issuer, or several. Read by hand, since an untagged enum would not say which key is wrong.
#[derive(Debug)]
pub(in crate::config) struct JwtOrMore(pub(in crate::config) Vec<Jwt>);

impl<'de> Deserialize<'de> for JwtOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = JwtOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or a list of tables")
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<JwtOrMore, A::Error> {
                Jwt::deserialize(MapAccessDeserializer::new(table)).map(|one| JwtOrMore(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, tables: A) -> Result<JwtOrMore, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(tables)).map(JwtOrMore)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Tokens of an OpenID provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Jwt {
    pub(in crate::config) issuer: String,
    /// One, or several.
    pub(in crate::config) audience: Spanned<OneOrMore>,
    /// A file, or a URL.
    pub(in crate::config) jwks: Spanned<String>,
    pub(in crate::config) ca: Option<String>,
    pub(in crate::config) user_claim: Option<String>,
    pub(in crate::config) groups_claim: Option<String>,
    pub(in crate::config) leeway: Option<Spanned<String>>,
    pub(in crate::config) session_ends_with_token: Option<bool>,
    pub(in crate::config) user_prefix: Option<String>,
    pub(in crate::config) groups_prefix: Option<String>,
    /// Names of attributes, and the claim that each is.
    #[serde(default)]
    pub(in crate::config) attributes: BTreeMap<String, String>,
    pub(in crate::config) session_tags: Option<Spanned<Vec<String>>>,
}

/// One text, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "text in quotes, or a list of texts")]
pub(in crate::config) enum OneOrMore {
    One(String),
    More(Vec<String>),
}
