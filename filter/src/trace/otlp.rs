//! OTLP: spans as `opentelemetry.proto.trace.v1`, batches as
//! `ExportTraceServiceRequest`
//! (<https://opentelemetry.io/docs/specs/otlp/>, version 1.11).
//!
//! A span is encoded once, when its exchange ends; a batch is those bytes with
//! the length prefixes of the messages around them.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue as Attribute,
};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;
use opentelemetry_proto::tonic::trace::v1::span::{Event as EventMessage, SpanKind as KindCode};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span as SpanMessage, Status as StatusMessage};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use super::context::TraceContext;
use super::span::{Event, Span};
use crate::config::Resource;

/// Field numbers of `opentelemetry/proto/trace/v1/trace.proto` and
/// `opentelemetry/proto/collector/trace/v1/trace_service.proto`.
mod field {
    pub const REQUEST_RESOURCE_SPANS: u32 = 1;
    pub const RESOURCE_SPANS_RESOURCE: u32 = 1;
    pub const RESOURCE_SPANS_SCOPE_SPANS: u32 = 2;
    pub const SCOPE_SPANS_SCOPE: u32 = 1;
    pub const SCOPE_SPANS_SPANS: u32 = 2;
}

/// `SpanFlags`: whether the parent is known to be remote or local.
const FLAG_HAS_IS_REMOTE: u32 = 1 << 8;
const FLAG_IS_REMOTE: u32 = 1 << 9;

/// The resource and scope that all spans of a filter share, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeHeader {
    resource: Vec<u8>,
    scope: Vec<u8>,
}

impl ScopeHeader {
    /// Encodes the resource of the configuration and this library's scope.
    #[must_use]
    pub fn new(resource: &Resource) -> Self {
        let named = |key: &str, value: &Option<String>| {
            let value = value.as_deref()?;
            Some(attribute(key, any(&Value::from(value.to_owned()))))
        };
        let service = Some(resource.service_name.clone().unwrap_or("semantic-router".to_owned()));
        let attributes = [
            named("service.name", &service),
            named("service.version", &resource.service_version),
            named("deployment.environment", &resource.deployment_environment),
            named("deployment.environment.name", &resource.deployment_environment),
        ];
        let resource = ResourceMessage {
            attributes: attributes.into_iter().flatten().collect(),
            ..ResourceMessage::default()
        };
        let scope = InstrumentationScope {
            name: "semantic-router".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        Self { resource: resource.encode_to_vec(), scope: scope.encode_to_vec() }
    }

    /// The `ExportTraceServiceRequest` of some encoded spans.
    #[must_use]
    pub fn request<'a>(&self, spans: impl Iterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
        let scope_spans = delimited_len(field::SCOPE_SPANS_SCOPE, self.scope.len())
            + spans
                .clone()
                .map(|span| delimited_len(field::SCOPE_SPANS_SPANS, span.len()))
                .sum::<usize>();
        let resource_spans = delimited_len(field::RESOURCE_SPANS_RESOURCE, self.resource.len())
            + delimited_len(field::RESOURCE_SPANS_SCOPE_SPANS, scope_spans);
        let total = delimited_len(field::REQUEST_RESOURCE_SPANS, resource_spans);
        let mut request = Vec::with_capacity(total);
        put_header(field::REQUEST_RESOURCE_SPANS, resource_spans, &mut request);
        put(field::RESOURCE_SPANS_RESOURCE, &self.resource, &mut request);
        put_header(field::RESOURCE_SPANS_SCOPE_SPANS, scope_spans, &mut request);
        put(field::SCOPE_SPANS_SCOPE, &self.scope, &mut request);
        for span in spans {
            put(field::SCOPE_SPANS_SPANS, span, &mut request);
        }
        request
    }
}

/// How many spans a collector says, in its `ExportTraceServiceResponse`, that
/// it did not take, and why; `None` when it took all.
#[must_use]
pub fn rejected_spans(response: &[u8]) -> Option<(usize, String)> {
    let partial = ExportTraceServiceResponse::decode(response).ok()?.partial_success?;
    let count = usize::try_from(partial.rejected_spans).ok()?;
    (count > 0).then_some((count, partial.error_message))
}

/// Encodes one span of a trace.
#[must_use]
pub fn encode(span: Span, context: &TraceContext) -> Vec<u8> {
    let mut flags = u32::from(context.flags.to_u8()) | FLAG_HAS_IS_REMOTE;
    if span.remote_parent {
        flags |= FLAG_IS_REMOTE;
    }
    let message = SpanMessage {
        trace_id: context.trace_id.to_bytes().to_vec(),
        span_id: span.id.to_bytes().to_vec(),
        trace_state: context.state.clone(),
        parent_span_id: span.parent.map(|id| id.to_bytes().to_vec()).unwrap_or_default(),
        flags,
        name: span.name.to_owned(),
        kind: kind_code(&span.kind).into(),
        start_time_unix_nano: span.started,
        end_time_unix_nano: span.ended,
        attributes: span.attributes.iter().map(key_value).collect(),
        events: span.events.iter().map(event).collect(),
        status: status(span.status),
        ..SpanMessage::default()
    };
    message.encode_to_vec()
}

fn kind_code(kind: &SpanKind) -> KindCode {
    match kind {
        SpanKind::Client => KindCode::Client,
        SpanKind::Server => KindCode::Server,
        SpanKind::Producer => KindCode::Producer,
        SpanKind::Consumer => KindCode::Consumer,
        SpanKind::Internal => KindCode::Internal,
    }
}

fn status(status: Status) -> Option<StatusMessage> {
    let (code, message) = match status {
        Status::Unset => return None,
        Status::Ok => (StatusCode::Ok, String::new()),
        Status::Error { description } => (StatusCode::Error, description.into_owned()),
    };
    Some(StatusMessage { code: code.into(), message })
}

fn event(event: &Event) -> EventMessage {
    EventMessage {
        time_unix_nano: event.at,
        name: event.name.to_owned(),
        attributes: event.attributes.iter().map(key_value).collect(),
        ..EventMessage::default()
    }
}

fn key_value(pair: &KeyValue) -> Attribute {
    attribute(pair.key.as_str(), any(&pair.value))
}

fn attribute(key: &str, value: AnyKind) -> Attribute {
    Attribute {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..Attribute::default()
    }
}

fn any(value: &Value) -> AnyKind {
    match value {
        Value::Bool(value) => AnyKind::BoolValue(*value),
        Value::I64(value) => AnyKind::IntValue(*value),
        Value::F64(value) => AnyKind::DoubleValue(*value),
        Value::String(value) => AnyKind::StringValue(value.as_str().to_owned()),
        Value::Array(array) => AnyKind::ArrayValue(ArrayValue { values: values(array) }),
        // The enum may grow; its text is always to be had.
        other => AnyKind::StringValue(other.to_string()),
    }
}

fn values(array: &Array) -> Vec<AnyValue> {
    fn list<T: Clone + Into<Value>>(items: &[T]) -> Vec<AnyValue> {
        items.iter().map(|item| AnyValue { value: Some(any(&item.clone().into())) }).collect()
    }
    match array {
        Array::Bool(items) => list(items),
        Array::I64(items) => list(items),
        Array::F64(items) => list(items),
        Array::String(items) => list(items),
        _ => Vec::new(),
    }
}

fn delimited_len(field: u32, length: usize) -> usize {
    key_len(field) + encoded_len_varint(length as u64) + length
}

fn put_header(field: u32, length: usize, out: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(length as u64, out);
}

fn put(field: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_header(field, bytes.len(), out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::StringValue;
    use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceRequest,
    };

    fn context() -> TraceContext {
        TraceContext {
            trace_id: TraceId::from(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
            span_id: SpanId::from(1),
            flags: TraceFlags::new(3),
            state: "a=1".to_owned(),
        }
    }

    #[test]
    fn a_batch_is_what_any_collector_decodes() {
        let mut span = Span::new("one", SpanId::from(7), 10, 20);
        span.parent = Some(SpanId::from(1));
        span.remote_parent = true;
        span.kind = SpanKind::Client;
        span.set("s", "text");
        span.set("b", true);
        span.set("i", -3_i64);
        span.set("d", 0.5);
        span.set("l", Value::Array(Array::String(vec![StringValue::from("x")])));
        span.events.push(Event { name: "first", at: 15, attributes: vec![] });
        span.fail("why");
        let encoded = encode(span, &context());
        let header = ScopeHeader::new(&Resource {
            service_name: Some("router".to_owned()),
            ..Resource::default()
        });
        let spans = [encoded.clone(), encoded];
        let bytes = header.request(spans.iter().map(Vec::as_slice));

        let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
        assert_eq!(request.encode_to_vec(), bytes);
        let resource = &request.resource_spans[0];
        assert_eq!(resource.resource.as_ref().unwrap().attributes[0].key, "service.name");
        let scope = &resource.scope_spans[0];
        assert_eq!(scope.scope.as_ref().unwrap().name, "semantic-router");
        assert_eq!(scope.spans.len(), 2);
        let span = &scope.spans[0];
        assert_eq!(span.trace_id[..2], [0x0a, 0xf7]);
        assert_eq!(span.parent_span_id, 1_u64.to_be_bytes());
        assert_eq!(span.flags, 0x303);
        assert_eq!(span.trace_state, "a=1");
        assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (10, 20));
        assert_eq!(span.status.as_ref().unwrap().message, "why");
        let kinds: Vec<_> = span.attributes.iter().map(|a| a.value.clone().unwrap()).collect();
        assert_eq!(kinds[1].value, Some(AnyKind::BoolValue(true)));
        assert_eq!(kinds[2].value, Some(AnyKind::IntValue(-3)));
        assert_eq!(kinds[3].value, Some(AnyKind::DoubleValue(0.5)));
    }

    #[test]
    fn partial_success_is_read() {
        let response = ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans: 2,
                error_message: "bad ids".to_owned(),
            }),
        };
        assert_eq!(rejected_spans(&response.encode_to_vec()), Some((2, "bad ids".to_owned())));
        assert_eq!(rejected_spans(b""), None);
        assert_eq!(rejected_spans(b"nonsense"), None);
    }
}
