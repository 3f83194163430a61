//! What the operator asks for: one policy of the configuration, validated but not yet loaded.

use portcullis_contract::HookName;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::source::Source;
use crate::{Digest, Limits};

/// Whether a policy's word counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It counts.
    #[default]
    Enforce,
    /// It is asked after the answer has gone out, and recorded.
    Monitor,
}

impl Mode {
    /// As the configuration writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Monitor => "monitor",
        }
    }
}

/// The hooks that a policy is asked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hooks {
    /// All that its module exports.
    Exported,
    /// These, which its module must export.
    Listed(Vec<HookName>),
    /// This one. A module that exports others too is refused: no API would ask it there.
    Sole(HookName),
}

/// One policy to be loaded.
#[derive(Debug, Clone)]
pub struct PolicySpec {
    /// The operator's name for it, unique in the configuration.
    pub name: String,
    /// Where its module is.
    pub source: Source,
    /// What the module's SHA-256 must be.
    pub sha256: Option<Digest>,
    /// The hooks it is asked on.
    pub hooks: Hooks,
    /// Whether its word counts.
    pub mode: Mode,
    /// Its settings: one JSON object, keys in order.
    pub settings: String,
    /// What it may use.
    pub limits: Limits,
    /// The WASI interfaces it may import, e.g. `wasi:clocks/wall-clock`.
    pub wasi: Vec<String>,
    /// What it must answer before it goes live.
    pub cases: Vec<Case>,
    /// Whether records of decisions that it was asked for hold its input.
    pub record_inputs: bool,
    /// Whether it is pre-initialized where it can be; otherwise each instance is configured.
    pub preinitialize: bool,
}

impl PolicySpec {
    /// A policy of which nothing more is said: enforced, without settings, grants or cases.
    pub fn new(name: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            source,
            sha256: None,
            hooks: Hooks::Exported,
            mode: Mode::default(),
            settings: "{}".into(),
            limits: Limits::default(),
            wasi: Vec::new(),
            cases: Vec::new(),
            record_inputs: false,
            preinitialize: true,
        }
    }

    /// Whether an operator may give a policy this name: up to 64 letters, digits, `.`, `_` and `-`.
    pub fn is_name(text: &str) -> bool {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=64).contains(&text.len()) && text.bytes().all(good)
    }
}
