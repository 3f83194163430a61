//! What a hook's answer must have beside its type: untrusted texts in it are sanitized, and it is recorded.

use portcullis_contract::docker_edits::Edits;
use portcullis_contract::types::Opinion;
use portcullis_contract::{Hook, aws};
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::Outcome;
use crate::text;

pub use portcullis_contract::cases::CaseResult;

/// A hook whose types can be handed to a component.
pub trait Callable: Hook<Input: ComponentType + Lower, Answer: ComponentType + Lift + Answer> {}
impl<H: Hook<Input: ComponentType + Lower, Answer: ComponentType + Lift + Answer>> Callable for H {}

/// An answer of a policy. A hook whose answer is another type implements this for it.
pub trait Answer: Into<CaseResult> + Send + 'static {
    /// Bytes of an answer, where the policy's own limit is lower.
    const BYTES: u32;

    /// The answer as the contract allows it: texts for people bounded and harmless.
    #[must_use]
    fn sanitize(self) -> Self;

    /// What the record says of it.
    fn outcome(self) -> Outcome;

    /// Whether something is allowed by one answer and not by the other. Texts do not matter.
    fn disagrees(&self, other: &Self) -> bool;
}

impl Answer for Opinion {
    const BYTES: u32 = 0;

    fn sanitize(self) -> Self {
        let extra = self.extra.into_iter().take(16);
        Self {
            verdict: self.verdict,
            reason: text::printable(&self.reason, text::REASON),
            rule: text::rule(&self.rule),
            extra: extra
                .map(|(name, value)| (text::printable(&name, 64), text::printable(&value, text::REASON)))
                .collect(),
        }
    }

    fn outcome(self) -> Outcome {
        Outcome::Opinion(self)
    }

    fn disagrees(&self, other: &Self) -> bool {
        self.verdict != other.verdict
    }
}

impl Answer for aws::Answer {
    // A list has many lines.
    const BYTES: u32 = 4 << 20;

    /// Accounts and roles stay as they are: they are compared with those that are known.
    fn sanitize(mut self) -> Self {
        for grant in &mut self.grants {
            grant.reason = text::printable(&grant.reason, text::REASON);
        }
        for denial in &mut self.denials {
            denial.reason = text::printable(&denial.reason, text::REASON);
            denial.rule = text::rule(&denial.rule);
        }
        self
    }

    fn outcome(self) -> Outcome {
        Outcome::Roles { grants: self.grants.len(), denials: self.denials.len() }
    }

    fn disagrees(&self, other: &Self) -> bool {
        let without_texts = |answer: &Self| {
            let mut answer = answer.clone();
            answer.grants.iter_mut().for_each(|grant| grant.reason.clear());
            for denial in &mut answer.denials {
                denial.reason.clear();
                denial.rule.clear();
            }
            answer
        };
        without_texts(self) != without_texts(other)
    }
}

impl Answer for Edits {
    const BYTES: u32 = 64 << 10;

    /// Labels and names stay as they are: they are compared with those of the engine, or written to it as data.
    fn sanitize(self) -> Self {
        self
    }

    fn outcome(self) -> Outcome {
        Outcome::Edits {
            filters: self.visible.is_some(),
            labels: self.labels.len(),
            hidden: self.hidden_environment.len(),
        }
    }

    fn disagrees(&self, other: &Self) -> bool {
        self != other
    }
}
