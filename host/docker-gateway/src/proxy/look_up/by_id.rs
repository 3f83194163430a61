//! The id of a container in the place of the name that the client wrote.

use percent_encoding::percent_decode_str;
use portcullis_contract::docker;
use portcullis_docker_api::Operation;

/// The request target with the id of the container in the place of its name. None where it names no container, or one that
/// is not known.
pub(crate) fn by_id(operation: Operation, request: &docker::Request, target: &str) -> Option<String> {
    let named = request.targets.first().filter(|target| target.kind == "container")?;
    let id = named.id.as_ref()?;
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    if operation == Operation::ImageCommit {
        let others = request.query.iter().filter(|(key, _)| key != "container");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("container", id).extend_pairs(others);
        return Some(format!("{path}?{}", query.finish()));
    }
    let mut segments: Vec<&str> = path.split('/').collect();
    let at = segments.iter().position(|segment| *segment == "containers")? + 1;
    let sent = percent_decode_str(segments.get(at)?).decode_utf8().ok()?;
    if sent != named.as_sent {
        return None;
    }
    segments[at] = id;
    let path = segments.join("/");
    Some(query.map_or_else(|| path.clone(), |query| format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_contract::docker::Target;

    #[test]
    fn a_container_is_forwarded_by_its_id() {
        let container = Target {
            kind: "container".into(),
            as_sent: "we b".into(),
            id: Some("f00".into()),
            ..Target::default()
        };
        let query = [("repo", "a/b"), ("container", "we b"), ("changes", "ENV a=b c")];
        let query = query.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let request = docker::Request { targets: vec![container], query, ..docker::Request::default() };
        for (operation, sent, expected) in [
            (
                Operation::ContainerStart,
                "/v1.41/containers/we%20b/start?x=1",
                Some("/v1.41/containers/f00/start?x=1"),
            ),
            (Operation::ContainerDelete, "/containers/we%20b", Some("/containers/f00")),
            (Operation::ContainerInspect, "/containers/other/json", None),
            (Operation::ImageInspect, "/images/we%20b/json", None),
            (
                Operation::ImageCommit,
                "/commit?repo=a%2Fb&container=we%20b&changes=ENV+a%3Db+c",
                Some("/commit?container=f00&repo=a%2Fb&changes=ENV+a%3Db+c"),
            ),
        ] {
            assert_eq!(by_id(operation, &request, sent).as_deref(), expected, "{sent}");
        }
    }
}
