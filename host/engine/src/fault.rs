//! Why a policy gave no answer. Every fault refuses; this is where wasmtime's errors get their meaning.

use std::fmt::Write as _;
use std::time::Duration;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::state::{LogFlood, OutOfMemory};
use crate::text;

/// Why a policy gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It used the processor for longer than it may.
    #[error("it used more than {} ms of processor time", .0.as_millis())]
    Deadline(Duration),
    /// It wanted more memory than it may have.
    #[error("it wanted more than {} MiB of memory", .0 >> 20)]
    OutOfMemory(u64),
    /// It logged more than it may.
    #[error("it logged more than it may in one decision")]
    LogFlood,
    /// Its answer was larger than it may be.
    #[error("its answer was larger than {0} bytes")]
    OversizedAnswer(u32),
    /// Its answer breaks the rules of the component model: a text that is no UTF-8, a pointer that leads nowhere.
    #[error("its answer cannot be read: {0}")]
    Malformed(String),
    /// It broke off: a panic, an illegal instruction, a stack that ran over.
    #[error("it broke off: {0}")]
    Trap(String),
    /// It said itself that it cannot decide.
    #[error("it reported an error: {0}")]
    Refused(String),
    /// As many decisions as may wait for it are waiting.
    #[error("too many decisions are waiting for it; try again")]
    QueueFull,
    /// As many decisions as may be under way were under way, for as long as one may wait.
    #[error("it was busy with other decisions for {} ms; try again", .0.as_millis())]
    QueueTimeout(Duration),
    /// The time that a request may take in all is over.
    #[error("the request took longer than {} ms; try again", .0.as_millis())]
    TimeBudget(Duration),
    /// The host could not ask it.
    #[error("the host could not ask it: {0}")]
    Host(String),
}

impl Fault {
    /// One word for records and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Deadline(_) => "deadline",
            Self::OutOfMemory(_) => "out-of-memory",
            Self::LogFlood => "log-flood",
            Self::OversizedAnswer(_) => "oversized-answer",
            Self::Malformed(_) => "malformed-answer",
            Self::Trap(_) => "trap",
            Self::Refused(_) => "policy-error",
            Self::QueueFull => "queue-full",
            Self::QueueTimeout(_) => "queue-timeout",
            Self::TimeBudget(_) => "time-budget",
            Self::Host(_) => "host-fault",
        }
    }

    /// Whether load is the cause, so that the same request may be allowed when it is sent again.
    pub const fn is_overload(&self) -> bool {
        matches!(self, Self::QueueFull | Self::QueueTimeout(_) | Self::TimeBudget(_))
    }

    /// What the caller may read. The rest is for the operator: a backtrace says how a policy is made.
    pub fn public(&self) -> String {
        match self {
            Self::Malformed(_) => "its answer cannot be read".into(),
            Self::Trap(_) => "it broke off".into(),
            Self::Refused(_) => "it reported an error".into(),
            Self::Host(_) => "the host could not ask it".into(),
            other => other.to_string(),
        }
    }

    /// The fault that `error` stands for, under limits of `deadline` and `answer` bytes.
    pub(crate) fn from_wasmtime(error: &wasmtime::Error, deadline: Duration, answer: u32) -> Self {
        if let Some(OutOfMemory(limit)) = error.downcast_ref() {
            return Self::OutOfMemory(*limit);
        }
        if error.downcast_ref::<LogFlood>().is_some() {
            return Self::LogFlood;
        }
        if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
            return Self::QueueFull;
        }
        if ran_out_of_host_call_fuel(error) {
            // Wasmtime gives this error no type. It stands for an argument of an import while the guest runs,
            // which leaves a backtrace, and for an answer once the guest has returned, which leaves none.
            let guest_runs = error.downcast_ref::<WasmBacktrace>().is_some();
            return if guest_runs { Self::LogFlood } else { Self::OversizedAnswer(answer) };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::Deadline(deadline),
            Some(trap) => Self::Trap(describe_trap(*trap, error)),
            None => Self::Host(text::one_line(&format!("{error:#}"), 512)),
        }
    }

    /// The same for an error of a call. The host's side of a call was checked when the policy was loaded: what has
    /// no other meaning is the guest's doing.
    pub(crate) fn from_call(error: &wasmtime::Error, deadline: Duration, answer: u32) -> Self {
        match Self::from_wasmtime(error, deadline, answer) {
            Self::Host(text) if error.downcast_ref::<WasmBacktrace>().is_some() => Self::Trap(text),
            Self::Host(text) => Self::Malformed(text),
            other => other,
        }
    }
}

fn ran_out_of_host_call_fuel(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls has been exhausted"))
}

/// What every panic of Rust's goes through on its way, which says nothing about its cause.
const PANICKING: [&str; 5] =
    ["__rustc::", "core::panicking::", "std::panicking::", "std::sys::backtrace::", "<std::panicking::"];

fn describe_trap(trap: Trap, error: &wasmtime::Error) -> String {
    let mut description = match trap {
        // The stack of Rust and C lies under address 0 of their memory.
        Trap::MemoryOutOfBounds => "memory out of bounds, or a stack that ran over".to_owned(),
        Trap::UnreachableCodeReached => "it panicked or aborted".to_owned(),
        other => other.to_string(),
    };
    let frames = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames).unwrap_or_default();
    // Without the hash: `{:#}`. A name that is not Rust's stays as it is.
    let names = frames.iter().filter_map(|frame| frame.func_name());
    let names = names.map(|name| format!("{:#}", rustc_demangle::demangle(name)));
    let telling = names.filter(|name| !PANICKING.iter().any(|prefix| name.starts_with(prefix)));
    for name in telling.take(6) {
        let _ = write!(description, " < {name}");
    }
    text::one_line(&description, 1024)
}
