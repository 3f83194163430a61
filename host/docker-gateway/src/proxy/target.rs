//! The request target: which endpoint it names, and what is forwarded of it, byte for byte.

use axum::http::{StatusCode, Uri};

use crate::error::GatewayError;

/// A request below `/endpoints/{id}/docker`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EndpointTarget<'t> {
    /// As sent.
    pub(crate) id: &'t str,
    /// The target for the engine: begins with `/`, and has the query.
    pub(crate) rest: &'t str,
}

/// Splits a path below `/endpoints/{id}/docker/`, with or without `/api` before it. None for any other path: as with
/// Portainer, the slash behind `docker` is part of it.
pub(crate) fn of_endpoint(target: &str) -> Option<EndpointTarget<'_>> {
    let path = target.strip_prefix("/api").unwrap_or(target);
    let (id, rest) = path.strip_prefix("/endpoints/")?.split_once('/')?;
    let rest = rest.strip_prefix("docker")?;
    (rest.starts_with('/') && !id.contains('?')).then_some(EndpointTarget { id, rest })
}

/// The number of an endpoint, in Go's reading.
pub(crate) fn endpoint_id(text: &str) -> Result<i64, GatewayError> {
    text.parse().map_err(|_| GatewayError::invalid_id("environment", text))
}

/// The request target in origin form (RFC 9112, section 3.2.1), without escapes that two readers could split in two
/// ways. The canonical request refuses dot segments, `//` and control characters.
pub(crate) fn checked(uri: &Uri) -> Result<&str, GatewayError> {
    let wrong = |details: &str| {
        Err(GatewayError::new(StatusCode::BAD_REQUEST, "the request target is refused", details))
    };
    if uri.scheme().is_some() || uri.authority().is_some() {
        return wrong("send a path, and not a URL: `GET /version` and not `GET http://docker/version`");
    }
    let Some(target) = uri.path_and_query() else { return wrong("send a path, e.g. `/version`") };
    let path = target.path();
    if path.as_bytes().windows(3).any(|escape| escape.eq_ignore_ascii_case(b"%2f")) {
        return wrong("the path holds an escaped slash (`%2F`): write `/`, also in names of images");
    }
    if path.as_bytes().windows(3).any(|escape| escape == b"%25") {
        return wrong("the path holds an escaped percent sign (`%25`), and so may be escaped twice");
    }
    Ok(target.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_docker_api::canonical::body_kind;
    use proptest::prelude::*;

    #[test]
    fn the_prefix_is_matched_byte_for_byte() {
        let split = |target| of_endpoint(target).map(|target| (target.id, target.rest));
        for (target, expected) in [
            ("/api/endpoints/1/docker/v1.41/version", Some(("1", "/v1.41/version"))),
            ("/endpoints/1/docker/version?a=/b", Some(("1", "/version?a=/b"))),
            ("/endpoints/abc/docker/info", Some(("abc", "/info"))),
            ("/endpoints/1/docker/", Some(("1", "/"))),
            ("/endpoints/1/docker", None),
            ("/endpoints/1/docker?x=1", None),
            ("/endpoints/1/dockers/info", None),
            ("/endpoints/1/%64ocker/info", None),
            ("/endpoints/1", None),
            ("/endpoints/1?x=/docker/info", None),
            ("/api/api/endpoints/1/docker/info", None),
            ("/apiendpoints/1/docker/info", None),
            ("/version", None),
        ] {
            assert_eq!(split(target), expected, "{target}");
        }
    }

    #[test]
    fn what_two_readers_split_in_two_ways_is_refused() {
        for (target, ok) in [
            ("/v1.41/images/a/b:1/json?x=%2F", true),
            ("/v1.41/images/%61/json", true),
            ("/v1.41/containers%2fjson", false),
            ("/v1.41/containers%2Fjson", false),
            ("/v1.41/containers/a%252fb/json", false),
            ("http://evil.example/v1.41/version", false),
            ("evil.example:80", false),
        ] {
            let uri: Uri = target.parse().unwrap();
            assert_eq!(checked(&uri).is_ok(), ok, "{target}");
        }
    }

    proptest! {
        /// What passes has the segments that it shows, and none that goes up.
        #[test]
        fn a_target_that_passes_is_read_in_one_way(path in "(/[a-c.%0-9eEfF2-5/]{0,9}){1,5}") {
            if let Ok(uri) = path.parse::<Uri>()
                && let Ok(target) = checked(&uri)
                && body_kind("GET", target).is_ok()
            {
                let decoded = percent_encoding::percent_decode_str(target).decode_utf8().unwrap();
                prop_assert_eq!(decoded.matches('/').count(), target.matches('/').count());
                prop_assert!(!decoded.split('/').any(|segment| segment == "." || segment == ".."));
                prop_assert!(!decoded.contains('%') || target.contains("%25"), "{}", target);
            }
        }
    }

    #[test]
    fn an_id_is_a_number() {
        assert_eq!(endpoint_id("17"), Ok(17));
        let error = endpoint_id("abc").unwrap_err();
        assert_eq!(error.details, r#"Strconv.Atoi: parsing "abc": invalid syntax"#);
    }
}
