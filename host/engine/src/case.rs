//! Cases of a policy: how they are asked, and what came of it. Their types and files are those of the contract.

use portcullis_contract::{HookName, for_each_hook, hook};
use std::fmt;
use std::sync::Arc;

use crate::answer::Callable;

pub use portcullis_contract::cases::{
    Case, CaseFile, CaseFileError, CaseInput, CaseResult, Expectation, Format, ReasonPattern, verdict_name,
};

/// Asks a case's input of a policy.
pub(crate) trait AskCase {
    /// What the policy answers.
    async fn ask<H: Callable>(&mut self, input: &Arc<H::Input>) -> CaseResult;
}

macro_rules! ask_input {
    ($($hook:ident),+) => {
        /// Asks with the input's own types.
        pub(crate) async fn ask(input: &CaseInput, asker: &mut impl AskCase) -> CaseResult {
            match input {
                $(CaseInput::$hook(input) => asker.ask::<hook::$hook>(input).await,)+
            }
        }
    };
}

for_each_hook!(ask_input);

/// One case that was asked.
#[derive(Debug, Clone)]
pub struct CaseRun {
    /// The case's name.
    pub name: String,
    /// The hook that was asked.
    pub hook: HookName,
    /// What was expected.
    pub expect: Expectation,
    /// What the policy answered.
    pub said: CaseResult,
    /// What is wrong with the answer; absent where the case passed.
    pub difference: Option<String>,
}

impl CaseRun {
    pub(crate) fn new(case: &Case, said: CaseResult) -> Self {
        Self {
            name: case.name.clone(),
            hook: case.input.hook(),
            expect: case.expect.clone(),
            difference: case.expect.difference(&said),
            said,
        }
    }
}

/// Every case of a policy that did not pass all of them. `Display` shows the first few that failed, in one line.
#[derive(Debug, Clone)]
pub struct CaseReport(pub Vec<CaseRun>);

impl CaseReport {
    /// Cases that `Display` shows.
    const SHOWN: usize = 3;

    /// The cases that failed, each with what is wrong.
    pub fn failed(&self) -> impl Iterator<Item = (&CaseRun, &str)> {
        self.0.iter().filter_map(|run| run.difference.as_deref().map(|difference| (run, difference)))
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed().count();
        if failed > 1 {
            write!(f, "{failed} of {} cases fail: ", self.0.len())?;
        }
        for (at, (run, difference)) in self.failed().take(Self::SHOWN).enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}case `{}` (hook `{}`): it {difference}", run.name, run.hook)?;
        }
        match failed.saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more, which `portcullis policy test` shows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, difference: Option<&str>) -> CaseRun {
        CaseRun {
            name: name.into(),
            hook: HookName::DockerRequest,
            expect: Expectation::default(),
            said: CaseResult::Fault("trap".into()),
            difference: difference.map(str::to_owned),
        }
    }

    #[test]
    fn a_report_shows_the_first_cases_that_fail_and_counts_the_rest() {
        let good = run("good", None);
        let one = CaseReport(vec![good.clone(), run("a", Some("says allow instead of deny"))]);
        assert_eq!(one.to_string(), "case `a` (hook `docker-request`): it says allow instead of deny");
        let bad = ["a", "b", "c", "d", "e"].map(|name| run(name, Some("fails")));
        let text = CaseReport(bad.into_iter().chain([good]).collect()).to_string();
        assert!(
            text.starts_with("5 of 6 cases fail: case `a` (hook `docker-request`): it fails; case `b`"),
            "{text}"
        );
        assert!(text.ends_with("it fails; and 2 more, which `portcullis policy test` shows"), "{text}");
        assert!(!text.contains("case `d`"), "{text}");
    }
}
