//! Patterns of images: registry, repository, tag and digest. They are read as Docker reads a reference, so that `nginx` is
//! `docker.io/library/nginx`.

use crate::glob::Glob;
use portcullis_policy_sdk::docker::Image;

/// The registry of a pattern that names none.
const DEFAULT_REGISTRY: &str = "docker.io";
/// Hexadecimal digits of an image's id.
const ID_DIGITS: usize = 64;

/// A pattern of images.
#[derive(Debug, Clone)]
pub(crate) enum ImagePattern {
    /// `*`: every image, also by its id.
    Any,
    /// `sha256:...`: one image by its id.
    Id(String),
    /// A repository, and what of it.
    Repository { registry: Glob, path: Glob, version: Version },
}

/// Which images of a repository.
#[derive(Debug, Clone)]
pub(crate) enum Version {
    /// Neither tag nor digest in the pattern: all.
    Any,
    /// Tags. An image that is named by its digest has none that counts.
    Tag(Glob),
    /// `@*`: any digest, but no tag that could be moved.
    AnyDigest,
    Digest(String),
}

impl ImagePattern {
    /// Reads a pattern; the error says what is wrong and what to write.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(digits) = text.strip_prefix("sha256:") {
            let is_id = digits.len() == ID_DIGITS && digits.bytes().all(is_hex);
            return is_id.then(|| Self::Id(text.to_owned())).ok_or_else(|| {
                "an id is `sha256:` and 64 hexadecimal digits in lower case; a shorter one could stand for another image"
                    .into()
            });
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let after_slash = name.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match name[after_slash..].find(':') {
            Some(colon) => (&name[..after_slash + colon], Some(&name[after_slash + colon + 1..])),
            None => (name, None),
        };
        let version = match (tag, digest) {
            (Some(_), Some(_)) => {
                return Err("dockerd ignores the tag of an image with a digest; write one of them".into());
            }
            (Some(tag), None) => Version::Tag(Glob::parse(tag, is_of_tag)?),
            (None, Some("*")) => Version::AnyDigest,
            (None, Some(digest)) if is_digest(digest) => Version::Digest(digest.to_owned()),
            (None, Some(_)) => {
                return Err(
                    "a digest is `sha256:` and 64 hexadecimal digits in lower case, or `*` for any".into()
                );
            }
            (None, None) => Version::Any,
        };
        let (registry, path) = split(repository);
        if path.split('/').any(str::is_empty) {
            return Err("a part between two slashes is empty".into());
        }
        if let Some(upper) = path.replace(crate::glob::USER, "").chars().find(char::is_ascii_uppercase) {
            return Err(format!("repositories are in lower case, and `{upper}` is not"));
        }
        let registry = Glob::parse(registry, is_of_registry)?;
        Ok(Self::Repository { registry, path: Glob::parse(&path, is_of_path)?, version })
    }

    /// Whether the pattern holds for an image as a request names it.
    pub(crate) fn matches(&self, image: &Image, user: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Id(id) => image.path.is_empty() && image.digest.as_ref() == Some(id),
            Self::Repository { .. } if is_id(image) => false,
            Self::Repository { registry, path, version } => {
                registry.matches(&image.domain, user)
                    && path.matches(&image.path, user)
                    && version.matches(image, user)
            }
        }
    }
}

impl ImagePattern {
    /// Whether it holds for some tags or digests alone.
    pub(crate) fn narrows_versions(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Id(_) => true,
            Self::Repository { version: Version::Tag(tag), .. } => !tag.is_everything(),
            Self::Repository { version, .. } => !matches!(version, Version::Any),
        }
    }
}

impl Version {
    fn matches(&self, image: &Image, user: Option<&str>) -> bool {
        match (self, &image.digest) {
            (Self::Any, _) | (Self::AnyDigest, Some(_)) => true,
            (Self::Tag(tag), None) => tag.matches(image.tag.as_deref().unwrap_or("latest"), user),
            (Self::Digest(wanted), Some(digest)) => wanted == digest,
            (Self::Tag(_), Some(_)) | (Self::AnyDigest | Self::Digest(_), None) => false,
        }
    }
}

/// Whether dockerd may read it as an id, or the beginning of one, and so find an image of any repository.
pub(crate) fn is_id(image: &Image) -> bool {
    let digits = image.as_sent.strip_prefix("sha256:").unwrap_or(&image.as_sent);
    image.path.is_empty() || (!digits.is_empty() && digits.len() <= ID_DIGITS && digits.bytes().all(is_hex))
}

/// As an entry of `images` names it.
pub(crate) fn entry(image: &Image) -> String {
    match (&image.digest, &image.tag) {
        (Some(digest), _) if image.path.is_empty() => digest.clone(),
        (Some(digest), _) => format!("{}/{}@{digest}", image.domain, image.path),
        (None, tag) => {
            format!("{}/{}:{}", image.domain, image.path, tag.as_deref().unwrap_or("latest"))
        }
    }
}

/// `splitDockerDomain` of moby's `distribution/reference`.
fn split(repository: &str) -> (&str, String) {
    match repository.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" || host == "**" => {
            (if host == "index.docker.io" { DEFAULT_REGISTRY } else { host }, official(host, path))
        }
        _ => (DEFAULT_REGISTRY, official(DEFAULT_REGISTRY, repository)),
    }
}

fn official(registry: &str, path: &str) -> String {
    let is_official =
        matches!(registry, DEFAULT_REGISTRY | "index.docker.io") && !path.contains('/') && path != "**";
    if is_official { format!("library/{path}") } else { path.to_owned() }
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    digits.len() == length && digits.bytes().all(is_hex)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_of_tag(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

fn is_of_path(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '/')
}

fn is_of_registry(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// An image as the host takes it apart.
    fn image(registry: &str, path: &str, tag: Option<&str>, digest: Option<&str>) -> Image {
        Image {
            as_sent: format!("{registry}/{path}"),
            domain: registry.into(),
            path: path.into(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        }
    }

    #[test]
    fn a_pattern_is_read_as_docker_reads_a_reference() {
        let nginx = image("docker.io", "library/nginx", None, None);
        let tagged = image("docker.io", "library/nginx", Some("1.27-alpine"), None);
        let pinned = image("docker.io", "library/nginx", None, Some(DIGEST));
        let both = image("docker.io", "library/nginx", Some("1.27"), Some(DIGEST));
        let private = image("registry.example.org:5000", "team/app/api", Some("v1"), None);
        let id = Image { as_sent: DIGEST.into(), digest: Some(DIGEST.into()), ..Image::default() };
        let by_digest = format!("nginx@{DIGEST}");
        for (pattern, image, expected) in [
            ("nginx", &nginx, true),
            ("nginx", &tagged, true),
            ("nginx", &pinned, true),
            ("docker.io/nginx", &nginx, true),
            ("index.docker.io/library/nginx", &nginx, true),
            ("docker.io/library/*", &nginx, true),
            ("docker.io/*", &nginx, true),
            ("docker.io/**", &nginx, true),
            ("*/nginx", &nginx, true),
            ("quay.io/**", &nginx, false),
            ("nginx:latest", &nginx, true),
            ("nginx:latest", &tagged, false),
            ("nginx:1.*", &tagged, true),
            // dockerd goes by the digest alone: the tag beside it proves nothing.
            ("nginx:1.*", &both, false),
            ("nginx@*", &both, true),
            ("nginx@*", &pinned, true),
            ("nginx@*", &tagged, false),
            (&by_digest, &pinned, true),
            (&by_digest, &tagged, false),
            ("registry.example.org:5000/team/**", &private, true),
            ("registry.example.org:5000/team/*", &private, false),
            ("registry.example.org/team/**", &private, false),
            ("*.example.org:5000/**:v*", &private, true),
            ("**/team/**", &private, true),
            ("*", &private, true),
            ("*", &id, true),
            (DIGEST, &id, true),
            (DIGEST, &pinned, false),
            ("docker.io/**", &id, false),
        ] {
            let read = ImagePattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(read.matches(image, None), expected, "{pattern} {image:?}");
        }
    }

    /// dockerd finds an image by the beginning of its id, from whichever repository (moby daemon/images, `GetImage`).
    #[test]
    fn a_name_that_may_be_an_id_matches_no_repository() {
        let everything = ImagePattern::parse("docker.io/**").unwrap();
        for (sent, tag, expected) in [
            ("cafe", None, false),
            ("0123456789ab", None, false),
            ("sha256:cafe", None, false),
            ("cafe:latest", Some("latest"), true),
            ("coffee-shop", None, true),
        ] {
            let image = Image { as_sent: sent.into(), ..image("docker.io", "library/cafe", tag, None) };
            assert_eq!(everything.matches(&image, None), expected, "{sent}");
        }
    }

    #[test]
    fn patterns_that_never_match_are_refused() {
        for (pattern, expected) in [
            ("", "empty"),
            ("Nginx", "lower case"),
            ("team//app", "empty"),
            ("nginx:", "empty"),
            ("nginx:1@sha256:00", "ignores the tag"),
            ("nginx@sha256:00", "64 hexadecimal"),
            ("sha256:cafe", "64 hexadecimal"),
            ("nginx latest", "` `"),
            ("nginx?", "`?`"),
            ("registry.example.org/", "empty"),
        ] {
            let error = ImagePattern::parse(pattern).unwrap_err();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }

    #[test]
    fn the_entry_of_an_image_matches_it() {
        for image in [
            image("docker.io", "library/nginx", None, None),
            image("quay.io", "a/b", Some("v1"), None),
            image("quay.io", "a/b", Some("v1"), Some(DIGEST)),
            Image { as_sent: DIGEST.into(), digest: Some(DIGEST.into()), ..Image::default() },
        ] {
            assert!(ImagePattern::parse(&entry(&image)).unwrap().matches(&image, None), "{image:?}");
        }
    }
}
