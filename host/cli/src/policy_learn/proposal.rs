//! What is printed: settings as TOML, each line with the call that needs it; or as JSON.

use serde_json::{Value, json};
use std::collections::HashMap;

use super::Answer;
use super::calls::{Call, Calls, Summary};
use super::line::inline;
use super::search::Shrunk;
use crate::trial::printable;
use crate::{note, print};

/// What was learned.
pub(super) struct Proposal {
    shrunk: Shrunk,
    calls: Vec<Call>,
    summary: Summary,
}

impl Proposal {
    pub(super) fn new(shrunk: Shrunk, calls: Calls) -> Self {
        Self { shrunk, calls: calls.refused, summary: calls.summary }
    }

    /// How many recorded calls are refused all the same.
    pub(super) fn not_learned(&self) -> usize {
        self.shrunk.grown.not_learned.keys().map(|at| self.count(*at)).sum()
    }

    fn count(&self, at: usize) -> usize {
        self.calls.get(at).map_or(0, |call| call.count)
    }

    pub(super) fn print(&self, as_json: bool) {
        if as_json {
            print(format_args!("{:#}", self.json()));
            return;
        }
        print(self.toml().trim_end());
        for (call, rule, reason) in self.left() {
            note(format_args!("not learned: {}: {}", call.named(), refusal(rule, reason)));
        }
        let Summary { asked, passed, without_input, other_hooks, unreadable, .. } = &self.summary;
        note(format_args!(
            "{asked} calls: {passed} need no settings, {} pass with these, {} are refused all the same; skipped {without_input} \
             without input, {other_hooks} of hooks that the policy does not have, {unreadable} unreadable",
            asked - passed - unreadable_calls(&self.summary, &self.calls) - self.not_learned(),
            self.not_learned()
        ));
        if *without_input > 0 && *asked == 0 {
            note("set `record_inputs = true` for a policy that is asked, and record again");
        }
    }

    /// The settings, with a comment for each line that was learned.
    pub(super) fn toml(&self) -> String {
        let comments: Vec<_> = self.shrunk.needed_by.iter().map(|needed| self.comment(needed)).collect();
        self.shrunk.grown.settings.toml(&comments)
    }

    /// The call that a line is for: of those that need it the one that needs the fewest other lines.
    fn comment(&self, needed: &[usize]) -> String {
        let mut lines_of = HashMap::new();
        for at in self.shrunk.needed_by.iter().flatten() {
            *lines_of.entry(*at).or_insert(0_usize) += 1;
        }
        let all: usize = needed.iter().map(|at| self.count(*at)).sum();
        let example = needed.iter().min_by_key(|at| lines_of.get(*at)).and_then(|at| self.calls.get(*at));
        let named = example.map(Call::named).unwrap_or_default();
        match all {
            0 | 1 => named,
            all => format!("{named}, and {} more", all - 1),
        }
    }

    pub(super) fn json(&self) -> Value {
        let settings = &self.shrunk.grown.settings;
        let lines: Vec<_> = settings
            .learned()
            .iter()
            .zip(&self.shrunk.needed_by)
            .map(|(line, needed)| {
                let calls: Vec<_> =
                    needed.iter().filter_map(|at| self.calls.get(*at)).map(Call::json).collect();
                json!({ "key": line.key, "value": line.value, "toml": inline(&line.value), "needed_by": calls })
            })
            .collect();
        let not_learned: Vec<_> = self
            .left()
            .map(|(call, rule, reason)| {
                let mut entry = call.json();
                entry["rule"] = rule.into();
                entry["reason"] = reason.into();
                entry
            })
            .collect();
        json!({
            "settings": settings.json().unwrap_or_default(), "lines": lines, "not_learned": not_learned,
            "summary": self.summary,
        })
    }

    /// Calls that no settings allow, with rule and reason.
    fn left(&self) -> impl Iterator<Item = (&Call, &str, &str)> {
        self.shrunk.grown.not_learned.iter().filter_map(|(at, answer)| {
            let (rule, reason) = match answer {
                Answer::Passes => return None,
                Answer::Refused { rule, reason, .. } => (rule.as_str(), reason.as_str()),
                Answer::Fault(fault) => ("", fault.as_str()),
            };
            Some((self.calls.get(*at)?, rule, reason))
        })
    }
}

/// How many of the calls that were asked could not be read.
fn unreadable_calls(summary: &Summary, calls: &[Call]) -> usize {
    summary.asked - summary.passed - calls.iter().map(|call| call.count).sum::<usize>()
}

fn refusal(rule: &str, reason: &str) -> String {
    let text = if rule.is_empty() { reason.to_owned() } else { format!("rule {rule}: {reason}") };
    printable(&text)
}

impl Call {
    /// For a person, on one line.
    fn named(&self) -> String {
        let example = &self.example;
        let mut named = example.operation.clone();
        if !example.target.is_empty() {
            named = format!("{named} {}", example.target);
        }
        if let Some(user) = &example.user {
            named = format!("{named} by {user}");
        }
        printable(&format!("{named}, {}", example.decision))
    }

    fn json(&self) -> Value {
        let mut call = json!(self.example);
        call["calls"] = self.count.into();
        call
    }
}
