//! What a replay found, as a table or as JSON.

use serde::Serialize;
use serde_json::json;

use super::super::print;
use super::super::records::Recorded;
use super::super::trial::printable;
use super::answer::{Answered, Change};

/// What a replay found.
pub(in super::super) struct Report {
    /// Decisions that would change, in the order of the records.
    pub(super) changes: Vec<Row>,
    not_comparable: Vec<Row>,
    pub(super) summary: Summary,
}

/// One decision.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Change>,
    pub(super) decision: String,
    pub(super) operation: String,
    pub(super) target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    to: String,
    /// The rule that refuses: the new policy's, or the recorded one's where the request passes now.
    rule: String,
    /// Whether a part of the input was masked, so that a policy may answer otherwise for that reason alone.
    pub(super) masked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    compared_with: &'static str,
    pub(super) records: usize,
    compared: usize,
    allow_to_deny: usize,
    deny_to_allow: usize,
    other_changes: usize,
    /// Of those that do not change, refusals by another rule.
    other_rule: usize,
    not_comparable: usize,
    pub(super) not_asked: usize,
    pub(super) without_input: usize,
    pub(super) other_kinds: usize,
    pub(super) unreadable: usize,
}

impl Report {
    /// `asked_again`: whether answers are compared with those of the recorded policy, asked again.
    pub(super) fn new(asked_again: bool) -> Self {
        let compared_with =
            if asked_again { "the recorded policy, asked again" } else { "the recorded verdicts" };
        Self {
            changes: Vec::new(),
            not_comparable: Vec::new(),
            summary: Summary { compared_with, ..Summary::default() },
        }
    }

    pub(super) fn not_comparable(&mut self, record: &Recorded, why: String) {
        self.summary.not_comparable += 1;
        self.not_comparable.push(Row { why: Some(why), ..Row::of(record) });
    }

    pub(super) fn compare(&mut self, record: &Recorded, before: &Answered, after: &Answered) {
        self.summary.compared += 1;
        let Some(change) = before.change_to(after) else {
            self.summary.other_rule += usize::from(before.rule() != after.rule());
            return;
        };
        let count = match change {
            Change::AllowToDeny => &mut self.summary.allow_to_deny,
            Change::DenyToAllow => &mut self.summary.deny_to_allow,
            Change::Other => &mut self.summary.other_changes,
        };
        *count += 1;
        let rule = if change == Change::DenyToAllow { before.rule() } else { after.rule() };
        let mut row = Row {
            change: Some(change),
            from: before.as_text(),
            to: after.as_text(),
            rule: rule.to_owned(),
            ..Row::of(record)
        };
        if let Some(roles) = before.different_roles(after) {
            row.target = roles;
        }
        self.changes.push(row);
    }

    pub(super) fn print(&self, as_json: bool) {
        if as_json {
            let Self { changes, not_comparable, summary } = self;
            let report = json!({ "changes": changes, "not_comparable": not_comparable, "summary": summary });
            print(format_args!("{report:#}"));
            return;
        }
        for change in [Change::AllowToDeny, Change::DenyToAllow, Change::Other] {
            let rows: Vec<_> = self.changes.iter().filter(|row| row.change == Some(change)).collect();
            if !rows.is_empty() {
                print(format_args!("{} ({})", change.as_str(), rows.len()));
                table(rows.iter().map(|row| row.cells(&row.rule)));
            }
        }
        if !self.not_comparable.is_empty() {
            print(format_args!("not comparable ({})", self.not_comparable.len()));
            table(self.not_comparable.iter().map(|row| row.cells(row.why.as_deref().unwrap_or_default())));
        }
        let Summary { compared_with, records, compared, not_asked, without_input, .. } = &self.summary;
        print(format_args!(
            "{records} decisions: {compared} compared with {compared_with}, {} not comparable, {not_asked} in which the \
             policy was not asked, {without_input} without input",
            self.summary.not_comparable
        ));
        let Summary {
            allow_to_deny, deny_to_allow, other_changes, other_rule, other_kinds, unreadable, ..
        } = &self.summary;
        print(format_args!(
            "{allow_to_deny} allow to deny, {deny_to_allow} deny to allow, {other_changes} other changes, {other_rule} by \
             another rule; skipped {other_kinds} lines of other kinds, {unreadable} unreadable lines"
        ));
    }
}

impl Row {
    pub(super) fn of(record: &Recorded) -> Self {
        Self {
            decision: record.id.clone(),
            operation: record.operation.clone().unwrap_or_default(),
            target: record.target(),
            masked: record.input.as_ref().is_some_and(|input| input.to_string().contains("***")),
            ..Self::default()
        }
    }

    fn cells(&self, last: &str) -> [String; 4] {
        let masked = if self.masked { " (input masked)" } else { "" };
        [&self.operation, &self.target, &format!("{last}{masked}"), &self.decision]
            .map(|text| printable(text))
    }
}

/// Prints rows with columns of equal width.
fn table(rows: impl Iterator<Item = [String; 4]>) {
    let rows: Vec<_> = rows.collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default().min(60);
    let (first, second, third) = (width(0), width(1), width(2));
    for [operation, target, rule, decision] in &rows {
        print(format_args!("  {operation:<first$}  {target:<second$}  {rule:<third$}  {decision}"));
    }
}
