//! What may be written in `portcullis.toml`, as serde reads it. What it means is settled in `validate`.

mod barbican;
mod docker_gateway;
mod federation;
mod groups;

use portcullis_config::{ConfigError, SourceFile};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

pub(super) use barbican::{Barbican, Keystone, Store};
pub(super) use docker_gateway::DockerGateway;
pub(super) use federation::{
    Account, Aws, Federation, Identity, Jwt, Metadata, MetadataTable, Mount, OneOrMore, Requests, SignIn,
};
pub(super) use groups::{Groups, Ldap};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) state: Option<String>,
    pub(super) watch_policies: Option<bool>,
    pub(super) listen: Listen,
    pub(super) admin: Admin,
    pub(super) policies: Vec<Spanned<Policy>>,
    pub(super) build: Build,
    pub(super) decisions: Decisions,
    pub(super) docker: Docker,
    pub(super) audit: Audit,
    pub(super) telemetry: Option<Spanned<Telemetry>>,
    pub(super) store: Store,
    pub(super) barbican: Option<Spanned<Barbican>>,
    pub(super) federation: Option<Spanned<Federation>>,
    pub(super) docker_gateway: Option<Spanned<DockerGateway>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    pub(super) api: Option<Vec<Spanned<Endpoint>>>,
    pub(super) docker: Option<Vec<Spanned<Endpoint>>>,
    pub(super) admin: Option<Vec<Spanned<Endpoint>>>,
    pub(super) max_connections: Option<Spanned<usize>>,
    pub(super) max_connections_per_peer: Option<Spanned<usize>>,
    pub(super) proxies: Option<Vec<Spanned<String>>>,
    pub(super) header_timeout: Option<Spanned<String>>,
    pub(super) max_header_bytes: Option<Spanned<String>>,
    pub(super) body_timeout: Option<Spanned<String>>,
    pub(super) write_timeout: Option<Spanned<String>>,
    pub(super) idle_timeout: Option<Spanned<String>>,
}

/// An address alone, or a table.
#[derive(Debug)]
pub(super) enum Endpoint {
    Address(String),
    Table(EndpointTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointTable {
    pub(super) address: String,
    pub(super) tls: Option<Tls>,
    pub(super) mode: Option<String>,
    pub(super) group: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) client_ca: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) name: Spanned<String>,
    pub(super) module: Spanned<String>,
    pub(super) sha256: Option<Spanned<String>>,
    pub(super) hooks: Option<Vec<Spanned<String>>>,
    pub(super) mode: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) settings: toml::Table,
    #[serde(default)]
    pub(super) settings_files: BTreeMap<String, Spanned<FileOrFiles>>,
    pub(super) deadline: Option<Spanned<String>>,
    pub(super) memory: Option<Spanned<String>>,
    pub(super) concurrency: Option<Spanned<u32>>,
    pub(super) queue_timeout: Option<Spanned<String>>,
    pub(super) queue_length: Option<Spanned<u32>>,
    pub(super) cases: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) record_inputs: bool,
    #[serde(default)]
    pub(super) wasi: Vec<Spanned<String>>,
}

/// What a setting is read from.
#[derive(Debug)]
pub(super) enum FileOrFiles {
    File(String),
    Files(Vec<String>),
}

impl FileOrFiles {
    /// The paths of all of them.
    pub(super) fn paths(self, source_file: &SourceFile<'_>) -> Vec<std::path::PathBuf> {
        let names = match self {
            Self::File(name) => vec![name],
            Self::Files(names) => names,
        };
        names.iter().map(|name| source_file.path(name)).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Admin {
    pub(super) read_token: Option<Spanned<toml::Value>>,
    pub(super) change_token: Option<Spanned<toml::Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Build {
    pub(super) confinement: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Decisions {
    pub(super) timeout: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Docker {
    pub(super) daemon: Option<String>,
    pub(super) always_allow: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) assume_no_body: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) pass_headers: Vec<Spanned<String>>,
    pub(super) daemon_version: Option<Spanned<String>>,
    pub(super) host_root: Option<Spanned<String>>,
    pub(super) look_up: Option<Spanned<String>>,
    pub(super) groups: Option<Spanned<Groups>>,
    pub(super) max_stale: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Audit {
    pub(super) file: Option<String>,
    pub(super) syslog: Option<Spanned<String>>,
    pub(super) commit: Option<Spanned<String>>,
    pub(super) recent: Option<Spanned<usize>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Telemetry {
    pub(super) endpoint: Spanned<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<toml::Value>>,
    pub(super) ca: Option<String>,
    pub(super) service: Option<String>,
    pub(super) traces: Option<bool>,
    pub(super) logs: Option<bool>,
    pub(super) timeout: Option<Spanned<String>>,
}

// By hand, since serde's untagged enums forget which key was wrong.
impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Endpoint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address in quotes, or a table with `address` and `tls`, `mode` or `group`")
            }

            fn visit_str<E: Error>(self, address: &str) -> Result<Endpoint, E> {
                Ok(Endpoint::Address(address.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Endpoint, A::Error> {
                EndpointTable::deserialize(MapAccessDeserializer::new(map)).map(Endpoint::Table)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for FileOrFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FileOrFiles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file's name in quotes, or a list of them")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<FileOrFiles, E> {
                Ok(FileOrFiles::File(name.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<FileOrFiles, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(FileOrFiles::Files)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Reads a text.
pub(super) fn parse(text: &str, source_file: &SourceFile<'_>) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let message = in_our_words(error.message());
        match error.span() {
            Some(span) => source_file.wrong(&span, message),
            None => source_file.whole().wrong(message),
        }
    })
}

/// serde speaks of its own types; an operator knows TOML.
fn in_our_words(message: &str) -> String {
    let message = message.replace(char::is_control, " ");
    for (theirs, ours) in [("unknown field ", "unknown key "), ("missing field ", "missing key ")] {
        if let Some(rest) = message.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    let wrong = ["invalid type: ", "invalid value: "].iter().find_map(|prefix| message.strip_prefix(prefix));
    let Some((found, expected)) = wrong.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return message;
    };
    let expected = match expected {
        "a string" => "text in quotes",
        "a sequence" => "a list",
        "u32" | "usize" => "a whole number that is not negative",
        "a map" => "a table",
        structure if structure.starts_with("struct ") => "a table",
        other => other,
    };
    let found = match found {
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        other => match other.strip_prefix("string ") {
            Some(text) => format!("the text `{}`", text.trim_matches('"')),
            None => format!("the {other}"),
        },
    };
    format!("expected {expected}, found {found}")
}
