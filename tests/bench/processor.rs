//! Processor time: what a call costs on all threads together, waiting left out.

use std::time::Duration;

/// User and system time of a process (`self`, or its number) and of all its threads, in steps of 10 ms.
pub(crate) fn time(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
