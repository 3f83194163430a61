//! The checks by name, and what all of them share. A new check is a variant of [`Check`].

mod bind_mounts;
mod container_name;
mod image_name;
mod volume_name;

use crate::pattern::Pattern;
use bind_mounts::BindRule;
use portcullis_policy_sdk::docker::{Body, Request};
use portcullis_policy_sdk::prelude::*;

/// Operations that read by their method, and hand out files or keys, or write to a container.
const NOT_READ_ONLY: [&str; 8] = [
    "ContainerArchive",
    "ContainerAttachWebsocket",
    "ContainerExport",
    "Debug",
    "ImageGet",
    "ImageGetAll",
    "SwarmInspect",
    "SwarmUnlockkey",
];
/// Operations whose body has what a check looks at. Some daemons execute them with a body that they do not show.
const BODY_DECIDES: [&str; 7] = [
    "ContainerCreate",
    "ContainerExec",
    "NetworkConnect",
    "NetworkDisconnect",
    "ServiceCreate",
    "ServiceUpdate",
    "VolumeCreate",
];

/// One check of `policies.yml`.
#[derive(Debug)]
pub(crate) enum Check {
    Allow,
    Deny,
    ReadOnly,
    Privileged,
    /// Without patterns every name passes.
    ContainerName(Vec<Pattern>),
    ImageName(Vec<Pattern>),
    User(Vec<Pattern>),
    VolumeName(Vec<Pattern>),
    BindMounts(Vec<BindRule>),
}

/// Why a check does not pass.
#[derive(Debug)]
pub(crate) struct Refusal {
    rule: &'static str,
    reason: String,
}

impl Refusal {
    fn new(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, reason: reason.into() }
    }

    pub(crate) fn opinion(self, action: &str) -> Opinion {
        Opinion::deny(self.rule, format!("{} ({action})", self.reason))
    }
}

impl Check {
    pub(crate) fn new(name: &str, arguments: &[String]) -> Result<Self, String> {
        let patterns =
            || arguments.iter().map(|argument| Pattern::new(argument, "")).collect::<Result<Vec<_>, _>>();
        let some_patterns = || match patterns()? {
            patterns if patterns.is_empty() => {
                Err("it has no pattern, so that nothing could pass; write e.g. `^foo-`".to_owned())
            }
            patterns => Ok(patterns),
        };
        let check = match name {
            "Allow" => Ok(Self::Allow),
            "Deny" => Ok(Self::Deny),
            "ReadOnly" => Ok(Self::ReadOnly),
            "Privileged" => Ok(Self::Privileged),
            "ContainerName" => patterns().map(Self::ContainerName),
            "ImageName" => some_patterns().map(Self::ImageName),
            "User" => some_patterns().map(Self::User),
            "VolumeName" => some_patterns().map(Self::VolumeName),
            "BindMounts" => arguments
                .iter()
                .map(|rule| BindRule::new(rule))
                .collect::<Result<_, _>>()
                .map(Self::BindMounts),
            _ => {
                return Err(format!(
                    "there is no check `{name}`; there are Allow, Deny, ReadOnly, ContainerName, ImageName, BindMounts, User, \
                     Privileged and VolumeName"
                ));
            }
        };
        check.map_err(|error| format!("`{name}`: {error}"))
    }

    /// Why the request does not pass; `all` are the checks beside it.
    pub(crate) fn refusal(&self, request: &Request, all: &[Self]) -> Option<Refusal> {
        let operation = request.operation.as_deref().unwrap_or_default();
        let reads_body = !matches!(self, Self::Allow | Self::Deny | Self::ReadOnly);
        if reads_body && BODY_DECIDES.contains(&operation) && !matches!(request.body, Body::Json(_)) {
            return Some(Refusal::new(
                "unseen-body",
                "the daemon did not show the body; send JSON of less than 1 MiB",
            ));
        }
        match self {
            Self::Allow => None,
            Self::Deny => Some(Refusal::new("deny", "Operation denied by configuration.")),
            Self::ReadOnly => {
                let reads =
                    matches!(request.method.as_str(), "GET" | "HEAD") && !NOT_READ_ONLY.contains(&operation);
                (!reads).then(|| Refusal::new("read-only", "Operations are restricted to read-only."))
            }
            Self::Privileged => {
                let is_privileged = request.workload.as_ref().is_some_and(|workload| workload.privileged);
                is_privileged.then(|| Refusal::new("privileged", "privileged containers are not allowed"))
            }
            Self::User(patterns) => user(patterns, request),
            Self::ContainerName(patterns) => container_name::refusal(patterns, request),
            Self::ImageName(patterns) => image_name::refusal(patterns, request),
            Self::VolumeName(patterns) => volume_name::refusal(patterns, request),
            Self::BindMounts(rules) => {
                let names_volumes = all.iter().any(|check| matches!(check, Self::VolumeName(_)));
                bind_mounts::refusal(rules, request, names_volumes)
            }
        }
    }
}

/// The user in the container. Where the request names none, it is that of the image.
fn user(patterns: &[Pattern], request: &Request) -> Option<Refusal> {
    let user = request.workload.as_ref().and_then(|workload| workload.user.as_deref())?;
    let is_allowed = user.is_empty() || any(patterns, user, request);
    (!is_allowed)
        .then(|| Refusal::new("user", format!("the user `{}` is not allowed in a container", cut(user))))
}

/// Whether one of the patterns matches.
fn any(patterns: &[Pattern], text: &str, request: &Request) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text, request.principal.name.as_deref()))
}

/// Whether a text may be an id of a container or an image, or the beginning of one.
fn may_be_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A text for a refusal: short, and without what would end its quotes.
pub(crate) fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut short: String = text.chars().take(LONGEST).map(|c| if c == '`' { '\'' } else { c }).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
