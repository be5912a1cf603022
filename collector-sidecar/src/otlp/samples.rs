//! Requests for unit tests.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// An attribute.
pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

/// A string attribute.
pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

/// A list of values.
pub fn array(values: impl IntoIterator<Item = Value>) -> Value {
    let values = values.into_iter().map(|value| AnyValue { value: Some(value) }).collect();
    Value::ArrayValue(ArrayValue { values })
}

/// One attribute of every type.
pub fn attributes() -> Vec<KeyValue> {
    vec![
        text("text", "x"),
        attribute("flag", Value::BoolValue(true)),
        attribute("int", Value::IntValue(-7)),
        attribute("double", Value::DoubleValue(0.5)),
        attribute("texts", array(["a", "b"].map(|text| Value::StringValue(text.to_owned())))),
        attribute("none", array([])),
        attribute("map", Value::KvlistValue(KeyValueList { values: vec![text("inner", "y")] })),
        attribute("bytes", Value::BytesValue(vec![0, 255])),
    ]
}

/// A span that uses every field.
pub fn span(number: usize) -> Span {
    Span {
        trace_id: [[7; 8], (number as u64 + 1).to_be_bytes()].concat(),
        span_id: (number as u64 + 1).to_be_bytes().to_vec(),
        trace_state: "a=b".to_owned(),
        parent_span_id: vec![9; 8],
        flags: 0x301,
        name: format!("span {number}"),
        kind: 2,
        start_time_unix_nano: 1_544_712_660_000_000_000,
        end_time_unix_nano: 1_544_712_661_123_456_780,
        attributes: attributes(),
        dropped_attributes_count: 1,
        events: vec![Event {
            time_unix_nano: 1_544_712_660_500_000_000,
            name: "event".to_owned(),
            attributes: vec![text("e", "1")],
            dropped_attributes_count: 2,
        }],
        dropped_events_count: 3,
        links: vec![Link {
            trace_id: vec![5; 16],
            span_id: vec![6; 8],
            trace_state: "c=d".to_owned(),
            attributes: vec![text("l", "2")],
            dropped_attributes_count: 4,
            flags: 1,
        }],
        dropped_links_count: 5,
        status: Some(Status { message: "broke".to_owned(), code: 2 }),
    }
}

/// A request of `spans` spans in one scope.
pub fn request(spans: usize) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: "semantic-router".to_owned(),
        version: "1".to_owned(),
        attributes: vec![text("s", "3")],
        dropped_attributes_count: 6,
    };
    let resource = Resource {
        attributes: vec![text("service.name", "semantic-router")],
        dropped_attributes_count: 7,
        entity_refs: vec![EntityRef {
            schema_url: "u".to_owned(),
            r#type: "service".to_owned(),
            id_keys: vec!["service.name".to_owned()],
            description_keys: vec!["d".to_owned()],
        }],
    };
    let scope_spans = ScopeSpans {
        scope: Some(scope),
        spans: (0..spans).map(span).collect(),
        schema_url: "https://opentelemetry.io/schemas/1.40.0".to_owned(),
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![scope_spans],
            schema_url: "https://opentelemetry.io/schemas/1.40.0".to_owned(),
        }],
    }
}

/// A request whose attribute holds lists in lists.
pub fn nested(depth: usize) -> ExportTraceServiceRequest {
    let mut value = Value::BoolValue(true);
    for _ in 0..depth {
        value = array([value]);
    }
    let mut request = request(1);
    request.resource_spans[0].scope_spans[0].spans[0].attributes = vec![attribute("deep", value)];
    request
}
