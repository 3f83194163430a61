//! The body: whether there is one, whether dockerd showed it, and what it says.

use std::collections::BTreeSet;

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
    /// Whether a form that dockerd does not show could replace parameters of the query.
    pub(super) form_possible: bool,
}

/// What a handler of dockerd does with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyUse {
    /// Decodes JSON, and nothing can be decided without it. Some handlers ignore the Content-Type; dockerd shows the
    /// body only where it is JSON.
    Json,
    /// Decodes JSON where the Content-Type says so (moby `httputils.CheckForJSON`), and does without.
    OptionalJson,
    /// Takes parameters from a form, which Go's `Request.ParseForm` puts before those of the query.
    Form,
    /// Reads an archive.
    Archive,
    /// Reads an archive, and takes parameters from a form where there is one instead.
    ArchiveOrForm,
    /// Decodes registry credentials.
    Credentials,
    /// Decodes registry credentials, and takes parameters from a form.
    CredentialsOrForm,
    /// Makes a stream of the connection.
    Stream,
    /// Refuses a body or takes parameters from a form that no policy could mind: a signal, a timeout, a size.
    Harmless,
    /// Nothing: Go reads no form of a GET or DELETE.
    Nothing,
}

/// Start without a version, or with 1.24 or later, answers 400 to a body (moby `container_routes.go`,
/// `bodyOnStartError`); below, dockerd before 25 takes it for a host configuration.
const START_WITHOUT_BODY: (u32, u32) = (1, 24);

/// From the handlers in moby api/server/router: which of them call `ParseForm`, `FormValue` or decode the body.
#[expect(clippy::match_same_arms, reason = "an import is a case of its own, beside a pull")]
fn body_use(operation: Option<&str>, call: &Call<'_, '_>) -> BodyUse {
    match operation {
        None if matches!(call.message.method.as_str(), "GET" | "HEAD" | "OPTIONS") => BodyUse::Nothing,
        // Of a route that is not known it is not known either.
        None => BodyUse::OptionalJson,
        Some(operation) => match operation {
            "ContainerCreate" | "ContainerExec" | "ContainerUpdate" | "ExecStart" | "CheckpointCreate"
            | "VolumeCreate" | "VolumeUpdate" | "NetworkCreate" | "NetworkConnect" | "NetworkDisconnect"
            | "SwarmInit" | "SwarmJoin" | "SwarmUpdate" | "SwarmUnlock" | "ServiceCreate"
            | "ServiceUpdate" | "NodeUpdate" | "SecretCreate" | "SecretUpdate" | "ConfigCreate"
            | "ConfigUpdate" | "PluginPull" | "PluginUpgrade" | "PluginSet" => BodyUse::Json,
            "ImageCommit" | "ContainerCopy" => BodyUse::OptionalJson,
            "ContainerStart" => match call.api_version {
                Some(version) if version < START_WITHOUT_BODY => BodyUse::OptionalJson,
                _ => BodyUse::Harmless,
            },
            "ContainerStop" | "ContainerKill" | "ContainerRestart" | "ContainerPause"
            | "ContainerUnpause" | "ContainerWait" | "ContainerResize" | "ExecResize" => BodyUse::Harmless,
            "ContainerRename" | "ContainerPrune" | "ContainerLogsClear" | "ImageTag" | "ImagePrune"
            | "VolumePrune" | "NetworkPrune" | "BuildPrune" | "BuildCancel" | "PluginEnable"
            | "PluginDisable" | "PluginPush" | "SwarmLeave" => BodyUse::Form,
            "ImageBuild" => BodyUse::ArchiveOrForm,
            "ImageCreate" if reads_archive(call.query) => BodyUse::ArchiveOrForm,
            "ImageCreate" => BodyUse::Form,
            // Their forms hold nothing that could be minded, and would stand where the archive should.
            "ImageLoad" | "PutContainerArchive" | "PluginCreate" => BodyUse::Archive,
            "SystemAuth" => BodyUse::Credentials,
            "ImagePush" => BodyUse::CredentialsOrForm,
            "ContainerAttach" | "ContainerAttachWebsocket" | "Session" | "Grpc" => BodyUse::Stream,
            _ => BodyUse::Nothing,
        },
    }
}

/// `docker import` of an archive in the body.
fn reads_archive(query: &Query) -> bool {
    query.first("fromImage").is_empty() && query.first("fromSrc") == "-"
}

/// Whether an operation goes on without a body and would obey one: the operations that may be named in
/// `assume_no_body`.
pub fn may_lack_body(operation: &str) -> bool {
    let oldest = Call { message: &Message::default(), query: &Query::default(), api_version: Some((1, 0)) };
    matches!(
        body_use(Some(operation), &oldest),
        BodyUse::OptionalJson | BodyUse::Form | BodyUse::CredentialsOrForm
    )
}

/// What is known of a request when its body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'m, 'q> {
    pub(super) message: &'m Message,
    pub(super) query: &'q Query,
    pub(super) api_version: Option<(u32, u32)>,
}

/// Reads a message's body, or refuses.
///
/// `assume_no_body` names operations of which the operator says that their requests have no body unless dockerd
/// shows one.
pub(super) fn read<'m>(
    call: &Call<'m, '_>,
    operation: Option<&'static str>,
    assume_no_body: &BTreeSet<String>,
) -> Result<Read<'m>, Refusal> {
    let body_use = body_use(operation, call);
    let plain = |body| Ok(Read { body, lifted: false, form_possible: false });
    let Some(text) = call.message.body.as_deref().filter(|text| !text.is_empty()) else {
        return not_shown(call.message, operation, body_use, assume_no_body);
    };
    match body_use {
        BodyUse::Archive | BodyUse::ArchiveOrForm => return plain(Shown::Unseen("not-json")),
        BodyUse::Credentials | BodyUse::CredentialsOrForm => return plain(Shown::Unseen("credentials")),
        BodyUse::Stream => return plain(Shown::Unseen("hijacked")),
        _ => {}
    }
    if operation == Some("ContainerStart") && !matches!(text.trim_ascii(), b"{}" | b"null") {
        return Err(Refusal::new(rule::START_WITH_BODY, START_WITH_BODY, operation));
    }
    read_json(text, operation)
}

const START_WITH_BODY: &str = "the request starts a container with another host configuration in its body, which \
                               old versions of dockerd obey; give the configuration when the container is created";

/// dockerd shows no body. Either the message proves that there is none, or a body would not matter, or the request
/// is refused.
///
/// dockerd obeys the first Content-Type and shows the last, so one that is shown says nothing about the first. That
/// none is shown proves that none was sent; then Go reads no form, and handlers that check for JSON read none.
fn not_shown(
    message: &Message,
    operation: Option<&'static str>,
    body_use: BodyUse,
    assume_no_body: &BTreeSet<String>,
) -> Result<Read<'static>, Refusal> {
    let length = headers::length(message);
    let typed = headers::has_content_type(message);
    let name = operation.unwrap_or("the request");
    let hidden = |reason| Err(Refusal::new(rule::BODY_NOT_SHOWN, reason, operation));
    let read = |body| Ok(Read { body, lifted: false, form_possible: false });
    let assumed = operation.is_some_and(|operation| assume_no_body.contains(operation));
    match body_use {
        BodyUse::Stream => read(Shown::Unseen("hijacked")),
        _ if length == Length::Zero => read(Shown::Absent),
        BodyUse::Archive => read(Shown::Unseen("not-json")),
        BodyUse::ArchiveOrForm => {
            Ok(Read { body: Shown::Unseen("not-json"), lifted: false, form_possible: typed })
        }
        BodyUse::Credentials => read(Shown::Unseen("credentials")),
        BodyUse::CredentialsOrForm if !typed || assumed => read(Shown::Unseen("credentials")),
        BodyUse::Harmless => read(Shown::Absent),
        BodyUse::Nothing | BodyUse::OptionalJson | BodyUse::Form
            if length == Length::Unstated && (body_use == BodyUse::Nothing || !typed || assumed) =>
        {
            read(Shown::Absent)
        }
        BodyUse::OptionalJson | BodyUse::Form | BodyUse::CredentialsOrForm
            if length == Length::Unstated && operation.is_some() =>
        {
            hidden(format!(
                "nothing proves that `{name}` has no body, and dockerd would obey one that it does not show (a form \
                 before the query, or JSON of 1 MiB): send `Content-Length: 0`, or no Content-Type; for clients that \
                 cannot (bollard and testcontainers-rs send a JSON type and no length on every call), ask for \
                 `assume_no_body = [\"{name}\"]` under `[docker]`"
            ))
        }
        _ => hidden(format!(
            "dockerd did not show the body of `{name}` and would act on it unseen (CVE-2024-41110, \
             CVE-2026-34040): send it with the Content-Type application/json and smaller than 1 MiB, or update \
             dockerd to 29.3.1 or later"
        )),
    }
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
    Ok(Read { body: Shown::Json(document), lifted: lifted.said, form_possible: false })
}
