//! What a request reads, changes or makes.
//!
//! Every operation has at least one target. An empty name means all of its kind (lists, prunes), or one that the
//! daemon chooses. The row of an operation says where the names stand (see [`crate::operation`]); a new place for a name
//! is a variant of [`NameSource`].

use portcullis_contract::docker::{Image, Target};

use super::FactError;
use super::fields::Fields;
use crate::image;
use crate::json::Object;
use crate::query::Query;

/// The kind of a target, as in wit/docker.wit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Build,
    Config,
    Container,
    Daemon,
    Distribution,
    Exec,
    Image,
    Network,
    Node,
    Plugin,
    Secret,
    Service,
    Session,
    Swarm,
    Task,
    Volume,
}

impl TargetKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Config => "config",
            Self::Container => "container",
            Self::Daemon => "daemon",
            Self::Distribution => "distribution",
            Self::Exec => "exec",
            Self::Image => "image",
            Self::Network => "network",
            Self::Node => "node",
            Self::Plugin => "plugin",
            Self::Secret => "secret",
            Self::Service => "service",
            Self::Session => "session",
            Self::Swarm => "swarm",
            Self::Task => "task",
            Self::Volume => "volume",
        }
    }
}

/// Where the name of a target stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NameSource {
    /// The variable of the path.
    Path,
    /// The variable of the path, and the parameter `tag`.
    PathWithTag,
    /// A parameter.
    Query(&'static str),
    /// The first of these parameters that is not empty, and the parameter `tag`.
    QueryWithTag(&'static [&'static str]),
    /// Each value of a parameter, and one empty name where all are empty.
    EachInQuery(&'static str),
    /// A member of the body.
    Body(&'static str),
}

/// A target of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetSpec {
    kind: TargetKind,
    source: NameSource,
    /// Whether the name is an image reference. One that dockerd could not read is an error.
    is_reference: bool,
    /// Whether an empty name means that there is no such target.
    is_optional: bool,
}

/// A target with a plain name.
pub(crate) const fn named(kind: TargetKind, source: NameSource) -> TargetSpec {
    TargetSpec { kind, source, is_reference: false, is_optional: false }
}

/// A target with an image reference for a name: images, what is asked of a registry, and the repository that a plugin
/// comes from.
pub(crate) const fn reference(kind: TargetKind, source: NameSource) -> TargetSpec {
    TargetSpec { kind, source, is_reference: true, is_optional: false }
}

impl TargetSpec {
    /// This target, where its name is not empty.
    pub(crate) const fn if_named(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// The member of the body that holds the name.
    #[cfg(test)]
    pub(crate) fn member(&self) -> Option<&'static str> {
        if let NameSource::Body(key) = self.source { Some(key) } else { None }
    }

    fn target(&self, place: &str, sent: &str) -> Result<Target, FactError> {
        let mut target =
            Target { kind: self.kind.as_str().to_owned(), as_sent: sent.to_owned(), ..Target::default() };
        if self.is_reference && !sent.is_empty() {
            let malformed = || FactError::malformed(place, sent, "image reference");
            target.image = Some(image::parse(sent).ok_or_else(malformed)?);
            target.id = target.image.as_ref().and_then(full_id);
        }
        Ok(target)
    }
}

/// The targets of a request in the order of `specs`, which is that of Docker's documentation.
pub(crate) fn targets(
    specs: &[TargetSpec],
    name_in_path: &str,
    query: &Query,
    body: Option<&Object<'_>>,
) -> Result<Vec<Target>, FactError> {
    let mut targets = Vec::with_capacity(specs.len());
    for spec in specs {
        let mut add = |place: &str, name: &str| {
            if !(spec.is_optional && name.is_empty()) {
                targets.push(spec.target(place, name)?);
            }
            Ok::<_, FactError>(())
        };
        match spec.source {
            NameSource::Path => add("name", name_in_path)?,
            NameSource::PathWithTag => add("name", &image::join(name_in_path, query.first("tag")))?,
            NameSource::Query(key) => add(key, query.first(key))?,
            NameSource::QueryWithTag(keys) => {
                let given = keys.iter().find(|key| !query.first(key).is_empty()).or(keys.last());
                let key = given.copied().unwrap_or_default();
                add(key, &image::join(query.first(key), query.first("tag")))?;
            }
            NameSource::EachInQuery(key) => {
                let mut names = query.all(key).filter(|name| !name.is_empty());
                add(key, names.next().unwrap_or_default())?;
                names.try_for_each(|name| add(key, name))?;
            }
            NameSource::Body(key) => add(key, body.map_or(Ok(""), |body| Fields::of(body, "").text(key))?)?,
        }
    }
    Ok(targets)
}

/// A reference that is nothing but a digest is a full image id.
fn full_id(image: &Image) -> Option<String> {
    image.digest.clone().filter(|_| image.path.is_empty())
}
