//! One question: who asks, what they are excepted from, and the checks in their order.

use crate::quote::quoted;
use crate::rule::{Rule, Rules};
use crate::settings::{Checked, Otherwise, accepts};
use portcullis_policy_sdk::prelude::*;

/// The rule of what `otherwise = "allow"` grants.
const ALLOWED: &str = "otherwise";

/// The name in `extra` of a line of the settings that would allow the request. `portcullis policy learn` follows it: a
/// client's own words in a reason could look like one.
const SETTING: &str = "setting";

/// What a check says: go on, or this refusal.
pub(crate) type Check = Result<(), Opinion>;

/// What the operator may write to allow what is refused. Once it is written, the same request passes the rule.
#[derive(Debug)]
pub(crate) enum Advice {
    /// Nothing: the request must be another one.
    None,
    /// An exception for the principal: no setting opens it for all.
    Exception,
    /// Lines of the settings.
    Settings(Vec<String>),
}

impl Advice {
    pub(crate) fn setting(line: impl Into<String>) -> Self {
        Self::Settings(vec![line.into()])
    }

    /// An entry of a list. Where the list takes no such entry, only an exception helps.
    pub(crate) fn entry(list: &str, entry: &str) -> Self {
        if accepts(list, entry) {
            Self::setting(format!("{list} = [{}]", quoted(entry)))
        } else {
            Self::Exception
        }
    }
}

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
    pub(crate) fn refuse(&self, rule: Rule, advice: Advice, reason: impl FnOnce() -> String) -> Check {
        if self.excepted.contains(rule) {
            let mut used = self.used.get();
            used.insert(rule);
            self.used.set(used);
            return Ok(());
        }
        let reason = reason();
        let lines = match advice {
            Advice::None => return Err(Opinion::deny(rule.name(), reason)),
            Advice::Exception => vec![self.exception(rule)],
            Advice::Settings(lines) => lines,
        };
        let reason = format!("{reason}; or ask for `{}`", lines.join("` and `"));
        let extra = lines.into_iter().map(|line| (SETTING.to_owned(), line)).collect();
        Err(Opinion { extra, ..Opinion::deny(rule.name(), reason) })
    }

    /// The line of the settings that excepts the principal. Only `*` matches a client that dockerd does not name.
    fn exception(&self, rule: Rule) -> String {
        let who = self.request.principal.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("*");
        format!("allow = {{ {} = [\"{}\"] }}", quoted(who), rule.name())
    }

    /// The opinion, once the checks have been made.
    pub(crate) fn opinion(&self, checked: Check) -> Opinion {
        if let Err(refusal) = checked {
            return refusal;
        }
        let opinion = match self.settings.written.otherwise {
            Otherwise::Abstain => Opinion::abstain(),
            Otherwise::Allow => Opinion::allow(ALLOWED),
        };
        Opinion { reason: self.exceptions(), ..opinion }
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
