//! `ImageName`: every image that the request names is of a repository that matches one of the patterns. Compared is the
//! repository as Docker's command line shows it: `nginx` for `docker.io/library/nginx:1.27`.

use super::{Refusal, any, cut, may_be_id};
use crate::actions;
use crate::pattern::Pattern;
use portcullis_policy_sdk::docker::{Image, Request};

pub(super) fn refusal(patterns: &[Pattern], request: &Request) -> Option<Refusal> {
    if patterns.iter().any(Pattern::is_everything) {
        return None;
    }
    let operation = request.operation.as_deref().unwrap_or_default();
    if matches!(operation, "ImageList" | "ImageSearch") {
        return None;
    }
    let is_image = |kind: &str| matches!(kind, "image" | "distribution");
    let targets = request.targets.iter().filter(|target| is_image(&target.kind));
    let named = targets.filter_map(|target| target.image.as_ref());
    let run = request.workload.as_ref().and_then(|workload| workload.image.as_ref());
    let images: Vec<_> = named.chain(run).collect();
    let is_of_images =
        actions::of_operation(operation).is_some_and(|action| actions::namespace(action) == "images");
    if images.is_empty() && is_of_images {
        return Some(Refusal::new("image-name", "the request names no image; give it a name (`--tag`)"));
    }
    images.into_iter().find_map(|image| of_image(patterns, request, image))
}

fn of_image(patterns: &[Pattern], request: &Request, image: &Image) -> Option<Refusal> {
    let sent = cut(&image.as_sent);
    if image.path.is_empty() || may_be_id(image.as_sent.strip_prefix("sha256:").unwrap_or(&image.as_sent)) {
        let reason =
            format!("`{sent}` may be an id, and its name is not known; name it by repository and tag");
        return Some(Refusal::new("image-name", reason));
    }
    let is_allowed = any(patterns, &repository(image), request);
    (!is_allowed)
        .then(|| Refusal::new("image-name", format!("the image `{sent}` is not allowed; use another")))
}

fn repository(image: &Image) -> String {
    if image.domain == "docker.io" {
        image.path.strip_prefix("library/").unwrap_or(&image.path).to_owned()
    } else {
        format!("{}/{}", image.domain, image.path)
    }
}
