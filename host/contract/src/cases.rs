//! Cases: inputs with the answer that is expected. The host asks a policy its cases before it goes live, `portcullis
//! policy test` prints what came of them, and the Rust SDK asks them natively.
//!
//! * [`Case`], [`CaseInput`]: one input of one hook
//! * [`Expectation`]: what must come out, and what differs
//! * [`CaseFile`]: files of them, in JSON, JSON Lines or YAML

mod expectation;
mod file;
mod pattern;

pub use expectation::{Expectation, verdict_name};
pub use file::{CaseFile, CaseFileError, Format};
pub use pattern::ReasonPattern;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::docker_edits::Edits;
use crate::types::Opinion;
use crate::{Hook, HookName, aws, hook};

/// One input with its expected answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, for a person.
    pub name: String,
    /// What is asked.
    #[serde(flatten)]
    pub input: CaseInput,
    /// What must come out.
    pub expect: Expectation,
}

macro_rules! case_input {
    ($($hook:ident),+) => {
        /// The hook that is asked, and its input.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "hook", content = "input", rename_all = "kebab-case")]
        #[expect(missing_docs, reason = "each is a hook, and documented there")]
        pub enum CaseInput {
            $($hook(Arc<<hook::$hook as Hook>::Input>),)+
        }

        impl CaseInput {
            /// Reads the input of a hook from JSON.
            ///
            /// # Errors
            /// Which field is wrong, and which fields exist.
            pub fn read(hook: HookName, value: serde_json::Value) -> Result<Self, String> {
                match hook {
                    $(HookName::$hook => read("input", value).map(Arc::new).map(Self::$hook),)+
                }
            }

            /// The input of that hook with every field empty.
            pub fn empty(hook: HookName) -> Self {
                match hook {
                    $(HookName::$hook => Self::$hook(Arc::default()),)+
                }
            }

            /// The hook that is asked.
            pub fn hook(&self) -> HookName {
                match self {
                    $(Self::$hook(_) => HookName::$hook,)+
                }
            }
        }
    };
}

for_each_hook!(case_input);

/// Reads a value; an error names the field, below `name`.
fn read<T: DeserializeOwned>(name: &str, value: serde_json::Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => name.to_owned(),
            path => format!("{name}.{path}"),
        };
        format!("`{path}`: {}", error.into_inner())
    })
}

/// What a policy answered to a case of any hook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseResult {
    /// An opinion.
    Opinion(Opinion),
    /// Grants and denials.
    Roles(aws::Answer),
    /// Edits.
    Edits(Edits),
    /// Nothing: why.
    Fault(String),
}

impl From<Opinion> for CaseResult {
    fn from(opinion: Opinion) -> Self {
        Self::Opinion(opinion)
    }
}

impl From<Edits> for CaseResult {
    fn from(edits: Edits) -> Self {
        Self::Edits(edits)
    }
}

impl From<aws::Answer> for CaseResult {
    fn from(answer: aws::Answer) -> Self {
        Self::Roles(answer)
    }
}
