//! The task that follows the log and sends what is in it.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use portcullis_audit::Recent;
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::collector::{Collector, Sent};
use crate::counts::{Counts, Signal};
use crate::error::TelemetryError;
use crate::line::Line;
use crate::options::TelemetryOptions;
use crate::queue::{Waiting, follow};
use crate::{entry, spans};

/// Records of one request, and their bytes: collectors take requests of a few megabytes.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 2 << 20;
/// How long the first of them waits for others.
const DELAY: Duration = Duration::from_secs(1);
/// How often a request is made before its records are given up, and how long after the first; it doubles.
const ATTEMPTS: u32 = 5;
const BACKOFF: Duration = Duration::from_secs(1);
/// How long the end of the program waits for what is left.
const LAST: Duration = Duration::from_secs(5);

impl TelemetryOptions {
    /// Whether they can be used.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), TelemetryError> {
        Collector::new(self).map(drop)
    }
}

/// The task that sends records. Dropped, it ends with what it was sending.
#[derive(Debug)]
pub struct Telemetry {
    counts: Arc<Counts>,
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Telemetry {
    /// Sends the records that `log` brings from now on.
    ///
    /// # Errors
    /// The options cannot be used. Whether there is a collector shows later, in the log and in the counts.
    pub fn start(
        options: TelemetryOptions,
        log: broadcast::Receiver<Recent>,
    ) -> Result<Self, TelemetryError> {
        let collector = Collector::new(&options)?;
        let counts = Arc::<Counts>::default();
        let (end, ended) = oneshot::channel();
        let waiting = follow(log, Arc::clone(&counts));
        let sender = Sender { collector, counts: Arc::clone(&counts), options, is_failing: false };
        let task = tokio::spawn(sender.run(waiting, ended));
        Ok(Self { counts, end, task })
    }

    /// What was sent and what was not.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Sends what is left, once, and ends.
    pub async fn close(self) {
        let Self { end, task, .. } = self;
        // An error means that it has ended already.
        let _ = end.send(());
        if tokio::time::timeout(LAST, task).await.is_err() {
            tracing::warn!("not every record was sent to the telemetry collector before the end");
        }
    }
}

struct Sender {
    collector: Collector,
    counts: Arc<Counts>,
    options: TelemetryOptions,
    /// Whether the last request failed: what changes is logged, not each failure.
    is_failing: bool,
}

impl Sender {
    async fn run(mut self, mut waiting: Waiting, mut ended: oneshot::Receiver<()>) {
        let mut batch = Vec::new();
        let mut is_ending = false;
        loop {
            if is_ending {
                collect(&mut waiting, &mut batch).await;
            } else {
                tokio::select! {
                    () = collect(&mut waiting, &mut batch) => {}
                    _ = &mut ended => {
                        is_ending = true;
                        waiting.end();
                        continue;
                    }
                }
            }
            if batch.is_empty() {
                return;
            }
            for (signal, message, records) in self.messages(&std::mem::take(&mut batch)) {
                let mut wait = BACKOFF;
                for attempt in 1..=ATTEMPTS {
                    // What is under way is not cut off: it would be sent twice.
                    let sent = self.collector.send(signal, message.clone()).await;
                    let after = match &sent {
                        Sent::Later { after, why } if attempt < ATTEMPTS && !is_ending => {
                            self.failing(why);
                            after.unwrap_or(wait)
                        }
                        _ => {
                            self.ended(signal, sent, records);
                            break;
                        }
                    };
                    tokio::select! {
                        () = tokio::time::sleep(after) => wait *= 2,
                        _ = &mut ended => {
                            is_ending = true;
                            waiting.end();
                        }
                    }
                }
            }
        }
    }

    fn ended(&mut self, signal: Signal, sent: Sent, records: usize) {
        match sent {
            Sent::Taken { refused: 0, .. } => {
                self.counts.add_sent(signal, records);
                if std::mem::take(&mut self.is_failing) {
                    tracing::info!("records are sent to the telemetry collector again");
                }
            }
            Sent::Taken { refused, why } => {
                // It counts spans, of which a record has several.
                let refused = refused.min(records);
                self.counts.add_sent(signal, records - refused);
                self.counts.add_rejected(signal, refused);
                self.failing(&why);
            }
            Sent::Later { why, .. } | Sent::Refused { why } => {
                self.counts.add_rejected(signal, records);
                self.failing(&why);
            }
        }
    }

    fn failing(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
            tracing::warn!("records cannot be sent to the telemetry collector: {why}");
        }
    }

    /// The requests for a batch, each with how many records are in it.
    fn messages(&self, batch: &[Arc<str>]) -> Vec<(Signal, Vec<u8>, usize)> {
        let lines: Vec<_> = batch.iter().filter_map(|text| Some((Line::read(text)?, text))).collect();
        let mut messages = Vec::new();
        let scope = Some(InstrumentationScope {
            name: "portcullis".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            ..InstrumentationScope::default()
        });
        if self.options.traces {
            let spans = lines.iter().flat_map(|(line, _)| spans::of(line)).collect();
            let scope_spans = vec![ScopeSpans { scope: scope.clone(), spans, ..ScopeSpans::default() }];
            let of_host =
                ResourceSpans { resource: Some(self.resource()), scope_spans, ..ResourceSpans::default() };
            let request = ExportTraceServiceRequest { resource_spans: vec![of_host] };
            messages.push((Signal::Traces, request.encode_to_vec(), lines.len()));
        }
        if self.options.logs {
            let log_records = lines.iter().filter_map(|(line, text)| entry::of(line, text)).collect();
            let scope_logs = vec![ScopeLogs { scope, log_records, ..ScopeLogs::default() }];
            let of_host =
                ResourceLogs { resource: Some(self.resource()), scope_logs, ..ResourceLogs::default() };
            let request = ExportLogsServiceRequest { resource_logs: vec![of_host] };
            messages.push((Signal::Logs, request.encode_to_vec(), lines.len()));
        }
        messages
    }

    fn resource(&self) -> Resource {
        let pair = |key: &str, value: &str| spans::pair(key, Value::StringValue(value.to_owned()));
        Resource {
            attributes: vec![
                pair("service.name", &self.options.service),
                pair("service.version", env!("CARGO_PKG_VERSION")),
            ],
            ..Resource::default()
        }
    }
}

/// Waits for records until there are enough, or the first has waited long enough; none when no more will come.
async fn collect(waiting: &mut Waiting, batch: &mut Vec<Arc<str>>) {
    let mut bytes: usize = batch.iter().map(|line| line.len()).sum();
    if batch.is_empty() {
        let Some(first) = waiting.next().await else { return };
        bytes += first.len();
        batch.push(first);
    }
    let until = Instant::now() + DELAY;
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        match tokio::time::timeout_at(until, waiting.next()).await {
            Ok(Some(line)) => {
                bytes += line.len();
                batch.push(line);
            }
            Ok(None) | Err(_) => break,
        }
    }
}
