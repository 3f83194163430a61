//! What secrets hold: `GET /v1/secrets/{id}/payload` and `PUT /v1/secrets/{id}`
//! ("barbican/api/controllers/secrets.py", "barbican/plugin/util/translations.py").

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use zeroize::Zeroizing;

use super::MAX_SECRET;
use super::call::{Call, Operation, Received};
use crate::media::{Media, decode_base64};
use crate::response::{self, Refusal};
use crate::vault::{Entity, EntityWithAcl, Kind, PutPayload};

const PUT: Operation = Operation { name: "payload-put", doing: "Secret update" };

/// The payload; `doing` is what Barbican calls it, which depends on the path.
pub(super) async fn get(
    call: &Call<'_>,
    held: &EntityWithAcl,
    doing: &'static str,
) -> Result<Response, Refusal> {
    let query = call.query()?;
    call.ask(Operation { name: "payload-get", doing }, held, None).await?;
    let Entity::Secret(secret) = &held.entity else { return Err(Refusal::not_found(Kind::Secret)) };
    let Some(stored) = &secret.content_type else { return Err(no_payload()) };
    if query
        .get("trans_wrapped_session_key")
        .map_err(|_| Refusal::query())?
        .is_some_and(|key| !key.is_empty())
    {
        let text = "Transport key wrapped session key has been provided to wrap secrets for retrieval, but the \
                    transport key id has not been provided.";
        return Err(Refusal::of(StatusCode::BAD_REQUEST, text));
    }
    let media_type = match call.accept().text() {
        None | Some("") => Media::Octets.as_str(),
        Some("*/*") => stored,
        Some(accept) => accept,
    };
    let wrong = || Refusal::issue(StatusCode::NOT_ACCEPTABLE, doing, "Wrong payload content-type");
    let media = Media::parse(media_type).ok_or_else(wrong)?;
    let payload = call.api.vault.payload(secret.id).await.map_err(|error| Refusal::store(doing, &error))?;
    let payload = payload.ok_or_else(no_payload)?;
    if media == Media::Text && std::str::from_utf8(&payload).is_err() {
        return Err(wrong());
    }
    // pecan makes 204 of an empty body.
    Ok(if payload.is_empty() { response::no_content() } else { response(media_type, &payload) })
}

fn response(media_type: &str, payload: &Zeroizing<Vec<u8>>) -> Response {
    let mut response = Response::new(Body::from(payload.to_vec()));
    // WebOb says the character set of text that does not say its own.
    let with_charset = if media_type == "text/plain" { "text/plain; charset=UTF-8" } else { media_type };
    let octets = HeaderValue::from_static("application/octet-stream");
    let value = HeaderValue::from_str(with_charset).unwrap_or(octets);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

fn no_payload() -> Refusal {
    Refusal::of(StatusCode::NOT_FOUND, "Not Found. Sorry but your secret has no payload.")
}

/// Gives a secret its payload, once.
pub(super) async fn put(call: &Call<'_>, held: EntityWithAcl, body: &Received) -> Result<Response, Refusal> {
    let most = MAX_SECRET;
    let received = &body.bytes;
    call.query()?;
    let issue = |status, reason| Refusal::issue(status, PUT.doing, reason);
    let mut attempts = call.attempts(held);
    loop {
        let held = attempts.next().await?;
        call.ask(PUT, held, None).await?;
        let Entity::Secret(secret) = &held.entity else { return Err(Refusal::not_found(Kind::Secret)) };
        let media = match call.content_type() {
            "text/plain" => Media::Text,
            "application/octet-stream" => Media::Octets,
            _ => return Err(Refusal::content_type("['application/octet-stream', 'text/plain']")),
        };
        if received.is_empty() {
            return Err(issue(StatusCode::BAD_REQUEST, "No data supplied to process."));
        }
        if received.len() > most {
            return Err(issue(StatusCode::PAYLOAD_TOO_LARGE, "Provided information too large to process"));
        }
        if secret.content_type.is_some() {
            return Err(already());
        }
        let decoded;
        // An empty header is none to Python. Base64 of nothing is a payload: an empty one.
        let encoding = call.header(header::CONTENT_ENCODING).filter(|encoding| !encoding.is_empty());
        let payload = match (media, encoding) {
            (Media::Text, _) | (_, None) => received.as_slice(),
            (_, Some(encoding)) if encoding.eq_ignore_ascii_case("base64") => {
                decoded = decode_base64(received)
                    .map(Zeroizing::new)
                    .ok_or_else(|| issue(StatusCode::BAD_REQUEST, "Problem decoding payload"))?;
                decoded.as_slice()
            }
            _ => {
                let reason = "Text-based binary secret payloads must specify a content-encoding of 'base64'";
                return Err(issue(StatusCode::BAD_REQUEST, reason));
            }
        };
        let commit = call.api.vault.put_payload(secret.id, held.version, media.as_str(), payload).await;
        match commit.map_err(|error| Refusal::store(PUT.doing, &error))? {
            PutPayload::Done => return Ok(response::no_content()),
            PutPayload::AlreadyThere => return Err(already()),
            PutPayload::Gone => return Err(Refusal::not_found(Kind::Secret)),
            PutPayload::Changed => {}
        }
    }
}

fn already() -> Refusal {
    Refusal::of(StatusCode::CONFLICT, "Secret already has data, cannot modify it.")
}
