//! Wasm metrics, which Envoy shows as `wasmcustom.<name>`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::abi::{self, Metric};
use crate::exchange::StageCount;
use crate::trace::Counters;

thread_local! {
    /// Ids by name: one table for each virtual machine.
    static IDS: RefCell<HashMap<String, u32>> = RefCell::default();
}

/// Publishes what became of the spans.
#[derive(Default)]
pub struct SpanMetrics {
    published: Counters,
    pending: i64,
}

impl SpanMetrics {
    /// Adds what has changed since the last call.
    pub fn publish(&mut self, counters: Counters, pending: usize) {
        let last = std::mem::replace(&mut self.published, counters);
        for (name, now, before) in [
            ("semantic_router_spans_made_total", counters.made, last.made),
            ("semantic_router_spans_delivered_total", counters.delivered, last.delivered),
            (
                "semantic_router_spans_dropped_total.queue_full",
                counters.dropped_queue_full,
                last.dropped_queue_full,
            ),
            (
                "semantic_router_spans_dropped_total.refused",
                counters.dropped_refused,
                last.dropped_refused,
            ),
            ("semantic_router_span_batches_retried_total", counters.retries, last.retries),
        ] {
            add(name, now.saturating_sub(before));
        }
        let pending = i64::try_from(pending).unwrap_or(i64::MAX);
        let before = std::mem::replace(&mut self.pending, pending);
        shift("semantic_router_spans_pending", pending - before);
    }
}

/// Counts what became of a stage.
pub fn count_stage(count: &StageCount) {
    let StageCount { stage, outcome, reason } = count;
    let reason = reason.unwrap_or("none");
    add(&format!("semantic_router_stage_total.{stage}.{outcome}.{reason}"), 1);
}

/// Adds to a counter.
pub fn add(name: &str, by: u64) {
    if by > 0 {
        report(
            name,
            id(Metric::Counter, name)
                .and_then(|id| abi::increment_metric(id, i64::try_from(by).unwrap_or(i64::MAX))),
        );
    }
}

/// Changes a gauge, which all workers share, by an amount.
fn shift(name: &str, by: i64) {
    if by != 0 {
        report(name, id(Metric::Gauge, name).and_then(|id| abi::increment_metric(id, by)));
    }
}

fn id(kind: Metric, name: &str) -> abi::HostResult<u32> {
    IDS.with_borrow_mut(|ids| {
        if let Some(id) = ids.get(name) {
            return Ok(*id);
        }
        let id = abi::define_metric(kind, name)?;
        ids.insert(name.to_owned(), id);
        Ok(id)
    })
}

fn report(name: &str, result: abi::HostResult<()>) {
    if let Err(error) = result {
        log::warn!("metric {name}: {error}");
    }
}
