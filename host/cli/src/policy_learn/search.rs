//! Which lines of settings the calls need: follow the advice of refusals, then leave out what is not needed.
//!
//! A line allows more and forbids nothing. So a call that passes once passes with more lines too, and a line that can be
//! left out while others are there can be left out for good.

use std::collections::BTreeMap;

use super::calls::Call;
use super::line::{Line, advised};
use super::settings::Settings;
use super::trial::Builds;
use super::{Answer, Asks as _};
use portcullis_server::ServeError;

/// How often the advice is followed. Each time every call gets past a rule at least, and a policy has fewer.
const MAX_ROUNDS: usize = 64;

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
    let mut pending: Vec<usize> = (0..calls.len()).collect();
    let mut answers = BTreeMap::new();
    for _ in 0..MAX_ROUNDS {
        let built = built(policy, &settings).await?;
        answers.clear();
        for at in pending {
            let answer = built.ask(&calls[at].input).await;
            if answer != Answer::Passes {
                answers.insert(at, answer);
            }
        }
        pending = answers.keys().copied().collect();
        let advice: Vec<_> = answers.values().map(advice).collect();
        let Some(more) = with_all(policy, &settings, &advice).await? else { break };
        settings = more;
    }
    Ok(Grown { settings, not_learned: answers })
}

/// Leaves out each line without which nothing more is refused.
pub(super) async fn shrink(
    policy: &impl Builds,
    mut grown: Grown,
    calls: &[Call],
    progress: impl Fn(),
) -> Result<Shrunk, ServeError> {
    let learnable: Vec<usize> = (0..calls.len()).filter(|at| !grown.not_learned.contains_key(at)).collect();
    let mut needed_by = Vec::new();
    while let Some(_line) = grown.settings.learned().get(needed_by.len()) {
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
    Ok(Shrunk { grown, needed_by })
}

async fn built<B: Builds>(policy: &B, settings: &Settings) -> Result<B::Built, ServeError> {
    let refused = |why| ServeError::Usage(format!("the policy refuses settings that it took before: {why}"));
    policy.build(settings).await?.map_err(refused)
}

fn advice(answer: &Answer) -> Vec<Line> {
    match answer {
        Answer::Refused { reason, .. } => advised(reason),
        Answer::Passes | Answer::Fault(_) => Vec::new(),
    }
}

/// The settings with all that was advised; `None` where nothing can be added. Advice that the policy does not take as
/// settings is left out.
async fn with_all(
    policy: &impl Builds,
    settings: &Settings,
    advice: &[Vec<Line>],
) -> Result<Option<Settings>, ServeError> {
    let mut all = settings.clone();
    let added: usize = advice.iter().map(|lines| add(&mut all, lines)).sum();
    if added == 0 {
        return Ok(None);
    }
    if policy.build(&all).await?.is_ok() {
        return Ok(Some(all));
    }
    let mut some = settings.clone();
    let mut grew = false;
    for lines in advice {
        let mut more = some.clone();
        if add(&mut more, lines) > 0 && policy.build(&more).await?.is_ok() {
            (some, grew) = (more, true);
        }
    }
    Ok(grew.then_some(some))
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
