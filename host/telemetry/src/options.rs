//! Where and what is sent.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where and what is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct TelemetryOptions {
    /// The collector's URL, e.g. `http://127.0.0.1:4318`. OTLP's own paths are appended.
    pub endpoint: String,
    /// Headers of each request, e.g. `authorization`.
    pub headers: Vec<(String, String)>,
    /// Certificate authorities in PEM; otherwise those of the system.
    pub ca: Option<PathBuf>,
    /// `service.name` of what is sent.
    pub service: String,
    /// Whether decisions are sent as traces.
    pub traces: bool,
    /// Whether records are sent as log entries.
    pub logs: bool,
    /// How long a request may take.
    pub timeout: Duration,
}

/// Shows no value of a header.
impl fmt::Debug for TelemetryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryOptions").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
