//! The `llm_request` span of vLLM 0.32.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, SpanFlags};

use super::context::Context;
use super::generation::Usage;
use super::prompt::Sampling;

/// The tokens that the engine's models have room for.
pub(super) const CONTEXT_TOKENS: usize = 32_768;

/// A request that the engine works on.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) arrived: SystemTime,
    pub(super) started: Instant,
    /// As the answer's `id` says it.
    pub(super) id: String,
    pub(super) parent: Option<Context>,
    /// The time before work on it began.
    pub(super) queued: Duration,
    /// The time from then to the first token.
    pub(super) prefill: Duration,
    pub(super) usage: Usage,
    pub(super) sampling: Sampling,
}

impl Call {
    /// The span of a request that is answered now; `None` when its trace is not
    /// recorded.
    pub(super) fn finish(&self) -> Option<Span> {
        if self.parent.as_ref().is_some_and(|parent| !parent.is_sampled()) {
            return None;
        }
        let elapsed = self.started.elapsed();
        let parent = self.parent.clone();
        let remote = SpanFlags::ContextHasIsRemoteMask as u32
            | parent.as_ref().map_or(0, |_| SpanFlags::ContextIsRemoteMask as u32);
        let trace_id = match &parent {
            Some(parent) => parent.trace_id.to_vec(),
            None => random::<16>()?.to_vec(),
        };
        Some(Span {
            trace_id,
            span_id: random::<8>()?.to_vec(),
            parent_span_id: parent.as_ref().map(|at| at.span_id.to_vec()).unwrap_or_default(),
            flags: remote | parent.as_ref().map_or(1, |at| u32::from(at.flags)),
            trace_state: parent.map(|at| at.state).unwrap_or_default(),
            name: "llm_request".to_owned(),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: unix_nanos(self.arrived),
            end_time_unix_nano: unix_nanos(self.arrived + elapsed),
            attributes: self.attributes(elapsed),
            ..Span::default()
        })
    }

    fn attributes(&self, elapsed: Duration) -> Vec<KeyValue> {
        let inference = elapsed.saturating_sub(self.queued);
        let decode = inference.saturating_sub(self.prefill);
        let sampling = &self.sampling;
        let room = CONTEXT_TOKENS.saturating_sub(self.usage.prompt_tokens);
        let mut attributes = vec![
            seconds("gen_ai.latency.time_to_first_token", self.queued + self.prefill),
            seconds("gen_ai.latency.e2e", elapsed),
            seconds("gen_ai.latency.time_in_queue", self.queued),
            count("gen_ai.usage.prompt_tokens", self.usage.prompt_tokens),
            count("gen_ai.usage.completion_tokens", self.usage.completion_tokens),
            seconds("gen_ai.latency.time_in_model_prefill", self.prefill),
            seconds("gen_ai.latency.time_in_model_decode", decode),
            seconds("gen_ai.latency.time_in_model_inference", inference),
            attribute("gen_ai.request.id", Value::StringValue(self.id.clone())),
        ];
        // vLLM leaves out what is zero, so a temperature of 0 is not told.
        let top_p = sampling.top_p.unwrap_or(1.0);
        let temperature = sampling.temperature.unwrap_or(1.0);
        let max_tokens = sampling.limit().unwrap_or(room);
        let n = sampling.n.unwrap_or(1) as usize;
        attributes.extend((top_p != 0.0).then(|| number("gen_ai.request.top_p", top_p)));
        attributes
            .extend((max_tokens != 0).then(|| count("gen_ai.request.max_tokens", max_tokens)));
        attributes.extend(
            (temperature != 0.0).then(|| number("gen_ai.request.temperature", temperature)),
        );
        attributes.extend((n != 0).then(|| count("gen_ai.request.n", n)));
        attributes
    }
}

/// `spans` of the engine called `name`.
pub(super) fn resource_spans(name: &str, spans: Vec<Span>) -> ResourceSpans {
    let text = |key, value: &str| attribute(key, Value::StringValue(value.to_owned()));
    let attributes = vec![
        text("service.name", name),
        text("vllm.instrumenting_module_name", "vllm.llm_engine"),
        count("vllm.process_id", std::process::id() as usize),
    ];
    let scope = InstrumentationScope { name: "vllm.tracing.otel".to_owned(), ..Default::default() };
    ResourceSpans {
        resource: Some(Resource { attributes, ..Default::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }],
        ..Default::default()
    }
}

/// Random bytes; `None` when the system has none.
pub(super) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

fn seconds(key: &str, time: Duration) -> KeyValue {
    number(key, time.as_secs_f64())
}

fn number(key: &str, number: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(number))
}

fn count(key: &str, count: usize) -> KeyValue {
    attribute(key, Value::IntValue(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..Default::default() }
}

fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
