//! `/v1/containers/{id}/secrets` ("barbican/api/controllers/containers.py", `ContainersSecretsController`).

use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::call::{Call, Operation, Received};
use crate::href;
use crate::response::{self, Refusal};
use crate::route;
use crate::schema::container_secret::{self, RequestBody};
use crate::vault::{ChangeContents, Entity, EntityWithAcl, Kind, MOST_HOLDERS, MOST_SECRETS, SecretRef};

const CREATE: Operation = Operation { name: "container-secret-create", doing: "Container Secret creation" };
const DELETE: Operation = Operation { name: "container-secret-delete", doing: "Container Secret deletion" };

#[derive(Serialize)]
struct Reference<'a> {
    container_ref: &'a str,
}

pub(super) async fn respond(
    call: &Call<'_>,
    held: EntityWithAcl,
    body: &Received,
) -> Result<Response, Refusal> {
    let adds = *call.method() == Method::POST;
    let operation = if adds { CREATE } else { DELETE };
    if adds {
        call.accepts("application/json")?;
    }
    call.query()?;
    body.check_encoding(call)?;
    let written = written(call, body);
    let id = held.entity.id();
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        let secret = written.as_ref().ok().map(|written| ("secret".to_owned(), written.id().to_owned()));
        call.ask_with_extra(operation, held, secret.into_iter().collect()).await?;
        let is_generic =
            matches!(&held.entity, Entity::Container(found) if found.container_type == "generic");
        // 415 comes before this, and what is wrong with the body after it.
        if adds && call.content_type() == "application/json" && !is_generic {
            return Err(Refusal::of(StatusCode::BAD_REQUEST, "Only 'generic' containers can be modified."));
        }
        let written = written.clone()?;
        let unknown = || unknown(adds, &written);
        let secret = route::id(written.id()).ok_or_else(unknown)?;
        let reference = SecretRef { name: written.name.clone(), secret };
        let vault = &call.api.vault;
        let change = if adds {
            vault.add_to_container(id, held.version, call.project(), reference).await
        } else {
            vault.remove_from_container(id, held.version, call.project(), reference).await
        };
        match change.map_err(|error| Refusal::store(operation.doing, &error))? {
            ChangeContents::Done if adds => return Ok(created(call, held)),
            ChangeContents::Done => return Ok(response::no_content()),
            ChangeContents::Gone => return Err(Refusal::not_found(Kind::Container)),
            ChangeContents::UnknownSecret => return Err(unknown()),
            ChangeContents::AlreadyThere => {
                let text = "Conflict. A secret with that name and ID is already stored in this container. The same \
                            secret can exist in a container as long as the name is unique.";
                return Err(Refusal::of(StatusCode::CONFLICT, text));
            }
            ChangeContents::NotThere => {
                return Err(Refusal::of(StatusCode::NOT_FOUND, "Secret provided is not in the container"));
            }
            ChangeContents::TooManyHolders => {
                let text = format!("Secret {secret} is in {MOST_HOLDERS} containers, which is the most.");
                return Err(Refusal::of(StatusCode::BAD_REQUEST, text));
            }
            ChangeContents::Full => {
                let text = format!("The container holds {MOST_SECRETS} secrets, which is the most.");
                return Err(Refusal::of(StatusCode::BAD_REQUEST, text));
            }
            ChangeContents::Changed => {}
        }
    }
}

fn written(call: &Call<'_>, received: &Received) -> Result<RequestBody, Refusal> {
    Ok(container_secret::parse(&received.json(call)?)?)
}

fn created(call: &Call<'_>, held: &EntityWithAcl) -> Response {
    let container_ref = href::entity(&call.base, Kind::Container, held.entity.id());
    let mut response = response::json(StatusCode::CREATED, &Reference { container_ref: &container_ref });
    response::location(response.headers_mut(), &container_ref);
    response
}

fn unknown(adds: bool, written: &RequestBody) -> Refusal {
    let name = written.name.as_deref().unwrap_or("None");
    let text = if adds {
        "Secret provided doesn't exist.".to_owned()
    } else {
        format!("Secret '{name}' with reference '{}' doesn't exist.", written.secret_ref)
    };
    Refusal::of(StatusCode::NOT_FOUND, text)
}
