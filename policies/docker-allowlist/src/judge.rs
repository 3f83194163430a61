//! One request against the rules: the first that allows it decides. Where none does, the refusal is that of the first rule
//! about this user and operation, and names the line that would allow the same request.
//!
//! * [`names`]: which names a request has, and whether a rule's patterns hold for them
//! * [`labels`]: labels of what is made, and of what exists

mod labels;
mod names;

use crate::host;
use crate::image;
use crate::operations::{self, Class};
use crate::settings::{CheckedRule, Switch};
use portcullis_policy_docker_common::request::{BODY_DECIDES, parameter};
use portcullis_policy_sdk::docker::{Body, Image, Request};
use portcullis_policy_sdk::prelude::*;
use std::fmt::Write as _;

/// Calls that mean all tags of an image that is named without one (moby distribution/push.go, pull.go).
const ALL_TAGS: [&str; 4] = ["ImageCreate", "ImageGet", "ImageGetAll", "ImagePush"];

/// The longest line of settings in a refusal, which has 1024 bytes at most.
const LONGEST_LINE: usize = 350;

/// Why a rule does not allow a request.
#[derive(Debug)]
struct Refusal {
    rule: &'static str,
    reason: String,
    /// A line of the rule. Once it is written, the same request passes this check.
    advice: Option<String>,
}

impl Refusal {
    fn new(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, reason: reason.into(), advice: None }
    }

    /// A line that would not fit into the reason is left out.
    fn or_ask_for(self, line: impl Into<String>) -> Self {
        Self { advice: Some(line.into()).filter(|line| line.len() <= LONGEST_LINE), ..self }
    }
}

/// One request and one rule.
struct Judge<'a> {
    rule: &'a CheckedRule,
    request: &'a Request,
    operation: &'a str,
}

/// The opinion of all rules.
pub(crate) fn opinion(rules: &[CheckedRule], request: &Request) -> Opinion {
    let Some(operation) = request.operation.as_deref() else {
        // Not the URI: its query may hold a secret, and this text goes into logs.
        let path = cut(&request.path.join("/"));
        return Opinion::deny("unknown-operation", format!("Docker has no `{} /{path}`", request.method));
    };
    let mut refused: Option<(&CheckedRule, Refusal)> = None;
    for rule in rules.iter().filter(|rule| rule.is_for(&request.principal) && rule.has(operation)) {
        match (Judge { rule, request, operation }).check() {
            Ok(()) => return Opinion::allow(rule.name.clone()),
            Err(refusal) => {
                refused.get_or_insert((rule, refusal));
            }
        }
    }
    let Some((rule, Refusal { rule: name, reason, advice })) = refused else {
        return no_rule(operation, request);
    };
    let instead = advice.map(|line| format!("; or ask for `{line}` in the rule `{}`", rule.name));
    Opinion::deny(name, format!("{reason}{}", instead.unwrap_or_default()))
}

fn no_rule(operation: &str, request: &Request) -> Opinion {
    let user = request.principal.name.as_deref();
    let who = user.map_or("a client without a name".to_owned(), |user| format!("`{}`", cut(user)));
    // A name that reads as something else has no entry of its own.
    let entry = match user {
        None => "anonymous",
        Some(user)
            if matches!(user, "" | "*" | "anonymous")
                || user.starts_with("group:")
                || user.len() > LONGEST_LINE =>
        {
            "*"
        }
        Some(user) => user,
    };
    let opens = if operations::class(operation) == Some(Class::Host) {
        "` and `host_options = \"allow\""
    } else {
        ""
    };
    Opinion::deny(
        "operation",
        format!(
            "no rule lets {who} do `{operation}`; ask for a rule with `users = [{}]` and `operations = [\"{operation}\"]{opens}`",
            quoted(entry),
        ),
    )
}

impl Judge<'_> {
    fn check(&self) -> Result<(), Refusal> {
        self.body()?;
        if self.rule.host_options == Switch::Refuse
            && let Some(what) = host::opening(self.operation, self.request)
        {
            let reason = format!("{}, which this rule does not allow; leave it out", cut(&what));
            return Err(Refusal::new("host-options", reason).or_ask_for("host_options = \"allow\""));
        }
        self.rollback()?;
        self.images()?;
        self.names()?;
        self.labels()
    }

    /// The swarm restores the specification before this one, regardless of the body.
    fn rollback(&self) -> Result<(), Refusal> {
        let rule = self.rule;
        let narrows = rule.host_options == Switch::Refuse
            || rule.images.is_some()
            || !rule.names.is_empty()
            || !rule.labels.is_empty();
        if self.operation != "ServiceUpdate" || !self.has_parameter("rollback") || !narrows {
            return Ok(());
        }
        let reason = "what a service is rolled back to is not seen; send the specification itself";
        Err(Refusal::new("rollback", reason.to_owned()))
    }

    fn body(&self) -> Result<(), Refusal> {
        let why = match &self.request.body {
            Body::Json(_) => return Ok(()),
            Body::Unseen(why) => why.as_str(),
            Body::Absent => "absent",
        };
        if !BODY_DECIDES.contains(&self.operation) {
            return Ok(());
        }
        Err(Refusal::new(
            "unseen-body",
            format!(
                "the daemon did not show the body of `{}` ({why}); send JSON of less than 1 MiB with \
                 `Content-Type: application/json`",
                self.operation
            ),
        ))
    }

    /// What is run, pulled, pushed, read, tagged or removed.
    fn images(&self) -> Result<(), Refusal> {
        let Some(patterns) = &self.rule.images else { return Ok(()) };
        let unseen = match self.operation {
            "ImageBuild" | "ImageLoad" => true,
            "ImageCreate" => !self.has_parameter("fromImage"),
            _ => false,
        };
        if unseen {
            return Err(Refusal::new(
                "image",
                format!(
                    "what is in the archive of `{}` is not seen, so that `images` cannot judge it; ask for a rule of its own \
                     without `images`",
                    self.operation
                ),
            ));
        }
        let workload = self.request.workload.as_ref();
        if workload.is_some_and(|workload| workload.mounts.iter().any(|mount| mount.kind == "image")) {
            let reason = "an image is mounted, which `images` does not judge; leave the mount out";
            return Err(Refusal::new("image", reason.to_owned()));
        }
        let targets = self.request.targets.iter();
        for target in targets.clone() {
            if target.kind == "image" && target.image.is_none() {
                self.all_of("image", "images")?;
            }
        }
        let run = workload.and_then(|workload| workload.image.as_ref());
        let is_image = |kind: &str| matches!(kind, "image" | "distribution");
        let named =
            targets.filter(|target| is_image(&target.kind)).filter_map(|target| target.image.as_ref());
        named.chain(run).try_for_each(|image| self.image(patterns, image))
    }

    fn image(&self, patterns: &[image::ImagePattern], image: &Image) -> Result<(), Refusal> {
        let is_all_tags = ALL_TAGS.contains(&self.operation) && image.tag.is_none() && image.digest.is_none();
        let allows = |pattern: &image::ImagePattern| {
            pattern.matches(image, self.user()) && !(is_all_tags && pattern.narrows_versions())
        };
        if patterns.iter().any(allows) {
            return Ok(());
        }
        if is_all_tags && patterns.iter().any(|pattern| pattern.matches(image, self.user())) {
            let reason =
                format!("`{}` without a tag means all tags; name one, e.g. `:latest`", cut(&image.as_sent));
            return Err(Refusal::new("image", reason));
        }
        let sent = cut(&image.as_sent);
        let refusal = if image::is_id(image) {
            let instead = "name it by repository and tag, e.g. `name:latest`";
            Refusal::new("image", format!("`{sent}` may be the id of any image; {instead}"))
        } else {
            Refusal::new("image", format!("the image `{sent}` is not among the allowed ones; use another"))
        };
        let is_part = image::is_id(image) && !image.path.is_empty();
        Err(if is_part {
            refusal.or_ask_for("images = [\"*\"]")
        } else {
            refusal.or_ask_for(format!("images = [{}]", quoted(&image::entry(image))))
        })
    }

    /// An operation on all things of a kind that the rule narrows. Lists are shown whole: no plugin can shorten them.
    fn all_of(&self, kind: &str, key: &str) -> Result<(), Refusal> {
        if operations::class(self.operation) == Some(Class::List) {
            return Ok(());
        }
        Err(Refusal::new(
            "all",
            format!(
                "`{}` is about every {kind}, not only those of `{key}`; name one, or ask for a rule of its own without `{key}`",
                self.operation
            ),
        ))
    }

    fn user(&self) -> Option<&str> {
        self.request.principal.name.as_deref()
    }

    fn has_parameter(&self, name: &str) -> bool {
        !parameter(self.request, name).is_empty()
    }
}

/// A text for a refusal: short, and without what would end its quotes.
fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut short: String = text.chars().take(LONGEST).map(|c| if c == '`' { '\'' } else { c }).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
