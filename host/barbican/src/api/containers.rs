//! `/v1/containers` and `/v1/containers/{id}` ("barbican/api/controllers/containers.py").

use axum::http::{Method, StatusCode};
use axum::response::Response;
use portcullis_contract::secrets as contract;
use serde::Serialize;

use super::call::{Call, Incoming, Operation, Received};
use super::{MAX_BODY, secrets};
use crate::href;
use crate::isotime;
use crate::response::{self, Refusal};
use crate::route;
use crate::schema::container::{self, RequestBody};
use crate::vault::{
    ConsumerName, Container, CreateContainer, Entity, EntityWithAcl, Kind, MOST_HOLDERS, NewContainer,
    SecretRef,
};

const GET: Operation = Operation { name: "container-get", doing: "Container retrieval" };
const CREATE: Operation = Operation { name: "container-create", doing: "Container creation" };
const DELETE: Operation = Operation { name: "container-delete", doing: "Container deletion" };

pub(super) async fn respond(call: &Call<'_>, held: EntityWithAcl) -> Result<Response, Refusal> {
    if *call.method() == Method::DELETE {
        return secrets::delete(call, held, DELETE).await;
    }
    call.accepts("application/json")?;
    call.query()?;
    call.ask(GET, &held, None).await?;
    match &held.entity {
        Entity::Container(container) => {
            let consumers = call.consumers(&held, GET).await?;
            Ok(response::json(StatusCode::OK, &Document::of(container, call, &consumers)))
        }
        Entity::Secret(_) => Err(Refusal::not_found(Kind::Container)),
    }
}

#[derive(Serialize)]
struct CreatedResponse {
    container_ref: String,
}

/// `POST /v1/containers`
pub(super) async fn create(call: &Call<'_>, body: Incoming) -> Result<Response, Refusal> {
    call.query()?;
    let received = body.read(MAX_BODY).await?;
    received.check_encoding(call)?;
    let written = written(call, &received);
    call.ask_for(CREATE, Some(proposed(call, written.as_ref().ok()))).await?;
    let written = written?;
    let mut secrets = Vec::with_capacity(written.secrets.len());
    for (name, id) in written.secrets {
        match route::id(&id) {
            Some(secret) => secrets.push(SecretRef { name, secret }),
            None => return Err(unknown_secret(name.as_deref())),
        }
    }
    let new = NewContainer {
        name: written.name,
        project: call.project().to_owned(),
        creator: call.requester.user.clone(),
        container_type: written.container_type,
        secrets,
        acl: None,
    };
    let created = call.api.vault.create_container(new).await;
    let container = match created.map_err(|error| Refusal::store(CREATE.doing, &error))? {
        CreateContainer::Done(container) => container,
        CreateContainer::QuotaReached => return Err(Refusal::quota(CREATE.doing)),
        CreateContainer::UnknownSecret(secret) => return Err(unknown_secret(secret.name.as_deref())),
        CreateContainer::TooManyHolders(secret) => {
            let text =
                format!("Secret {} is in {MOST_HOLDERS} containers, which is the most.", secret.secret);
            return Err(Refusal::of(StatusCode::BAD_REQUEST, text));
        }
    };
    let container_ref = href::entity(&call.base, Kind::Container, container.id);
    let mut response =
        response::json(StatusCode::CREATED, &CreatedResponse { container_ref: container_ref.clone() });
    response::location(response.headers_mut(), &container_ref);
    Ok(response)
}

fn unknown_secret(name: Option<&str>) -> Refusal {
    let text = format!("Secret provided for '{}' doesn't exist.", name.unwrap_or("None"));
    Refusal::of(StatusCode::NOT_FOUND, text)
}

fn written(call: &Call<'_>, received: &Received) -> Result<RequestBody, Refusal> {
    Ok(container::parse(&received.json(call)?, &call.base)?)
}

/// What the policies are told of a container that is not there yet; it has no id.
fn proposed(call: &Call<'_>, written: Option<&RequestBody>) -> contract::Entity {
    let secrets = written.iter().flat_map(|written| &written.secrets);
    contract::Entity {
        kind: Kind::Container.as_str().into(),
        id: String::new(),
        name: written.and_then(|written| written.name.clone()),
        project: call.project().into(),
        creator: call.requester.user.clone(),
        subtype: written.map(|written| written.container_type.clone()),
        extra: secrets.map(|(_, id)| ("secret".to_owned(), id.clone())).collect(),
    }
}

/// A container as clients see it.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    created: String,
    updated: String,
    status: &'a str,
    name: Option<&'a str>,
    #[serde(rename = "type")]
    container_type: &'a str,
    creator_id: Option<&'a str>,
    secret_refs: Vec<Reference<'a>>,
    consumers: Vec<ConsumerDocument<'a>>,
    container_ref: String,
}

/// A consumer as clients see it.
#[derive(Serialize)]
pub(super) struct ConsumerDocument<'a> {
    name: &'a str,
    #[serde(rename = "URL")]
    url: &'a str,
}

impl<'a> ConsumerDocument<'a> {
    pub(super) fn of(name: &'a ConsumerName) -> Self {
        Self { name: &name.service, url: &name.resource }
    }
}

#[derive(Serialize)]
struct Reference<'a> {
    name: Option<&'a str>,
    secret_ref: String,
}

impl<'a> Document<'a> {
    pub(super) fn of(container: &'a Container, call: &Call<'_>, consumers: &'a [ConsumerName]) -> Self {
        let reference = |held: &'a SecretRef| Reference {
            name: held.name.as_deref(),
            secret_ref: href::entity(&call.base, Kind::Secret, held.secret),
        };
        Self {
            created: isotime::format(container.created.micros()),
            updated: isotime::format(container.updated.micros()),
            status: &container.status,
            name: container.name.as_deref(),
            container_type: &container.container_type,
            creator_id: container.creator.as_deref(),
            secret_refs: container.secrets.iter().map(reference).collect(),
            consumers: consumers.iter().map(ConsumerDocument::of).collect(),
            container_ref: href::entity(&call.base, Kind::Container, container.id),
        }
    }
}
