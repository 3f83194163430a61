//! The body of a request, and how one that is seen is read.
//!
//! The row of the operation says what dockerd does with a body, and by which schema JSON is read (see
//! [`crate::operation`]).

use super::refusal::{Refusal, rule};
use super::secrets;
use crate::facts::{self, Hoisted};
use crate::json::{Document, JsonError, Object, Value};
use crate::operation::{BodyKind, BodySpec, Operation};
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

/// What a request says before its body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'h> {
    pub(super) method: &'h str,
    pub(super) operation: Option<Operation>,
    pub(super) query: &'h Query,
    pub(super) api_version: Option<(u32, u32)>,
}

impl Head<'_> {
    /// Absent where dockerd answers `page not found`.
    pub fn operation(&self) -> Option<Operation> {
        self.operation
    }

    /// What dockerd does with a body of this request.
    pub fn body_kind(&self) -> BodyKind {
        match self.operation {
            Some(operation) => operation.spec().body.kind(self.query, self.api_version),
            None if matches!(self.method, "GET" | "HEAD" | "DELETE" | "OPTIONS") => BodyKind::Nothing,
            // Of a route that is not known it is not known either.
            None => BodyKind::OptionalJson,
        }
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
        BodyKind::Nothing => return Ok(ReadBody::absent()),
        _ if text.is_empty() => return Ok(ReadBody::absent()),
        BodyKind::Archive | BodyKind::ArchiveOrForm => return Ok(ReadBody::unseen("not-json")),
        BodyKind::Credentials | BodyKind::CredentialsOrForm => return Ok(ReadBody::unseen("credentials")),
        _ => {}
    }
    let operation = head.operation();
    let starts =
        operation.is_some_and(|operation| matches!(operation.spec().body, BodySpec::HostConfigOfStart(_)));
    if starts && !matches!(text.trim_ascii(), b"{}" | b"null") {
        return Err(Refusal::new(rule::START_WITH_BODY, START_WITH_BODY, operation));
    }
    read_json(text, operation)
}

const START_WITH_BODY: &str = "the request starts a container with another host configuration in its body, which \
                               old versions of dockerd obey; give the configuration when the container is created";

fn read_json(text: &[u8], operation: Option<Operation>) -> Result<ReadBody<'_>, Refusal> {
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
    if let Some(schema) = operation.and_then(Operation::schema) {
        document.change(|value| schema::canonicalise(value, schema)).map_err(refuse)?;
        if document.value().is_null() && matches!(schema, Schema::Struct(_)) {
            // Go leaves the struct as it is: all zero.
            *document.value_mut() = Value::Object(Object::default());
        }
    }
    let mut hoisted = Hoisted::default();
    if operation.is_some_and(|operation| operation.spec().hoists_host_config) {
        let hoist = |value: &mut Value<'_>| {
            if let Value::Object(body) = value {
                hoisted = facts::hoist_host_config(body);
            }
            Ok(hoisted.moved)
        };
        document.change(hoist).map_err(refuse)?;
    }
    if let Some(operation) = operation {
        secrets::hide(operation.spec().secrets, &mut document);
    }
    Ok(ReadBody { view: BodyView::Json(document), hoisted: hoisted.said, form_possible: false })
}
