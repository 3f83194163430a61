//! What policies of the hook `docker-edit` change: which things a user sees, labels of what is made, and environment
//! variables in responses.
//!
//! A thing that the user does not see is answered as if it were not there, in every call; lists leave it out;
//! prunes and events are limited to what is seen, by a filter that is added to the query.

use portcullis_contract::docker::{Body, Request, Target};
use portcullis_contract::docker_edits::{Edits, Visibility};
use portcullis_docker_api::Operation;
use serde_json::{Map, Value};

/// The edits of all policies for one request.
#[derive(Debug, Default)]
pub(super) struct View(Vec<Edits>);

/// Why a request cannot be limited to what its user sees.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EditError {
    #[error("`{0}` cannot be limited to what you may see: an administrator can do this")]
    CannotLimit(Operation),
    #[error("the labels of what `{0}` makes cannot be set: its body is no JSON object")]
    CannotLabel(Operation),
    #[error("the parameter `filters` is no JSON object of lists")]
    Filters,
}

/// A thing as a list shows it.
struct Thing<'t> {
    kind: &'static str,
    labels: Vec<&'t Value>,
    names: Vec<&'t str>,
}

impl View {
    pub(super) fn new(edits: Vec<Edits>) -> Self {
        Self(edits)
    }

    /// The first thing that a request names and its user does not see. What was not found is answered here too, and not by
    /// the engine: in between another user could make it.
    pub(super) fn hidden<'r>(
        &self,
        operation: Option<Operation>,
        request: &'r Request,
    ) -> Option<&'r Target> {
        request.targets.iter().enumerate().find_map(|(at, target)| {
            let is_new = operation.is_some_and(|operation| may_be_new(operation, at));
            let shows = |visible: &Visibility| {
                if !visible.kinds.contains(&target.kind) || target.as_sent.is_empty() {
                    return true;
                }
                if target.id.is_none() && target.name.is_none() {
                    return is_new;
                }
                let is_named = |(kind, name): &(String, String)| {
                    *kind == target.kind && target.name.as_ref() == Some(name)
                };
                target.labels.iter().any(|label| visible.labels.contains(label))
                    || visible.names.iter().any(is_named)
            };
            (!self.filters().all(shows)).then_some(target)
        })
    }

    /// The body with the labels that what is made gets; none where nothing is to be set.
    pub(super) fn labelled(
        &self,
        operation: Operation,
        request: &Request,
    ) -> Result<Option<String>, EditError> {
        use Operation as O;
        let makes = matches!(
            operation,
            O::ContainerCreate | O::NetworkCreate | O::VolumeCreate | O::ServiceCreate | O::ServiceUpdate
        );
        let mut labels = self.0.iter().flat_map(|edits| &edits.labels).peekable();
        if !makes || labels.peek().is_none() {
            return Ok(None);
        }
        // In Docker's own spelling, with no key twice: what the engine reads is what is written here.
        let object = match &request.body {
            Body::Json(text) => serde_json::from_str::<Map<String, Value>>(text).ok(),
            Body::Absent if operation == O::VolumeCreate => Some(Map::new()),
            _ => None,
        };
        let mut object = object.ok_or(EditError::CannotLabel(operation))?;
        let written = object.entry("Labels").or_insert_with(|| Value::Object(Map::new()));
        if !written.is_object() {
            *written = Value::Object(Map::new());
        }
        for (name, value) in labels {
            written[name] = value.as_str().into();
        }
        Ok(Some(Value::Object(object).to_string()))
    }

    /// The query, limited to what the user sees; none where the operation is about single things.
    pub(super) fn limited_query(
        &self,
        operation: Operation,
        request: &Request,
    ) -> Result<Option<String>, EditError> {
        use Operation as O;
        let is_about_all =
            matches!(operation, O::SystemEvents | O::ContainerPrune | O::NetworkPrune | O::VolumePrune);
        let limits: Vec<_> = self.filters().collect();
        if !is_about_all || limits.is_empty() {
            return Ok(None);
        }
        let mut required = Vec::new();
        for visible in limits {
            // Docker joins labels of a filter by `and`, so only one can be asked for: the first is the user's own.
            let (name, value) = visible.labels.first().ok_or(EditError::CannotLimit(operation))?;
            required.push(format!("{name}={value}"));
        }
        let sent = request.query.iter().find(|(key, _)| key == "filters").map_or("", |(_, value)| value);
        let filters = with_labels(sent, required)?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.query.iter().filter(|(key, _)| key != "filters"));
        query.append_pair("filters", &filters);
        Ok(Some(query.finish()))
    }

    /// Whether the response has to be read.
    pub(super) fn changes_response(&self, operation: Option<Operation>) -> bool {
        let Some(operation) = operation else { return false };
        (self.filters().next().is_some() && list_of(operation).is_some())
            || (self.hides_environment() && has_environment(operation))
    }

    /// Leaves out of a response what the user does not see.
    pub(super) fn change_response(&self, operation: Operation, response: &mut Value) {
        match (operation, list_of(operation)) {
            (Operation::SystemDataUsage, _) => {
                for (key, kind) in [("Containers", "container"), ("Volumes", "volume"), ("Images", "image")] {
                    self.retain_member(kind, response, key);
                }
            }
            (Operation::VolumeList, _) => self.retain_member("volume", response, "Volumes"),
            (_, Some(kind)) => self.retain(kind, response),
            (_, None) => {}
        }
        if self.hides_environment() {
            self.hide_environment(response);
        }
    }

    fn filters(&self) -> impl Iterator<Item = &Visibility> {
        self.0.iter().filter_map(|edits| edits.visible.as_ref())
    }

    fn retain_member(&self, kind: &'static str, response: &mut Value, key: &str) {
        if let Some(list) = response.get_mut(key) {
            self.retain(kind, list);
        }
    }

    fn retain(&self, kind: &'static str, list: &mut Value) {
        if let Value::Array(items) = list {
            items.retain(|item| self.shows(&Thing::of(kind, item)));
        }
    }

    fn shows(&self, thing: &Thing<'_>) -> bool {
        self.filters().all(|visible| {
            let has_label = |(name, value): &(String, String)| {
                thing.labels.iter().any(|labels| labels[name].as_str() == Some(value))
            };
            !visible.kinds.iter().any(|kind| kind == thing.kind)
                || visible.labels.iter().any(has_label)
                || visible
                    .names
                    .iter()
                    .any(|(kind, name)| kind == thing.kind && thing.names.contains(&&**name))
        })
    }

    fn hides_environment(&self) -> bool {
        self.0.iter().any(|edits| !edits.hidden_environment.is_empty())
    }

    /// `NAME=value` becomes `NAME=`, wherever the engine shows it.
    fn hide_environment(&self, value: &mut Value) {
        let hides = |name: &str| {
            let mut hidden = self.0.iter().flat_map(|edits| &edits.hidden_environment);
            hidden.any(|hidden| hidden == "*" || hidden == name)
        };
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match member {
                        Value::Array(variables) if key == "Env" => {
                            for variable in variables {
                                let name = variable.as_str().and_then(|text| text.split_once('='));
                                if let Some((name, _)) = name.filter(|(name, _)| hides(name)) {
                                    *variable = format!("{name}=").into();
                                }
                            }
                        }
                        member => self.hide_environment(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_environment(item)),
            _ => {}
        }
    }
}

impl<'t> Thing<'t> {
    fn of(kind: &'static str, item: &'t Value) -> Self {
        let labels = vec![&item["Labels"], &item["Spec"]["Labels"]];
        let text = |value: &'t Value| value.as_str().map(|name| name.strip_prefix('/').unwrap_or(name));
        let lists = [&item["Names"], &item["RepoTags"]].into_iter().filter_map(Value::as_array).flatten();
        let names =
            [&item["Name"], &item["Spec"]["Name"]].into_iter().chain(lists).filter_map(text).collect();
        Self { kind, labels, names }
    }
}

/// The kind of things in the list that an operation responds with.
fn list_of(operation: Operation) -> Option<&'static str> {
    use Operation as O;
    Some(match operation {
        O::ContainerList => "container",
        O::ImageList => "image",
        O::NetworkList => "network",
        O::VolumeList => "volume",
        O::ServiceList => "service",
        O::TaskList => "task",
        O::SecretList => "secret",
        O::ConfigList => "config",
        O::SystemDataUsage => "daemon",
        _ => return None,
    })
}

/// Whether the target at this place may be the name of what is not there yet.
fn may_be_new(operation: Operation, at: usize) -> bool {
    use Operation as O;
    match operation {
        O::ContainerCreate
        | O::NetworkCreate
        | O::VolumeCreate
        | O::ServiceCreate
        | O::SecretCreate
        | O::ConfigCreate => at == 0,
        O::ContainerRename => at == 1,
        _ => false,
    }
}

fn has_environment(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::ContainerInspect
            | O::ImageInspect
            | O::ServiceInspect
            | O::ServiceList
            | O::TaskInspect
            | O::TaskList
    )
}

/// The text of `filters` with more labels. Docker reads `{"label":["a"]}` and, from old clients, `{"label":{"a":true}}`.
fn with_labels(sent: &str, required: Vec<String>) -> Result<String, EditError> {
    let mut filters: Map<String, Value> = match sent {
        "" => Map::new(),
        text => serde_json::from_str(text).map_err(|_| EditError::Filters)?,
    };
    for values in filters.values_mut() {
        *values = match std::mem::take(values) {
            Value::Array(list) => Value::Array(list),
            Value::Object(old) => old.into_iter().map(|(value, _)| Value::from(value)).collect(),
            _ => return Err(EditError::Filters),
        };
    }
    let labels = filters.entry("label").or_insert_with(|| Value::Array(Vec::new()));
    let labels = labels.as_array_mut().ok_or(EditError::Filters)?;
    labels.extend(required.into_iter().map(Value::from));
    Ok(Value::Object(filters).to_string())
}

#[cfg(test)]
mod tests {
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
        let renamed = Request {
            targets: vec![target("container", "web", "alice"), unknown.clone()],
            ..Request::default()
        };
        assert!(alices().hidden(Some(Operation::ContainerRename), &renamed).is_none());
        assert!(alices().hidden(Some(Operation::ContainerStart), &renamed).is_some());
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
            assert_eq!(
                alices().hidden(Some(Operation::ContainerStart), &request).is_some(),
                hidden,
                "{target:?}"
            );
            assert!(View::default().hidden(None, &request).is_none());
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
        for body in [
            r#"{"Image":"a"}"#,
            r#"{"Image":"a","Labels":null}"#,
            r#"{"Image":"a","Labels":{"owner":"bob"}}"#,
        ] {
            assert_eq!(
                labelled(create, body),
                Ok(Some(json!({ "Image": "a", "Labels": { "owner": "alice" } })))
            );
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
            let pairs: Vec<(String, String)> =
                form_urlencoded::parse(query.as_bytes()).into_owned().collect();
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
}
