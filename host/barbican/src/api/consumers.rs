//! `/v1/secrets/{id}/consumers` and `/v1/containers/{id}/consumers` ("barbican/api/controllers/consumers.py").

use axum::http::{Method, StatusCode};
use axum::response::Response;
use portcullis_contract::Pairs;
use serde::Serialize;

use super::call::{Call, Operation, Received};
use super::paging::{Links, Paging};
use super::{containers, secrets};
use crate::href;
use crate::isotime;
use crate::response::{self, Refusal};
use crate::schema::consumer;
use crate::vault::{
    AddConsumer, Consumer, ConsumerName, Entity, EntityWithAcl, Kind, MOST_CONSUMERS, RemoveConsumer,
};

/// All consumers of the entity.
pub(super) async fn respond(
    call: &Call<'_>,
    held: EntityWithAcl,
    body: &Received,
) -> Result<Response, Refusal> {
    call.accepts("application/json")?;
    match *call.method() {
        Method::POST => create(call, held, body).await,
        Method::DELETE => delete(call, held, body).await,
        _ => list(call, &held).await,
    }
}

/// One consumer. No document shows the id of one, so there is never one of that id.
pub(super) async fn respond_one(call: &Call<'_>, held: &EntityWithAcl) -> Result<Response, Refusal> {
    call.accepts("application/json")?;
    call.query()?;
    let doing = match held.entity.kind() {
        Kind::Secret => "SecretConsumer retrieval",
        Kind::Container => "ContainerConsumer retrieval",
    };
    call.ask(Operation { name: "consumer-list", doing }, held, None).await?;
    Err(not_found())
}

#[derive(Serialize)]
struct List<'a> {
    consumers: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    total: u64,
}

#[derive(Serialize)]
struct Listed<'a> {
    created: String,
    updated: String,
    status: &'static str,
    #[serde(flatten)]
    name: Name<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Name<'a> {
    OfSecret(secrets::ConsumerDocument<'a>),
    OfContainer(containers::ConsumerDocument<'a>),
}

impl<'a> Listed<'a> {
    fn of(kind: Kind, consumer: &'a Consumer) -> Self {
        let name = &consumer.name;
        Self {
            created: isotime::format(consumer.created.micros()),
            updated: isotime::format(consumer.updated.micros()),
            status: "ACTIVE",
            name: match kind {
                Kind::Secret => Name::OfSecret(secrets::ConsumerDocument::of(name)),
                Kind::Container => Name::OfContainer(containers::ConsumerDocument::of(name)),
            },
        }
    }
}

async fn list(call: &Call<'_>, held: &EntityWithAcl) -> Result<Response, Refusal> {
    let (kind, id) = (held.entity.kind(), held.entity.id());
    let doing = match kind {
        Kind::Secret => "SecretConsumers(s) retrieval",
        Kind::Container => "ContainerConsumers(s) retrieval",
    };
    let query = call.query()?;
    call.ask(Operation { name: "consumer-list", doing }, held, None).await?;
    let paging = Paging::of(&query)?;
    let page = call.api.vault.consumers(kind, id, paging.offset, paging.limit).await;
    let page = page.map_err(|error| Refusal::store(doing, &error))?;
    let links = if page.consumers.is_empty() {
        Links::NONE
    } else {
        paging.links(&format!("{}/consumers", href::entity(&call.base, kind, id)), page.total, "")
    };
    let consumers = page.consumers.iter().map(|consumer| Listed::of(kind, consumer)).collect();
    let list = List { consumers, previous: links.previous, next: links.next, total: page.total };
    Ok(response::json(StatusCode::OK, &list))
}

async fn create(call: &Call<'_>, held: EntityWithAcl, body: &Received) -> Result<Response, Refusal> {
    let (kind, id) = (held.entity.kind(), held.entity.id());
    let doing = match kind {
        Kind::Secret => "SecretConsumer creation",
        Kind::Container => "ContainerConsumer creation",
    };
    let operation = Operation { name: "consumer-create", doing };
    call.query()?;
    body.check_encoding(call)?;
    let written = written(call, kind, body);
    let about = about(kind, written.as_ref().ok());
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        call.ask_with_extra(operation, held, about.clone()).await?;
        let written = written.as_ref().map_err(Refusal::clone)?;
        let added = call.api.vault.add_consumer(kind, id, held.version, call.project(), written).await;
        match added.map_err(|error| Refusal::store(doing, &error))? {
            AddConsumer::Done => {
                let mut response = document(call, operation, kind, held).await?;
                // Barbican leaves the collection out.
                let location = format!("{}/v1/consumers/{id}/consumers", call.base);
                response::location(response.headers_mut(), &location);
                return Ok(response);
            }
            AddConsumer::Full => {
                let text = format!("The {kind} has {MOST_CONSUMERS} consumers, which is the most.");
                return Err(Refusal::of(StatusCode::BAD_REQUEST, text));
            }
            AddConsumer::QuotaReached => return Err(Refusal::quota(doing)),
            AddConsumer::Gone => return Err(Refusal::not_found(kind)),
            AddConsumer::Changed => {}
        }
    }
}

async fn delete(call: &Call<'_>, held: EntityWithAcl, body: &Received) -> Result<Response, Refusal> {
    let (kind, id) = (held.entity.kind(), held.entity.id());
    let doing = match kind {
        Kind::Secret => "SecretConsumer deletion",
        Kind::Container => "ContainerConsumer deletion",
    };
    let operation = Operation { name: "consumer-delete", doing };
    call.query()?;
    body.check_encoding(call)?;
    let written = written(call, kind, body);
    let about = about(kind, written.as_ref().ok());
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        call.ask_with_extra(operation, held, about.clone()).await?;
        let written = written.as_ref().map_err(Refusal::clone)?;
        // The project of the entity removes every consumer, another one only its own.
        let of_project = Some(call.project()).filter(|project| *project != held.entity.project());
        let removed = call.api.vault.remove_consumer(kind, id, held.version, of_project, written).await;
        match removed.map_err(|error| Refusal::store(doing, &error))? {
            RemoveConsumer::Done => return document(call, operation, kind, held).await,
            RemoveConsumer::NotThere => return Err(not_found()),
            RemoveConsumer::OfOtherProject => {
                let text = "Not Allowed. Sorry, only the creator of a consumer can delete it.";
                return Err(Refusal::of(StatusCode::FORBIDDEN, text));
            }
            RemoveConsumer::Gone => return Err(Refusal::not_found(kind)),
            RemoveConsumer::Changed => {}
        }
    }
}

/// The document of the entity as it is now.
async fn document(
    call: &Call<'_>,
    operation: Operation,
    kind: Kind,
    held: &EntityWithAcl,
) -> Result<Response, Refusal> {
    let now = call.find(kind, held.entity.id()).await?.ok_or_else(|| Refusal::not_found(kind))?;
    let consumers = call.consumers(&now, operation).await?;
    Ok(match &now.entity {
        Entity::Secret(secret) => {
            response::json(StatusCode::OK, &secrets::Document::with_consumers(secret, call, &consumers))
        }
        Entity::Container(container) => {
            response::json(StatusCode::OK, &containers::Document::of(container, call, &consumers))
        }
    })
}

fn written(call: &Call<'_>, kind: Kind, body: &Received) -> Result<ConsumerName, Refusal> {
    Ok(consumer::parse(kind, &body.json(call)?)?)
}

/// What policies and records are told of the consumer.
fn about(kind: Kind, consumer: Option<&ConsumerName>) -> Pairs {
    let Some(consumer) = consumer else { return Pairs::new() };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    match kind {
        Kind::Secret => vec![
            pair("consumer-service", &consumer.service),
            pair("consumer-resource-type", &consumer.resource_type),
            pair("consumer-resource-id", &consumer.resource),
        ],
        Kind::Container => {
            vec![pair("consumer-name", &consumer.service), pair("consumer-url", &consumer.resource)]
        }
    }
}

fn not_found() -> Refusal {
    Refusal::of(StatusCode::NOT_FOUND, "Consumer not found.")
}
