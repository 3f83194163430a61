//! Settings: one JSON object becomes a policy's own type, or an error that an operator can act on.

use serde::de::DeserializeOwned;

/// Reads settings as the host hands them to `configure`.
///
/// # Errors
/// Where a value does not fit: its path, and what serde says. Where a key is taken by no field: all such keys,
/// by their paths. The type needs no `deny_unknown_fields`; fields under `flatten` or in an untagged enum are
/// beyond this check.
pub fn parse<T: DeserializeOwned>(settings: &str) -> Result<T, String> {
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(settings);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let parsed = serde_ignored::deserialize(tracked, |path| unknown.push(path.to_string()));
    let parsed = parsed.map_err(|error: serde_json::Error| explain(&track.path().to_string(), &error))?;
    json.end().map_err(|error| explain(".", &error))?;
    if unknown.is_empty() { Ok(parsed) } else { Err(unknown_keys(&unknown)) }
}

/// The place in serde's text counts lines of JSON that the operator, who wrote TOML, never saw.
fn explain(path: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    if path == "." { text.to_owned() } else { format!("`{path}`: {text}") }
}

/// An operator reads this: a table given to a policy that takes none is not listed whole.
fn unknown_keys(keys: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
    let more = keys.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("unknown {}: {}{more}", if keys.len() == 1 { "key" } else { "keys" }, shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        level: u8,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Settings {
        #[serde(default)]
        mounts: Vec<String>,
        #[serde(default)]
        teams: BTreeMap<String, Inner>,
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let cases = [
            ("{}", ""),
            (r#"{"mounts":["/srv"],"teams":{"ops":{"level":3}}}"#, ""),
            (r#"{"mount":[]}"#, "unknown key: `mount`"),
            (r#"{"a":1,"teams":{"ops":{"level":3,"b":{}}}}"#, "unknown keys: `a`, `teams.ops.b`"),
            (r#"{"mounts":"/srv"}"#, "`mounts`: invalid type: string \"/srv\", expected a sequence"),
            (r#"{"mounts":["/srv",1]}"#, "`mounts[1]`: invalid type: integer `1`, expected a string"),
            (r#"{"teams":{"ops":{}}}"#, "`teams.ops`: missing field `level`"),
            (
                r#"{"teams":{"ops":{"level":300}}}"#,
                "`teams.ops.level`: invalid value: integer `300`, expected u8",
            ),
            (r#"{"mounts":[]} {}"#, "trailing characters"),
        ];
        for (settings, expected) in cases {
            let error = parse::<Settings>(settings).err().unwrap_or_default();
            assert_eq!(error, expected, "{settings}");
        }
        assert!(parse::<Settings>("").is_err());
        let many: Vec<_> = (10..40).map(|n| format!("\"k{n}\":0")).collect();
        let error = parse::<Settings>(&format!("{{{}}}", many.join(","))).unwrap_err();
        assert!(
            error.starts_with("unknown keys: `k10`, ") && error.ends_with("`k17` and 22 more"),
            "{error}"
        );
        assert!(parse::<Settings>(r#"{"mounts":"#).is_err());
    }

    #[test]
    fn a_policy_without_settings_refuses_all_keys() {
        #[derive(Debug, Deserialize)]
        struct Nothing {}
        assert!(parse::<Nothing>("{}").is_ok());
        assert_eq!(parse::<Nothing>(r#"{"a":1}"#).unwrap_err(), "unknown key: `a`");
    }
}
