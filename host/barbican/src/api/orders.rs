//! `/v1/orders` and `/v1/orders/{id}` ("barbican/api/controllers/orders.py", "barbican/tasks/resources.py").
//!
//! What is ordered is made before its order is there, as by a Barbican without workers: an order is never `PENDING`.

use axum::http::{Method, StatusCode};
use axum::response::Response;
use portcullis_contract::secrets as contract;
use serde::Serialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::call::{Call, Incoming, Operation, Received};
use super::paging::{Links, Paging};
use super::{MAX_BODY, MAX_SECRET};
use crate::facts::{self, KeyFacts};
use crate::href;
use crate::isotime;
use crate::json;
use crate::keys::{self, KeyPair, KeyPairError, Plan};
use crate::media::Media;
use crate::query::Query;
use crate::response::{self, Refusal};
use crate::route;
use crate::schema::order::{self, Passphrase, RequestBody};
use crate::vault::{
    CreateOrder, Kind, Limited, MadeByOrder, NewOrder, NewPayload, NewSecret, Order, Timestamp,
};
use portcullis_store::StoreError;

const LIST: Operation = Operation { name: "order-list", doing: "Order(s) retrieval" };
const CREATE: Operation = Operation { name: "order-create", doing: "Order creation" };
const GET: Operation = Operation { name: "order-get", doing: "Order retrieval" };
const DELETE: Operation = Operation { name: "order-delete", doing: "Order deletion" };

/// The longest pattern of `meta`, in bytes with its escapes: `LIKE` takes the time of the pattern's length times that of
/// the text.
const MAX_PATTERN: usize = 255;

/// The orders of the project.
pub(super) async fn respond(call: &Call<'_>, body: Incoming) -> Result<Response, Refusal> {
    let known = [Method::GET, Method::POST, Method::PUT].contains(call.method());
    call.method_or_405(known, "text/html", Some("GET, POST, PUT"))?;
    call.accepts("application/json")?;
    match *call.method() {
        Method::GET => list(call).await,
        Method::POST => create(call, body).await,
        _ => Err(Refusal::of(StatusCode::METHOD_NOT_ALLOWED, "Order update is not supported.")),
    }
}

/// One order of the project: to another one it is not there.
pub(super) async fn respond_one(call: &Call<'_>, id: &str, below: bool) -> Result<Response, Refusal> {
    let not_found = || Refusal::of(StatusCode::NOT_FOUND, "Order not found.");
    let id = route::id(id).ok_or_else(not_found)?;
    let found = call.api.vault.find_order(call.project(), id).await;
    let found = found.map_err(|error| Refusal::store(GET.doing, &error))?.ok_or_else(not_found)?;
    if below {
        return Err(Refusal::no_route());
    }
    let known = [Method::GET, Method::DELETE].contains(call.method());
    call.method_or_405(known, "text/html", Some("DELETE, GET"))?;
    if *call.method() == Method::GET {
        call.accepts("application/json")?;
        call.query()?;
        call.ask_for(GET, Some(facts::order(&found))).await?;
        return Ok(response::json(StatusCode::OK, &Document::of(&found, call)?));
    }
    call.query()?;
    call.ask_for(DELETE, Some(facts::order(&found))).await?;
    let deleted = call.api.vault.delete_order(call.project(), id).await;
    let deleted = deleted.map_err(|error| Refusal::store(DELETE.doing, &error))?;
    if deleted { Ok(response::no_content()) } else { Err(not_found()) }
}

#[derive(Serialize)]
struct List<'a> {
    orders: Vec<Document<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    total: u64,
}

async fn list(call: &Call<'_>) -> Result<Response, Refusal> {
    let query = call.query()?;
    call.ask_for_list(LIST, Vec::new()).await?;
    let paging = Paging::of(&query)?;
    let page =
        call.api.vault.list_orders(call.project(), pattern(&query)?, paging.offset, paging.limit).await;
    let page = page.map_err(|error| Refusal::store(LIST.doing, &error))?;
    let links = if page.orders.is_empty() {
        Links::NONE
    } else {
        paging.links(&format!("{}/v1/orders", call.base), page.total, "")
    };
    let orders = page.orders.iter().map(|order| Document::of(order, call)).collect::<Result<_, _>>()?;
    let list = List { orders, previous: links.previous, next: links.next, total: page.total };
    Ok(response::json(StatusCode::OK, &list))
}

/// `?meta=TEXT` is the text as a string of JSON, anywhere in `meta`: `OrderRepo.get_by_create_date` compares by `LIKE`.
fn pattern(query: &Query) -> Result<Option<String>, Refusal> {
    let text = query.get("meta").map_err(|_| Refusal::query())?.filter(|text| !text.is_empty());
    let Some(text) = text else { return Ok(None) };
    let pattern = format!("%{}%", json::dumps(&text));
    if pattern.len() > MAX_PATTERN { Err(Refusal::query()) } else { Ok(Some(pattern)) }
}

#[derive(Serialize)]
struct CreatedResponse {
    order_ref: String,
}

/// `POST /v1/orders`
async fn create(call: &Call<'_>, body: Incoming) -> Result<Response, Refusal> {
    call.query()?;
    let received = body.read(MAX_BODY).await?;
    received.check_encoding(call)?;
    let written = written(call, &received);
    call.ask_for(CREATE, Some(proposed(call, written.as_ref().ok()))).await?;
    let written = written?;
    let made = made(call, &written).await?;
    // A pair may have waited and taken seconds, in which its user may have lost the right to it.
    if matches!(made, MadeByOrder::Container { .. })
        && let Err(response) = call.ask_again_for(CREATE, proposed(call, Some(&written))).await
    {
        return Ok(response);
    }
    let new = NewOrder {
        project: call.project().to_owned(),
        creator: call.requester.user.clone(),
        order_type: written.order_type,
        made,
        meta: written.meta,
    };
    let created = call.api.vault.create_order(new).await;
    let order = match created.map_err(|error| Refusal::store(CREATE.doing, &error))? {
        CreateOrder::Done(order) => order,
        CreateOrder::QuotaReached => return Err(Refusal::quota(CREATE.doing)),
    };
    let order_ref = href::order(&call.base, order.id);
    let mut response =
        response::json(StatusCode::ACCEPTED, &CreatedResponse { order_ref: order_ref.clone() });
    response::location(response.headers_mut(), &order_ref);
    Ok(response)
}

fn written(call: &Call<'_>, received: &Received) -> Result<RequestBody, Refusal> {
    let now = Timestamp::now().micros();
    Ok(order::parse(&received.json(call)?, now, MAX_SECRET)?)
}

/// What the policies are told of an order that is not there yet; it has no id.
fn proposed(call: &Call<'_>, written: Option<&RequestBody>) -> contract::Entity {
    let of_key = written.map_or_else(KeyFacts::default, |written| KeyFacts {
        algorithm: Some(written.algorithm.clone()),
        bit_length: Some(written.bit_length.into()),
        mode: written.mode.clone(),
        content_type: written.media.map(|media| media.as_str().to_owned()),
        expiration: written.expiration.map(Timestamp),
    });
    contract::Entity {
        kind: "order".into(),
        id: String::new(),
        name: written.and_then(|written| written.name.clone()),
        project: call.project().into(),
        creator: call.requester.user.clone(),
        subtype: written.map(|written| written.order_type.as_str().into()),
        extra: of_key.extra(),
    }
}

/// Makes what is ordered.
async fn made(call: &Call<'_>, written: &RequestBody) -> Result<MadeByOrder, Refusal> {
    let bits = match keys::plan(written) {
        Err(error) => return Ok(MadeByOrder::Nothing(error)),
        Ok(Plan::Symmetric { bytes }) => {
            return Ok(match keys::symmetric(bytes) {
                Ok(key) => MadeByOrder::Secret(Box::new(secret(call, written, "symmetric", key))),
                Err(error) => failed(&error),
            });
        }
        Ok(Plan::Rsa { bits }) => bits,
    };
    let busy = |error: KeyPairError| Refusal::busy(CREATE.doing, &error.to_string());
    let place = call.api.key_pairs.enter(call.project()).map_err(busy)?;
    let has_passphrase = matches!(written.passphrase, Passphrase::Text(_));
    let more =
        [(Limited::Orders, 1), (Limited::Secrets, 2 + i64::from(has_passphrase)), (Limited::Containers, 1)];
    // Before seconds of a processor are spent on it.
    let reached = call.api.vault.is_quota_reached(&more, call.project()).await;
    if reached.map_err(|error| Refusal::store(CREATE.doing, &error))? {
        return Err(Refusal::quota(CREATE.doing));
    }
    let passphrase = match &written.passphrase {
        Passphrase::Text(text) => Some(text.clone()),
        Passphrase::None | Passphrase::Invalid => None,
    };
    match place.make(bits, passphrase.clone()).await {
        Ok(pair) => Ok(container(call, written, &pair, passphrase)),
        Err(error @ KeyPairError::Busy) => Err(busy(error)),
        Err(error @ KeyPairError::Failed) => Ok(failed(&error)),
    }
}

fn failed(error: &dyn std::error::Error) -> MadeByOrder {
    tracing::error!(%error, "a key was not made; its order says so");
    MadeByOrder::Nothing(keys::failure())
}

fn container(
    call: &Call<'_>,
    written: &RequestBody,
    pair: &KeyPair,
    passphrase: Option<Zeroizing<String>>,
) -> MadeByOrder {
    let secret = |kind, bytes| secret(call, written, kind, bytes);
    let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    let mut secrets = vec![
        ("private_key", secret("private", bytes(&pair.private))),
        ("public_key", secret("public", bytes(&pair.public))),
    ];
    if let Some(passphrase) = passphrase {
        secrets.push(("private_key_passphrase", secret("passphrase", bytes(&passphrase))));
    }
    let container_type = written.algorithm.to_ascii_lowercase();
    MadeByOrder::Container { name: written.name.clone(), container_type, secrets }
}

fn secret(call: &Call<'_>, written: &RequestBody, kind: &str, bytes: Zeroizing<Vec<u8>>) -> NewSecret {
    let media = written.media.unwrap_or(Media::Octets);
    NewSecret {
        name: written.name.clone(),
        project: call.project().to_owned(),
        creator: call.requester.user.clone(),
        secret_type: kind.into(),
        algorithm: Some(written.algorithm.clone()),
        bit_length: Some(written.bit_length.into()),
        mode: written.mode.clone(),
        expiration: written.expiration.map(Timestamp),
        payload: Some(NewPayload { content_type: media.as_str().into(), bytes }),
        acl: None,
    }
}

/// An order as clients see it.
#[derive(Serialize)]
struct Document<'a> {
    created: String,
    updated: String,
    status: &'a str,
    #[serde(rename = "type")]
    order_type: &'static str,
    meta: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_status_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_status_message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_ref: Option<String>,
    order_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_ref: Option<String>,
}

impl<'a> Document<'a> {
    fn of(order: &'a Order, call: &Call<'_>) -> Result<Self, Refusal> {
        let meta = serde_json::from_str(&order.meta);
        let damaged = |error: serde_json::Error| {
            Refusal::store(GET.doing, &StoreError::Damaged(format!("the meta of an order: {error}")))
        };
        let reference = |kind, id| href::entity(&call.base, kind, id);
        let sub_status = order.error.is_none().then_some("Unknown");
        Ok(Self {
            created: isotime::format(order.created.micros()),
            updated: isotime::format(order.updated.micros()),
            status: &order.status,
            order_type: order.order_type.as_str(),
            meta: meta.map_err(damaged)?,
            error_status_code: order.error.as_ref().map(|error| error.status_code.as_str()),
            error_reason: order.error.as_ref().map(|error| error.reason.as_str()),
            sub_status,
            sub_status_message: sub_status,
            creator_id: order.creator.as_deref(),
            secret_ref: order.secret.map(|id| reference(Kind::Secret, id)),
            order_ref: href::order(&call.base, order.id),
            container_ref: order.container.map(|id| reference(Kind::Container, id)),
        })
    }
}
