//! What is counted and measured of one exchange.

use super::{Services, StreamEnd};
use crate::classify::Coverage;
use crate::clock::UnixNanos;
use crate::config::{CacheBackend, Config, FailurePolicy, ReasoningControl};
use crate::metrics::catalog::{
    CACHE_HITS, CACHE_MISSES, CACHE_OPERATIONS, CACHE_STORES, CACHE_TIME, CATEGORIES,
    CLASSIFIER_TIME, COMPLETION_TIME, COMPLETION_TOKENS, COMPLETION_TOKENS_EACH, COST, DECISIONS,
    FACT_CHECKS, FIRST_TOKEN_TIME, MEMO, MODEL_REQUESTS, MODIFICATIONS, PII_VIOLATIONS,
    PROMPT_TOKENS, PROMPT_TOKENS_EACH, REASON_CODES, REASONING, REASONING_EFFORTS,
    REASONING_TEMPLATES, REQUEST_ERRORS, ROUTING_TIME, SIGNALS, STAGE_TIME, STAGES, TOKEN_TIME,
    TOKENS,
};
use crate::metrics::{Metric, Metrics};
use crate::openai::Completion;
use crate::pipeline::{Run, Verdict};
use crate::route::{Reasoning, RoutingStrategy, Selection};
use crate::signal::{FACT_CHECK_SIGNALS, Truth};
use crate::stage::{Outcome, Stage};

/// The model of a request that names none, or was not read.
const UNKNOWN: &str = "unknown";
/// A model that the configuration does not name: clients choose these names.
const OTHER: &str = "other";

/// What is kept of an exchange until its end.
#[derive(Debug, Default)]
pub struct Measures {
    /// The model that answers, as label, and the one whose prices hold.
    model: Option<(String, String)>,
    from_upstream: bool,
    first_byte: Option<UnixNanos>,
}

impl Measures {
    /// Counts what became of a request; `observed`, if nothing comes of it.
    pub fn run(&mut self, services: &Services, run: &Run<'_>, observed: bool) {
        let (metrics, config) = (services.metrics.as_ref(), &services.router.config);
        stages(metrics, run);
        cache(metrics, config, run);
        let asked = label(config, run.model.as_deref());
        errors(metrics, run, asked);
        if run.model.is_none() {
            return;
        }
        metrics.record(&MODEL_REQUESTS, &[asked], 1);
        metrics.record(&ROUTING_TIME, &[], micros(run.started, services.clock.now()));
        if let Some(selection) = run.selection() {
            let answering = if observed { &selection.original_model } else { &selection.model };
            let answering = label(config, Some(answering));
            routing(metrics, selection, (asked, answering), observed);
            self.model = Some((answering.to_owned(), selection.base_model.clone()));
        }
    }

    /// The response's headers came, from the engine or not.
    pub fn response_began(&mut self, from_upstream: bool) {
        self.from_upstream = from_upstream;
    }

    /// A part of the response's body came.
    pub fn response_byte(&mut self, now: UnixNanos) {
        self.first_byte.get_or_insert(now);
    }

    /// Counts how the exchange ended that began at `received`.
    pub fn finish(
        self,
        services: &Services,
        end: &StreamEnd,
        completion: Option<&Completion>,
        (received, now): (UnixNanos, UnixNanos),
    ) {
        let Some((model, base)) = &self.model else { return };
        let metrics = services.metrics.as_ref();
        if let Some(reason) = failure(end) {
            metrics.record(&REQUEST_ERRORS, &[model, reason], 1);
            return;
        }
        let Some(completion) = completion.filter(|_| self.from_upstream) else { return };
        metrics.record(&COMPLETION_TIME, &[model], micros(received, now) / 1000);
        if let Some(first) = self.first_byte {
            metrics.record(&FIRST_TOKEN_TIME, &[model], micros(received, first) / 1000);
        }
        let tokens = completion.completion_tokens.filter(|tokens| *tokens > 0);
        if let Some(each) = tokens.and_then(|tokens| micros(received, now).checked_div(tokens)) {
            metrics.record(&TOKEN_TIME, &[model], each);
        }
        usage(metrics, &services.router.config, (model, base), completion);
    }
}

/// A model's name as it may stand in a series.
fn label<'a>(config: &Config, model: Option<&'a str>) -> &'a str {
    match model {
        None | Some("") => UNKNOWN,
        Some(model) if config.names_model(model) => model,
        Some(_) => OTHER,
    }
}

fn stages(metrics: &dyn Metrics, run: &Run<'_>) {
    stage(metrics, "classification", Some(&run.classification));
    stage(metrics, "signal_evaluation", run.evaluation.as_ref());
    stage(metrics, "jailbreak_detection", run.jailbreak.as_ref());
    stage(metrics, "pii_detection", run.pii.as_ref());
    stage(metrics, "cache_lookup", run.cache.as_ref());
    stage(metrics, "routing_decision", run.routing.as_ref());
    stage(metrics, "backend_selection", run.backend.as_ref());
    stage(metrics, "system_prompt_injection", run.system_prompt.as_ref());

    classifier(metrics, "category", Some(&run.classification), |found| found.coverage);
    classifier(metrics, "jailbreak", run.jailbreak.as_ref(), |found| found.coverage);
    classifier(metrics, "pii", run.pii.as_ref(), |found| found.coverage);
    if let Some(category) = run.classification.result() {
        metrics.record(&CATEGORIES, &[&category.label], 1);
    }
    for signal in run.signals.0.iter().filter(|signal| signal.truth == Truth::Holds) {
        metrics.record(&SIGNALS, &[signal.kind.name(), &signal.name], 1);
    }
    if let Some(needs) = run.signals.needs_fact_check() {
        let [yes, no] = FACT_CHECK_SIGNALS;
        metrics.record(&FACT_CHECKS, &[if needs { yes } else { no }], 1);
    }
}

fn stage<T>(metrics: &dyn Metrics, name: &str, stage: Option<&Stage<T>>) {
    let Some(Stage { started, ended, outcome }) = stage else { return };
    metrics.record(&STAGES, &[name, outcome.name(), outcome.reason().unwrap_or("none")], 1);
    if !matches!(outcome, Outcome::Skipped(_)) {
        metrics.record(&STAGE_TIME, &[name], micros(*started, *ended));
    }
}

fn classifier<T>(
    metrics: &dyn Metrics,
    name: &str,
    stage: Option<&Stage<T>>,
    coverage: impl Fn(&T) -> Coverage,
) {
    let Some((stage, found)) = stage.and_then(|stage| Some((stage, stage.result()?))) else {
        return;
    };
    metrics.record(&CLASSIFIER_TIME, &[name], micros(stage.started, stage.ended));
    let result = if coverage(found).windows == 0 { "hit" } else { "miss" };
    metrics.record(&MEMO, &[name, result], 1);
}

/// Counts a lookup; what is given again counts as nothing of the engine's.
fn cache(metrics: &dyn Metrics, config: &Config, run: &Run<'_>) {
    let (Some(cache), Some(stage)) = (&config.semantic_cache, &run.cache) else { return };
    let status = match (&stage.outcome, run.cache_hit()) {
        (Outcome::Skipped(_), _) => return,
        (_, Some(true)) => "hit",
        (_, Some(false)) => "miss",
        (_, None) => "error",
    };
    let backend = cache.backend.name();
    metrics.record(&CACHE_OPERATIONS, &[backend, "find_similar", status], 1);
    metrics.record(&CACHE_TIME, &[backend, "find_similar"], micros(stage.started, stage.ended));
    match status {
        "hit" => metrics.record(&CACHE_HITS, &[], 1),
        "miss" => metrics.record(&CACHE_MISSES, &[], 1),
        _ => {}
    }
}

/// Counts what became of an answer that could have been kept, or why it was not.
pub fn stored(metrics: &dyn Metrics, backend: CacheBackend, kept: Result<(), &'static str>) {
    let result = match (kept, backend) {
        (Ok(()), CacheBackend::Memory) => "kept",
        (Ok(()), CacheBackend::Redis) => "queued",
        (Err(reason), _) => reason,
    };
    metrics.record(&CACHE_STORES, &[backend.name(), result], 1);
}

/// Counts what kept a request from being read or from going on.
fn errors(metrics: &dyn Metrics, run: &Run<'_>, model: &str) {
    let failures = [
        failed(Some(&run.classification)),
        failed(run.evaluation.as_ref()),
        failed(run.jailbreak.as_ref()),
        failed(run.pii.as_ref()),
        failed(run.cache.as_ref()),
    ];
    if let Some(reason) = failures.into_iter().flatten().next() {
        metrics.record(&REQUEST_ERRORS, &[model, reason], 1);
        return;
    }
    if !matches!(run.verdict, Verdict::Reply(_)) {
        return;
    }
    let denied = run.pii.as_ref().and_then(Stage::result).map_or(&[] as &[_], |pii| &pii.denied);
    for kind in denied {
        metrics.record(&PII_VIOLATIONS, &[model, kind], 1);
    }
    if !denied.is_empty() {
        metrics.record(&REQUEST_ERRORS, &[model, "pii_policy_denied"], 1);
    } else if run.jailbreak.as_ref().and_then(Stage::result).is_some_and(|found| found.detected) {
        metrics.record(&REQUEST_ERRORS, &[model, "jailbreak_block"], 1);
    }
}

/// What a stage that failed is to a client: an error that the original counts
/// too, or one for which the request is refused.
fn failed<T>(stage: Option<&Stage<T>>) -> Option<&'static str> {
    let Outcome::Failed(failure) = &stage?.outcome else { return None };
    match failure.reason {
        "body_not_utf8" | "body_not_json" | "body_malformed" | "duplicate_key" => {
            Some("parse_error")
        }
        "classifier_failed" => Some("classification_failed"),
        reason => (failure.policy == FailurePolicy::Reject).then_some(reason),
    }
}

fn routing(
    metrics: &dyn Metrics,
    selection: &Selection<'_>,
    (asked, answering): (&str, &str),
    observed: bool,
) {
    if let Some(decision) = selection.decision {
        metrics.record(&DECISIONS, &[decision], 1);
    }
    let reason = match selection.strategy {
        RoutingStrategy::Auto => "auto_routing",
        RoutingStrategy::Specified => "model_specified",
    };
    metrics.record(&REASON_CODES, &[reason, answering], 1);
    if observed {
        return;
    }
    if selection.model != selection.original_model {
        metrics.record(&MODIFICATIONS, &[asked, answering], 1);
    }
    if let Some(mode) = &selection.reasoning {
        reasoning(metrics, mode, selection.category.unwrap_or("none"), answering);
    }
}

fn reasoning(metrics: &dyn Metrics, mode: &Reasoning<'_>, category: &str, model: &str) {
    let enabled = if mode.enabled { "true" } else { "false" };
    metrics.record(&REASONING, &[category, model, enabled, &mode.effort], 1);
    if let Some(family) = mode.family.filter(|_| mode.enabled) {
        let parameter = match &family.control {
            ReasoningControl::TemplateArgument(parameter) => parameter,
            ReasoningControl::Effort => "reasoning_effort",
            ReasoningControl::Nothing => return,
        };
        metrics.record(&REASONING_TEMPLATES, &[&family.name, parameter], 1);
        metrics.record(&REASONING_EFFORTS, &[&family.name, &mode.effort], 1);
    }
}

fn usage(
    metrics: &dyn Metrics,
    config: &Config,
    (model, base): (&str, &str),
    completion: &Completion,
) {
    let count = |total: &Metric, each: &Metric, tokens: Option<i64>| {
        let tokens = tokens.unwrap_or(0).max(0);
        if tokens > 0 {
            metrics.record(total, &[model], tokens);
            metrics.record(each, &[model], tokens);
        }
        tokens
    };
    let prompt = count(&PROMPT_TOKENS, &PROMPT_TOKENS_EACH, completion.prompt_tokens);
    let answer = count(&COMPLETION_TOKENS, &COMPLETION_TOKENS_EACH, completion.completion_tokens);
    if prompt.saturating_add(answer) > 0 {
        metrics.record(&TOKENS, &[model], prompt.saturating_add(answer));
    }
    if let Some(pricing) = config.model(base).and_then(|model| model.pricing.as_ref()) {
        let cost = pricing.nanos(prompt, answer);
        if cost > 0 {
            metrics.record(&COST, &[model, &pricing.currency], cost);
        }
    }
}

/// Why a request that was let through came to no good end.
fn failure(end: &StreamEnd) -> Option<&'static str> {
    match (end.cut_off(), end.status) {
        (Some("client_disconnected"), _) => Some("cancellation"),
        (Some("upstream_timeout" | "idle_timeout"), _) => Some("timeout"),
        (_, Some(500..)) => Some("upstream_5xx"),
        (_, Some(400..)) => Some("upstream_4xx"),
        (cut_off, _) => cut_off,
    }
}

fn micros(from: UnixNanos, to: UnixNanos) -> i64 {
    i64::try_from(to.saturating_sub(from) / 1000).unwrap_or(i64::MAX)
}
