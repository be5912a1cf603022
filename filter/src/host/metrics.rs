//! Wasm metrics, which Envoy shows as `wasmcustom.<name>`.

use std::cell::RefCell;
use std::time::Instant;

use super::abi::{self, HostResult};
use crate::metrics::catalog::{
    BATCHES_RETRIED, CALLBACK_TIME, SPANS_DELIVERED, SPANS_DROPPED, SPANS_MADE, SPANS_PENDING,
};
use crate::metrics::{Kind, Metric, Metrics, Series};
use crate::trace::Counters;

thread_local! {
    /// One table for each virtual machine, whatever becomes of its plugins.
    static SERIES: RefCell<Series> = RefCell::default();
}

/// The metrics of the host.
pub struct HostMetrics;

impl Metrics for HostMetrics {
    fn record(&self, metric: &Metric, labels: &[&str], value: i64) {
        record(metric, labels, value);
    }
}

/// As [`Metrics::record`].
pub fn record(metric: &Metric, labels: &[&str], value: i64) {
    if let Err(error) = try_record(metric, labels, value) {
        log::warn!("metric {}: {error}", metric.name);
    }
}

fn try_record(metric: &Metric, labels: &[&str], value: i64) -> HostResult<()> {
    let kind = match metric.kind {
        Kind::Counter => abi::Metric::Counter,
        Kind::Gauge => abi::Metric::Gauge,
        Kind::Histogram => abi::Metric::Histogram,
    };
    let define = |name: &str| abi::define_metric(kind, name);
    let id = SERIES.with_borrow_mut(|series| series.id(metric, labels, define))?;
    match (id, metric.kind) {
        (None, _) => Ok(()),
        (Some(id), Kind::Histogram) => {
            abi::record_metric(id, u64::try_from(value).unwrap_or_default())
        }
        (Some(_), Kind::Counter | Kind::Gauge) if value == 0 => Ok(()),
        (Some(id), Kind::Counter | Kind::Gauge) => abi::increment_metric(id, value),
    }
}

/// Publishes what became of the spans.
#[derive(Default)]
pub struct SpanMetrics {
    published: Counters,
    pending: i64,
}

impl SpanMetrics {
    /// Adds what has changed since the last call.
    pub fn publish(&mut self, now: Counters, pending: usize) {
        let last = std::mem::replace(&mut self.published, now);
        for (metric, labels, now, before) in [
            (&SPANS_MADE, &[] as &[&str], now.made, last.made),
            (&SPANS_DELIVERED, &[], now.delivered, last.delivered),
            (&SPANS_DROPPED, &["queue_full"], now.dropped_queue_full, last.dropped_queue_full),
            (&SPANS_DROPPED, &["refused"], now.dropped_refused, last.dropped_refused),
            (&BATCHES_RETRIED, &[], now.retries, last.retries),
        ] {
            if now > before {
                record(metric, labels, i64::try_from(now - before).unwrap_or(i64::MAX));
            }
        }
        let pending = i64::try_from(pending).unwrap_or(i64::MAX);
        let before = std::mem::replace(&mut self.pending, pending);
        if pending != before {
            // A gauge that all workers share.
            record(&SPANS_PENDING, &[], pending - before);
        }
    }
}

/// Measures how long a call keeps the worker: from its making to its drop.
pub struct Stall {
    callback: &'static str,
    begun: Instant,
}

impl Stall {
    /// A call of this name begins.
    pub fn begin(callback: &'static str) -> Self {
        Self { callback, begun: Instant::now() }
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        let micros = i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX);
        record(&CALLBACK_TIME, &[self.callback], micros);
    }
}
