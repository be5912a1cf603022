//! Reads the section `filter`, which is this project's own: a key that it does
//! not know is an error, since a misspelt policy would not be followed.

use super::inference;
use super::reader::Fields;
use super::types::{BlockAs, Collector, FailurePolicy, Filter, Mode, OnError};

/// Reads the section `filter` of the top level.
pub fn read(top: &Fields<'_>) -> Filter {
    let mut filter = Filter::default();
    let Some(fields) = top.fields("filter") else {
        return filter;
    };
    if let Some(mode) = fields
        .get("mode")
        .and_then(|node| node.choice(&[("single", Mode::Single), ("observe", Mode::Observe)]))
    {
        filter.mode = mode;
    }
    if let Some(fields) = fields.fields("collector") {
        filter.collector = collector(&fields);
    }
    if let Some(bytes) = fields.get("max_request_bytes").and_then(|node| node.integer(1..=1 << 30))
    {
        filter.max_request_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    set_policy(&fields, "on_unclassified", &mut filter.on_unclassified);
    if let Some(fields) = fields.fields("on_error") {
        filter.on_error = on_error(&fields);
    }
    let block_as = [("completion", BlockAs::Completion), ("error", BlockAs::Error)];
    if let Some(form) = fields.get("block_as").and_then(|node| node.choice(&block_as)) {
        filter.block_as = form;
    }
    filter.inference = inference::inference(&fields);
    fields.finish_strict();
    filter
}

fn on_error(fields: &Fields<'_>) -> OnError {
    let mut policies = OnError::default();
    for (key, policy) in [
        ("category", &mut policies.category),
        ("guard", &mut policies.guard),
        ("pii", &mut policies.pii),
        ("cache", &mut policies.cache),
    ] {
        set_policy(fields, key, policy);
    }
    fields.finish_strict();
    policies
}

fn set_policy(fields: &Fields<'_>, key: &'static str, policy: &mut FailurePolicy) {
    if let Some(chosen) = fields.get(key).and_then(|node| node.choice(&FailurePolicy::CHOICES)) {
        *policy = chosen;
    }
}

fn collector(fields: &Fields<'_>) -> Collector {
    let mut collector = Collector::default();
    if let Some(cluster) = fields.text("cluster") {
        collector.cluster = cluster;
    }
    if let Some(node) = fields.get("path")
        && let Some(path) = node.text()
    {
        if !path.starts_with('/') {
            node.error(format!("must start with /, is {path:?}"));
        }
        collector.path = path;
    }
    if let Some(node) = fields.get("timeout")
        && let Some(timeout) = node.duration()
    {
        if timeout.as_millis() == 0 || timeout.as_secs() > 300 {
            node.error("must be from 1ms to 5m");
        }
        collector.timeout = timeout;
    }
    if let Some(spans) = fields.get("max_queued_spans").and_then(|node| node.integer(1..=1 << 24)) {
        collector.max_queued_spans = usize::try_from(spans).unwrap_or(usize::MAX);
    }
    if let Some(bytes) = fields.get("max_queued_bytes").and_then(|node| node.integer(1..=1 << 28)) {
        collector.max_queued_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    fields.finish_strict();
    collector
}
