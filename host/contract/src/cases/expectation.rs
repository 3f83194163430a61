//! What an answer must be, and what differs from it.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{CaseResult, ReasonPattern};
use crate::HookName;
use crate::aws::Answer;
use crate::docker_edits::Edits;
use crate::types::{Opinion, Verdict};

/// What must come out; what is absent is not compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// For the hooks that answer with an opinion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The rule that must have fired; of `aws-roles` the rule of a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// A part of the reason; of `aws-roles` a part of any reason of a grant or denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A regular expression that such a reason must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_pattern: Option<ReasonPattern>,
    /// For `aws-roles`: every account and role that is granted, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<(String, String)>>,
    /// For `docker-edit`: all that is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<Edits>,
}

impl Expectation {
    /// Whether the answers of a hook can be compared with it: a key that its answers do not have would never fail.
    ///
    /// # Errors
    /// Which key is wrong, and which keys the hook has.
    pub fn check(&self, hook: HookName) -> Result<(), String> {
        let given = [
            ("verdict", self.verdict.is_some()),
            ("rule", self.rule.is_some()),
            ("reason", self.reason.is_some()),
            ("reason_pattern", self.reason_pattern.is_some()),
            ("grants", self.grants.is_some()),
            ("edits", self.edits.is_some()),
        ];
        let keys = match hook {
            HookName::AwsRoles => &["grants", "rule", "reason", "reason_pattern"][..],
            HookName::DockerEdit => &["edits"],
            _ => &["verdict", "rule", "reason", "reason_pattern"],
        };
        let of_hook = || keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        if let Some((wrong, _)) = given.iter().find(|(key, given)| *given && !keys.contains(key)) {
            return Err(format!("`expect.{wrong}`: an answer of `{hook}` has none; it has {}", of_hook()));
        }
        if given.iter().any(|(_, given)| *given) {
            return Ok(());
        }
        Err(format!("`expect` is empty, so that every answer passes: write {}", of_hook()))
    }

    /// What is wrong with the answer, or nothing.
    pub fn difference(&self, said: &CaseResult) -> Option<String> {
        match said {
            CaseResult::Fault(fault) => Some(format!("answers with a fault: {fault}")),
            CaseResult::Opinion(opinion) => self.difference_from_opinion(opinion),
            CaseResult::Edits(edits) => {
                let wanted = self.edits.as_ref()?;
                (wanted != edits).then(|| format!("edits {edits:?} instead of {wanted:?}"))
            }
            CaseResult::Roles(answer) => self.difference_from_roles(answer),
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
        if let Some(pattern) = &self.reason_pattern
            && !pattern.matches(&opinion.reason)
        {
            return Some(format!("gives the reason `{}`, not `/{}/`", opinion.reason, pattern.as_str()));
        }
        None
    }

    fn difference_from_roles(&self, answer: &Answer) -> Option<String> {
        let granted: Vec<_> =
            answer.grants.iter().map(|grant| (grant.account.clone(), grant.role.clone())).collect();
        if let Some(wanted) = &self.grants
            && *wanted != granted
        {
            return Some(format!("grants {granted:?} instead of {wanted:?}"));
        }
        if let Some(rule) = &self.rule
            && !answer.denials.iter().any(|denial| denial.rule == *rule)
        {
            let rules: Vec<_> = answer.denials.iter().map(|denial| &denial.rule).collect();
            return Some(format!("denies by the rules {rules:?} and not by `{rule}`"));
        }
        let reasons = answer.grants.iter().map(|grant| &grant.reason);
        let reasons: Vec<_> = reasons.chain(answer.denials.iter().map(|denial| &denial.reason)).collect();
        if let Some(reason) = &self.reason
            && !reasons.iter().any(|said| said.contains(reason))
        {
            return Some(format!("gives the reasons {reasons:?} without `{reason}`"));
        }
        if let Some(pattern) = &self.reason_pattern
            && !reasons.iter().any(|said| pattern.matches(said))
        {
            return Some(format!("gives the reasons {reasons:?}, none of them `/{}/`", pattern.as_str()));
        }
        None
    }
}

/// For a person: `deny, rule privileged`.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &str, value: &str| format!("{name} `{value}`");
        let grants = self.grants.as_ref().map(|grants| {
            let grants: Vec<_> = grants.iter().map(|(account, role)| format!("{account}/{role}")).collect();
            format!("grants [{}]", grants.join(", "))
        });
        let parts = [
            self.verdict.map(|verdict| verdict_name(verdict).to_owned()),
            grants,
            self.edits.as_ref().map(|edits| format!("{edits:?}")),
            self.rule.as_ref().map(|rule| quoted("rule", rule)),
            self.reason.as_ref().map(|reason| quoted("a reason with", reason)),
            self.reason_pattern.as_ref().map(|pattern| quoted("a reason like", pattern.as_str())),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// For a person: `deny, rule privileged: leave out ...`.
impl fmt::Display for CaseResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "a fault: {fault}"),
            Self::Edits(edits) => write!(f, "{edits:?}"),
            Self::Opinion(opinion) => {
                f.write_str(verdict_name(opinion.verdict))?;
                if !opinion.rule.is_empty() {
                    write!(f, ", rule `{}`", opinion.rule)?;
                }
                if opinion.reason.is_empty() { Ok(()) } else { write!(f, ": {}", opinion.reason) }
            }
            Self::Roles(answer) => {
                let grants: Vec<_> =
                    answer.grants.iter().map(|grant| format!("{}/{}", grant.account, grant.role)).collect();
                write!(f, "grants [{}]", grants.join(", "))?;
                for denial in &answer.denials {
                    write!(f, ", denial by rule `{}`: {}", denial.rule, denial.reason)?;
                }
                Ok(())
            }
        }
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
    use crate::aws::{Denial, Grant};

    fn expecting(json: &str) -> Expectation {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_part_of_an_opinion_is_compared() {
        let said: CaseResult = Opinion {
            verdict: Verdict::Deny,
            rule: "r".into(),
            reason: "no 17 of them".into(),
            extra: vec![],
        }
        .into();
        for (json, difference) in [
            (r#"{"verdict": "deny"}"#, None),
            (
                r#"{"verdict": "deny", "rule": "r", "reason": "no 17", "reason_pattern": "^no [0-9]+ of"}"#,
                None,
            ),
            (r#"{"verdict": "allow"}"#, Some("says deny (`r`: no 17 of them) instead of allow")),
            (r#"{"rule": "other"}"#, Some("names the rule `r` instead of `other`")),
            (r#"{"reason": "of us"}"#, Some("gives the reason `no 17 of them` without `of us`")),
            (r#"{"reason_pattern": "^[0-9]"}"#, Some("gives the reason `no 17 of them`, not `/^[0-9]/`")),
        ] {
            assert_eq!(expecting(json).difference(&said).as_deref(), difference, "{json}");
        }
        assert!(expecting("{}").difference(&CaseResult::Fault("trap".into())).is_some());
    }

    #[test]
    fn each_part_of_roles_is_compared() {
        let grant =
            Grant { account: "a".into(), role: "r".into(), reason: "since 1".into(), ..Grant::default() };
        let denial = Denial { rule: "limits".into(), reason: "at night".into(), ..Denial::default() };
        let said: CaseResult =
            Answer { grants: vec![grant], denials: vec![denial], ..Answer::default() }.into();
        for (json, good) in [
            (
                r#"{"grants": [["a", "r"]], "rule": "limits", "reason": "night", "reason_pattern": "since \\d$"}"#,
                true,
            ),
            (r#"{"grants": []}"#, false),
            (r#"{"rule": "other"}"#, false),
            (r#"{"reason": "noon"}"#, false),
            (r#"{"reason_pattern": "^night"}"#, false),
        ] {
            assert_eq!(expecting(json).difference(&said).is_none(), good, "{json}");
        }
    }

    #[test]
    fn a_key_that_could_never_fail_is_refused() {
        for (hook, json, error) in [
            (HookName::DockerRequest, r#"{"verdict": "deny"}"#, None),
            (HookName::AwsRoles, r#"{"grants": []}"#, None),
            (HookName::DockerEdit, r#"{"edits": {}}"#, None),
            (
                HookName::SecretAccess,
                r#"{"grants": []}"#,
                Some("`expect.grants`: an answer of `secret-access` has none"),
            ),
            (
                HookName::AwsRoles,
                r#"{"verdict": "deny"}"#,
                Some("`expect.verdict`: an answer of `aws-roles` has none"),
            ),
            (HookName::DockerEdit, r#"{"edits": {}, "rule": "r"}"#, Some("it has `edits`")),
            (
                HookName::DockerResponse,
                "{}",
                Some("`expect` is empty, so that every answer passes: write `verdict`"),
            ),
        ] {
            let checked = expecting(json).check(hook);
            match error {
                None => assert_eq!(checked, Ok(()), "{hook} {json}"),
                Some(error) => assert!(checked.as_ref().unwrap_err().contains(error), "{checked:?}"),
            }
        }
    }
}
