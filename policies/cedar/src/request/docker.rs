//! `docker-request` and `docker-response`: one resource for each thing that the call names.

use cedar_policy::EntityUid;
use portcullis_policy_sdk::docker::{Body, Image, Mount, Request, Response, Target};

use super::workload;
use super::{Draft, Names, Question, tags, uid};
use crate::value::{Fields, Value, fields, flag, optional, record, set, text, texts, whole};

/// A call before the daemon carries it out.
pub(crate) fn request(names: &Names, request: &Request) -> Result<Question, String> {
    let unknown = || names.docker.get("Unknown");
    let known = request.operation.as_ref().and_then(|operation| names.docker.get(operation));
    // The group and the hook `docker-response` are no operations.
    let known = known.filter(|action| !matches!(action.id().unescaped(), "AnyOperation" | "Response"));
    let action = known.or_else(unknown).ok_or("the schema has no action `Unknown`")?;
    question(names, request, action.clone())
}

/// The daemon's response.
pub(crate) fn response(names: &Names, response: &Response) -> Result<Question, String> {
    let mut question = question(names, &response.request, names.response.clone())?;
    let more = [
        ("status", response.status.map(|status| whole(status.into()))),
        ("responseHeaders", Some(names.map("response.headers", &response.headers, &mut question.drafts)?)),
        ("responseBody", Some(body(&response.body)?)),
    ];
    question.context.extend(fields(more));
    Ok(question)
}

fn question(names: &Names, request: &Request, action: EntityUid) -> Result<Question, String> {
    let mut drafts = Vec::new();
    let principal = names.principal(&request.principal, &mut drafts)?;
    let mut resources = Vec::new();
    for (at, target) in request.targets.iter().enumerate() {
        // The same thing named twice is one.
        if request.targets[..at].contains(target) {
            continue;
        }
        resources.push(resource(names, target, &mut drafts)?);
    }
    if resources.is_empty() {
        let nothing = Target { kind: "daemon".into(), ..Target::default() };
        resources.push(resource(names, &nothing, &mut drafts)?);
    }
    let context = context(names, request, &mut drafts)?;
    Ok(Question { principal, action, resources, context, drafts })
}

fn context(names: &Names, request: &Request, drafts: &mut Vec<Draft>) -> Result<Fields, String> {
    let mut context = names.circumstances(&request.context)?;
    let host_path = |path: &portcullis_policy_sdk::docker::HostPath| {
        record([
            ("path", Some(text(&path.path))),
            ("why", Some(text(&path.why))),
            ("access", Some(text(&path.access))),
        ])
    };
    let host_paths = request.host_paths.iter().map(host_path).collect::<Result<Vec<_>, _>>()?;
    let volume = request.volume.as_ref().map(|volume| mount(names, "volume", volume, drafts)).transpose()?;
    let workload =
        request.workload.as_ref().map(|workload| workload::value(names, workload, drafts)).transpose()?;
    context.extend(fields([
        ("daemon", Some(text(&request.daemon))),
        ("operation", optional(request.operation.as_ref())),
        ("method", Some(text(&request.method))),
        ("uri", Some(text(&request.uri))),
        ("path", Some(text(&format!("/{}", request.path.join("/"))))),
        ("query", Some(names.multi_map("query", &request.query, drafts))),
        ("headers", Some(names.map("headers", &request.headers, drafts)?)),
        ("body", Some(body(&request.body)?)),
        ("anomalies", Some(texts(&request.anomalies))),
        ("workload", workload),
        ("volume", volume),
        ("hostPaths", Some(set(host_paths))),
    ]));
    Ok(context)
}

/// What the call names. By the name that was looked up, so that it is the same thing however the client wrote it.
fn resource(names: &Names, target: &Target, drafts: &mut Vec<Draft>) -> Result<EntityUid, String> {
    let name = target.name.as_ref().unwrap_or(&target.as_sent);
    let uid = uid(&names.target, &format!("{}/{name}", target.kind));
    let attributes = fields([
        ("kind", Some(text(&target.kind))),
        ("asSent", Some(text(&target.as_sent))),
        ("name", optional(target.name.as_ref())),
        ("id", optional(target.id.as_ref())),
        ("image", target.image.as_ref().map(image).transpose()?),
    ]);
    let tags = tags("labels", &target.labels)?;
    drafts.push(Draft { uid: uid.clone(), attributes, tags, parents: Vec::new() });
    Ok(uid)
}

fn body(body: &Body) -> Result<Value, String> {
    let (kind, why) = match body {
        Body::Absent => ("absent", None),
        Body::Json(_) => ("json", None),
        Body::Unseen(why) => ("unseen", Some(why)),
    };
    record([("kind", Some(text(kind))), ("why", optional(why))])
}

pub(super) fn image(image: &Image) -> Result<Value, String> {
    record([
        ("asSent", Some(text(&image.as_sent))),
        ("domain", Some(text(&image.domain))),
        ("path", Some(text(&image.path))),
        ("tag", optional(image.tag.as_ref())),
        ("digest", optional(image.digest.as_ref())),
    ])
}

pub(super) fn mount(
    names: &Names,
    place: &str,
    mount: &Mount,
    drafts: &mut Vec<Draft>,
) -> Result<Value, String> {
    record([
        ("kind", Some(text(&mount.kind))),
        ("origin", Some(text(&mount.origin))),
        ("asSent", Some(text(&mount.as_sent))),
        ("source", optional(mount.source.as_ref())),
        ("target", optional(mount.target.as_ref())),
        ("readOnly", Some(flag(mount.read_only))),
        ("propagation", optional(mount.propagation.as_ref())),
        ("driver", optional(mount.driver.as_ref())),
        ("driverOptions", Some(names.map(&format!("{place}.driverOptions"), &mount.driver_options, drafts)?)),
        ("hostPath", optional(mount.host_path.as_ref())),
    ])
}
