//! A file of cases, asked natively in a unit test: the same file that the host asks a policy before it goes live.
//!
//! ```json
//! { "settings": {},
//!   "cases": [ { "name": "privileged", "hook": "docker-request",
//!                "input": { "operation": "ContainerCreate", "workload": { "privileged": true } },
//!                "expect": { "verdict": "deny", "rule": "privileged" } } ] }
//! ```

use crate::{DockerRequest, DockerResponse, Opinion, Policy, SecretAccess, State, Verdict};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    settings: serde_json::Map<String, serde_json::Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    hook: String,
    input: serde_json::Value,
    expect: Expectation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    verdict: Verdict,
    rule: Option<String>,
    /// A part of it.
    reason: Option<String>,
}

macro_rules! hook {
    ($(#[$meta:meta])* $name:ident, $trait:ident, $hook:literal) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// What is wrong, one line per case; also where no case is for this hook.
        pub fn $name<P: $trait>(file: &str) -> Result<(), String> {
            ask::<P>(file, $hook, |state, input| {
                let input = serde_json::from_value(input).map_err(|error| format!("input: {error}"))?;
                state.$name(&input)
            })
        }
    };
}

hook!(
    /// Asks every case for `docker-request`.
    docker_request, DockerRequest, "docker-request"
);
hook!(
    /// Asks every case for `docker-response`.
    docker_response, DockerResponse, "docker-response"
);
hook!(
    /// Asks every case for `secret-access`.
    secret_access, SecretAccess, "secret-access"
);

fn ask<P: Policy>(
    file: &str,
    hook: &str,
    ask: impl Fn(&State<P>, serde_json::Value) -> Result<Opinion, String>,
) -> Result<(), String> {
    let file: File = serde_json::from_str(file).map_err(|error| error.to_string())?;
    let state = State::<P>::new();
    state.configure(serde_json::Value::from(file.settings).to_string())?;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for case in file.cases.into_iter().filter(|case| case.hook == hook) {
        asked += 1;
        match ask(&state, case.input) {
            Err(fault) => wrong.push(format!("{}: fault: {fault}", case.name)),
            Ok(opinion) if !case.expect.fits(&opinion) => wrong.push(format!(
                "{}: says {:?} `{}`: {}",
                case.name, opinion.verdict, opinion.rule, opinion.reason
            )),
            Ok(_) => {}
        }
    }
    if asked == 0 {
        return Err(format!("no case is for `{hook}`"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

impl Expectation {
    fn fits(&self, opinion: &Opinion) -> bool {
        self.verdict == opinion.verdict
            && self.rule.as_ref().is_none_or(|rule| *rule == opinion.rule)
            && self.reason.as_ref().is_none_or(|reason| opinion.reason.contains(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MakeOpinion, docker};

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

    fn file(input: &str, expect: &str) -> String {
        format!(r#"{{"cases":[{{"name":"c","hook":"docker-request","input":{input},"expect":{expect}}}]}}"#)
    }

    #[test]
    fn an_answer_is_held_against_what_is_expected() {
        let good = ["{}", r#"{"uri":"/info","body":"absent"}"#];
        for input in good {
            docker_request::<Never>(&file(input, r#"{"verdict":"deny","rule":"never","reason":"at all"}"#))
                .unwrap();
        }
        let bad = [
            ("{}", r#"{"verdict":"abstain"}"#, "c: says Deny `never`: never at all"),
            ("{}", r#"{"verdict":"deny","rule":"x"}"#, "c: says Deny"),
            ("{}", r#"{"verdict":"deny","reason":"x"}"#, "c: says Deny"),
            (r#"{"urj":""}"#, r#"{"verdict":"deny"}"#, "c: fault: input: unknown field `urj`"),
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
}
