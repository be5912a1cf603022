//! Reads the section `filter`, which is this project's own: a key that it does
//! not know is an error, since a misspelt policy would not be followed.

use super::inference;
use super::reader::{Fields, Node};
use super::types::{
    BlockAs, CacheScope, CacheSettings, Collector, EndpointChoice, EndpointPolicy, FailurePolicy,
    Filter, Mode, OnError,
};

/// Reads the section `filter` of the top level.
pub fn read(top: &Fields<'_>) -> Filter {
    let mut filter = Filter::default();
    let Some(fields) = top.fields("filter") else {
        return filter;
    };
    if let Some(mode) = fields.get("mode").and_then(|node| node.choice(&Mode::CHOICES)) {
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
    if let Some(fields) = fields.fields("cache") {
        filter.cache = cache(&fields);
    }
    if let Some(fields) = fields.fields("endpoints") {
        filter.endpoints = endpoints(&fields);
    }
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

fn cache(fields: &Fields<'_>) -> CacheSettings {
    const SCOPES: [(&str, CacheScope); 2] =
        [("tenant", CacheScope::Tenant), ("shared", CacheScope::Shared)];
    let default = CacheSettings::default();
    let number = |key, most: i64| {
        let node: Option<Node<'_>> = fields.get(key);
        node.and_then(|node| node.integer(1..=most))
    };
    let size = |key, default| {
        number(key, 1 << 28).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(default)
    };
    let settings = CacheSettings {
        scope: fields.get("scope").and_then(|node| node.choice(&SCOPES)).unwrap_or_default(),
        tenant_header: fields.text("tenant_header").map(|name| name.to_ascii_lowercase()),
        max_bytes: size("max_bytes", default.max_bytes),
        max_answer_bytes: size("max_answer_bytes", default.max_answer_bytes),
        timeout_ms: number("timeout_ms", 60_000).map_or(default.timeout_ms, i64::unsigned_abs),
    };
    fields.finish_strict();
    settings
}

fn endpoints(fields: &Fields<'_>) -> EndpointPolicy {
    const CHOICES: [(&str, EndpointChoice); 2] =
        [("highest_weight", EndpointChoice::HighestWeight), ("weighted", EndpointChoice::Weighted)];
    let policy = EndpointPolicy {
        choice: fields.get("choice").and_then(|node| node.choice(&CHOICES)).unwrap_or_default(),
        host_names: fields.flag("host_names").unwrap_or(false),
    };
    fields.finish_strict();
    policy
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
