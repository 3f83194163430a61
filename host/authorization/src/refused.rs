//! Why something is not allowed, as every API explains it.

use portcullis_engine::Decision;
use std::fmt;
use std::sync::Arc;

/// Why something is not allowed. `Display` is the explanation for the client: the reason, the policy and rule it comes
/// from, and the id by which its record is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// For the client.
    pub reason: String,
    /// The rule that fired; the host's own begin with `host:`.
    pub rule: String,
    /// The policy that refused; absent where the host did.
    pub policy: Option<Arc<str>>,
    /// The decision's id.
    pub id: String,
    /// Whether no decision could be made: a fault, and not a policy's or the host's will.
    pub fault: bool,
    /// Whether load is the cause, so that the same request may be allowed when it is sent again: 503 where the API has
    /// statuses.
    pub overloaded: bool,
}

/// Seconds after which a client may try again, for `Retry-After`.
pub const RETRY_AFTER: u32 = 1;

impl Refused {
    /// A refusal by a rule of the host's own.
    pub fn by_host(rule: impl Into<String>, reason: impl Into<String>, id: &str) -> Self {
        Self { reason: reason.into(), rule: rule.into(), id: id.into(), ..Self::default() }
    }

    /// No decision could be made.
    pub fn fault(rule: impl Into<String>, reason: impl Into<String>, id: &str) -> Self {
        Self { fault: true, ..Self::by_host(rule, reason, id) }
    }

    /// `Err` unless the engine's decision allows.
    pub(crate) fn unless_allowed(decision: &Decision, id: &str) -> Result<(), Self> {
        if decision.allowed {
            return Ok(());
        }
        Err(Self {
            reason: decision.reason.clone(),
            rule: decision.rule.clone(),
            policy: decision.policy.clone(),
            id: id.into(),
            fault: decision.fault,
            overloaded: decision.overloaded,
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.reason)?;
        if let Some(policy) = &self.policy {
            write!(f, "policy {policy}, ")?;
        }
        if !self.rule.is_empty() {
            write!(f, "rule {}, ", self.rule)?;
        }
        write!(f, "decision {})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_explanation_names_policy_rule_and_decision() {
        let refused = Refused {
            reason: "no privileged containers".into(),
            rule: "privileged".into(),
            policy: Some("docker-baseline".into()),
            id: "01".into(),
            ..Refused::default()
        };
        let text = "no privileged containers (policy docker-baseline, rule privileged, decision 01)";
        assert_eq!(refused.to_string(), text);
        let by_host = Refused::by_host("host:no-policy", "no policy allowed it", "02");
        assert_eq!(by_host.to_string(), "no policy allowed it (rule host:no-policy, decision 02)");
        let without_rule = Refused { rule: String::new(), policy: None, ..refused };
        assert_eq!(without_rule.to_string(), "no privileged containers (decision 01)");
    }
}
