//! Switches in queries.

use serde::Deserialize;

/// `?confirm` and `?confirm=true` say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Switch {
    /// Yes.
    #[serde(rename = "", alias = "true", alias = "1")]
    On,
    /// No, as where it is absent.
    #[serde(rename = "false", alias = "0")]
    Off,
}

pub(crate) fn is_on(switch: Option<Switch>) -> bool {
    switch == Some(Switch::On)
}
