//! Which lines of settings the calls need: follow the advice of refusals, then leave out what is not needed.
//!
//! A line usually allows more and forbids nothing, but not always: docker-baseline refuses a mount below a directory that
//! another line lets containers write to. So every step asks all calls, and lines are tried until none can be left out.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::Call;
use super::line::{self, Line};
use super::settings::Settings;
use super::trial::Builds;
use super::{Answer, Asks};
use portcullis_server::ServeError;

/// How often the advice is followed. A call with many mounts needs one round for each.
const MAX_ROUNDS: usize = 1000;

/// Settings, and what cannot be allowed by any.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) settings: Settings,
    /// By the call's number, what the policy answers in the end.
    pub(super) not_learned: BTreeMap<usize, Answer>,
}

/// The lines that are needed.
#[derive(Debug)]
pub(super) struct Shrunk {
    pub(super) grown: Grown,
    /// For each line that was learned, the numbers of the calls that are refused without it.
    pub(super) needed_by: Vec<Vec<usize>>,
}

/// Follows the advice until nothing is refused, or nothing helps.
pub(super) async fn grow(
    policy: &impl Builds,
    mut settings: Settings,
    calls: &[Call],
) -> Result<Grown, ServeError> {
    let mut built = built(policy, &settings).await?;
    let mut refused = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let answers = asked(&built, calls).await;
        let advice: Vec<_> = answers.values().map(advice).collect();
        match with_all(policy, &settings, &advice, &mut refused).await? {
            Some(more) => (settings, built) = more,
            None => return Ok(Grown { settings, not_learned: answers }),
        }
    }
    let not_learned = asked(&built, calls).await;
    Ok(Grown { settings, not_learned })
}

/// The calls that do not pass with these settings.
async fn asked(built: &impl Asks, calls: &[Call]) -> BTreeMap<usize, Answer> {
    let mut answers = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        let answer = built.ask(&call.input).await;
        if answer != Answer::Passes {
            answers.insert(at, answer);
        }
    }
    answers
}

/// Leaves out each line without which nothing more is refused.
pub(super) async fn shrink(
    policy: &impl Builds,
    mut grown: Grown,
    calls: &[Call],
    progress: impl Fn(),
) -> Result<Shrunk, ServeError> {
    let learnable: Vec<usize> = (0..calls.len()).filter(|at| !grown.not_learned.contains_key(at)).collect();
    loop {
        let mut needed_by = Vec::new();
        let before = grown.settings.learned().len();
        while needed_by.len() < grown.settings.learned().len() {
            let fewer = grown.settings.without(needed_by.len());
            let refused = match policy.build(&fewer).await? {
                // A line without which others make no sense, e.g. a switch that a path in a list needs.
                Err(_) => learnable.clone(),
                Ok(built) => {
                    let mut refused = Vec::new();
                    for at in &learnable {
                        if built.ask(&calls[*at].input).await != Answer::Passes {
                            refused.push(*at);
                        }
                    }
                    refused
                }
            };
            progress();
            if refused.is_empty() {
                grown.settings = fewer;
            } else {
                needed_by.push(refused);
            }
        }
        if grown.settings.learned().len() == before {
            return Ok(Shrunk { grown, needed_by });
        }
    }
}

async fn built<B: Builds>(policy: &B, settings: &Settings) -> Result<B::Built, ServeError> {
    let refused = |why| ServeError::Usage(format!("the policy refuses settings that it took before: {why}"));
    policy.build(settings).await?.map_err(refused)
}

fn advice(answer: &Answer) -> Vec<Line> {
    match answer {
        Answer::Refused { settings, .. } => line::read(settings),
        Answer::Passes | Answer::Fault(_) => Vec::new(),
    }
}

/// The settings with all that was advised, and the policy with them; `None` where nothing can be added. Advice that the
/// policy does not take as settings is left out, and remembered in `refused`.
async fn with_all<B: Builds>(
    policy: &B,
    settings: &Settings,
    advice: &[Vec<Line>],
    refused: &mut BTreeSet<String>,
) -> Result<Option<(Settings, B::Built)>, ServeError> {
    let mut all = settings.clone();
    let advice: Vec<_> = advice.iter().filter(|lines| !refused.contains(&name(lines))).collect();
    let added: usize = advice.iter().map(|lines| add(&mut all, lines)).sum();
    if added == 0 {
        return Ok(None);
    }
    if let Ok(built) = policy.build(&all).await? {
        return Ok(Some((all, built)));
    }
    let mut some = settings.clone();
    let mut grown = None;
    for lines in advice {
        let mut more = some.clone();
        if add(&mut more, lines) == 0 {
            continue;
        }
        match policy.build(&more).await? {
            Ok(built) => (some, grown) = (more, Some(built)),
            Err(_) => drop(refused.insert(name(lines))),
        }
    }
    Ok(grown.map(|built| (some, built)))
}

/// What a piece of advice is remembered by.
fn name(lines: &[Line]) -> String {
    format!("{lines:?}")
}

/// Adds the lines that are new. Advice is followed whole or not at all.
fn add(settings: &mut Settings, lines: &[Line]) -> usize {
    if lines.iter().any(Line::is_masked) {
        return 0;
    }
    let mut added = 0;
    for line in lines {
        if settings.takes(line) {
            settings.add(line.clone());
            added += 1;
        }
    }
    added
}
