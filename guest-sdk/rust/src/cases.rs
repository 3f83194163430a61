//! A file of cases, asked natively in a unit test: the same file that the host asks a policy before it goes live, and
//! `portcullis policy test` asks the module.
//!
//! ```json
//! { "settings": {},
//!   "cases": [ { "name": "privileged", "hook": "docker-request",
//!                "input": { "operation": "ContainerCreate", "workload": { "privileged": true } },
//!                "expect": { "verdict": "deny", "rule": "privileged" } } ] }
//! ```
//!
//! A function takes the file's text, e.g. from `include_str!`. It may be JSON, JSON Lines (a first line with `settings`,
//! then one case on each line) or YAML.

use portcullis_contract::HookName;
use portcullis_contract::cases::{CaseFile, CaseInput, CaseResult, Format};

use crate::{AwsRoles, DockerEdit, DockerRequest, DockerResponse, Policy, SecretAccess, State};

macro_rules! hook {
    ($(#[$meta:meta])* $name:ident, $trait:ident) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// What is wrong, one line per case; also where no case is for this hook.
        pub fn $name<P: $trait>(file: &str) -> Result<(), String> {
            ask::<P>(file, HookName::$trait, |state, input| match input {
                CaseInput::$trait(input) => Some(state.$name(input).map_or_else(CaseResult::Fault, Into::into)),
                _ => None,
            })
        }
    };
}

hook!(
    /// Asks every case for `docker-request`.
    docker_request, DockerRequest
);
hook!(
    /// Asks every case for `docker-response`.
    docker_response, DockerResponse
);
hook!(
    /// Asks every case for `docker-edit`.
    docker_edit, DockerEdit
);
hook!(
    /// Asks every case for `secret-access`.
    secret_access, SecretAccess
);
hook!(
    /// Asks every case for `aws-roles`.
    aws_roles, AwsRoles
);

/// Asks the cases that `ask` answers.
fn ask<P: Policy>(
    text: &str,
    hook: HookName,
    ask: impl Fn(&State<P>, &CaseInput) -> Option<CaseResult>,
) -> Result<(), String> {
    let file = CaseFile::parse(format(text), text).map_err(|error| error.to_string())?;
    let state = State::<P>::new();
    let settings = file.settings.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new()));
    state.configure(settings.to_string())?;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for case in file.cases {
        let Some(said) = ask(&state, &case.input) else { continue };
        asked += 1;
        if let Some(difference) = case.expect.difference(&said) {
            wrong.push(format!("{}: {difference}", case.name));
        }
    }
    if asked == 0 {
        return Err(format!("no case is for `{hook}`"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// By its text, since `include_str!` gives no name.
fn format(text: &str) -> Format {
    if !text.trim_start().starts_with('{') {
        return Format::Yaml;
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let value: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(first);
    match value {
        // A whole object on its first line: that of a JSON file has `cases`.
        Ok(first) if !first.contains_key("cases") => Format::JsonLines,
        _ => Format::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker_edits::Edits;
    use crate::{MakeOpinion, Opinion, aws, docker};

    struct Never;

    impl Policy for Never {
        type Settings = std::collections::BTreeMap<String, String>;
        fn configure(_: Self::Settings) -> Result<Self, String> {
            Ok(Self)
        }
    }

    impl DockerRequest for Never {
        fn authorize(&self, _: &docker::Request) -> Result<Opinion, String> {
            Ok(Opinion::deny("never", "never at all"))
        }
    }

    impl DockerEdit for Never {
        fn edit(&self, _: &docker::Request) -> Result<Edits, String> {
            Ok(Edits { labels: vec![("a".into(), "b".into())], ..Edits::default() })
        }
    }

    impl AwsRoles for Never {
        fn grants(&self, _: &aws::Request) -> Result<aws::Answer, String> {
            Err("never".into())
        }
    }

    fn case(input: &str, expect: &str) -> String {
        format!(r#"{{"name":"c","hook":"docker-request","input":{input},"expect":{expect}}}"#)
    }

    fn file(input: &str, expect: &str) -> String {
        format!(r#"{{"cases":[{}]}}"#, case(input, expect))
    }

    #[test]
    fn an_answer_is_held_against_what_is_expected() {
        let good = ["{}", r#"{"uri":"/info","body":"absent"}"#];
        for input in good {
            let expect = r#"{"verdict":"deny","rule":"never","reason":"at all","reason_pattern":"^never"}"#;
            docker_request::<Never>(&file(input, expect)).unwrap();
            docker_request::<Never>(&case(input, expect)).unwrap();
            docker_request::<Never>(&format!("{{\"settings\":{{}}}}\n{}", case(input, expect))).unwrap();
        }
        let yaml = "cases:\n- {name: c, hook: docker-request, input: {}, expect: {rule: never}}\n";
        docker_request::<Never>(yaml).unwrap();
        let bad = [
            ("{}", r#"{"verdict":"abstain"}"#, "c: says deny (`never`: never at all) instead of abstain"),
            ("{}", r#"{"verdict":"deny","rule":"x"}"#, "c: names the rule `never` instead of `x`"),
            ("{}", r#"{"verdict":"deny","reason":"x"}"#, "c: gives the reason"),
            (r#"{"urj":""}"#, r#"{"verdict":"deny"}"#, "line 1, case `c`: `input.urj`: unknown field `urj`"),
        ];
        for (input, expect, error) in bad {
            let said = docker_request::<Never>(&file(input, expect)).unwrap_err();
            assert!(said.starts_with(error), "{said}");
        }
        assert_eq!(
            docker_request::<Never>(r#"{"cases":[]}"#).unwrap_err(),
            "no case is for `docker-request`"
        );
    }

    #[test]
    fn other_hooks_answer_with_edits_and_roles() {
        let file = r#"{"cases": [
            {"name": "edits", "hook": "docker-edit", "input": {}, "expect": {"edits": {"labels": [["a", "b"]]}}},
            {"name": "roles", "hook": "aws-roles", "input": {}, "expect": {"grants": []}}]}"#;
        docker_edit::<Never>(file).unwrap();
        assert_eq!(aws_roles::<Never>(file).unwrap_err(), "roles: answers with a fault: never");
    }
}
