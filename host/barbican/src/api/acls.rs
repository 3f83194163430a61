//! `/v1/secrets/{id}/acl` and `/v1/containers/{id}/acl` ("barbican/api/controllers/acls.py").
//!
//! A write is made upon the state that was decided upon, or not at all: when another came in between, the entity is
//! read again and everything is decided again.

use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

use super::call::{Call, Operation, Received};
use crate::href;
use crate::isotime;
use crate::json;
use crate::response::{self, Refusal};
use crate::schema::acl::{self, RequestBody};
use crate::vault::{Acl, AclValue, Commit, EntityWithAcl, Kind};

pub(super) async fn respond(
    call: &Call<'_>,
    held: EntityWithAcl,
    body: &Received,
) -> Result<Response, Refusal> {
    call.query()?;
    match *call.method() {
        Method::GET => get(call, &held).await,
        Method::DELETE => write(call, held, AclChange::Delete).await,
        _ => {
            body.check_encoding(call)?;
            let patch = *call.method() == Method::PATCH;
            let change = match written(call, body) {
                Ok(written) if patch => AclChange::Patch(written),
                Ok(written) => AclChange::Put(written),
                Err(refusal) => AclChange::Unreadable { patch, refusal },
            };
            write(call, held, change).await
        }
    }
}

async fn get(call: &Call<'_>, held: &EntityWithAcl) -> Result<Response, Refusal> {
    call.ask(operation(held.entity.kind(), &AclChange::Read), held, None).await?;
    let body = Document::of(held.acl.as_ref());
    let mut response = response::json(StatusCode::OK, &body);
    response::set(&mut response, "etag", &etag(held));
    Ok(response)
}

/// The requested change of an ACL.
enum AclChange {
    Read,
    Put(Option<RequestBody>),
    Patch(Option<RequestBody>),
    Delete,
    /// The policy is asked all the same, since who may not write at all hears that first.
    Unreadable {
        patch: bool,
        refusal: Refusal,
    },
}

/// The operation on the store that makes the change.
enum StoreOp {
    Nothing,
    Set(AclValue),
    Remove,
}

impl AclChange {
    fn store_op(&self, acl: Option<&Acl>) -> StoreOp {
        match self {
            Self::Put(Some(written)) => StoreOp::Set(AclValue {
                users: written.users.clone().unwrap_or_default(),
                project_access: written.project_access.unwrap_or(true),
            }),
            // Barbican passes over what is empty, and then removes what was not named.
            Self::Put(None) | Self::Delete => StoreOp::Remove,
            Self::Patch(Some(written)) => StoreOp::Set(AclValue {
                users: written.users.clone().or_else(|| acl.map(|acl| acl.users.clone())).unwrap_or_default(),
                project_access: written.project_access.or(acl.map(|acl| acl.project_access)).unwrap_or(true),
            }),
            Self::Patch(None) | Self::Read | Self::Unreadable { .. } => StoreOp::Nothing,
        }
    }
}

/// The ACL that is in force where none is set ("barbican/api/controllers/acls.py", `DEFAULT_ACL`).
fn default() -> AclValue {
    AclValue { users: Vec::new(), project_access: true }
}

async fn write(call: &Call<'_>, held: EntityWithAcl, change: AclChange) -> Result<Response, Refusal> {
    let (kind, id) = (held.entity.kind(), held.entity.id());
    let operation = operation(kind, &change);
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        let act = change.store_op(held.acl.as_ref());
        // To a policy that watches what becomes of an entity, taking its ACL away is opening it.
        let proposed = match (&act, &change) {
            (StoreOp::Set(acl), _) => Some(acl.clone()),
            (StoreOp::Remove, _) => Some(default()),
            (StoreOp::Nothing, AclChange::Unreadable { .. }) => None,
            (StoreOp::Nothing, _) => Some(held.acl.as_ref().map_or_else(default, |acl| AclValue {
                users: acl.users.clone(),
                project_access: acl.project_access,
            })),
        };
        call.ask(operation, held, proposed.as_ref()).await?;
        if let AclChange::Unreadable { refusal, .. } = change {
            return Err(refusal);
        }
        if let StoreOp::Set(acl) = &act {
            check_new_entries(acl, held.acl.as_ref())?;
        }
        check_if_match(call, held)?;
        let vault = &call.api.vault;
        let commit = match &act {
            StoreOp::Nothing => Ok(Commit::Done),
            StoreOp::Set(acl) => vault.set_acl(kind, id, held.version, acl).await,
            StoreOp::Remove if held.acl.is_none() => Ok(Commit::Done),
            StoreOp::Remove => vault.delete_acl(kind, id, held.version).await,
        };
        match commit.map_err(|error| Refusal::store(operation.doing, &error))? {
            Commit::Done => return Ok(done(call, &change, kind, held)),
            Commit::Gone => return Err(Refusal::not_found(kind)),
            Commit::Changed => {}
        }
    }
}

/// Looks at entries that are not in the ACL yet: a client that adds a user writes back what it has read.
fn check_new_entries(acl: &AclValue, old: Option<&Acl>) -> Result<(), Refusal> {
    let is_new = |user: &&String| !old.is_some_and(|old| old.users.contains(user));
    acl.users.iter().filter(is_new).try_for_each(|user| Ok(acl::check_entry(user)?))
}

#[derive(Serialize)]
struct Reference {
    acl_ref: String,
}

fn done(call: &Call<'_>, change: &AclChange, kind: Kind, held: &EntityWithAcl) -> Response {
    if let AclChange::Delete = change {
        return response::json(StatusCode::OK, &());
    }
    let acl_ref = format!("{}/acl", href::entity(&call.base, kind, held.entity.id()));
    response::json(StatusCode::OK, &Reference { acl_ref })
}

fn written(call: &Call<'_>, received: &Received) -> Result<Option<RequestBody>, Refusal> {
    Ok(acl::parse(&received.json(call)?)?)
}

fn operation(kind: Kind, change: &AclChange) -> Operation {
    let (name, doing) = match (change, kind) {
        (AclChange::Read, Kind::Secret) => ("acl-get", "SecretACL(s) retrieval"),
        (AclChange::Read, Kind::Container) => ("acl-get", "ContainerACL(s) retrieval"),
        (AclChange::Delete, Kind::Secret) => ("acl-delete", "SecretACL(s) deletion"),
        (AclChange::Delete, Kind::Container) => ("acl-delete", "ContainerACL(s) deletion"),
        (AclChange::Patch(_) | AclChange::Unreadable { patch: true, .. }, Kind::Secret) => {
            ("acl-patch", "SecretACL(s) Update")
        }
        (AclChange::Patch(_) | AclChange::Unreadable { patch: true, .. }, Kind::Container) => {
            ("acl-patch", "ContainerACL(s) Update")
        }
        (_, Kind::Secret) => ("acl-put", "SecretACL(s) Update"),
        (_, Kind::Container) => ("acl-put", "ContainerACL(s) Update"),
    };
    Operation { name, doing }
}

/// 412 unless `If-Match` is absent, `*`, or names the ACL's state (RFC 9110, section 13.1.1).
fn check_if_match(call: &Call<'_>, held: &EntityWithAcl) -> Result<(), Refusal> {
    let mut lines = call.headers(header::IF_MATCH).peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    let tag = etag(held);
    let matches = |line: &str| line.trim() == "*" || line.split(',').any(|candidate| candidate.trim() == tag);
    if lines.any(|line| line.to_str().is_ok_and(matches)) {
        return Ok(());
    }
    Err(Refusal::precondition(held.entity.kind()))
}

/// A strong validator: of the entity, and of its ACL as GET shows it, with the microsecond of its last change.
fn etag(held: &EntityWithAcl) -> String {
    let mut digest = Sha256::new();
    digest.update(held.entity.id().as_bytes());
    digest.update(json::dumps(&Document::of(held.acl.as_ref())));
    let mut tag = String::from("\"");
    for byte in digest.finalize().iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

#[derive(Serialize)]
struct Document<'a> {
    read: Read<'a>,
}

#[derive(Serialize)]
struct Read<'a> {
    #[serde(rename = "project-access")]
    project_access: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
}

impl<'a> Document<'a> {
    fn of(acl: Option<&'a Acl>) -> Self {
        let read = match acl {
            None => Read { project_access: true, users: None, created: None, updated: None },
            Some(acl) => Read {
                project_access: acl.project_access,
                users: Some(&acl.users),
                created: Some(isotime::format(acl.created.micros())),
                updated: Some(isotime::format(acl.updated.micros())),
            },
        };
        Self { read }
    }
}
