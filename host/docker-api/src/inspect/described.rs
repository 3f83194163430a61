//! Name, id and labels, which Docker writes in several ways.

use portcullis_contract::Pairs;
use portcullis_contract::docker::Target;

use super::InspectError;
use crate::json::{Object, Value, parse};

/// Name, id and labels of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// The full id.
    pub id: Option<String>,
    /// Without the slash that Docker puts before names of containers.
    pub name: Option<String>,
    /// Labels of the target itself.
    pub labels: Pairs,
    /// The container that an exec runs in.
    pub container: Option<String>,
}

impl Described {
    /// Reads the response of an inspect of any kind.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(text: &[u8]) -> Result<Self, InspectError> {
        match parse(text)? {
            Value::Object(found) => Ok(Self::of(&found)),
            _ => Err(InspectError::Missing("object")),
        }
    }

    pub(super) fn of(found: &Object<'_>) -> Self {
        let text = |object: Option<&Object<'_>>, key| object?.get(key)?.as_str().map(str::to_owned);
        let within = |key| found.get(key).and_then(Value::as_object);
        let name = text(Some(found), "Name").or_else(|| text(within("Spec"), "Name"));
        let labels = [within("Config"), within("Spec"), Some(found)];
        let labels = labels.into_iter().find_map(|object| object?.get("Labels")?.as_object());
        let pair = |(key, value): &(std::borrow::Cow<'_, str>, Value<'_>)| {
            Some((key.to_string(), value.as_str()?.to_owned()))
        };
        Self {
            id: ["Id", "ID"].iter().find_map(|key| text(Some(found), key)),
            name: name.map(|name| name.strip_prefix('/').map_or(name.clone(), str::to_owned)),
            labels: labels.into_iter().flatten().filter_map(pair).collect(),
            container: text(Some(found), "ContainerID"),
        }
    }

    /// Completes a target.
    pub fn describe(&self, target: &mut Target) {
        target.id.clone_from(&self.id);
        target.name.clone_from(&self.name);
        target.labels.clone_from(&self.labels);
    }
}
