//! The body: whether there is one, whether dockerd showed it, and what it says.

use super::headers::{self, Length};
use super::refusal::{Refusal, rule};
use super::secrets;
use crate::facts::{self, Lifted};
use crate::json::{Document, JsonError, Object, Value};
use crate::message::Message;
use crate::query::Query;
use crate::schema::{self, Schema};

/// A body as far as it can be known.
#[derive(Debug)]
pub(super) enum Shown<'m> {
    Absent,
    /// Why.
    Unseen(&'static str),
    /// In canonical form.
    Json(Document<'m>),
}

/// A body, and whether host configuration in it stood at its top.
#[derive(Debug)]
pub(super) struct Read<'m> {
    pub(super) body: Shown<'m>,
    pub(super) lifted: bool,
}

/// How an operation takes its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// JSON, and nothing can be decided without it. dockerd reads some of these whatever their Content-Type, and
    /// only shows them where it is JSON.
    Json,
    /// JSON, if it is there.
    MaybeJson,
    /// An archive.
    Archive,
    /// Credentials.
    Credentials,
    /// The connection becomes a stream.
    Stream,
    /// Nothing.
    Nothing,
}

fn takes(operation: Option<&str>, query: &Query) -> Takes {
    match operation.unwrap_or_default() {
        "ContainerCreate" | "ContainerExec" | "ContainerUpdate" | "ExecStart" | "CheckpointCreate"
        | "VolumeCreate" | "VolumeUpdate" | "NetworkCreate" | "NetworkConnect" | "NetworkDisconnect"
        | "SwarmInit" | "SwarmJoin" | "SwarmUpdate" | "SwarmUnlock" | "ServiceCreate" | "ServiceUpdate"
        | "NodeUpdate" | "SecretCreate" | "SecretUpdate" | "ConfigCreate" | "ConfigUpdate" | "PluginPull"
        | "PluginUpgrade" | "PluginSet" => Takes::Json,
        // Of a route that is not known it is not known either.
        "" | "ImageCommit" | "ContainerStart" | "ContainerCopy" => Takes::MaybeJson,
        "ImageBuild" | "ImageLoad" | "PutContainerArchive" | "PluginCreate" => Takes::Archive,
        "ImageCreate" if query.first("fromImage").is_empty() && query.first("fromSrc") == "-" => {
            Takes::Archive
        }
        "SystemAuth" | "ImagePush" => Takes::Credentials,
        "ContainerAttach" | "ContainerAttachWebsocket" | "Session" | "Grpc" => Takes::Stream,
        _ => Takes::Nothing,
    }
}

/// Reads a message's body, or refuses.
pub(super) fn read<'m>(
    message: &'m Message,
    operation: Option<&'static str>,
    query: &Query,
) -> Result<Read<'m>, Refusal> {
    let takes = takes(operation, query);
    let plain = |body| Ok(Read { body, lifted: false });
    let Some(text) = message.body.as_deref().filter(|text| !text.is_empty()) else {
        return plain(unshown(message, operation, takes)?);
    };
    match takes {
        Takes::Archive => return plain(Shown::Unseen("not-json")),
        Takes::Credentials => return plain(Shown::Unseen("credentials")),
        Takes::Stream => return plain(Shown::Unseen("hijacked")),
        Takes::Json | Takes::MaybeJson | Takes::Nothing => {}
    }
    if operation == Some("ContainerStart") && !matches!(text.trim_ascii(), b"{}" | b"null") {
        return Err(Refusal::new(rule::START_WITH_BODY, START_WITH_BODY, operation));
    }
    read_json(text, operation)
}

const START_WITH_BODY: &str = "the request starts a container with another host configuration in its body, which \
                               old versions of dockerd obey; give the configuration when the container is created";

/// dockerd shows no body: either there is none, or it must not matter, or the request is refused.
fn unshown(
    message: &Message,
    operation: Option<&'static str>,
    takes: Takes,
) -> Result<Shown<'static>, Refusal> {
    let length = headers::length(message);
    let changes = !matches!(message.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let hidden = match takes {
        Takes::Credentials => return Ok(Shown::Unseen("credentials")),
        Takes::Stream => return Ok(Shown::Unseen("hijacked")),
        Takes::Archive if length == Length::Zero => return Ok(Shown::Absent),
        Takes::Archive => return Ok(Shown::Unseen("not-json")),
        Takes::Json => true,
        Takes::MaybeJson => {
            length == Length::Some || (length == Length::Unstated && changes && headers::is_json(message))
        }
        Takes::Nothing => length == Length::Some,
    };
    if !hidden {
        return Ok(Shown::Absent);
    }
    let name = operation.unwrap_or("the request");
    let reason = format!(
        "dockerd did not show the body of `{name}` and would act on it unseen (CVE-2024-41110, CVE-2026-34040): \
         send it with the Content-Type application/json and smaller than 1 MiB, or update dockerd to 29.3.1 or \
         later"
    );
    Err(Refusal::new(rule::BODY_NOT_SHOWN, reason, operation))
}

fn read_json<'m>(text: &'m [u8], operation: Option<&'static str>) -> Result<Read<'m>, Refusal> {
    let refuse = |error: JsonError| {
        let rule = match error {
            JsonError::DuplicateKey(_)
            | JsonError::SameField(..)
            | JsonError::NotUtf8(_)
            | JsonError::Surrogate(_)
            | JsonError::Trailing(_) => rule::AMBIGUOUS_BODY,
            _ => rule::UNREADABLE_BODY,
        };
        Refusal::new(rule, format!("the body: {error}"), operation)
    };
    let mut document = Document::read(text).map_err(refuse)?;
    if let Some(schema) = operation.and_then(schema::of_operation) {
        document.change(|value| schema::canonicalise(value, schema)).map_err(refuse)?;
        if document.value().is_null() && matches!(schema, Schema::Struct(_)) {
            // Go leaves the struct as it is: all zero.
            *document.value_mut() = Value::Object(Object::default());
        }
    }
    let mut lifted = Lifted::default();
    if operation == Some("ContainerCreate") {
        let lift = |value: &mut Value<'_>| {
            if let Value::Object(body) = value {
                lifted = facts::lift_host_config(body);
            }
            Ok(lifted.moved)
        };
        document.change(lift).map_err(refuse)?;
    }
    secrets::hide(operation.unwrap_or_default(), &mut document);
    Ok(Read { body: Shown::Json(document), lifted: lifted.said })
}
