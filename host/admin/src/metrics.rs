//! Metrics in the text format of Prometheus. Decisions are counted from their records, on the log's own thread.

use portcullis_audit::{Kind, Record};
use portcullis_contract::types::Verdict;
use portcullis_engine::ShadowCounts;
use portcullis_files::FileStatus;
use portcullis_listen::{CloseReason, ConnectionStats};
use portcullis_telemetry::{Counts, Signal};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

use crate::Admin;

/// Upper bounds in seconds: from 10 microseconds, since a decision takes tens of them.
const BUCKETS: [f64; 14] =
    [10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 1.0];

/// Upper bounds in seconds, for requests that waited at all: up to the longest that may be configured.
const WAIT_BUCKETS: [f64; 9] = [1e-3, 5e-3, 20e-3, 100e-3, 500e-3, 1.0, 2.0, 5.0, 60.0];

/// Counters and histograms, and the format they are read in.
#[derive(Debug, Clone)]
pub struct Metrics {
    decisions: Family<DecisionLabels, Counter>,
    durations: Family<ApiLabels, Histogram, fn() -> Histogram>,
    policies: Family<PolicyLabels, Counter>,
    policy_durations: Family<PolicyNameLabels, Histogram, fn() -> Histogram>,
    queue_waits: Family<PolicyNameLabels, Histogram, fn() -> Histogram>,
    authentications: Family<AuthenticationLabels, Counter>,
    changes: Family<ChangeLabels, Counter>,
    change_durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
    connections: ConnectionStats,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AuthenticationLabels {
    api: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChangeLabels {
    operation: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShadowLabels {
    policy: String,
    result: &'static str,
}

// A policy's rule is no label: a guest could make as many of them as it likes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    api: String,
    hook: String,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiLabels {
    api: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabels {
    policy: String,
    mode: String,
    outcome: String,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyNameLabels {
    policy: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TelemetryLabels {
    signal: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FileLabels {
    file: String,
    kind: &'static str,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// Upper bounds in seconds of changes: from those that find everything in the cache to builds of large modules.
const CHANGE_BUCKETS: [f64; 10] = [5e-3, 20e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1.0, 5.0, 20.0, 60.0];

fn change_histogram() -> Histogram {
    Histogram::new(CHANGE_BUCKETS)
}

fn wait_histogram() -> Histogram {
    Histogram::new(WAIT_BUCKETS)
}

impl Metrics {
    /// `connections` is what every listener counts into.
    pub fn new(connections: ConnectionStats) -> Self {
        Self {
            decisions: Family::default(),
            durations: Family::new_with_constructor(histogram),
            policies: Family::default(),
            policy_durations: Family::new_with_constructor(histogram),
            queue_waits: Family::new_with_constructor(wait_histogram),
            authentications: Family::default(),
            changes: Family::default(),
            change_durations: Family::new_with_constructor(change_histogram),
            connections,
        }
    }

    /// Counts one record.
    pub fn count(&self, record: &Record) {
        if record.kind == Kind::Decision {
            let api = record.api.to_string();
            let labels = DecisionLabels {
                api: api.clone(),
                hook: record.hook.map(|hook| hook.to_string()).unwrap_or_default(),
                verdict: verdict(Some(record.verdict)),
            };
            self.decisions.get_or_create(&labels).inc();
            self.durations.get_or_create(&ApiLabels { api }).observe(seconds(record.total_micros));
        }
        if record.kind == Kind::Authentication {
            let result = if record.verdict == Verdict::Allow { "success" } else { "failure" };
            let labels = AuthenticationLabels { api: record.api.to_string(), result };
            self.authentications.get_or_create(&labels).inc();
        }
        if record.kind == Kind::Change {
            let operation = record.operation.as_deref().unwrap_or_default().to_owned();
            let result = if record.verdict == Verdict::Allow { "accepted" } else { "refused" };
            self.changes.get_or_create(&ChangeLabels { operation: operation.clone(), result }).inc();
            let labels = OperationLabels { operation };
            self.change_durations.get_or_create(&labels).observe(seconds(record.total_micros));
        }
        if record.kind == Kind::Shadow {
            return;
        }
        for outcome in record.outcomes.iter().filter(|outcome| outcome.outcome != "not-asked") {
            let policy = outcome.policy.to_string();
            let labels = PolicyLabels {
                policy: policy.clone(),
                mode: outcome.mode.to_string(),
                outcome: outcome.outcome.to_string(),
                verdict: verdict(outcome.verdict),
            };
            self.policies.get_or_create(&labels).inc();
            let labels = PolicyNameLabels { policy };
            self.policy_durations.get_or_create(&labels).observe(seconds(outcome.micros));
            if outcome.queue_micros > 0 {
                self.queue_waits.get_or_create(&labels).observe(seconds(outcome.queue_micros));
            }
        }
    }

    /// Changes of what is in force, shadows and break-glass.
    fn register_changes(&self, registry: &mut Registry, admin: &Admin) {
        registry.register(
            "policy_changes",
            "Changes of what is in force, by operation and result",
            self.changes.clone(),
        );
        registry.register_with_unit(
            "policy_change_duration",
            "From the beginning of a change to its record",
            Unit::Seconds,
            self.change_durations.clone(),
        );
        let in_force = admin.host.generation();
        let shadows = Family::<ShadowLabels, Counter>::default();
        for (status, counted) in in_force.shadows() {
            let ShadowCounts { agreed, disagreed, dropped, .. } = counted.counts();
            for (result, count) in [("agreed", agreed), ("disagreed", disagreed), ("dropped", dropped)] {
                let labels = ShadowLabels { policy: status.name.to_string(), result };
                shadows.get_or_create(&labels).inc_by(count);
            }
        }
        registry.register(
            "shadow_comparisons",
            "Requests that shadows were asked beside policies, by result",
            shadows,
        );
        let glass = Gauge::<i64>::default();
        glass.set(admin.break_glass.get().is_some().into());
        registry.register("break_glass", "1 while refusals by policies are overruled", glass);
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn text(&self, admin: &Admin) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("portcullis");
        registry.register("decisions", "Decisions, by API, hook and verdict", self.decisions.clone());
        registry.register_with_unit(
            "decision_duration",
            "From a request's arrival to its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "authentications",
            "Logins with a name and a password, by API and result",
            self.authentications.clone(),
        );
        registry.register(
            "policy_outcomes",
            "Outcomes of policies, by outcome and verdict",
            self.policies.clone(),
        );
        registry.register_with_unit(
            "policy_duration",
            "How long one policy took",
            Unit::Seconds,
            self.policy_durations.clone(),
        );
        registry.register_with_unit(
            "policy_queue_wait",
            "How long requests waited that found all of a policy's `concurrency` in use",
            Unit::Seconds,
            self.queue_waits.clone(),
        );
        self.register_changes(&mut registry, admin);
        let in_force = admin.host.generation();
        let depths = Family::<PolicyNameLabels, Gauge<i64>>::default();
        for (status, depth) in in_force.queue_depths() {
            let labels = PolicyNameLabels { policy: status.name.to_string() };
            depths.get_or_create(&labels).set(i64::try_from(depth).unwrap_or(i64::MAX));
        }
        registry.register("policy_queue_depth", "Requests that wait for a policy now", depths);
        let dropped = Counter::<u64>::default();
        dropped.inc_by(admin.host.background_dropped());
        registry.register(
            "monitoring_dropped",
            "Requests of which monitoring policies were not asked, since too many were waiting",
            dropped,
        );
        let generation = Gauge::<i64>::default();
        generation.set(i64::try_from(in_force.number()).unwrap_or(i64::MAX));
        registry.register("generation", "The set of policies in force", generation);
        let closed = Family::<ReasonLabels, Counter>::default();
        for reason in CloseReason::ALL {
            let labels = ReasonLabels { reason: reason.as_str() };
            closed.get_or_create(&labels).inc_by(self.connections.closed(reason));
        }
        registry.register("connections_closed", "Connections that a limit has closed, by reason", closed);
        let reloads = Family::<ResultLabels, Counter>::default();
        for (result, count) in admin.reloads.counts() {
            reloads.get_or_create(&ResultLabels { result }).inc_by(count);
        }
        registry.register("reloads", "Reloads of the configuration, by result", reloads);
        let stale = Gauge::<i64>::default();
        stale.set(admin.reloads.last_error().is_some().into());
        registry.register(
            "configuration_stale",
            "1 while what is on disk is not in force, since the last reload was refused",
            stale,
        );
        let stale = Family::<FileLabels, Gauge<f64, AtomicU64>>::default();
        for FileStatus { kind, path, failure } in admin.files.statuses() {
            let labels = FileLabels { file: path.display().to_string(), kind };
            let lasting = failure.as_ref().map_or(0.0, |failure| failure.lasting.as_secs_f64());
            // Several mounts may use one file.
            let gauge = stale.get_or_create(&labels);
            gauge.set(gauge.get().max(lasting));
        }
        registry.register_with_unit(
            "file_stale",
            "How long a watched file cannot be used, and its last good state is in force; 0 while it can",
            Unit::Seconds,
            stale,
        );
        if let Some(counts) = &admin.telemetry {
            register_telemetry(&mut registry, counts);
        }
        for api in &*admin.apis {
            api.metrics(&mut registry);
        }
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

fn register_telemetry(registry: &mut Registry, counts: &Counts) {
    let records = Family::<TelemetryLabels, Counter>::default();
    for signal in Signal::ALL {
        for (result, count) in [("sent", counts.sent(signal)), ("rejected", counts.rejected(signal))] {
            let labels = TelemetryLabels { signal: signal.as_str(), result };
            records.get_or_create(&labels).inc_by(count);
        }
    }
    registry.register(
        "telemetry_records",
        "Records for the telemetry collector, by signal and result",
        records,
    );
    let lost = Counter::<u64>::default();
    lost.inc_by(counts.lost());
    registry.register(
        "telemetry_lost",
        "Records that the telemetry collector was not sent, since too many were waiting",
        lost,
    );
}

fn verdict(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("none", portcullis_engine::case::verdict_name)
}

#[expect(clippy::cast_precision_loss, reason = "a decision does not take 285 years")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
