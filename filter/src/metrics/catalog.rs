//! The metrics. Those that begin with `llm_` are vLLM Semantic Router's
//! (`pkg/metrics/metrics.go` upstream) with its labels; where its name ends in
//! `_seconds`, ours says another unit, since the host's histograms hold whole
//! numbers.

use super::{Kind, Metric};

const fn counter(name: &'static str, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind: Kind::Counter, labels }
}

const fn gauge(name: &'static str, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind: Kind::Gauge, labels }
}

const fn histogram(name: &'static str, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind: Kind::Histogram, labels }
}

/// Chat requests by the model that the client named.
pub const MODEL_REQUESTS: Metric = counter("llm_model_requests_total", &["model"]);
/// Requests that went wrong.
pub const REQUEST_ERRORS: Metric = counter("llm_request_errors_total", &["model", "reason"]);
/// Tokens of prompts and completions.
pub const TOKENS: Metric = counter("llm_model_tokens_total", &["model"]);
/// Tokens of prompts.
pub const PROMPT_TOKENS: Metric = counter("llm_model_prompt_tokens_total", &["model"]);
/// Tokens of completions.
pub const COMPLETION_TOKENS: Metric = counter("llm_model_completion_tokens_total", &["model"]);
/// Tokens of one prompt.
pub const PROMPT_TOKENS_EACH: Metric = histogram("llm_prompt_tokens_per_request", &["model"]);
/// Tokens of one completion.
pub const COMPLETION_TOKENS_EACH: Metric =
    histogram("llm_completion_tokens_per_request", &["model"]);
/// Cost in billionths of the currency; upstream `llm_model_cost_total`.
pub const COST: Metric = counter("llm_model_cost_nanos_total", &["model", "currency"]);
/// Requests whose model was replaced.
pub const MODIFICATIONS: Metric =
    counter("llm_model_routing_modifications_total", &["source_model", "target_model"]);
/// Why a model was taken.
pub const REASON_CODES: Metric =
    counter("llm_routing_reason_codes_total", &["reason_code", "model"]);
/// Requests by the decision that matched.
pub const DECISIONS: Metric = counter("llm_decision_match_total", &["decision_name"]);
/// Signals of prompts that hold, of those that decisions ask for.
pub const SIGNALS: Metric = counter("llm_signal_match_total", &["signal_type", "signal_name"]);
/// From the request's arrival to the end of its response.
pub const COMPLETION_TIME: Metric =
    histogram("llm_model_completion_latency_milliseconds", &["model"]);
/// From the request's arrival to the first byte of its response's body.
pub const FIRST_TOKEN_TIME: Metric = histogram("llm_model_ttft_milliseconds", &["model"]);
/// The time of a completion for each of its tokens.
pub const TOKEN_TIME: Metric = histogram("llm_model_tpot_microseconds", &["model"]);
/// From the whole body to what is to happen with the request.
pub const ROUTING_TIME: Metric = histogram("llm_model_routing_latency_microseconds", &[]);
/// The time of a classifier for one request.
pub const CLASSIFIER_TIME: Metric =
    histogram("llm_classifier_latency_microseconds", &["classifier"]);
/// Requests that were answered from the cache.
pub const CACHE_HITS: Metric = counter("llm_cache_hits_total", &[]);
/// Requests that were looked up there in vain.
pub const CACHE_MISSES: Metric = counter("llm_cache_misses_total", &[]);
/// What the cache was asked for.
pub const CACHE_OPERATIONS: Metric =
    counter("llm_cache_operations_total", &["backend", "operation", "status"]);
/// The time of a lookup, the embedding and the way to the sidecar included.
pub const CACHE_TIME: Metric =
    histogram("llm_cache_operation_duration_microseconds", &["backend", "operation"]);
/// Prompts by category.
pub const CATEGORIES: Metric = counter("llm_category_classifications_count", &["category"]);
/// Prompts by whether they ask for facts that can be checked.
pub const FACT_CHECKS: Metric = counter("llm_fact_check_classifications_total", &["result"]);
/// Types of personal data for which a request was refused.
pub const PII_VIOLATIONS: Metric = counter("llm_pii_violations_total", &["model", "pii_type"]);
/// Reasoning modes that were decided on.
pub const REASONING: Metric =
    counter("llm_reasoning_decisions_total", &["category", "model", "enabled", "effort"]);
/// Requests that turn reasoning on, by the field that says so.
pub const REASONING_TEMPLATES: Metric =
    counter("llm_reasoning_template_usage_total", &["family", "param"]);
/// The same by effort.
pub const REASONING_EFFORTS: Metric =
    counter("llm_reasoning_effort_usage_total", &["family", "effort"]);

/// What became of a stage.
pub const STAGES: Metric = counter("semantic_router_stage_total", &["stage", "outcome", "reason"]);
/// The time of a stage that was not skipped.
pub const STAGE_TIME: Metric = histogram("semantic_router_stage_microseconds", &["stage"]);
/// Whether a classifier's verdict on a request's texts was known already.
pub const MEMO: Metric = counter("semantic_router_memo_total", &["classifier", "result"]);
/// How long one call kept a worker from all else.
pub const CALLBACK_TIME: Metric = histogram("semantic_router_callback_microseconds", &["callback"]);
/// What became of answers that could have been kept.
pub const CACHE_STORES: Metric =
    counter("semantic_router_cache_stores_total", &["backend", "result"]);
/// Spans that exchanges made.
pub const SPANS_MADE: Metric = counter("semantic_router_spans_made_total", &[]);
/// Spans that the collector took.
pub const SPANS_DELIVERED: Metric = counter("semantic_router_spans_delivered_total", &[]);
/// Spans that were given up.
pub const SPANS_DROPPED: Metric = counter("semantic_router_spans_dropped_total", &["reason"]);
/// Spans that wait, or are on their way.
pub const SPANS_PENDING: Metric = gauge("semantic_router_spans_pending", &[]);
/// Batches of spans that were sent again.
pub const BATCHES_RETRIED: Metric = counter("semantic_router_span_batches_retried_total", &[]);
/// The user's own models that were asked for.
pub const MODELS: Metric = counter("semantic_router_models_total", &["result"]);

/// Every metric.
pub const ALL: [&Metric; 38] = [
    &MODEL_REQUESTS,
    &REQUEST_ERRORS,
    &TOKENS,
    &PROMPT_TOKENS,
    &COMPLETION_TOKENS,
    &PROMPT_TOKENS_EACH,
    &COMPLETION_TOKENS_EACH,
    &COST,
    &MODIFICATIONS,
    &REASON_CODES,
    &DECISIONS,
    &SIGNALS,
    &COMPLETION_TIME,
    &FIRST_TOKEN_TIME,
    &TOKEN_TIME,
    &ROUTING_TIME,
    &CLASSIFIER_TIME,
    &CACHE_HITS,
    &CACHE_MISSES,
    &CACHE_OPERATIONS,
    &CACHE_TIME,
    &CATEGORIES,
    &FACT_CHECKS,
    &PII_VIOLATIONS,
    &REASONING,
    &REASONING_TEMPLATES,
    &REASONING_EFFORTS,
    &STAGES,
    &STAGE_TIME,
    &MEMO,
    &CALLBACK_TIME,
    &CACHE_STORES,
    &SPANS_MADE,
    &SPANS_DELIVERED,
    &SPANS_DROPPED,
    &SPANS_PENDING,
    &BATCHES_RETRIED,
    &MODELS,
];

/// The names of all labels, each once, sorted.
#[must_use]
pub fn label_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = ALL.iter().flat_map(|metric| metric.labels).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}
