//! Decision records as OpenTelemetry traces and logs, sent to a collector over OTLP (HTTP with protobuf).
//!
//! What is sent is made of the lines of the decision log, so the same is masked and bounded. It is sent beside the log and
//! never instead of it: a collector that is slow or away costs no decision anything, and what it misses is counted.
//!
//! * [`Telemetry`]: the task that follows the log
//! * [`TelemetryOptions`]: where and what is sent
//! * [`Counts`]: what was sent and what was not
//! * `line`: a record as it is in the log
//! * `spans`: a record as spans: a decision, and a span for each policy that was asked
//! * `entry`: a record as a log entry
//! * `queue`: records that wait, bounded in number and bytes
//! * `collector`: one request to the collector, and when it is made again
//! * [`TelemetryError`]: why nothing can be sent

mod collector;
mod counts;
mod entry;
mod error;
mod line;
mod options;
mod queue;
mod spans;
mod telemetry;

#[cfg(test)]
mod tests;

pub use counts::{Counts, Signal};
pub use error::TelemetryError;
pub use options::TelemetryOptions;
pub use telemetry::Telemetry;
