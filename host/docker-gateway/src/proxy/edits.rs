//! What policies of the hook `docker-edit` change: which things a user sees, labels of what is made, and environment
//! variables in responses.
//!
//! A thing that the user does not see is answered as if it were not there, in every call; lists leave it out;
//! prunes and events are limited to what is seen, by a filter that is added to the query.

#[cfg(test)]
mod tests;

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

/// Whether a thing of this kind is among what is visible, by its labels and names.
fn is_visible(
    visible: &Visibility,
    kind: &str,
    has_label: impl Fn(&str, &str) -> bool,
    has_name: impl Fn(&str) -> bool,
) -> bool {
    !visible.kinds.iter().any(|about| about == kind)
        || visible.labels.iter().any(|(name, value)| has_label(name, value))
        || visible.names.iter().any(|(about, name)| about == kind && has_name(name))
}

impl View {
    pub(super) fn new(edits: Vec<Edits>) -> Self {
        Self(edits)
    }

    /// The first thing that a request names and its user does not see. What was not found is answered here too, and not by
    /// the engine: in between another user could make it.
    pub(super) fn hidden<'r>(&self, operation: Operation, request: &'r Request) -> Option<&'r Target> {
        let is_hidden = |(at, target): &(usize, &Target)| {
            let is_found = target.id.is_some() || target.name.is_some();
            if target.as_sent.is_empty() || (!is_found && may_be_new(operation, *at)) {
                return false;
            }
            let has_label =
                |name: &str, value: &str| target.labels.iter().any(|(key, set)| key == name && set == value);
            let has_name = |name: &str| target.name.as_deref() == Some(name);
            !self.filters().all(|visible| is_visible(visible, &target.kind, has_label, has_name))
        };
        request.targets.iter().enumerate().find(is_hidden).map(|(_, target)| target)
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
    pub(super) fn changes_response(&self, operation: Operation) -> bool {
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

    fn retain_member(&self, kind: &str, response: &mut Value, key: &str) {
        if let Some(list) = response.get_mut(key) {
            self.retain(kind, list);
        }
    }

    fn retain(&self, kind: &str, list: &mut Value) {
        if let Value::Array(items) = list {
            items.retain(|item| self.shows(kind, item));
        }
    }

    /// Whether an item of a list is shown. Docker writes labels and names in several places.
    fn shows(&self, kind: &str, item: &Value) -> bool {
        let spec = &item["Spec"];
        let has_label = |name: &str, value: &str| {
            [&item["Labels"], &spec["Labels"]].iter().any(|labels| labels[name].as_str() == Some(value))
        };
        let lists = [&item["Names"], &item["RepoTags"]].into_iter().filter_map(Value::as_array).flatten();
        let names: Vec<_> =
            [&item["Name"], &spec["Name"]].into_iter().chain(lists).filter_map(Value::as_str).collect();
        let has_name =
            |name: &str| names.iter().any(|found| found.strip_prefix('/').unwrap_or(found) == name);
        self.filters().all(|visible| is_visible(visible, kind, has_label, has_name))
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
