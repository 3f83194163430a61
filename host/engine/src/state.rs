//! What a store holds for one decision: the meters, and where log lines go.

use std::fmt;
use std::sync::Arc;
use wasmtime::{Error, ResourceLimiter, Result};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::Limits;
use crate::text;

/// A guest wanted more memory than this many bytes.
#[derive(Debug)]
pub(crate) struct OutOfMemory(pub(crate) u64);

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} bytes of memory", self.0)
    }
}

impl std::error::Error for OutOfMemory {}

/// A guest logged more than it may.
#[derive(Debug)]
pub(crate) struct LogFlood;

impl fmt::Display for LogFlood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too much log")
    }
}

impl std::error::Error for LogFlood {}

/// How grave a line of log is, as WIT orders them.
#[derive(Debug, Clone, Copy, wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "guests make these values, through `Lift`")]
pub(crate) enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// What a store holds for one decision.
pub(crate) struct State {
    meter: Meter,
    log: LogBudget,
    wasi: Option<Box<Wasi>>,
}

struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl State {
    /// For one decision, named `decision`, of the policy `policy`.
    pub(crate) fn new(limits: &Limits, policy: &Arc<str>, decision: &str, wasi: bool) -> Self {
        Self {
            meter: Meter::new(limits),
            log: LogBudget {
                policy: Arc::clone(policy),
                decision: decision.to_owned(),
                lines: limits.log_lines,
                bytes: limits.log_bytes,
                kept: None,
            },
            wasi: wasi.then(|| Box::new(Wasi::deny_all())),
        }
    }

    /// Keeps log lines instead of writing them, and lets memory grow by `slack` bytes more: for the build.
    pub(crate) fn for_build(mut self, slack: u64) -> Self {
        self.log.kept = Some(Vec::new());
        self.meter.memory_left += slack;
        self
    }

    /// The lines that were kept.
    pub(crate) fn take_log(&mut self) -> Vec<String> {
        self.log.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Bytes of memory that the guest has.
    pub(crate) fn memory(&self) -> u64 {
        self.meter.limit.saturating_sub(self.meter.memory_left)
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.meter
    }

    /// A line of log from the guest.
    pub(crate) fn log(&mut self, level: Level, message: &str) -> Result<()> {
        self.log.write(level, message)
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // A policy without a grant has no WASI in its linker, so this makes one only where it is used.
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::deny_all()));
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

impl Wasi {
    /// No environment, no arguments, no files, no network, no standard streams. What is left are the clocks and
    /// randomness, for a policy that was granted them.
    fn deny_all() -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(64);
        let mut builder = WasiCtxBuilder::new();
        builder.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        Self { context: builder.build(), table }
    }
}

struct Meter {
    limit: u64,
    memory_left: u64,
    elements_left: u64,
    instances: usize,
}

impl Meter {
    fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.memory,
            memory_left: limits.memory,
            elements_left: u64::from(limits.table_elements),
            instances: limits.instances as usize,
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        // An error and not `Ok(false)`: that would reach the guest as -1, and its allocator's abort could not
        // be told from any other.
        self.memory_left =
            self.memory_left.checked_sub(more).ok_or_else(|| Error::from(OutOfMemory(self.limit)))?;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        self.elements_left =
            self.elements_left.checked_sub(more).ok_or_else(|| Error::from(OutOfMemory(self.limit)))?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.instances
    }
}

struct LogBudget {
    policy: Arc<str>,
    decision: String,
    lines: u32,
    bytes: u32,
    kept: Option<Vec<String>>,
}

impl LogBudget {
    fn write(&mut self, level: Level, message: &str) -> Result<()> {
        let size = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let (Some(lines), Some(bytes)) = (self.lines.checked_sub(1), self.bytes.checked_sub(size)) else {
            return Err(LogFlood.into());
        };
        (self.lines, self.bytes) = (lines, bytes);
        // What it may log is counted already; what is replaced grows.
        let message = text::one_line(message, usize::MAX);
        if let Some(kept) = &mut self.kept {
            kept.push(message);
            return Ok(());
        }
        let (policy, decision) = (&*self.policy, self.decision.as_str());
        match level {
            Level::Trace => tracing::trace!(target: "policy", policy, decision, "{message}"),
            Level::Debug => tracing::debug!(target: "policy", policy, decision, "{message}"),
            Level::Info => tracing::info!(target: "policy", policy, decision, "{message}"),
            Level::Warn => tracing::warn!(target: "policy", policy, decision, "{message}"),
            Level::Error => tracing::error!(target: "policy", policy, decision, "{message}"),
        }
        Ok(())
    }
}
