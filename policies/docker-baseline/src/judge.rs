//! One question: who asks, what they are excepted from, and the checks in their order.

use crate::rule::{Rule, Rules};
use crate::settings::{Checked, Otherwise};
use crate::{isolation, mounts, operations};
use portcullis_policy_sdk::prelude::*;

/// The rule of what `otherwise = "allow"` grants.
const ALLOWED: &str = "otherwise";

/// What a check says: go on, or this refusal.
pub(crate) type Check = Result<(), Opinion>;

/// One question.
pub(crate) struct Judge<'a> {
    pub(crate) settings: &'a Checked,
    pub(crate) request: &'a docker::Request,
    excepted: Rules,
    used: std::cell::Cell<Rules>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(settings: &'a Checked, request: &'a docker::Request) -> Self {
        let principal = &request.principal;
        let excepted = settings.excepted(principal.name.as_deref(), &principal.groups);
        Self { settings, request, excepted, used: std::cell::Cell::default() }
    }

    /// The operation's name; `None` where dockerd has no such route.
    pub(crate) fn operation(&self) -> Option<&'a str> {
        self.request.operation.as_deref()
    }

    /// Refuses, unless the principal is excepted from the rule.
    pub(crate) fn refuse(&self, rule: Rule, reason: impl FnOnce() -> String) -> Check {
        if self.excepted.contains(rule) {
            let mut used = self.used.get();
            used.insert(rule);
            self.used.set(used);
            return Ok(());
        }
        Err(Opinion::deny(rule.name(), reason()))
    }

    pub(crate) fn opinion(&self) -> Opinion {
        if let Err(refusal) = self.check() {
            return refusal;
        }
        let opinion = match self.settings.written.otherwise {
            Otherwise::Abstain => Opinion::abstain(),
            Otherwise::Allow => Opinion::allow(ALLOWED),
        };
        Opinion { reason: self.exceptions(), ..opinion }
    }

    fn check(&self) -> Check {
        operations::check(self)?;
        mounts::checkpoints(self, self.operation().unwrap_or_default())?;
        self.workload()?;
        mounts::volume(self)
    }

    fn workload(&self) -> Check {
        let Some(workload) = &self.request.workload else { return Ok(()) };
        isolation::check(self, workload)?;
        mounts::check(self, workload)
    }

    /// For the record: what would have been refused.
    fn exceptions(&self) -> String {
        let used = self.used.get();
        if used == Rules::default() {
            return String::new();
        }
        let names: Vec<_> =
            Rule::ALL.iter().filter(|rule| used.contains(**rule)).map(|rule| rule.name()).collect();
        format!("excepted by `allow` from: {}", names.join(", "))
    }
}
