//! What a request reads, changes or makes.
//!
//! Every operation has at least one target. An empty name means all of its kind (lists, prunes), or one that the
//! daemon chooses.

use portcullis_contract::docker::{Image, Target};

use super::FactError;
use super::fields::Fields;
use crate::image;
use crate::json::Object;
use crate::query::Query;
use crate::routes::Route;

/// The targets of a request, in the order in which Docker's documentation names them.
///
/// References are taken apart for images, for what is asked of a registry, and for the repository that a plugin
/// comes from. A reference that dockerd could not read is an error.
pub(crate) fn targets(
    route: Route<'_>,
    query: &Query,
    body: Option<&Object<'_>>,
) -> Result<Vec<Target>, FactError> {
    let name = route.name.unwrap_or_default();
    let first = |key: &str| query.first(key);
    Ok(match route.operation {
        "ContainerCreate" => vec![named("container", first("name"))],
        "ContainerRename" => vec![named("container", name), named("container", first("name"))],
        "ImageCommit" => {
            let container = named("container", first("container"));
            let made = image::join(first("repo"), first("tag"));
            if made.is_empty() { vec![container] } else { vec![container, image("repo", &made)?] }
        }
        "ImageCreate" => vec![image_create(query)?],
        "ImageTag" => vec![image("name", name)?, image("repo", &image::join(first("repo"), first("tag")))?],
        "ImagePush" => vec![image("name", &image::join(name, first("tag")))?],
        "ImageInspect" | "ImageHistory" | "ImageGet" | "ImageDelete" => vec![image("name", name)?],
        "ImageGetAll" => images(query, "names")?,
        "ImageBuild" => images(query, "t")?,
        "ImageSearch" => vec![named("distribution", first("term"))],
        "DistributionInspect" => vec![reference("distribution", "name", name)?],
        "BuildCancel" => vec![named("build", first("id"))],
        "PluginCreate" => vec![named("plugin", first("name"))],
        "GetPluginPrivileges" => vec![reference("plugin", "remote", first("remote"))?],
        "PluginPull" => {
            let remote = reference("plugin", "remote", first("remote"))?;
            let local = Some(first("name")).filter(|name| !name.is_empty()).map(|name| named("plugin", name));
            [Some(remote), local].into_iter().flatten().collect()
        }
        "PluginUpgrade" => vec![named("plugin", name), reference("plugin", "remote", first("remote"))?],
        "VolumeCreate" | "NetworkCreate" | "ServiceCreate" | "SecretCreate" | "ConfigCreate" => {
            vec![named(route.kind, from_body(body, "Name")?)]
        }
        "NetworkConnect" | "NetworkDisconnect" => {
            vec![named("network", name), named("container", from_body(body, "Container")?)]
        }
        _ => vec![named(route.kind, name)],
    })
}

/// `fromImage` wins over `fromSrc`, whose result is named by `repo`.
fn image_create(query: &Query) -> Result<Target, FactError> {
    let (key, name) = match query.first("fromImage") {
        "" => ("repo", query.first("repo")),
        name => ("fromImage", name),
    };
    image(key, &image::join(name, query.first("tag")))
}

fn images(query: &Query, key: &str) -> Result<Vec<Target>, FactError> {
    let mut targets = query.all(key).filter(|name| !name.is_empty()).map(|name| image(key, name));
    match targets.next() {
        None => Ok(vec![named("image", "")]),
        Some(first) => [first].into_iter().chain(targets).collect(),
    }
}

fn image(key: &str, sent: &str) -> Result<Target, FactError> {
    reference("image", key, sent)
}

/// Something with an image reference for a name.
fn reference(kind: &str, key: &str, sent: &str) -> Result<Target, FactError> {
    let mut target = named(kind, sent);
    if !sent.is_empty() {
        let malformed = || FactError::malformed(key, sent, "image reference");
        target.image = Some(image::parse(sent).ok_or_else(malformed)?);
        target.id = target.image.as_ref().and_then(full_id);
    }
    Ok(target)
}

/// A reference that is nothing but a digest is a full image id.
fn full_id(image: &Image) -> Option<String> {
    image.digest.clone().filter(|_| image.path.is_empty())
}

fn named(kind: &str, sent: &str) -> Target {
    Target { kind: kind.to_owned(), as_sent: sent.to_owned(), ..Target::default() }
}

fn from_body<'v>(body: Option<&'v Object<'v>>, key: &str) -> Result<&'v str, FactError> {
    body.map_or(Ok(""), |body| Fields::of(body, "").text(key))
}
