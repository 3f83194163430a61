//! A door's deciding edge: from what the engine answered to what the audit log is told, alike at every door.
//!
//! The engine knows no records and the log no policies; a door that asks and records uses this between the two, and
//! adds what it alone knows: who asked for what, in its own words. It knows no HTTP and no door.
//!
//! * [`Settled`]: how a question was settled, and the record that it begins
//! * [`micros`]: durations as records have them

mod outcome;
mod settled;

pub use settled::Settled;

use std::time::Duration;

/// Whole microseconds.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
