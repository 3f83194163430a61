//! What is asked of Cedar, made of what the host asks: principal, action, resource, context and entities.

pub(crate) mod aws;
pub(crate) mod docker;
pub(crate) mod secrets;
mod workload;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};
use portcullis_policy_sdk::{Pairs, types};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use crate::settings::UtcOffset;
use crate::store::{Draft, id_attribute};
use crate::time;
use crate::value::{Fields, Value, entity, optional, record, set, text, texts};

/// One authorization for each resource.
pub(crate) struct Question {
    pub(crate) principal: EntityUid,
    pub(crate) action: EntityUid,
    pub(crate) resources: Vec<EntityUid>,
    pub(crate) context: Fields,
    pub(crate) drafts: Vec<Draft>,
}

/// Types and actions, which Cedar would parse for every request.
pub(crate) struct Names {
    user: EntityTypeName,
    anonymous: EntityTypeName,
    group: EntityTypeName,
    map: EntityTypeName,
    multi_map: EntityTypeName,
    target: EntityTypeName,
    secret: EntityTypeName,
    pub(crate) role: EntityTypeName,
    pub(crate) account: EntityTypeName,
    docker: BTreeMap<String, EntityUid>,
    secrets: BTreeMap<String, EntityUid>,
    response: EntityUid,
    assume: EntityUid,
    utc_offset: i64,
}

impl Names {
    pub(crate) fn new(schema: &Schema, utc_offset: UtcOffset) -> Result<Self, String> {
        let kind = |name: &str| name.parse::<EntityTypeName>().map_err(|error| error.to_string());
        let actions = |namespace: &str| -> Result<BTreeMap<String, EntityUid>, String> {
            let action = kind(&format!("{namespace}::Action"))?;
            let of_type = schema.actions().filter(|uid| *uid.type_name() == action);
            Ok(of_type.map(|uid| (uid.id().unescaped().to_owned(), uid.clone())).collect())
        };
        let action = |namespace: &str, id: &str| {
            Ok::<_, String>(EntityUid::from_type_name_and_id(
                kind(&format!("{namespace}::Action"))?,
                EntityId::new(id),
            ))
        };
        Ok(Self {
            user: kind("User")?,
            anonymous: kind("Anonymous")?,
            group: kind("Group")?,
            map: kind("Map")?,
            multi_map: kind("MultiMap")?,
            target: kind("Docker::Target")?,
            secret: kind("Secrets::Entity")?,
            role: kind("Aws::Role")?,
            account: kind("Aws::Account")?,
            docker: actions("Docker")?,
            secrets: actions("Secrets")?,
            response: action("Docker", "Response")?,
            assume: action("Aws", "assume")?,
            utc_offset: utc_offset.0,
        })
    }

    /// The fields of `context` that every hook has.
    fn circumstances(&self, context: &types::Context) -> Result<Fields, String> {
        let address = context.peer.as_deref().and_then(address);
        Ok(crate::value::fields([
            ("time", Some(time::of(context.now, self.utc_offset)?)),
            ("decision", Some(text(&context.decision))),
            ("api", Some(text(&context.api))),
            ("peer", optional(context.peer.as_ref())),
            ("peerIp", address.map(|address| Value::new_ip(address.to_string()))),
        ]))
    }

    /// Who asks, on the hooks for Docker and AWS.
    fn principal(&self, principal: &types::Principal, drafts: &mut Vec<Draft>) -> Result<EntityUid, String> {
        let attributes = crate::value::fields([
            ("authentication", Some(text(&principal.authentication))),
            ("certificate", principal.certificate.as_ref().map(certificate).transpose()?),
        ]);
        Ok(self.user(principal.name.as_deref(), &principal.groups, attributes, &principal.attributes, drafts))
    }

    fn user(
        &self,
        name: Option<&str>,
        groups: &[String],
        mut attributes: Fields,
        tags: &Pairs,
        drafts: &mut Vec<Draft>,
    ) -> EntityUid {
        let uid = match name {
            Some(name) => uid(&self.user, name),
            None => uid(&self.anonymous, ""),
        };
        if name.is_some() {
            attributes.push(id_attribute(&uid));
        }
        let parents = groups.iter().map(|group| self::uid(&self.group, group)).collect();
        drafts.push(Draft { uid: uid.clone(), attributes, tags: lists(tags), parents });
        uid
    }

    /// Names and values as an entity with tags. A name with two values is an error: two readers could read two things.
    fn map(&self, place: &str, pairs: &Pairs, drafts: &mut Vec<Draft>) -> Result<Value, String> {
        let uid = uid(&self.map, place);
        let tags = tags(place, pairs)?;
        Ok(self::add(uid, tags, drafts))
    }

    /// The same, with every value of a name.
    fn multi_map(&self, place: &str, pairs: &Pairs, drafts: &mut Vec<Draft>) -> Value {
        add(uid(&self.multi_map, place), lists(pairs), drafts)
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn add(uid: EntityUid, tags: Fields, drafts: &mut Vec<Draft>) -> Value {
    let value = entity(&uid);
    // An entity that is not there has no tags either.
    if !tags.is_empty() {
        drafts.push(Draft { uid, attributes: Vec::new(), tags, parents: Vec::new() });
    }
    value
}

/// Tags of pairs whose names are there once.
fn tags(place: &str, pairs: &Pairs) -> Result<Fields, String> {
    let mut by_name = BTreeMap::new();
    for (name, value) in pairs {
        if let Some(other) = by_name.insert(name, value)
            && other != value
        {
            return Err(format!("`{place}` has `{name}` twice: `{other}` and `{value}`"));
        }
    }
    Ok(by_name.into_iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

/// Tags of pairs whose names may be there more than once.
fn lists(pairs: &Pairs) -> Fields {
    let mut by_name: BTreeMap<&String, Vec<Value>> = BTreeMap::new();
    for (name, value) in pairs {
        by_name.entry(name).or_default().push(text(value));
    }
    by_name.into_iter().map(|(name, values)| (name.clone(), set(values))).collect()
}

/// Of `ADDRESS:PORT`, or an address alone.
fn address(peer: &str) -> Option<IpAddr> {
    let of_socket = |peer: &str| peer.parse::<SocketAddr>().map(|socket| socket.ip());
    peer.parse().or_else(|_| of_socket(peer)).ok()
}

fn certificate(certificate: &types::Certificate) -> Result<Value, String> {
    record([
        ("subject", Some(text(&certificate.subject))),
        ("commonName", optional(certificate.common_name.as_ref())),
        ("issuer", Some(text(&certificate.issuer))),
        ("serial", Some(text(&certificate.serial))),
        ("sha256", Some(text(&certificate.sha256))),
        ("organizations", Some(texts(&certificate.organizations))),
        ("organizationalUnits", Some(texts(&certificate.organizational_units))),
        ("dnsNames", Some(texts(&certificate.dns_names))),
        ("emailAddresses", Some(texts(&certificate.email_addresses))),
        ("ipAddresses", Some(texts(&certificate.ip_addresses))),
        ("uris", Some(texts(&certificate.uris))),
    ])
}

/// Attributes that requests set.
pub(crate) fn attributes(kind: &str) -> &'static [&'static str] {
    match kind {
        "User" | "Anonymous" => &[
            "id",
            "authentication",
            "certificate",
            "userName",
            "userDomain",
            "project",
            "projectName",
            "projectDomain",
            "scope",
            "roles",
            "serviceRoles",
            "applicationCredential",
        ],
        "Docker::Target" => &["kind", "asSent", "name", "id", "image"],
        "Secrets::Entity" => &["kind", "id", "name", "project", "creator", "subtype"],
        _ => &[],
    }
}
