//! From Barbican's rows to what the vault writes. What cannot be read is a [`Reason`], never a guess.

use portcullis_store::TextRow;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::keks::Keks;
use super::reason::Reason;
use crate::isotime;
use crate::json::{self, Value};
use crate::media::Media;
use crate::schema::order::{MAX_META, PASSPHRASES};
use crate::schema::quotas::MAX_PROJECT;
use crate::vault::{
    Acl, Attached, ConsumerName, Container, ImportConsumer, ImportContainer, ImportQuotas, ImportSecret,
    MOST_CONSUMERS, MOST_METADATA, MOST_SECRETS, Order, OrderError, OrderType, Quotas, Secret, SecretRef,
    Timestamp,
};

/// As `barbican.common.utils.generate_fullname_for` names them in the database.
const STORE_CRYPTO: &str = "barbican.plugin.store_crypto.StoreCryptoAdapterPlugin";
pub(super) const SIMPLE_CRYPTO: &str = "barbican.plugin.crypto.simple_crypto.SimpleCryptoPlugin";

/// How many users an ACL may have that is imported.
pub(super) const MOST_ACL_USERS: usize = 4096;
/// How many rows an entity may have of those of which Barbican makes one or two.
pub(super) const MOST_DUPLICATES: usize = 16;

/// Rows by what they belong to, which is their first column.
#[derive(Default)]
pub(super) struct Owned {
    rows: HashMap<String, Vec<TextRow>>,
    /// What has more of them than may be imported; these are not read.
    too_many: HashSet<String>,
}

impl Owned {
    /// The same, with what has too many of them.
    pub(super) fn beside(self, too_many: HashSet<String>) -> Self {
        Self { too_many, ..self }
    }

    fn up_to(&self, most: usize, what: &'static str, owner: &str) -> Result<&[TextRow], Reason> {
        let rows = self.rows.get(owner).map(Vec::as_slice).unwrap_or_default();
        if rows.len() > most || self.too_many.contains(owner) {
            return Err(Reason::TooMany(what, most));
        }
        Ok(rows)
    }
}

pub(super) fn by_owner(all: Vec<TextRow>) -> Owned {
    let mut rows = HashMap::<_, Vec<_>>::new();
    for row in all {
        if let Some(Some(owner)) = row.first() {
            rows.entry(owner.clone()).or_default().push(row);
        }
    }
    Owned { rows, too_many: HashSet::new() }
}

/// A content type, and bytes.
type Payload = (String, Zeroizing<Vec<u8>>);

/// ACLs, their users, and consumers of a page.
pub(super) struct AttachedRows {
    pub(super) acls: Owned,
    pub(super) users: Owned,
    pub(super) consumers: Owned,
}

/// What belongs to a page of secrets.
pub(super) struct SecretRows {
    pub(super) attached: AttachedRows,
    pub(super) store_metadata: Owned,
    pub(super) payloads: Owned,
    pub(super) metadata: Owned,
}

/// Columns, one after the other.
struct Columns<'r> {
    rest: std::slice::Iter<'r, Option<String>>,
}

impl<'r> Columns<'r> {
    fn of(row: &'r TextRow) -> Self {
        Self { rest: row.iter() }
    }

    fn optional(&mut self, name: &'static str) -> Result<Option<&'r str>, Reason> {
        let value = self.rest.next().ok_or(Reason::Column(name))?.as_deref();
        // PostgreSQL cannot store it, so that neither database takes it here.
        if value.is_some_and(|text| text.contains('\0')) { Err(Reason::Column(name)) } else { Ok(value) }
    }

    fn text(&mut self, name: &'static str) -> Result<&'r str, Reason> {
        self.optional(name)?.ok_or(Reason::Column(name))
    }

    fn owned(&mut self, name: &'static str) -> Result<Option<String>, Reason> {
        Ok(self.optional(name)?.map(str::to_owned))
    }

    fn project(&mut self) -> Result<String, Reason> {
        self.owned("project_id")?.ok_or(Reason::NoProject)
    }

    fn integer(&mut self, name: &'static str) -> Result<Option<i64>, Reason> {
        self.optional(name)?.map(|text| text.parse().map_err(|_| Reason::Column(name))).transpose()
    }

    fn optional_time(&mut self, name: &'static str) -> Result<Option<Timestamp>, Reason> {
        let time = |text| isotime::parse(text).map(Timestamp).ok_or(Reason::Column(name));
        self.optional(name)?.map(time).transpose()
    }

    fn time(&mut self, name: &'static str) -> Result<Timestamp, Reason> {
        self.optional_time(name)?.ok_or(Reason::Column(name))
    }

    fn optional_id(&mut self, name: &'static str) -> Result<Option<Uuid>, Reason> {
        self.optional(name)?.map(|text| id(text).ok_or(Reason::Column(name))).transpose()
    }

    fn id(&mut self, name: &'static str) -> Result<Uuid, Reason> {
        self.optional_id(name)?.ok_or(Reason::Column(name))
    }
}

/// As paths have it: another spelling would be another path.
fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
}

pub(super) fn secret(row: &TextRow, of: &SecretRows, keks: &Keks) -> Result<ImportSecret, Reason> {
    let mut columns = Columns::of(row);
    let mut secret = Secret {
        id: columns.id("id")?,
        name: columns.owned("name")?,
        project: columns.project()?,
        creator: columns.owned("creator_id")?,
        secret_type: columns.text("secret_type")?.to_owned(),
        algorithm: columns.owned("algorithm")?,
        bit_length: columns.integer("bit_length")?,
        mode: columns.owned("mode")?,
        status: columns.text("status")?.to_owned(),
        content_type: None,
        expiration: columns.optional_time("expiration")?,
        created: columns.time("created_at")?,
        updated: columns.time("updated_at")?,
    };
    let owner = secret.id.to_string();
    let payload = payload(&owner, of, keks)?;
    let (content_type, payload) = payload.unzip();
    secret.content_type = content_type;
    let metadata = of.metadata.up_to(MOST_METADATA, "keys of metadata", &owner)?.iter().map(|row| {
        let mut columns = Columns::of(row);
        columns.optional("secret_id")?;
        Ok((columns.text("key")?.to_owned(), columns.text("value")?.to_owned()))
    });
    let metadata = metadata.collect::<Result<_, _>>()?;
    let attached = attached(&owner, &of.attached, &secret.project)?;
    Ok(ImportSecret { secret, payload, metadata, attached })
}

/// The content type and the payload; nothing, where the secret has none yet.
fn payload(owner: &str, of: &SecretRows, keks: &Keks) -> Result<Option<Payload>, Reason> {
    let (mut plugin, mut content_type) = (None, None);
    for row in of.store_metadata.up_to(MOST_DUPLICATES, "rows about its payload", owner)? {
        let mut columns = Columns::of(row);
        columns.optional("secret_id")?;
        match (columns.text("key")?, columns.optional("value")?) {
            ("plugin_name", value) => plugin = value,
            ("content_type", value) => content_type = value,
            _ => {}
        }
    }
    if let Some(plugin) = plugin.filter(|plugin| *plugin != STORE_CRYPTO) {
        return Err(Reason::OtherPlugin(plugin.to_owned()));
    }
    // Barbican reads the first one as well.
    let Some(row) = of.payloads.up_to(MOST_DUPLICATES, "payloads", owner)?.first() else {
        return if plugin.is_some() { Err(Reason::NoPayload) } else { Ok(None) };
    };
    let mut columns = Columns::of(row);
    columns.optional("secret_id")?;
    let of_payload = columns.optional("content_type")?;
    let cypher_text = columns.text("cypher_text")?;
    let plugin = columns.text("plugin_name")?;
    if plugin != SIMPLE_CRYPTO {
        return Err(Reason::OtherPlugin(plugin.to_owned()));
    }
    let kek = keks.project_kek(columns.text("plugin_meta")?).ok_or(Reason::ProjectKek)?;
    let payload = kek.open(cypher_text).ok_or(Reason::Payload)?;
    // Orders keep the type as the client wrote it, which may be nothing, or have a `charset`.
    let content_type = content_type.or(of_payload).filter(|text| !text.is_empty());
    let content_type = match content_type {
        None => Media::Octets.as_str(),
        Some(text) => Media::parse(text).map_or(text, |media| media.as_str()),
    };
    Ok(Some((content_type.to_owned(), payload)))
}

pub(super) fn container(
    row: &TextRow,
    attached_rows: &AttachedRows,
    contents: &Owned,
) -> Result<ImportContainer, Reason> {
    let mut columns = Columns::of(row);
    let mut container = Container {
        id: columns.id("id")?,
        name: columns.owned("name")?,
        project: columns.project()?,
        creator: columns.owned("creator_id")?,
        container_type: columns.text("type")?.to_owned(),
        status: columns.text("status")?.to_owned(),
        created: columns.time("created_at")?,
        updated: columns.time("updated_at")?,
        secrets: Vec::new(),
    };
    let owner = container.id.to_string();
    for row in contents.up_to(MOST_SECRETS, "secrets", &owner)? {
        let mut columns = Columns::of(row);
        columns.optional("container_id")?;
        container.secrets.push(SecretRef { name: columns.owned("name")?, secret: columns.id("secret_id")? });
    }
    let attached = attached(&owner, attached_rows, &container.project)?;
    Ok(ImportContainer { container, attached })
}

fn attached(owner: &str, of: &AttachedRows, project: &str) -> Result<Attached, Reason> {
    let users = of.users.up_to(MOST_ACL_USERS, "users in its ACL", owner)?;
    let acl = of.acls.up_to(MOST_DUPLICATES, "ACLs", owner)?.first().map(|row| {
        let mut columns = Columns::of(row);
        columns.optional("id")?;
        let project_access = match columns.text("project_access")? {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return Err(Reason::Column("project_access")),
        };
        let (created, updated) = (columns.time("created_at")?, columns.time("updated_at")?);
        let users = users.iter().map(|row| {
            let mut columns = Columns::of(row);
            columns.optional("id")?;
            Ok(columns.text("user_id")?.to_owned())
        });
        let mut users = users.collect::<Result<Vec<_>, _>>()?;
        users.sort_unstable();
        users.dedup();
        Ok(Acl { users, project_access, created, updated })
    });
    let most = usize::try_from(MOST_CONSUMERS).unwrap_or_default();
    let consumers = of.consumers.up_to(most, "consumers", owner)?.iter().map(|row| {
        let mut columns = Columns::of(row);
        columns.optional("id")?;
        // Consumers that were registered before Barbican kept the project are the owner's.
        let project = columns.optional("project_id")?.unwrap_or(project).to_owned();
        Ok(ImportConsumer {
            project,
            name: ConsumerName {
                service: columns.text("service")?.to_owned(),
                resource_type: columns.text("resource_type")?.to_owned(),
                resource: columns.text("resource_id")?.to_owned(),
            },
            created: columns.time("created_at")?,
            updated: columns.time("updated_at")?,
        })
    });
    Ok(Attached { acl: acl.transpose()?, consumers: consumers.collect::<Result<_, _>>()? })
}

pub(super) fn order(row: &TextRow) -> Result<Order, Reason> {
    let mut columns = Columns::of(row);
    let (id, project, creator) = (columns.id("id")?, columns.project()?, columns.owned("creator_id")?);
    let order_type = match columns.text("type")? {
        "key" => OrderType::Key,
        "asymmetric" => OrderType::Asymmetric,
        _ => return Err(Reason::OrderType),
    };
    let meta = meta(columns.optional("meta")?.unwrap_or("{}"))?;
    let status = columns.text("status")?.to_owned();
    if status == "PENDING" {
        return Err(Reason::Pending);
    }
    let (secret, container) = (columns.optional_id("secret_id")?, columns.optional_id("container_id")?);
    let (status_code, reason) = (columns.owned("error_status_code")?, columns.owned("error_reason")?);
    let error = status_code.zip(reason).map(|(status_code, reason)| OrderError { status_code, reason });
    let (created, updated) = (columns.time("created_at")?, columns.time("updated_at")?);
    Ok(Order { id, project, creator, order_type, meta, status, secret, container, error, created, updated })
}

/// As Barbican has it, but for passphrases, which it does not seal.
fn meta(text: &str) -> Result<String, Reason> {
    let wrong = || Reason::Meta(MAX_META);
    let Ok(Value::Object(mut members)) = json::parse(text.as_bytes()) else { return Err(wrong()) };
    let all = members.len();
    members.retain(|(key, _)| !PASSPHRASES.contains(&key.as_str()));
    let is_changed = members.len() < all;
    let written = Value::Object(members).text().ok_or_else(wrong)?;
    let meta = if is_changed { written } else { text.to_owned() };
    if meta.len() > MAX_META { Err(wrong()) } else { Ok(meta) }
}

pub(super) fn quotas(row: &TextRow) -> Result<ImportQuotas, Reason> {
    let mut columns = Columns::of(row);
    columns.optional("id")?;
    let project = columns.project()?;
    if project.chars().count() > MAX_PROJECT {
        return Err(Reason::ProjectTooLong(MAX_PROJECT));
    }
    let quotas = Quotas {
        secrets: columns.integer("secrets")?,
        orders: columns.integer("orders")?,
        containers: columns.integer("containers")?,
        consumers: columns.integer("consumers")?,
        cas: columns.integer("cas")?,
    };
    Ok(ImportQuotas {
        project,
        quotas,
        created: columns.time("created_at")?,
        updated: columns.time("updated_at")?,
    })
}

#[cfg(test)]
mod tests;
