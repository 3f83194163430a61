//! What a user sees, and what is written for them.

use super::*;
use serde_json::json;

fn alices() -> View {
    let owner = ("owner".to_owned(), "alice".to_owned());
    View::new(vec![Edits {
        visible: Some(Visibility {
            kinds: vec!["container".into(), "network".into(), "volume".into()],
            labels: vec![owner.clone()],
            names: vec![("network".into(), "none".into())],
        }),
        labels: vec![owner],
        hidden_environment: vec!["SECRET".into()],
        ..Edits::default()
    }])
}

fn target(kind: &str, name: &str, owner: &str) -> Target {
    Target {
        kind: kind.into(),
        as_sent: name.into(),
        id: Some("1".into()),
        name: Some(name.into()),
        labels: vec![("owner".into(), owner.into())],
        ..Target::default()
    }
}

#[test]
fn what_is_not_seen_is_not_there() {
    let unknown = Target { kind: "container".into(), as_sent: "x".into(), ..Target::default() };
    let renamed =
        Request { targets: vec![target("container", "web", "alice"), unknown.clone()], ..Request::default() };
    assert!(alices().hidden(Operation::ContainerRename, &renamed).is_none());
    assert!(alices().hidden(Operation::ContainerStart, &renamed).is_some());
    for (target, hidden) in [
        (target("container", "web", "alice"), false),
        (target("container", "web", "bob"), true),
        (target("network", "none", "root"), false),
        (target("network", "bobs", "bob"), true),
        (target("container", "none", "bob"), true),
        // Not one of the kinds.
        (target("image", "busybox", "bob"), false),
        (unknown, true),
    ] {
        let request = Request { targets: vec![target.clone()], ..Request::default() };
        assert_eq!(alices().hidden(Operation::ContainerStart, &request).is_some(), hidden, "{target:?}");
        assert!(View::default().hidden(Operation::ContainerStart, &request).is_none());
    }
}

#[test]
fn lists_leave_out_what_is_not_seen() {
    let (mine, theirs) = (json!({ "owner": "alice" }), json!({ "owner": "bob" }));
    let mut containers = json!([
        { "Id": "1", "Names": ["/web"], "Labels": mine },
        { "Id": "2", "Names": ["/db"], "Labels": theirs },
        { "Id": "3", "Names": ["/none"], "Labels": {} },
    ]);
    alices().change_response(Operation::ContainerList, &mut containers);
    let ids: Vec<_> = containers.as_array().unwrap().iter().map(|item| item["Id"].clone()).collect();
    assert_eq!(ids, ["1"]);
    let mut networks = json!([{ "Name": "none", "Labels": {} }, { "Name": "bobs", "Labels": theirs }]);
    alices().change_response(Operation::NetworkList, &mut networks);
    assert_eq!(networks.as_array().map(Vec::len), Some(1));
    let mut volumes = json!({ "Volumes": [{ "Name": "v", "Labels": theirs }], "Warnings": null });
    alices().change_response(Operation::VolumeList, &mut volumes);
    assert_eq!(volumes, json!({ "Volumes": [], "Warnings": null }));
    let mut usage = json!({ "Containers": [{ "Labels": theirs }], "Images": [{}], "Volumes": null });
    alices().change_response(Operation::SystemDataUsage, &mut usage);
    assert_eq!(usage, json!({ "Containers": [], "Images": [{}], "Volumes": null }));
    let mut all = json!([{ "Labels": theirs }]);
    View::default().change_response(Operation::ContainerList, &mut all);
    assert_eq!(all.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_made_gets_labels_over_the_clients_own() {
    let labelled = |operation, body: &str| {
        let request = Request { body: Body::Json(body.into()), ..Request::default() };
        alices()
            .labelled(operation, &request)
            .map(|text| text.map(|text| serde_json::from_str::<Value>(&text).unwrap()))
    };
    let create = Operation::ContainerCreate;
    for body in
        [r#"{"Image":"a"}"#, r#"{"Image":"a","Labels":null}"#, r#"{"Image":"a","Labels":{"owner":"bob"}}"#]
    {
        assert_eq!(labelled(create, body), Ok(Some(json!({ "Image": "a", "Labels": { "owner": "alice" } }))));
    }
    assert_eq!(labelled(Operation::ContainerKill, "{}"), Ok(None));
    assert_eq!(labelled(create, "[]"), Err(EditError::CannotLabel(create)));
    let bare = alices().labelled(Operation::VolumeCreate, &Request::default()).unwrap();
    assert_eq!(bare.as_deref(), Some(r#"{"Labels":{"owner":"alice"}}"#));
}

#[test]
fn prunes_and_events_are_limited_to_what_is_seen() {
    let limited = |filters: &str| {
        let query = vec![("since".into(), "1".into()), ("filters".into(), filters.into())];
        let request = Request { query, ..Request::default() };
        alices().limited_query(Operation::SystemEvents, &request)
    };
    let filters = |query: &str| {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(pairs[0], ("since".to_owned(), "1".to_owned()));
        serde_json::from_str::<Value>(&pairs[1].1).unwrap()
    };
    for (sent, expected) in [
        ("", json!({ "label": ["owner=alice"] })),
        (
            r#"{"label":["a"],"type":["container"]}"#,
            json!({ "label": ["a", "owner=alice"], "type": ["container"] }),
        ),
        (r#"{"label":{"a":true}}"#, json!({ "label": ["a", "owner=alice"] })),
    ] {
        assert_eq!(filters(&limited(sent).unwrap().unwrap()), expected, "{sent}");
    }
    assert_eq!(limited("[]"), Err(EditError::Filters));
    assert_eq!(limited(r#"{"label":"a"}"#), Err(EditError::Filters));
    let View(mut edits) = alices();
    if let Some(visible) = &mut edits[0].visible {
        visible.labels.clear();
    }
    let prune = Operation::VolumePrune;
    assert_eq!(View(edits).limited_query(prune, &Request::default()), Err(EditError::CannotLimit(prune)));
}

#[test]
fn values_of_hidden_variables_are_left_out() {
    let mut inspected = json!({ "Config": { "Env": ["PATH=/bin", "SECRET=hunter2", "SECRETS=x"] } });
    alices().change_response(Operation::ContainerInspect, &mut inspected);
    assert_eq!(inspected, json!({ "Config": { "Env": ["PATH=/bin", "SECRET=", "SECRETS=x"] } }));
}
