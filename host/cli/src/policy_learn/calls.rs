//! What of a log is asked again: each different call that the policy refuses with the settings that it has first.

use portcullis_contract::types::Verdict;
use portcullis_engine::case::CaseInput;
use serde::Serialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use super::{Answer, Asks};
use crate::records::{Recorded, Records};
use portcullis_server::ServeError;

/// How many different calls are remembered, and how many bytes their inputs have as JSON.
const MAX_CALLS: usize = 100_000;
const MAX_BYTES: usize = 256 << 20;

/// The rule of what break-glass lets through.
const BREAK_GLASS: &str = "host:break-glass";

/// Calls that are the same but for their time and id.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) input: CaseInput,
    /// The first of them.
    pub(super) example: Example,
    /// How many there are.
    pub(super) count: usize,
    /// The decisions of all of them.
    decisions: Vec<String>,
}

/// What a person knows a call by.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Example {
    pub(super) decision: String,
    pub(super) operation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Those that need other settings.
    pub(super) refused: Vec<Call>,
    pub(super) summary: Summary,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Summary {
    /// Inputs that were asked.
    pub(super) asked: usize,
    /// Of them those that pass with the settings that are there first.
    pub(super) passed: usize,
    /// Those that were refused when they were recorded, and are left out.
    pub(super) refused_before: usize,
    /// Those that a hook was asked which the policy does not have.
    pub(super) other_hooks: usize,
    pub(super) without_input: usize,
    pub(super) unreadable: usize,
}

impl Calls {
    pub(super) async fn read<R: BufRead>(
        mut records: Records<R>,
        policy: &impl Asks,
        with_refused: bool,
        progress: impl Fn(u64),
    ) -> Result<Self, ServeError> {
        let mut calls = Self::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut refused = HashSet::new();
        let mut without_input = HashSet::new();
        let mut bytes = 0;
        while let Some((record, read)) = records.next()? {
            progress(read);
            // What break-glass has let through was refused by a policy.
            if record.verdict == Some(Verdict::Deny) || record.rule == BREAK_GLASS {
                refused.insert(record.id.clone());
            }
            let Some(hook) = record.hook else { continue };
            if !policy.has(hook) {
                calls.summary.other_hooks += 1;
                continue;
            }
            let Some(value) = record.input.clone() else {
                // The record of a policy in mode `monitor`, which comes later, may have it.
                if record.kind == "decision" {
                    without_input.insert(record.id);
                }
                continue;
            };
            without_input.remove(&record.id);
            if !with_refused && refused.contains(&record.id) {
                calls.summary.refused_before += 1;
                continue;
            }
            calls.summary.asked += 1;
            let same = same_but_for_time(value.clone());
            if let Some(call) = known.get(&same).and_then(|at| calls.refused.get_mut(*at)) {
                call.count += 1;
                call.decisions.push(record.id);
                continue;
            }
            let Ok(input) = CaseInput::read(hook, value) else {
                calls.summary.unreadable += 1;
                continue;
            };
            if policy.ask(&input).await == Answer::Passes {
                calls.summary.passed += 1;
                continue;
            }
            bytes += same.len();
            if calls.refused.len() == MAX_CALLS || bytes > MAX_BYTES {
                return Err(ServeError::Usage(format!(
                    "more than {} different calls need settings: give a part of the records",
                    calls.refused.len()
                )));
            }
            known.insert(same, calls.refused.len());
            calls.refused.push(Call::new(input, Example::of(&record)));
        }
        calls.summary.unreadable += records.unreadable;
        calls.summary.without_input = without_input.len();
        if !with_refused {
            calls.leave_out(&refused);
        }
        Ok(calls)
    }

    /// Leaves out calls that were refused after they had been read: by what dockerd answered.
    fn leave_out(&mut self, refused: &HashSet<String>) {
        for call in &mut self.refused {
            let all = call.decisions.len();
            call.decisions.retain(|decision| !refused.contains(decision));
            call.count = call.decisions.len();
            let left_out = all - call.count;
            self.summary.asked -= left_out;
            self.summary.refused_before += left_out;
        }
        self.refused.retain(|call| call.count > 0);
    }
}

impl Call {
    pub(super) fn new(input: CaseInput, example: Example) -> Self {
        let decisions = vec![example.decision.clone()];
        Self { input, example, count: 1, decisions }
    }
}

/// An input without what differs between two calls that are the same.
fn same_but_for_time(mut input: Value) -> String {
    for request in ["/context", "/request/context"] {
        if let Some(context) = input.pointer_mut(request).and_then(Value::as_object_mut) {
            context.remove("now");
            context.remove("decision");
        }
    }
    input.to_string()
}

impl Example {
    fn of(record: &Recorded) -> Self {
        let image = record.facts.as_ref().and_then(|facts| facts.image.clone());
        let target = record.target();
        Self {
            decision: record.id.clone(),
            operation: record.operation.clone().unwrap_or_default(),
            target: image.filter(|image| !image.is_empty()).unwrap_or(target),
            user: record.principal.as_ref().and_then(|principal| principal.name.clone()),
        }
    }
}
