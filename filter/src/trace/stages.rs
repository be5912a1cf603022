//! From the outcomes of an exchange to its spans: what each one is called and
//! says. Prompts and answers themselves are never among it.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, StringValue, Value};

use super::attributes::{key, name};
use super::id::IdSource;
use super::span::{Event, Span};
use crate::cache::Looked;
use crate::classify::{Category, Coverage};
use crate::clock::{UnixNanos, millis_between};
use crate::config::{ConditionKind, Endpoint};
use crate::openai::Completion;
use crate::pipeline::{Run, Verdict};
use crate::route::{Injection, Selection};
use crate::security::{Jailbreak, Pii};
use crate::signal::{Signals, Truth};
use crate::stage::{Outcome, Stage};

/// The spans of the stages that a request went through.
#[must_use]
pub fn stage_spans(run: &Run<'_>, ids: &mut dyn IdSource) -> Vec<Span> {
    let selection = run.selection();
    let mut spans = vec![stage(name::CLASSIFICATION, &run.classification, ids, category)];
    if let Some(evaluation) = &run.evaluation {
        let mut span = stage(name::SIGNALS, evaluation, ids, |_, ()| {});
        signals(&mut span, &run.signals);
        spans.push(span);
    }
    let blocks = matches!(run.verdict, Verdict::Reply(_));
    if let Some(found) = &run.jailbreak {
        spans
            .push(stage(name::JAILBREAK, found, ids, |span, found| jailbreak(span, found, blocks)));
    }
    if let Some(found) = &run.pii {
        spans.push(stage(name::PII, found, ids, |span, found| pii(span, found, blocks)));
    }
    if let Some(found) = &run.cache {
        spans.push(stage(name::CACHE, found, ids, cache));
    }
    if let Some(routing) = &run.routing {
        spans.push(stage(name::ROUTING, routing, ids, routing_decision));
    }
    if let Some(backend) = &run.backend {
        spans.push(stage(name::BACKEND, backend, ids, |span, backend| endpoint(span, backend)));
    }
    if let Some(prompt) = &run.system_prompt {
        let mut span = stage(name::SYSTEM_PROMPT, prompt, ids, injection);
        span.set(key::PROMPT_INJECTED, prompt.result().is_some());
        span.set_some(key::CATEGORY_NAME, selection.and_then(|s| s.category).map(str::to_owned));
        span.set_some(key::DECISION_NAME, selection.and_then(|s| s.decision).map(str::to_owned));
        spans.push(span);
    }
    spans
}

fn stage<T>(
    name: &'static str,
    stage: &Stage<T>,
    ids: &mut dyn IdSource,
    describe: impl Fn(&mut Span, &T),
) -> Span {
    let mut span = Span::new(name, ids.span_id(), stage.started, stage.ended);
    span.set(key::STAGE_OUTCOME, stage.outcome.name());
    span.set_some(key::STAGE_REASON, stage.outcome.reason());
    match &stage.outcome {
        Outcome::Ran(result) => {
            span.status = Status::Ok;
            describe(&mut span, result);
        }
        Outcome::Skipped(_) => {}
        Outcome::Failed(failure) => {
            if let Some(covered) = &failure.coverage {
                coverage(&mut span, covered);
            }
            span.fail(failure.message.clone());
        }
    }
    let time = match name {
        name::CLASSIFICATION => Some(key::CLASSIFICATION_TIME),
        name::JAILBREAK => Some(key::JAILBREAK_TIME),
        name::PII => Some(key::PII_TIME),
        name::SIGNALS => Some(key::SIGNALS_TIME),
        name::CACHE => Some(key::CACHE_TIME),
        _ => None,
    };
    if let Some(time) = time {
        span.set(time, millis_between(stage.started, stage.ended));
    }
    span
}

fn signals(span: &mut Span, signals: &Signals) {
    span.set(key::SIGNALS_MATCHED, texts(signals.labels(Truth::Holds)));
    let measured = signals.0.iter().filter(|signal| signal.kind != ConditionKind::Domain);
    let scores = measured.filter_map(|signal| {
        Some(format!("{}={:.3}", signal.kind.label(&signal.name), signal.score?))
    });
    let scores: Vec<String> = scores.collect();
    span.set_some(key::SIGNALS_SCORES, (!scores.is_empty()).then(|| texts(scores)));
    let unknown = signals.labels(Truth::Unknown);
    span.set_some(key::SIGNALS_UNKNOWN, (!unknown.is_empty()).then(|| texts(unknown)));
}

fn texts(texts: Vec<String>) -> Value {
    Value::Array(Array::String(texts.into_iter().map(StringValue::from).collect()))
}

fn coverage(span: &mut Span, coverage: &Coverage) {
    for (key, count) in [
        (key::TOKENS_TOTAL, coverage.total),
        (key::TOKENS_SCANNED, coverage.scanned),
        (key::WINDOWS, coverage.windows),
    ] {
        span.set(key, i64::try_from(count).unwrap_or(i64::MAX));
    }
    span.set(key::TOKENS_TRUNCATED, coverage.is_truncated());
}

fn jailbreak(span: &mut Span, found: &Jailbreak, blocks: bool) {
    span.set(key::JAILBREAK_DETECTED, found.detected);
    span.set(key::JAILBREAK_CONFIDENCE, found.confidence);
    if found.detected {
        span.set(key::JAILBREAK_TYPE, "jailbreak");
        if blocks {
            span.set(key::SECURITY_ACTION, "blocked");
        }
    }
    coverage(span, &found.coverage);
}

fn pii(span: &mut Span, found: &Pii, blocks: bool) {
    span.set(key::PII_DETECTED, !found.types.is_empty());
    if !found.types.is_empty() {
        span.set(key::PII_TYPES, found.types.join(","));
    }
    if blocks && !found.denied.is_empty() {
        span.set(key::SECURITY_ACTION, "blocked");
    }
    coverage(span, &found.coverage);
}

fn cache(span: &mut Span, looked: &Looked) {
    span.set(key::CACHE_KEY, looked.key.clone());
    span.set(key::CACHE_THRESHOLD, looked.threshold);
    span.set(key::CACHE_HIT, looked.hit.is_some());
    span.set_some(key::CACHE_SIMILARITY, looked.hit.as_ref().map(|hit| hit.similarity));
}

fn category(span: &mut Span, category: &Category) {
    span.set(key::CATEGORY_NAME, category.label.clone());
    span.set(key::CATEGORY_CONFIDENCE, category.confidence);
    span.set(key::CLASSIFIER_TYPE, Category::TYPE);
    coverage(span, &category.coverage);
}

fn routing_decision(span: &mut Span, selection: &Selection<'_>) {
    span.set(key::ROUTING_STRATEGY, selection.strategy.name());
    span.set(key::ROUTING_REASON, selection.reason);
    span.set(key::ORIGINAL_MODEL, selection.original_model.clone());
    span.set(key::SELECTED_MODEL, selection.model.clone());
    span.set_some(key::DECISION_NAME, selection.decision.map(str::to_owned));
    if let Some(confidence) = selection.confidence {
        span.set(key::DECISION_CONFIDENCE, confidence);
        span.set(key::DECISION_RULES, texts(selection.matched.clone()));
    }
    if let Some(reasoning) = &selection.reasoning {
        span.set(key::REASONING_ENABLED, reasoning.enabled);
        span.set(key::REASONING_EFFORT, reasoning.effort.clone());
        let family = reasoning.family.map(|family| family.name.clone());
        span.set_some(key::REASONING_FAMILY, family);
    }
}

fn endpoint(span: &mut Span, endpoint: &Endpoint) {
    span.set(key::ENDPOINT_NAME, endpoint.name.clone());
    span.set(key::ENDPOINT_ADDRESS, endpoint.authority());
}

fn injection(span: &mut Span, injection: &Injection) {
    span.set(key::PROMPT_MODE, injection.mode_name());
}

/// What the root span says of an exchange.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RootFacts {
    /// `x-request-id`.
    pub request_id: Option<String>,
    /// The end user.
    pub user_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// `:method`.
    pub method: String,
    /// `:path`.
    pub path: String,
    /// How the filter takes part.
    pub mode: &'static str,
    /// When the request was let go or answered.
    pub decided: Option<UnixNanos>,
}

/// The root span: from the request's headers to the end of the stream.
#[must_use]
pub fn root_span(
    facts: RootFacts,
    mut span: Span,
    status: Option<u32>,
    details: &str,
    error: Option<&str>,
) -> Span {
    span.name = name::REQUEST;
    span.kind = SpanKind::Server;
    span.set_some(key::REQUEST_ID, facts.request_id);
    span.set_some(key::USER_ID, facts.user_id);
    span.set_some(key::SESSION_ID, facts.session_id);
    span.set(key::HTTP_METHOD, facts.method);
    span.set(key::HTTP_PATH, facts.path);
    span.set_some(key::HTTP_STATUS, status.map(i64::from));
    span.set(key::MODE, facts.mode);
    if let Some(decided) = facts.decided {
        span.set(key::PROCESSING_TIME, millis_between(span.started, decided));
    }
    set_details(&mut span, details);
    finish(&mut span, error, "the exchange did not complete");
    span
}

/// What the span of the request to the engine says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpstreamFacts {
    /// The model that the engine is asked for.
    pub model: Option<String>,
    /// The endpoint's name, where one was chosen.
    pub endpoint_name: Option<String>,
    /// The endpoint's address; else that of the host that Envoy chose.
    pub endpoint_address: Option<String>,
}

/// The span of the request to the engine, from its sending to the end of its
/// response.
#[must_use]
pub fn upstream_span(
    facts: UpstreamFacts,
    mut span: Span,
    status: Option<u32>,
    completion: Option<&Completion>,
    details: &str,
    error: Option<&str>,
) -> Span {
    span.name = name::UPSTREAM;
    span.kind = SpanKind::Client;
    if facts.model.is_some() {
        span.set(key::MODEL_PROVIDER, "vllm");
    }
    span.set_some(key::MODEL_NAME, facts.model);
    let version = completion.and_then(|completion| completion.fingerprint.clone());
    span.set_some(key::MODEL_VERSION, version);
    span.set_some(key::ENDPOINT_NAME, facts.endpoint_name);
    span.set_some(key::ENDPOINT_ADDRESS, facts.endpoint_address);
    span.set_some(key::HTTP_STATUS, status.map(i64::from));
    set_details(&mut span, details);
    finish(&mut span, error, "upstream request failed");
    span
}

/// What the span of the response says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseFacts {
    /// When the request was sent upstream.
    pub sent: UnixNanos,
    /// When the first byte of the body came.
    pub first_byte: Option<UnixNanos>,
    /// Whether it is a stream of events.
    pub stream: bool,
}

/// The span of the response, from its headers to its end.
#[must_use]
pub fn response_span(
    facts: &ResponseFacts,
    mut span: Span,
    completion: Option<Completion>,
    error: Option<&str>,
) -> Span {
    span.name = name::RESPONSE;
    if let Some(first_byte) = facts.first_byte {
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one request")]
        let millis = first_byte.saturating_sub(facts.sent) as f64 / 1e6;
        span.set(key::FIRST_TOKEN_TIME, millis);
        span.events.push(Event { name: "first_token", at: first_byte, attributes: Vec::new() });
    }
    if let Some(completion) = completion {
        span.set(key::RESPONSE_STREAM, facts.stream);
        span.set_some(key::RESPONSE_EVENTS, completion.stream_events);
        span.set_some(key::TOKENS_PROMPT, completion.prompt_tokens);
        span.set_some(key::TOKENS_COMPLETION, completion.completion_tokens);
        span.set_some(key::FINISH_REASON, completion.finish_reason);
        span.set_some(key::RESPONSE_MODEL, completion.model);
        span.set_some(key::RESPONSE_UNREAD, completion.unread);
    }
    finish(&mut span, error, "the response did not complete");
    span
}

fn set_details(span: &mut Span, details: &str) {
    if !details.is_empty() && details != "via_upstream" {
        span.set(key::RESPONSE_DETAILS, details.to_owned());
    }
}

fn finish(span: &mut Span, error: Option<&str>, description: &'static str) {
    match error {
        None => span.status = Status::Ok,
        Some(kind) => {
            span.set(key::ERROR_TYPE, kind.to_owned());
            span.fail(description);
        }
    }
}
