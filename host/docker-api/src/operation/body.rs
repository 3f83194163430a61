//! What dockerd's handlers do with the body of a request.
//!
//! [`BodySpec`] is a column of the table of operations. [`BodyKind`] is the kind of one request's body:
//! [`crate::canonical`] reads a body by it, and the APIs decide by it about a body that they are not shown. The source
//! are the handlers in moby api/server/router: which of them call `ParseForm` or `FormValue`, or decode the body.
//!
//! A body that depends on the request in a new way is a variant of [`BodySpec`], with its kinds in `BodySpec::kind`.

use crate::query::Query;
use crate::schema::Schema;

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
    /// Reads an archive. A form in its place holds nothing that a policy could mind.
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
    /// Nothing: no handler of a GET, HEAD or DELETE decodes a body, and Go reads no form of one.
    Nothing,
}

/// The body of an operation, with the schema where it is JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BodySpec {
    Json(&'static Schema),
    OptionalJson(&'static Schema),
    /// The host configuration that a start brings. Without a version, or with 1.24 or later, dockerd answers 400 to a
    /// body (moby `container_routes.go`, `bodyOnStartError`); below, dockerd before 25 obeys it.
    HostConfigOfStart(&'static Schema),
    Form,
    Archive,
    ArchiveOrForm,
    /// An archive or a form for `docker import -`, else a form.
    ImportOrForm,
    Credentials(&'static Schema),
    CredentialsOrForm(&'static Schema),
    Stream,
    Harmless,
    Nothing,
}

/// The first version of the API in which a container is started without a body.
const START_WITHOUT_BODY: (u32, u32) = (1, 24);

impl BodySpec {
    /// The kind of body for a request with this query and version.
    pub(crate) fn kind(self, query: &Query, api_version: Option<(u32, u32)>) -> BodyKind {
        match self {
            Self::Json(_) => BodyKind::Json,
            Self::OptionalJson(_) => BodyKind::OptionalJson,
            Self::HostConfigOfStart(_) => match api_version {
                Some(version) if version < START_WITHOUT_BODY => BodyKind::OptionalJson,
                _ => BodyKind::Harmless,
            },
            Self::ImportOrForm if !reads_archive(query) => BodyKind::Form,
            Self::ArchiveOrForm | Self::ImportOrForm => BodyKind::ArchiveOrForm,
            Self::Form => BodyKind::Form,
            Self::Archive => BodyKind::Archive,
            Self::Credentials(_) => BodyKind::Credentials,
            Self::CredentialsOrForm(_) => BodyKind::CredentialsOrForm,
            Self::Stream => BodyKind::Stream,
            Self::Harmless => BodyKind::Harmless,
            Self::Nothing => BodyKind::Nothing,
        }
    }

    pub(crate) fn schema(self) -> Option<&'static Schema> {
        match self {
            Self::Json(schema)
            | Self::OptionalJson(schema)
            | Self::HostConfigOfStart(schema)
            | Self::Credentials(schema)
            | Self::CredentialsOrForm(schema) => Some(schema),
            Self::Form
            | Self::Archive
            | Self::ArchiveOrForm
            | Self::ImportOrForm
            | Self::Stream
            | Self::Harmless
            | Self::Nothing => None,
        }
    }
}

/// Whether `docker import` reads an archive in the body.
fn reads_archive(query: &Query) -> bool {
    query.first("fromImage").is_empty() && query.first("fromSrc") == "-"
}
