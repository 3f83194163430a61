//! Whether `builtin:aws-roles` grants sessions that are too short for a mount that serves metadata. Such a mount would answer
//! every machine with an error; its settings say so before it is served.

use portcullis_federation::Metadata;
use serde_json::{Map, Value};
use std::time::Duration;

/// Lists of rules that grant.
const RULES: [&str; 4] = ["groups", "hosts", "networks", "grants"];

/// What is too short in the settings, for a message that begins with the policy's name.
pub(super) fn too_short(settings: &Map<String, Value>) -> Option<String> {
    let by_role = settings.get("durations").and_then(Value::as_object);
    let default = settings.get("duration");
    let lists = RULES.iter().filter_map(|list| Some((*list, settings.get(*list)?.as_array()?.as_slice())));
    let single = settings.get("single").map(std::slice::from_ref).map(|single| ("single", single));
    for (list, rules) in lists.chain(single) {
        for rule in rules {
            // A rule's own goes first, then that of the role if the rule names one, then the default.
            let of_role = rule.get("role").and_then(Value::as_str).and_then(|role| by_role?.get(role));
            let (key, value) = match (rule.get("duration"), of_role) {
                (Some(own), _) => (format!("`duration` of `{list}`"), Some(own)),
                (None, Some(of_role)) => ("`durations`".into(), Some(of_role)),
                (None, None) => ("`duration`".into(), default),
            };
            if let Some(duration) = value.and_then(seconds).filter(|duration| *duration < Metadata::SHORTEST)
            {
                return Some(format!(
                    "{key} is {}, which is too short for a mount with `metadata`: a machine wants 20 minutes left at any \
                     time, so grant 27 or more, or give people a mount of their own",
                    humantime::format_duration(duration)
                ));
            }
        }
    }
    None
}

/// A number of seconds, or text. What is neither the policy itself refuses.
fn seconds(value: &Value) -> Option<Duration> {
    match value {
        Value::String(text) => humantime::parse_duration(text).ok(),
        other => other.as_u64().map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_too_short() {
        let rule = |duration: Value| json!({ "account": "a", "role": "r", "duration": duration });
        let bare = json!({ "account": "a", "role": "r" });
        for (settings, found) in [
            (json!({}), None),
            (json!({ "duration": "15m" }), None),
            (json!({ "duration": "15m", "single": bare }), Some("`duration` is 15m")),
            (json!({ "duration": "15m", "single": rule(json!("1h")) }), None),
            (json!({ "single": rule(json!("26m")) }), Some("`duration` of `single` is 26m")),
            (json!({ "single": rule(json!("27m")) }), None),
            (json!({ "single": rule(json!(1619)) }), Some("`duration` of `single` is 26m 59s")),
            (json!({ "hosts": [bare, rule(json!(900))] }), Some("`duration` of `hosts` is 15m")),
            (json!({ "durations": { "r": "15m" }, "networks": [bare] }), Some("`durations` is 15m")),
            (json!({ "durations": { "other": "15m" }, "networks": [bare] }), None),
            (json!({ "durations": { "r": "15m" }, "networks": [rule(json!("1h"))] }), None),
            (json!({ "grants": [rule(json!("nonsense"))] }), None),
        ] {
            let Value::Object(settings) = settings else { panic!("settings are an object") };
            let said = too_short(&settings);
            assert_eq!(said.is_some(), found.is_some(), "{settings:?} {said:?}");
            assert!(said.unwrap_or_default().starts_with(found.unwrap_or_default()), "{settings:?}");
        }
    }
}
