//! The policy with some settings, built as at a load.

use portcullis_contract::types::Verdict;
use portcullis_engine::case::{CaseInput, CaseResult};
use portcullis_engine::source::Source;
use portcullis_engine::{Candidate, Host, LoadError, PolicySpec};

use super::settings::Settings;
use super::{Answer, Asks};
use portcullis_contract::HookName;
use portcullis_server::ServeError;

/// The name in `extra` of an opinion of a line of settings that would allow the request.
const SETTING: &str = "setting";

/// What can be given settings.
pub(super) trait Builds {
    type Built: Asks;

    /// The policy with these settings; the inner error is why it refuses them.
    async fn build(&self, settings: &Settings) -> Result<Result<Self::Built, String>, ServeError>;
}

/// A module, and the engine that builds it.
pub(super) struct Policy<'h> {
    host: &'h Host,
    name: String,
    source: Source,
}

/// The module with settings.
pub(super) struct Built(Candidate);

impl<'h> Policy<'h> {
    pub(super) fn new(host: &'h Host, name: &str, source: Source) -> Self {
        Self { host, name: name.to_owned(), source }
    }
}

impl Builds for Policy<'_> {
    type Built = Built;

    async fn build(&self, settings: &Settings) -> Result<Result<Built, String>, ServeError> {
        let settings = match settings.json() {
            Ok(settings) => settings.to_string(),
            Err(why) => return Ok(Err(why)),
        };
        let spec = PolicySpec { settings, ..PolicySpec::new(&self.name, self.source.clone()) };
        match self.host.candidate(vec![spec].into()).await {
            Ok(candidate) => Ok(Ok(Built(candidate))),
            Err(LoadError::Policy { error, .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

impl Asks for Built {
    fn has(&self, hook: HookName) -> bool {
        self.0.status().any(|status| status.hooks.contains(&hook))
    }

    async fn ask(&self, input: &CaseInput) -> Answer {
        match self.0.ask(input).await {
            CaseResult::Opinion(opinion) if opinion.verdict == Verdict::Deny => {
                let settings = opinion.extra.into_iter().filter(|(name, _)| name == SETTING);
                let settings = settings.map(|(_, line)| line).collect();
                Answer::Refused { rule: opinion.rule, reason: opinion.reason, settings }
            }
            CaseResult::Opinion(_) | CaseResult::Roles(_) | CaseResult::Edits(_) => Answer::Passes,
            CaseResult::Fault(fault) => Answer::Fault(fault),
        }
    }
}
