//! `/v1/secrets` and `/v1/secrets/{id}` ("barbican/api/controllers/secrets.py").

use axum::http::{Method, StatusCode};
use axum::response::Response;
use portcullis_contract::secrets as contract;
use serde::Serialize;
use zeroize::Zeroizing;

use super::call::{Call, Incoming, Operation, Received};
use super::{MAX_BODY, MAX_SECRET, payloads};
use crate::facts::KeyFacts;
use crate::href;
use crate::isotime;
use crate::response::{self, Refusal};
use crate::schema::secret::{self, RequestBody};
use crate::vault::{
    Commit, ConsumerName, CreateSecret, EntityWithAcl, Kind, NewPayload, NewSecret, Secret, Timestamp,
};
use crate::version::Microversion;

const GET: Operation = Operation { name: "secret-get", doing: "Secret retrieval" };
const CREATE: Operation = Operation { name: "secret-create", doing: "Secret creation" };
const DELETE: Operation = Operation { name: "secret-delete", doing: "Secret deletion" };

pub(super) async fn respond(
    call: &Call<'_>,
    held: EntityWithAcl,
    body: &Received,
) -> Result<Response, Refusal> {
    match *call.method() {
        Method::PUT => payloads::put(call, held, body).await,
        Method::DELETE => delete(call, held, DELETE).await,
        // As of old, who asks for anything but JSON gets the payload.
        _ if !call.accept().asks_for_metadata() => payloads::get(call, &held, GET.doing).await,
        _ => {
            call.query()?;
            call.ask(GET, &held, None).await?;
            match &held.entity {
                crate::vault::Entity::Secret(secret) => {
                    let consumers = if call.version >= Microversion::V1_1 {
                        call.consumers(&held, GET).await?
                    } else {
                        Vec::new()
                    };
                    Ok(response::json(StatusCode::OK, &Document::of(secret, call, &consumers)))
                }
                crate::vault::Entity::Container(_) => Err(Refusal::not_found(Kind::Secret)),
            }
        }
    }
}

#[derive(Serialize)]
struct Reference {
    secret_ref: String,
}

/// `POST /v1/secrets`
pub(super) async fn create(call: &Call<'_>, body: Incoming) -> Result<Response, Refusal> {
    call.query()?;
    let received = body.read(MAX_BODY).await?;
    received.check_encoding(call)?;
    let written = written(call, &received);
    call.ask_for(CREATE, Some(proposed(call, written.as_ref().ok()))).await?;
    let written = written?;
    let payload = written.payload.map(|payload| NewPayload {
        content_type: payload.media.as_str().into(),
        bytes: Zeroizing::new(payload.bytes),
    });
    let new = NewSecret {
        name: written.name,
        project: call.project().to_owned(),
        creator: call.requester.user.clone(),
        secret_type: written.secret_type,
        algorithm: written.algorithm,
        bit_length: written.bit_length.map(Into::into),
        mode: written.mode,
        expiration: written.expiration.map(Timestamp),
        payload,
        acl: None,
    };
    let created = call.api.vault.create_secret(new).await;
    let secret = match created.map_err(|error| Refusal::store(CREATE.doing, &error))? {
        CreateSecret::Done(secret) => secret,
        CreateSecret::QuotaReached => return Err(Refusal::quota(CREATE.doing)),
    };
    let secret_ref = href::entity(&call.base, Kind::Secret, secret.id);
    let mut response = response::json(StatusCode::CREATED, &Reference { secret_ref: secret_ref.clone() });
    response::location(response.headers_mut(), &secret_ref);
    Ok(response)
}

fn written(call: &Call<'_>, received: &Received) -> Result<RequestBody, Refusal> {
    let now = Timestamp::now().micros();
    Ok(secret::parse(&received.json(call)?, now, MAX_SECRET)?)
}

/// What the policies are told of a secret that is not there yet; it has no id.
fn proposed(call: &Call<'_>, written: Option<&RequestBody>) -> contract::Entity {
    let of_key = written.map_or_else(KeyFacts::default, |written| KeyFacts {
        algorithm: written.algorithm.clone(),
        bit_length: written.bit_length.map(Into::into),
        mode: written.mode.clone(),
        content_type: written.payload.as_ref().map(|payload| payload.media.as_str().to_owned()),
        expiration: written.expiration.map(Timestamp),
    });
    contract::Entity {
        kind: Kind::Secret.as_str().into(),
        id: String::new(),
        name: written.and_then(|written| written.name.clone()),
        project: call.project().into(),
        creator: call.requester.user.clone(),
        subtype: written.map(|written| written.secret_type.clone()),
        extra: of_key.extra(),
    }
}

/// `DELETE` of a secret or a container.
pub(super) async fn delete(
    call: &Call<'_>,
    held: EntityWithAcl,
    operation: Operation,
) -> Result<Response, Refusal> {
    let (kind, id) = (held.entity.kind(), held.entity.id());
    let query = call.query()?;
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        call.ask(operation, held, None).await?;
        if kind == Kind::Secret && call.version >= Microversion::MAX {
            let force = is_forced(query.get("force").map_err(|_| Refusal::query())?)?;
            if !force && !call.consumers(held, operation).await?.is_empty() {
                let reason = "Secret cannot be deleted as it has consumers.";
                return Err(Refusal::issue(StatusCode::BAD_REQUEST, operation.doing, reason));
            }
        }
        let commit = call.api.vault.delete(kind, id, held.version).await;
        match commit.map_err(|error| Refusal::store(operation.doing, &error))? {
            Commit::Done => return Ok(response::no_content()),
            Commit::Gone => return Err(Refusal::not_found(kind)),
            Commit::Changed => {}
        }
    }
}

/// Whether a secret is deleted though it has consumers (`oslo_utils`, `bool_from_string` with `strict`).
fn is_forced(force: Option<&str>) -> Result<bool, Refusal> {
    let Some(force) = force else { return Ok(false) };
    match force.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
        _ => Err(Refusal::query()),
    }
}

/// A secret as clients see it.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    created: String,
    updated: String,
    status: &'a str,
    name: Option<&'a str>,
    secret_type: &'a str,
    expiration: Option<String>,
    algorithm: Option<&'a str>,
    bit_length: Option<i64>,
    mode: Option<&'a str>,
    creator_id: Option<&'a str>,
    /// From 1.1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    consumers: Option<Vec<ConsumerDocument<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_types: Option<ContentTypes<'a>>,
    secret_ref: String,
}

/// A consumer as clients see it.
#[derive(Serialize)]
pub(super) struct ConsumerDocument<'a> {
    service: &'a str,
    resource_type: &'a str,
    resource_id: &'a str,
}

impl<'a> ConsumerDocument<'a> {
    pub(super) fn of(name: &'a ConsumerName) -> Self {
        Self { service: &name.service, resource_type: &name.resource_type, resource_id: &name.resource }
    }
}

#[derive(Serialize)]
struct ContentTypes<'a> {
    default: &'a str,
}

impl<'a> Document<'a> {
    /// As the microversion has it.
    pub(super) fn of(secret: &'a Secret, call: &Call<'_>, consumers: &'a [ConsumerName]) -> Self {
        let has_consumers = call.version >= Microversion::V1_1;
        Self {
            consumers: has_consumers.then(|| consumers.iter().map(ConsumerDocument::of).collect()),
            ..Self::with_consumers(secret, call, consumers)
        }
    }

    /// With consumers in every microversion, as after a change of these.
    pub(super) fn with_consumers(secret: &'a Secret, call: &Call<'_>, consumers: &'a [ConsumerName]) -> Self {
        Self {
            created: isotime::format(secret.created.micros()),
            updated: isotime::format(secret.updated.micros()),
            status: &secret.status,
            name: secret.name.as_deref(),
            secret_type: &secret.secret_type,
            expiration: secret.expiration.map(|expiration| isotime::format(expiration.micros())),
            algorithm: secret.algorithm.as_deref(),
            bit_length: secret.bit_length,
            mode: secret.mode.as_deref(),
            creator_id: secret.creator.as_deref(),
            consumers: Some(consumers.iter().map(ConsumerDocument::of).collect()),
            content_types: secret.content_type.as_deref().map(|default| ContentTypes { default }),
            secret_ref: href::entity(&call.base, Kind::Secret, secret.id),
        }
    }
}
