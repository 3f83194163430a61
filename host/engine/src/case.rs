//! Cases: inputs with the answer that is expected, which a policy must pass before it goes live.

use portcullis_contract::docker_edits::Edits;
use portcullis_contract::types::{Opinion, Verdict};
use portcullis_contract::{Hook, HookName, for_each_hook, hook};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::answer::{Callable, CaseResult};

/// A file of cases.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The settings under which the cases hold, where they are run outside a configuration.
    #[serde(default)]
    pub settings: Option<serde_json::Value>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One input with its expected answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, for a person.
    pub name: String,
    /// What is asked.
    #[serde(flatten)]
    pub input: CaseInput,
    /// What must come out.
    pub expect: Expectation,
}

macro_rules! case_input {
    ($($hook:ident),+) => {
        /// The hook that is asked, and its input.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "hook", content = "input", rename_all = "kebab-case")]
        #[expect(missing_docs, reason = "each is a hook, and documented there")]
        pub enum CaseInput {
            $($hook(Arc<<hook::$hook as Hook>::Input>),)+
        }

        impl CaseInput {
            /// The hook that is asked.
            pub fn hook(&self) -> HookName {
                match self {
                    $(Self::$hook(_) => HookName::$hook,)+
                }
            }

            /// Asks with the input's own types.
            pub(crate) async fn ask(&self, asker: &mut impl AskCase) -> CaseResult {
                match self {
                    $(Self::$hook(input) => asker.ask::<hook::$hook>(input).await,)+
                }
            }
        }
    };
}

for_each_hook!(case_input);

/// Asks a case's input of a policy.
pub(crate) trait AskCase {
    /// What the policy answers.
    async fn ask<H: Callable>(&mut self, input: &Arc<H::Input>) -> CaseResult;
}

/// What must come out; what is absent is not looked at.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// For the hooks that answer with an opinion.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// The rule that must have fired.
    #[serde(default)]
    pub rule: Option<String>,
    /// A part of the reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// For `aws-roles`: every account and role that is granted, in order.
    #[serde(default)]
    pub grants: Option<Vec<(String, String)>>,
    /// For `docker-edit`: all that is edited.
    #[serde(default)]
    pub edits: Option<Edits>,
}

impl Expectation {
    /// What is wrong with the answer, or nothing.
    pub fn difference(&self, said: &CaseResult) -> Option<String> {
        match said {
            CaseResult::Fault(fault) => Some(format!("answers with a fault: {fault}")),
            CaseResult::Opinion(opinion) => self.difference_from_opinion(opinion),
            CaseResult::Edits(edits) => {
                let wanted = self.edits.as_ref()?;
                (wanted != edits).then(|| format!("edits {edits:?} instead of {wanted:?}"))
            }
            CaseResult::Roles(answer) => {
                let granted: Vec<_> =
                    answer.grants.iter().map(|grant| (grant.account.clone(), grant.role.clone())).collect();
                let wanted = self.grants.as_ref()?;
                (*wanted != granted).then(|| format!("grants {granted:?} instead of {wanted:?}"))
            }
        }
    }

    fn difference_from_opinion(&self, opinion: &Opinion) -> Option<String> {
        if let Some(verdict) = self.verdict
            && verdict != opinion.verdict
        {
            let (wanted, said) = (verdict_name(verdict), verdict_name(opinion.verdict));
            return Some(format!("says {said} (`{}`: {}) instead of {wanted}", opinion.rule, opinion.reason));
        }
        if let Some(rule) = &self.rule
            && *rule != opinion.rule
        {
            return Some(format!("names the rule `{}` instead of `{rule}`", opinion.rule));
        }
        if let Some(reason) = &self.reason
            && !opinion.reason.contains(reason)
        {
            return Some(format!("gives the reason `{}` without `{reason}`", opinion.reason));
        }
        None
    }
}

/// As WIT writes it.
pub fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Abstain => "abstain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_reads_as_a_person_writes_it() {
        let case: Case = serde_json::from_str(
            r#"{"name": "privileged", "hook": "docker-request",
                "input": {"operation": "ContainerCreate", "workload": {"privileged": true}},
                "expect": {"verdict": "deny", "rule": "privileged"}}"#,
        )
        .unwrap();
        assert_eq!(case.input.hook(), HookName::DockerRequest);
        let said = |verdict, rule: &str| {
            CaseResult::Opinion(Opinion { verdict, rule: rule.into(), ..Opinion::default() })
        };
        assert_eq!(case.expect.difference(&said(Verdict::Deny, "privileged")), None);
        assert!(case.expect.difference(&said(Verdict::Allow, "privileged")).unwrap().contains("allow"));
        assert!(case.expect.difference(&said(Verdict::Deny, "mounts")).unwrap().contains("mounts"));
        assert!(case.expect.difference(&CaseResult::Fault("trap".into())).is_some());
    }

    #[test]
    fn an_unknown_field_of_the_input_is_an_error() {
        let text = r#"{"name": "x", "hook": "docker-request", "input": {"opperation": "x"}, "expect": {}}"#;
        assert!(serde_json::from_str::<Case>(text).is_err());
    }
}
