//! `/v1/secrets/{id}/metadata` and `/v1/secrets/{id}/metadata/{key}` ("barbican/api/controllers/secretmeta.py").

use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::{Serialize, Serializer};

use super::call::{Call, Operation, Received};
use crate::href;
use crate::response::{self, Refusal};
use crate::schema::metadata::{self, Pair};
use crate::vault::{ChangeMetadata, EntityWithAcl, Kind, MOST_METADATA, MetadataChange};

const GET: Operation = Operation { name: "secret-meta-get", doing: "Secret metadata retrieval" };
const PUT: Operation = Operation { name: "secret-meta-put", doing: "Secret metadata creation" };
const CREATE: Operation = Operation { name: "secret-meta-create", doing: "Secret metadatum creation" };
const GET_ONE: Operation = Operation { name: "secret-meta-get", doing: "Secret metadatum retrieval" };
const PUT_ONE: Operation = Operation { name: "secret-meta-put", doing: "Secret metadatum update" };
const DELETE: Operation = Operation { name: "secret-meta-delete", doing: "Secret metadatum removal" };

#[derive(Serialize)]
struct All {
    metadata: Pairs,
}

/// An object whose members are in the order of the list.
struct Pairs(Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[derive(Serialize)]
struct Reference {
    metadata_ref: String,
}

#[derive(Serialize)]
struct One<'a> {
    key: &'a str,
    value: &'a str,
}

/// All metadata of a secret.
pub(super) async fn respond(
    call: &Call<'_>,
    held: EntityWithAcl,
    body: &Received,
) -> Result<Response, Refusal> {
    match *call.method() {
        Method::PUT => put(call, held, body).await,
        Method::POST => create(call, held, body).await,
        _ => {
            call.query()?;
            call.ask(GET, &held, None).await?;
            call.accepts("application/json")?;
            Ok(response::json(StatusCode::OK, &All { metadata: Pairs(stored(call, &held, GET).await?) }))
        }
    }
}

/// One of them.
pub(super) async fn respond_one(
    call: &Call<'_>,
    held: EntityWithAcl,
    key: &str,
    body: &Received,
) -> Result<Response, Refusal> {
    match *call.method() {
        Method::PUT => put_one(call, held, key, body).await,
        Method::DELETE => {
            call.accepts("application/json")?;
            call.query()?;
            // No key has a NUL, which PostgreSQL cannot even look for.
            let remove = if key.contains('\0') {
                Err(not_found())
            } else {
                Ok(MetadataChange::Remove(key.to_owned()))
            };
            change(call, held, DELETE, Some(key), &remove).await?;
            Ok(response::no_content())
        }
        _ => {
            call.accepts("application/json")?;
            call.query()?;
            call.ask_with_extra(GET_ONE, &held, about(Some(key))).await?;
            let pairs = stored(call, &held, GET_ONE).await?;
            let (key, value) = pairs.iter().find(|(other, _)| other == key).ok_or_else(not_found)?;
            Ok(response::json(StatusCode::OK, &One { key, value }))
        }
    }
}

async fn put(call: &Call<'_>, held: EntityWithAcl, body: &Received) -> Result<Response, Refusal> {
    call.accepts("application/json")?;
    call.query()?;
    body.check_encoding(call)?;
    let written = body.json(call).and_then(|json| Ok(metadata::parse_all(&json)?));
    let pairs = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| (pair.key, pair.value)).collect();
    let metadata_ref = format!("{}/metadata", href::entity(&call.base, Kind::Secret, held.entity.id()));
    change(call, held, PUT, None, &written.map(|all| MetadataChange::Replace(pairs(all)))).await?;
    Ok(response::json(StatusCode::CREATED, &Reference { metadata_ref }))
}

async fn create(call: &Call<'_>, held: EntityWithAcl, body: &Received) -> Result<Response, Refusal> {
    call.accepts("application/json")?;
    call.query()?;
    body.check_encoding(call)?;
    let written = parse_one(call, body);
    let secret = href::entity(&call.base, Kind::Secret, held.entity.id());
    let key = written.as_ref().ok().map(|pair| pair.key.clone());
    let add = written.clone().map(|pair| MetadataChange::Add(pair.key, pair.value));
    change(call, held, CREATE, key.as_deref(), &add).await?;
    let Pair { key, value } = written?;
    let mut response = response::json(StatusCode::CREATED, &One { key: &key, value: &value });
    response::location(response.headers_mut(), &format!("{secret}/metadata/{key}"));
    Ok(response)
}

async fn put_one(
    call: &Call<'_>,
    held: EntityWithAcl,
    key: &str,
    body: &Received,
) -> Result<Response, Refusal> {
    call.query()?;
    body.check_encoding(call)?;
    let written = parse_one(call, body);
    let set = match &written {
        Err(refusal) => Err(refusal.clone()),
        Ok(_) if call.accepts("application/json").is_err() => Err(Refusal::not_acceptable()),
        Ok(pair) if pair.key == key => Ok(MetadataChange::Set(pair.key.clone(), pair.value.clone())),
        // A key that is not there is the first thing that is wrong.
        Ok(_) if !stored(call, &held, PUT_ONE).await?.iter().any(|(other, _)| other == key) => {
            Err(not_found())
        }
        // Barbican forgets the rest of this sentence.
        Ok(_) => Err(Refusal::of(StatusCode::CONFLICT, "Key in request data does not match key in the ")),
    };
    change(call, held, PUT_ONE, Some(key), &set).await?;
    let Pair { key, value } = written?;
    Ok(response::json(StatusCode::OK, &One { key: &key, value: &value }))
}

fn parse_one(call: &Call<'_>, body: &Received) -> Result<Pair, Refusal> {
    Ok(metadata::parse_one(&body.json(call)?)?)
}

/// Asks for the change, and makes it.
async fn change(
    call: &Call<'_>,
    held: EntityWithAcl,
    operation: Operation,
    key: Option<&str>,
    change: &Result<MetadataChange, Refusal>,
) -> Result<(), Refusal> {
    let id = held.entity.id();
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        call.ask_with_extra(operation, held, about(key)).await?;
        let change = change.clone()?;
        let changed = call.api.vault.change_metadata(id, held.version, change).await;
        match changed.map_err(|error| Refusal::store(operation.doing, &error))? {
            ChangeMetadata::Done => return Ok(()),
            ChangeMetadata::Gone => return Err(Refusal::not_found(Kind::Secret)),
            ChangeMetadata::NotThere => return Err(not_found()),
            ChangeMetadata::AlreadyThere => {
                let text = "Conflict. Key in request is already in the secret metadata";
                return Err(Refusal::of(StatusCode::CONFLICT, text));
            }
            ChangeMetadata::Full => {
                let text = format!("The secret has {MOST_METADATA} keys of metadata, which is the most.");
                return Err(Refusal::of(StatusCode::BAD_REQUEST, text));
            }
            ChangeMetadata::Changed => {}
        }
    }
}

async fn stored(
    call: &Call<'_>,
    held: &EntityWithAcl,
    operation: Operation,
) -> Result<Vec<(String, String)>, Refusal> {
    let stored = call.api.vault.metadata(held.entity.id()).await;
    stored.map_err(|error| Refusal::store(operation.doing, &error))
}

/// What policies and the record are told of the key.
fn about(key: Option<&str>) -> portcullis_contract::Pairs {
    key.into_iter().map(|key| ("key".to_owned(), key.to_owned())).collect()
}

fn not_found() -> Refusal {
    Refusal::of(StatusCode::NOT_FOUND, "Secret metadata not found.")
}
