//! The body of a request: its kind, and how a body that is seen is read.

use super::refusal::{Refusal, rule};
use super::secrets;
use crate::facts::{self, Hoisted};
use crate::json::{Document, JsonError, Object, Value};
use crate::query::Query;
use crate::request::Body;
use crate::schema::{self, Schema};

/// What a policy is shown of a body.
#[derive(Debug)]
pub(super) enum BodyView<'r> {
    Absent,
    /// With the reason, as in wit/docker.wit.
    Unseen(&'static str),
    /// In canonical form.
    Json(Document<'r>),
}

/// A body that was read, or the proof that none matters.
#[derive(Debug)]
pub struct ReadBody<'r> {
    pub(super) view: BodyView<'r>,
    /// Whether host configuration stood at the top of the body and said something.
    pub(super) hoisted: bool,
    /// Whether a form that was not shown may replace parameters of the query.
    pub(super) form_possible: bool,
}

impl<'r> ReadBody<'r> {
    fn plain(view: BodyView<'r>) -> Self {
        Self { view, hoisted: false, form_possible: false }
    }

    /// The request has no body, or dockerd reads nothing in it that matters.
    pub fn absent() -> Self {
        Self::plain(BodyView::Absent)
    }

    /// The body is not JSON that a policy could read: `not-json`, `credentials` or `hijacked`.
    pub fn unseen(reason: &'static str) -> Self {
        Self::plain(BodyView::Unseen(reason))
    }

    /// States that a form which was not seen may replace parameters of the query.
    #[must_use]
    pub fn with_possible_form(self, form_possible: bool) -> Self {
        Self { form_possible, ..self }
    }
}

/// What a handler of dockerd does with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
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

/// The kind of body that an operation reads, by the handlers in moby api/server/router: which of them call `ParseForm`, `FormValue` or decode the body.
#[expect(clippy::match_same_arms, reason = "an import is a case of its own, beside a pull")]
fn body_kind(
    operation: Option<&str>,
    method: &str,
    query: &Query,
    api_version: Option<(u32, u32)>,
) -> BodyKind {
    match operation {
        None if matches!(method, "GET" | "HEAD" | "OPTIONS") => BodyKind::Nothing,
        // Of a route that is not known it is not known either.
        None => BodyKind::OptionalJson,
        Some(operation) => match operation {
            "ContainerCreate" | "ContainerExec" | "ContainerUpdate" | "ExecStart" | "CheckpointCreate"
            | "VolumeCreate" | "VolumeUpdate" | "NetworkCreate" | "NetworkConnect" | "NetworkDisconnect"
            | "SwarmInit" | "SwarmJoin" | "SwarmUpdate" | "SwarmUnlock" | "ServiceCreate"
            | "ServiceUpdate" | "NodeUpdate" | "SecretCreate" | "SecretUpdate" | "ConfigCreate"
            | "ConfigUpdate" | "PluginPull" | "PluginUpgrade" | "PluginSet" => BodyKind::Json,
            "ImageCommit" | "ContainerCopy" => BodyKind::OptionalJson,
            "ContainerStart" => match api_version {
                Some(version) if version < START_WITHOUT_BODY => BodyKind::OptionalJson,
                _ => BodyKind::Harmless,
            },
            "ContainerStop" | "ContainerKill" | "ContainerRestart" | "ContainerPause"
            | "ContainerUnpause" | "ContainerWait" | "ContainerResize" | "ExecResize" => BodyKind::Harmless,
            "ContainerRename" | "ContainerPrune" | "ContainerLogsClear" | "ImageTag" | "ImagePrune"
            | "VolumePrune" | "NetworkPrune" | "BuildPrune" | "BuildCancel" | "PluginEnable"
            | "PluginDisable" | "PluginPush" | "SwarmLeave" => BodyKind::Form,
            "ImageBuild" => BodyKind::ArchiveOrForm,
            "ImageCreate" if reads_archive(query) => BodyKind::ArchiveOrForm,
            "ImageCreate" => BodyKind::Form,
            // Their forms hold nothing that could be minded, and would stand where the archive should.
            "ImageLoad" | "PutContainerArchive" | "PluginCreate" => BodyKind::Archive,
            "SystemAuth" => BodyKind::Credentials,
            "ImagePush" => BodyKind::CredentialsOrForm,
            "ContainerAttach" | "ContainerAttachWebsocket" | "Session" | "Grpc" => BodyKind::Stream,
            _ => BodyKind::Nothing,
        },
    }
}

/// `docker import` of an archive in the body.
fn reads_archive(query: &Query) -> bool {
    query.first("fromImage").is_empty() && query.first("fromSrc") == "-"
}

/// What dockerd does with a body of an operation, by the oldest version of the API and without parameters.
pub fn oldest_body_kind(operation: &str) -> BodyKind {
    body_kind(Some(operation), "", &Query::default(), Some((1, 0)))
}

/// What a request says before its body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'h> {
    pub(super) method: &'h str,
    pub(super) operation: Option<&'static str>,
    pub(super) query: &'h Query,
    pub(super) api_version: Option<(u32, u32)>,
}

impl Head<'_> {
    /// Docker's operationId, or ours where Docker has none. Absent where dockerd answers `page not found`.
    pub fn operation(&self) -> Option<&'static str> {
        self.operation
    }

    /// What dockerd does with a body of this request.
    pub fn body_kind(&self) -> BodyKind {
        body_kind(self.operation, self.method, self.query, self.api_version)
    }
}

/// Reads the body of a request. `not_shown` decides about a body that the request does not show.
pub(super) fn read<'r>(
    head: &Head<'_>,
    body: Body<'r>,
    not_shown: impl FnOnce(&Head<'_>) -> Result<ReadBody<'r>, Refusal>,
) -> Result<ReadBody<'r>, Refusal> {
    let Body::Seen(text) = body else { return not_shown(head) };
    match head.body_kind() {
        BodyKind::Stream => return Ok(ReadBody::unseen("hijacked")),
        _ if text.is_empty() => return Ok(ReadBody::absent()),
        BodyKind::Archive | BodyKind::ArchiveOrForm => return Ok(ReadBody::unseen("not-json")),
        BodyKind::Credentials | BodyKind::CredentialsOrForm => return Ok(ReadBody::unseen("credentials")),
        _ => {}
    }
    let operation = head.operation();
    if operation == Some("ContainerStart") && !matches!(text.trim_ascii(), b"{}" | b"null") {
        return Err(Refusal::new(rule::START_WITH_BODY, START_WITH_BODY, operation));
    }
    read_json(text, operation)
}

const START_WITH_BODY: &str = "the request starts a container with another host configuration in its body, which \
                               old versions of dockerd obey; give the configuration when the container is created";

fn read_json<'m>(text: &'m [u8], operation: Option<&'static str>) -> Result<ReadBody<'m>, Refusal> {
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
    let mut hoisted = Hoisted::default();
    if operation == Some("ContainerCreate") {
        let hoist = |value: &mut Value<'_>| {
            if let Value::Object(body) = value {
                hoisted = facts::hoist_host_config(body);
            }
            Ok(hoisted.moved)
        };
        document.change(hoist).map_err(refuse)?;
    }
    secrets::hide(operation.unwrap_or_default(), &mut document);
    Ok(ReadBody { view: BodyView::Json(document), hoisted: hoisted.said, form_possible: false })
}
