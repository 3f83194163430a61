//! Answers of two policies, as a replay compares them.

use portcullis_contract::aws;
use portcullis_contract::types::Verdict;
use portcullis_engine::case::{CaseInput, CaseResult, verdict_name};
use portcullis_engine::combine::{ACCESS, APPROVE, REQUEST, access_mark};
use std::collections::{BTreeMap, BTreeSet};

use super::super::records::RecordedOutcome;

/// What one policy answers to one input.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answered {
    /// An opinion.
    Verdict { verdict: Verdict, rule: String },
    /// Roles, as `ACCOUNT/ROLE`, that are granted and not denied, and by what; with what a record says of the answer.
    Roles { roles: BTreeMap<String, GrantedBy>, recorded: String },
    /// Edits, as JSON.
    Edits(String),
    /// A fault, which refuses.
    Fault(String),
}

/// By what a role is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GrantedBy {
    /// The policy alone.
    Policy,
    /// A request that another user has approved, for a time.
    Approval,
}

/// What becomes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// What passed is refused.
    AllowToDeny,
    /// What was refused passes.
    DenyToAllow,
    /// It passes as before, and is granted by the policy now or no longer, or by an approved request now or no longer; or its
    /// edits are others.
    Other,
}

impl Change {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::AllowToDeny => "allow to deny",
            Self::DenyToAllow => "deny to allow",
            Self::Other => "other",
        }
    }
}

impl Answered {
    pub(super) fn of(said: CaseResult, input: &CaseInput) -> Self {
        match said {
            CaseResult::Opinion(opinion) => Self::Verdict { verdict: opinion.verdict, rule: opinion.rule },
            CaseResult::Edits(edits) => Self::Edits(serde_json::json!(edits).to_string()),
            CaseResult::Fault(fault) => Self::Fault(fault),
            CaseResult::Roles(answer) => {
                let asked = match input {
                    CaseInput::AwsRoles(request) => Some(&**request),
                    _ => None,
                };
                let recorded = format!("{} grants, {} denials", answer.grants.len(), answer.denials.len());
                Self::Roles { roles: roles(&answer, asked), recorded }
            }
        }
    }

    /// The recorded answer itself.
    pub(super) fn recorded(outcome: &RecordedOutcome) -> Result<Self, String> {
        match outcome.verdict {
            Some(verdict) => Ok(Self::Verdict { verdict, rule: outcome.rule.clone() }),
            None if outcome.outcome == "opinion" => {
                Err("a record does not hold what was granted or edited: give `--recorded-state` or `--recorded-policy`".into())
            }
            None => Err(format!("the recorded policy gave no answer: {}", outcome.outcome)),
        }
    }

    /// Why the recorded policy, asked again, does not give the recorded answer.
    pub(super) fn differs_from_record(&self, outcome: &RecordedOutcome) -> Option<String> {
        let recorded = match (outcome.verdict, &outcome.detail) {
            (Some(verdict), _) => verdict_name(verdict).to_owned(),
            (None, Some(detail)) if outcome.outcome == "opinion" => detail.clone(),
            (None, _) => outcome.outcome.clone(),
        };
        let again = match self {
            Self::Verdict { verdict, .. } => verdict_name(*verdict).to_owned(),
            Self::Roles { recorded, .. } => recorded.clone(),
            Self::Edits(_) if outcome.outcome == "opinion" => return None,
            Self::Edits(_) => "edits".into(),
            Self::Fault(fault) => format!("a fault: {fault}"),
        };
        (recorded != again)
            .then(|| format!("the recorded policy answers {again} now, and {recorded} is recorded"))
    }

    /// What becomes of the decision.
    pub(super) fn change_to(&self, after: &Self) -> Option<Change> {
        if let (Self::Roles { roles: before, .. }, Self::Roles { roles: after, .. }) = (self, after) {
            return match (is_subset(before, after), is_subset(after, before)) {
                (true, true) => (before != after).then_some(Change::Other),
                (false, _) => Some(Change::AllowToDeny),
                (true, false) => Some(Change::DenyToAllow),
            };
        }
        match (self.passes(), after.passes()) {
            (true, false) => Some(Change::AllowToDeny),
            (false, true) => Some(Change::DenyToAllow),
            (false, false) => None,
            (true, true) => (self.as_text() != after.as_text()).then_some(Change::Other),
        }
    }

    /// The roles that only one of both has, or that they grant by different things. Those by an approved request are marked.
    pub(super) fn different_roles(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Roles { roles: a, .. }, Self::Roles { roles: b, .. }) => {
                let different = |(role, by): (&String, &GrantedBy), other: &BTreeMap<String, GrantedBy>| {
                    (other.get(role) != Some(by)).then(|| shown(role, *by))
                };
                let only_a = a.iter().filter_map(|pair| different(pair, b));
                let only_b = b.iter().filter_map(|pair| different(pair, a));
                let all: BTreeSet<_> = only_a.chain(only_b).collect();
                Some(all.into_iter().collect::<Vec<_>>().join(", "))
            }
            _ => None,
        }
    }

    fn passes(&self) -> bool {
        match self {
            Self::Verdict { verdict, .. } => *verdict != Verdict::Deny,
            Self::Roles { roles, .. } => !roles.is_empty(),
            Self::Edits(_) => true,
            Self::Fault(_) => false,
        }
    }

    pub(super) fn rule(&self) -> &str {
        match self {
            Self::Verdict { rule, .. } => rule,
            _ => "",
        }
    }

    /// The answer without its rule.
    pub(super) fn as_text(&self) -> String {
        match self {
            Self::Verdict { verdict, .. } => verdict_name(*verdict).into(),
            Self::Roles { roles, .. } => format!("{} roles", roles.len()),
            Self::Edits(edits) => edits.clone(),
            Self::Fault(fault) => format!("fault: {fault}"),
        }
    }
}

fn is_subset(one: &BTreeMap<String, GrantedBy>, other: &BTreeMap<String, GrantedBy>) -> bool {
    one.keys().all(|role| other.contains_key(role))
}

fn shown(role: &str, by: GrantedBy) -> String {
    match by {
        GrantedBy::Policy => role.to_owned(),
        GrantedBy::Approval => format!("{role} (by an approved request)"),
    }
}

/// Roles that are granted and not denied; where the request asks for one, that one alone. As in the federation API, a grant that
/// lets a user request or approve counts for that purpose alone, and of two grants of a role the first counts.
fn roles(answer: &aws::Answer, request: Option<&aws::Request>) -> BTreeMap<String, GrantedBy> {
    let is = |wanted: Option<&String>, value: &String| wanted.is_none_or(|wanted| wanted == value);
    let denied = |grant: &aws::Grant| {
        answer.denials.iter().any(|denial| {
            is(denial.account.as_ref(), &grant.account) && is(denial.role.as_ref(), &grant.role)
        })
    };
    let purpose = request.map(|request| request.purpose.as_str());
    let purpose = purpose.filter(|purpose| [REQUEST, APPROVE].contains(purpose));
    let asked = |grant: &aws::Grant| {
        access_mark(grant) == purpose
            && request.is_none_or(|request| {
                is(request.account.as_ref(), &grant.account) && is(request.role.as_ref(), &grant.role)
            })
    };
    let mut roles = BTreeMap::new();
    for grant in answer.grants.iter().filter(|grant| asked(grant) && !denied(grant)) {
        let is_approved = purpose.is_none() && grant.extra.iter().any(|(name, _)| name == ACCESS);
        let by = if is_approved { GrantedBy::Approval } else { GrantedBy::Policy };
        roles.entry(format!("{}/{}", grant.account, grant.role)).or_insert(by);
    }
    roles
}
