//! Decision records as they stand in a log: one JSON object on each line, among lines of other kinds.

use serde::Deserialize;
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead, BufReader, stdin};
use std::path::Path;

use portcullis_contract::HookName;
use portcullis_contract::types::Verdict;
use portcullis_server::ServeError;

/// A record, as far as replays and cases need it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Recorded {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) hook: Option<HookName>,
    pub(super) operation: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) verdict: Option<Verdict>,
    pub(super) rule: String,
    pub(super) principal: Option<RecordedPrincipal>,
    pub(super) facts: Option<RecordedFacts>,
    pub(super) targets: Vec<Target>,
    pub(super) outcomes: Vec<RecordedOutcome>,
    pub(super) input: Option<Value>,
    pub(super) input_left_out: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    kind: String,
    as_sent: String,
}

/// Who asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordedPrincipal {
    pub(super) name: Option<String>,
}

/// What the request runs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordedFacts {
    pub(super) image: Option<String>,
}

/// What one policy had answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordedOutcome {
    pub(super) policy: String,
    pub(super) revision: String,
    pub(super) outcome: String,
    pub(super) verdict: Option<Verdict>,
    pub(super) rule: String,
    pub(super) detail: Option<String>,
}

impl Recorded {
    /// The targets for a person.
    pub(super) fn target(&self) -> String {
        let targets: Vec<_> = self
            .targets
            .iter()
            .map(|target| if target.as_sent.is_empty() { &target.kind } else { &target.as_sent })
            .map(String::as_str)
            .collect();
        targets.join(", ")
    }

    /// The outcomes of policies that were asked.
    pub(super) fn asked(&self) -> impl Iterator<Item = &RecordedOutcome> {
        self.outcomes.iter().filter(|outcome| outcome.outcome != "not-asked")
    }
}

/// Opens a log, or standard input for `-`. Its size, which is 0 where it is not known.
pub(super) fn open(path: &Path) -> Result<(Box<dyn BufRead>, u64), ServeError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(BufReader::new(stdin())), 0));
    }
    let named = |error| ServeError::Usage(format!("cannot read `{}`: {error}", path.display()));
    let file = File::open(path).map_err(named)?;
    let size = file.metadata().map_err(named)?.len();
    Ok((Box::new(BufReader::new(file)), size))
}

/// Reads the decisions of a log, and counts what it skips.
pub(super) struct Records<R> {
    reader: R,
    /// Lines of other kinds, e.g. logins.
    pub(super) other_kinds: usize,
    /// Lines that are no records, e.g. a last line that was cut off.
    pub(super) unreadable: usize,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, other_kinds: 0, unreadable: 0 }
    }

    /// The next record of a decision or of monitoring policies, and how many bytes were read.
    pub(super) fn next(&mut self) -> io::Result<Option<(Recorded, u64)>> {
        let (mut line, mut bytes) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = self.reader.read_until(b'\n', &mut line)?;
            bytes += read as u64;
            if read == 0 {
                return Ok(None);
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice::<Recorded>(&line) {
                Ok(record) if matches!(record.kind.as_str(), "decision" | "monitor") => {
                    return Ok(Some((record, bytes)));
                }
                Ok(_) => self.other_kinds += 1,
                // A kind of a later version may have other fields.
                Err(_)
                    if serde_json::from_slice::<Value>(&line)
                        .is_ok_and(|line| line.get("kind").is_some()) =>
                {
                    self.other_kinds += 1;
                }
                Err(_) => self.unreadable += 1,
            }
        }
    }
}
