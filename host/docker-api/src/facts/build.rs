//! A build: what its query says of the containers that carry out its steps.

use portcullis_contract::Pairs;
use portcullis_contract::docker::Workload;

use super::fields::Fields;
use super::{FactError, security};
use crate::json::{self, Value};
use crate::query::Query;

/// The query of `ImageBuild` (moby api/server/router/build, `newImageBuildOptions`). The Dockerfile and the
/// context are in a tar archive or a `BuildKit` session, which no authorization plugin is shown.
///
/// `extra` holds, where they say something, `remote`, `dockerfile`, `target`, `platform`, `version`, `session`,
/// `outputs` and `isolation`.
pub(crate) fn build(query: &Query) -> Result<Workload, FactError> {
    let text = |key: &str| Some(query.first(key)).filter(|text| !text.is_empty()).map(str::to_owned);
    let network = query.first("networkmode");
    let named = !matches!(network, "" | "none") && !network.starts_with("container:");
    let arguments = pairs(query, "buildargs")?.into_iter().map(|(name, value)| format!("{name}={value}"));
    let extra = ["remote", "dockerfile", "target", "platform", "version", "session", "outputs", "isolation"];
    let memory = query.first("memory");
    Ok(Workload {
        environment: arguments.collect(),
        namespaces: security::namespace("network", network).into_iter().collect(),
        networks: if named { vec![network.to_owned()] } else { Vec::new() },
        security_options: security::options(query.all("securityopt").map(str::to_owned).collect()),
        extra_hosts: query.all("extrahosts").map(str::to_owned).collect(),
        labels: pairs(query, "labels")?,
        cgroup_parent: text("cgroupparent"),
        memory_limit: memory.parse().ok().filter(|bytes| *bytes > 0),
        extra: extra.iter().filter_map(|key| Some(((*key).to_owned(), text(key)?))).collect(),
        ..Workload::default()
    })
}

/// A parameter that holds an object of strings as JSON.
fn pairs(query: &Query, key: &'static str) -> Result<Pairs, FactError> {
    let text = query.first(key);
    if text.is_empty() {
        return Ok(Pairs::new());
    }
    let malformed = || FactError::malformed(key, text, "JSON object of strings");
    match json::parse(text.as_bytes()) {
        Ok(Value::Null) => Ok(Pairs::new()),
        Ok(Value::Object(object)) => {
            let mut wrapper = crate::json::Object::default();
            wrapper.insert(key, Value::Object(object));
            Fields::of(&wrapper, "").pairs(key)
        }
        _ => Err(malformed()),
    }
}
